import type { Budget } from "./budget";
import { arnComponents, type Glob, like, literal } from "./glob";
import type { ConditionGuard, Interval, Test } from "./model";
import { isWithin, ORDERS, type Order } from "./orders";
import { type PatternSet, partition } from "./partition";

/**
 * Every `${...}` except `${*}`, `${?}` and `${$}`, which stand for the character. A default in
 * quotes may contain a brace: `${aws:PrincipalTag/team, 'a}b'}`. One that is not closed reaches to
 * the end.
 */
export const VARIABLES: RegExp = /\$\{(?![*?$]\})(?:[^}']|'[^']*')*(?:\}|[\s\S]*$)/g;

/** A name whose case IAM ignores. Other letters than those of ASCII, such as U+212A, stay. */
export function lowered(name: string): string {
  return name.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/**
 * A string with the names of its variables in lower case, because IAM ignores their case. Defaults
 * keep theirs.
 */
export function withFoldedVariables(text: string): string {
  const folded = (variable: string) => variable.replace(/^[^',]*/, lowered);
  return text.replaceAll(VARIABLES, (variable) =>
    variable.endsWith("}") ? folded(variable) : variable,
  );
}

/**
 * Whether a string has a policy variable. Source: IAM user guide, "IAM policy elements: Variables
 * and tags".
 */
export function hasVariable(text: string): boolean {
  return text.search(VARIABLES) >= 0;
}

/** What a test compares: strings, or points of an order. */
export function familyOf(test: Test): "text" | keyof typeof ORDERS {
  const [family] = test.split("-");
  return family === "number" || family === "date" || family === "address" ? family : "text";
}

/** What the values of a condition stand for; undefined if one of them is not interpreted. */
export function readValues(
  test: Test,
  values: readonly string[],
  variables: boolean,
): Pick<ConditionGuard, "globs" | "intervals"> | undefined {
  if (test === "null") {
    return values.every((value) => BOOL.test(value)) ? { globs: [], intervals: [] } : undefined;
  }
  const family = familyOf(test);
  const globs = family === "text" ? values.map((value) => globOf(test, value, variables)) : [];
  const intervals =
    family === "text" ? [] : values.map((value) => intervalOf(test, ORDERS[family].read(value)));
  return areKnown(globs) && areKnown(intervals) ? { globs, intervals } : undefined;
}

function areKnown<Item>(items: readonly (Item | undefined)[]): items is readonly Item[] {
  return !items.includes(undefined);
}

const BOOL = /^(?:true|false)$/i;

function globOf(test: Test, value: string, variables: boolean): Glob | undefined {
  if (variables && test !== "bool" && hasVariable(value)) {
    return undefined;
  }
  switch (test) {
    case "like":
      return like(value, variables);
    case "arn":
      return /^arn(?::[^:]*){4}:/.test(value) ? arnComponents(value, variables) : undefined;
    case "equals-ignore-case":
      // How IAM folds other letters is not documented.
      return /^[\x20-\x7e]*$/.test(value) ? literal(value, { fold: true, variables }) : undefined;
    case "bool":
      return BOOL.test(value) ? literal(value, { fold: true }) : undefined;
    default:
      return literal(value, { variables });
  }
}

/** The points for which a comparison with a value holds. */
function intervalOf(test: Test, value: Interval | undefined): Interval | undefined {
  const { first, last } = ORDERS.number.all;
  const comparison = test.slice(test.indexOf("-") + 1);
  if (value === undefined || comparison === "equals" || comparison === "address") {
    return value;
  }
  const isOrEqual = comparison.endsWith("or-equal");
  return comparison.startsWith("less")
    ? { first, last: isOrEqual ? value.last : value.first - 1n }
    : { first: isOrEqual ? value.first : value.last + 1n, last };
}

/** Values of a context key for which all conditions on it have the same result. */
interface ValueClass {
  readonly witness: string;
  /**
   * Bit n is set if the values match one of those of condition n. Negation, set operators and
   * IfExists are not applied yet.
   */
  readonly matches: bigint;
  /**
   * Whether requests can have such a value beyond doubt. Others count in proofs, but not in
   * counterexamples.
   */
  readonly certain: boolean;
}

/** What the conditions on one key compare. `Null` tests no value. */
function familiesOf(conditions: readonly ConditionGuard[]) {
  return new Set(
    conditions.flatMap(({ operator: { test } }) => (test === "null" ? [] : [familyOf(test)])),
  );
}

/** Whether one order or one set of patterns decides all conditions on a key. */
export function areComparable(conditions: readonly ConditionGuard[]): boolean {
  return familiesOf(conditions).size <= 1;
}

/**
 * Partitions the values of one key by the conditions on it.
 * @throws BudgetExceeded if there are too many combinations
 */
export function valueClasses(
  conditions: readonly ConditionGuard[],
  budget: Budget,
): readonly ValueClass[] {
  const [family = "text"] = familiesOf(conditions);
  return family === "text"
    ? textClasses(conditions, budget)
    : orderedClasses(ORDERS[family], conditions, budget);
}

/** A mask of what is true. */
export function bits(truths: readonly boolean[]): bigint {
  return truths.reduce((sum, truth, at) => (truth ? sum | (1n << BigInt(at)) : sum), 0n);
}

function textClasses(conditions: readonly ConditionGuard[], budget: Budget): readonly ValueClass[] {
  const sets = conditions.map(({ globs }) => globs);
  const has = (test: Test) => conditions.some(({ operator }) => operator.test === test);
  // Values of another type than the operator tests, and empty ones in lists, which AWS may take for
  // absent ones.
  const certain: readonly PatternSet[] = [
    ...(has("arn") ? [[arnComponents("arn:*:*:*:*:*")]] : []),
    ...(has("bool") ? [["true", "false"].map((value) => literal(value))] : []),
    ...(conditions.some(({ operator }) => operator.set !== "single") ? [[like("?*")]] : []),
  ];
  const all = bits([...sets.map(() => false), ...certain.map(() => true)]);
  return partition([...sets, ...certain], [like("*")], budget).map(({ matches, witness }) => ({
    witness,
    matches: matches & ((1n << BigInt(sets.length)) - 1n),
    certain: (matches & all) === all,
  }));
}

/** The values of the conditions cut an order into intervals. */
function orderedClasses(
  order: Order,
  conditions: readonly ConditionGuard[],
  budget: Budget,
): readonly ValueClass[] {
  const given = conditions.flatMap(({ values }) =>
    values.flatMap((value) => order.read(value) ?? []),
  );
  const cuts = new Set([
    order.all.first,
    ...given.flatMap(({ first, last }) => [first, last + 1n]),
  ]);
  budget.spend((cuts.size * (conditions.length + given.length)) / 16);
  const starts = [...cuts].filter((cut) => cut <= order.all.last).sort(ascending);
  const classes = starts.map((first, at): ValueClass => {
    const { point, certain } = pointOf(
      { first, last: (starts[at + 1] ?? order.all.last + 1n) - 1n },
      order.unit,
    );
    const is = { first: point, last: point };
    const matches = bits(
      conditions.map(({ intervals }) => intervals.some((interval) => isWithin(is, interval))),
    );
    return { witness: order.write(point), matches, certain };
  });
  // A value that is no number, date or address matches none. Whether a request can have it is not
  // known.
  return [...classes, { witness: "invalid", matches: 0n, certain: false }];
}

/**
 * A point of an interval, and whether requests have it beyond doubt: the one next to zero, or the
 * only one, which a policy names.
 */
function pointOf(
  { first, last }: Interval,
  unit: bigint,
): { readonly point: bigint; readonly certain: boolean } {
  const [, next = first] = [first, 0n, last].sort(ascending);
  const rest = next % unit;
  const away = next < 0n ? -unit : unit;
  const point = rest === 0n ? next : next - rest + away;
  const isInside = first <= point && point <= last;
  return { point: isInside ? point : first, certain: isInside || first === last };
}

function ascending(one: bigint, other: bigint): number {
  return one < other ? -1 : Number(one > other);
}

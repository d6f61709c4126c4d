import { arnComponents, type Glob, like, literal } from "./glob";
import type { ConditionGuard, Interval, Test } from "./model";
import { ORDERS } from "./orders";

/**
 * Every `${...}` except `${*}`, `${?}` and `${$}`, which stand for the character. A default in quotes may contain a brace:
 * `${aws:PrincipalTag/team, 'a}b'}`. One that is not closed reaches to the end.
 */
export const VARIABLES = /\$\{(?![*?$]\})(?:[^}']|'[^']*')*(?:\}|[\s\S]*$)/g;

/** A string with the names of its variables in lower case, because IAM ignores their case. Defaults keep theirs. */
export function withFoldedVariables(text: string): string {
  const folded = (variable: string) => variable.replace(/^[^',]*/, (name) => name.toLowerCase());
  return text.replaceAll(VARIABLES, (variable) => (variable.endsWith("}") ? folded(variable) : variable));
}

/** Whether a string has a policy variable. Source: IAM user guide, "IAM policy elements: Variables and tags". */
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
  const intervals = family === "text" ? [] : values.map((value) => intervalOf(test, ORDERS[family].read(value)));
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

import { ADDRESSES_END, formatAddress, parseRange } from "./address-ranges";
import type { Budget } from "./budget";
import * as glob from "./glob";
import { addressClasses, numberClasses, type OrderedClass } from "./intervals";
import type { ConditionGuard, Test } from "./model";
import { type PatternSet, partition } from "./partition";
import { formatDate, parseDate, parseNumber } from "./values";

/** Values of a context key for which all conditions on it have the same result. */
export interface ValueClass {
  readonly witness: string;
  /** Bit n is set if the values match one of those of condition n. Negation, set operators and IfExists are not applied yet. */
  readonly matches: bigint;
  /** Whether requests can have such a value beyond doubt. Others count in proofs, but not in counterexamples. */
  readonly certain: boolean;
}

type Family = "text" | "number" | "date" | "address";

function familyOf(test: Test): Family {
  const [family] = test.split("-");
  return family === "number" || family === "date" || family === "address" ? family : "text";
}

/** Whether one order or one set of patterns decides all conditions on a key. `Null` tests no value. */
export function areComparable(conditions: readonly ConditionGuard[]): boolean {
  const tests = conditions.map(({ operator }) => operator.test).filter((test) => test !== "null");
  return new Set(tests.map(familyOf)).size <= 1;
}

/** Partitions the values of one key by the conditions on it. @throws BudgetExceeded if there are too many combinations */
export function valueClasses(conditions: readonly ConditionGuard[], budget: Budget): readonly ValueClass[] {
  const test = conditions.map(({ operator }) => operator.test).find((each) => each !== "null") ?? "like";
  return CLASSES[familyOf(test)](conditions, budget);
}

type Partition = (conditions: readonly ConditionGuard[], budget: Budget) => readonly ValueClass[];

const CLASSES: Readonly<Record<Family, Partition>> = {
  text: textClasses,
  number: (conditions, budget) => orderedClasses(conditions, { read: parseNumber, write: String }, budget),
  date: (conditions, budget) => orderedClasses(conditions, { read: parseDate, write: formatDate }, budget),
  address: (conditions, budget) => {
    const ranges = conditions.map(({ values }) => values.flatMap((value) => parseRange(value) ?? []));
    const points = addressClasses(ranges.flat(), ADDRESSES_END).map((point) => ({ point, certain: true }));
    const tests = ranges.map((some) =>
      some.map(
        ({ first, last }) =>
          (point: bigint) =>
            first <= point && point <= last,
      ),
    );
    return pointClasses(points, tests, formatAddress, budget);
  },
};

/** The classes of points of an order, by the tests of each condition, of which one must hold. */
function pointClasses<Point>(
  points: readonly OrderedClass<Point>[],
  tests: readonly (readonly ((point: Point) => boolean)[])[],
  write: (point: Point) => string,
  budget: Budget,
): readonly ValueClass[] {
  budget.spend((points.length * (tests.length + tests.flat().length)) / 16);
  const classes = points.map(({ point, certain }) => ({
    witness: write(point),
    matches: bits(tests.map((some) => some.some((test) => test(point)))),
    certain,
  }));
  return [...classes, INVALID];
}

/** A value that is no number, date or address matches none. Whether a request can have it is not known. */
const INVALID: ValueClass = { witness: "invalid", matches: 0n, certain: false };

function bits(truths: readonly boolean[]): bigint {
  return truths.reduce((sum, truth, at) => (truth ? sum | (1n << BigInt(at)) : sum), 0n);
}

function textClasses(conditions: readonly ConditionGuard[], budget: Budget): readonly ValueClass[] {
  const sets = conditions.map(patternsOf);
  const has = (test: Test) => conditions.some(({ operator }) => operator.test === test);
  // Values of another type than the operator tests, and empty ones in lists, which AWS may take for absent ones.
  const certain: readonly PatternSet[] = [
    ...(has("arn") ? [[glob.arnComponents("arn:*:*:*:*:*")]] : []),
    ...(has("bool") ? [["true", "false"].map((value) => glob.literal(value))] : []),
    ...(conditions.some(({ operator }) => operator.set !== "single") ? [[glob.like("?*")]] : []),
  ];
  const all = bits([...sets.map(() => false), ...certain.map(() => true)]);
  return partition([...sets, ...certain], [glob.like("*")], budget).map(({ matches, witness }) => ({
    witness,
    matches: matches & ((1n << BigInt(sets.length)) - 1n),
    certain: (matches & all) === all,
  }));
}

function patternsOf({ operator, values, variables }: ConditionGuard): PatternSet {
  switch (operator.test) {
    case "like":
      return values.map((value) => glob.like(value, variables));
    case "arn":
      return values.map((value) => glob.arnComponents(value, variables));
    case "equals-ignore-case":
      return values.map((value) => glob.literal(value, { fold: true, variables }));
    case "bool":
      return values.map((value) => glob.literal(value, { fold: true }));
    case "null":
      return [];
    default:
      return values.map((value) => glob.literal(value, { variables }));
  }
}

interface Notation {
  readonly read: (value: string) => number | undefined;
  readonly write: (point: number) => string;
}

function orderedClasses(conditions: readonly ConditionGuard[], { read, write }: Notation, budget: Budget): readonly ValueClass[] {
  const limits = conditions.map(({ operator, values }) =>
    (operator.test === "null" ? [] : values).map((value) => read(value) ?? Number.NaN),
  );
  const tests = conditions.map(({ operator }, at) =>
    (limits[at] ?? []).map((limit) => (point: number) => compare(operator.test, point, limit)),
  );
  return pointClasses(numberClasses(limits.flat()), tests, write, budget);
}

function compare(test: Test, point: number, value: number): boolean {
  switch (test.slice(test.indexOf("-") + 1)) {
    case "less":
      return point < value;
    case "less-or-equal":
      return point <= value;
    case "greater":
      return point > value;
    case "greater-or-equal":
      return point >= value;
    default:
      return point === value;
  }
}

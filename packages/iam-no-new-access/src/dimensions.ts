import type { Budget } from "./budget";
import * as glob from "./glob";
import type { ConditionGuard, Guard, Statement, StatementReference } from "./model";
import { holdsWhenAbsent, multiplicity } from "./operators";
import { type PatternSet, partition } from "./partition";
import { areComparable, bits, valueClasses } from "./values";

/**
 * One independent part of a request: the action, the resource, a context key, or the result of a
 * test that is not interpreted.
 */
export interface Dimension {
  /** As a policy writes it; undefined for the others. */
  readonly key?: string;
  /** A string of each class. */
  readonly witnesses: readonly string[];
  /** All that a request may have here. */
  readonly everything: Domain;
  /** What requests have here beyond doubt: counterexamples are taken from it. */
  readonly certain: Domain;
  /** Whether it is the result of a test that is not interpreted. */
  readonly opaque: boolean;
}

/** What a request may still have in one dimension. Sets of classes are bit masks. */
export interface Domain {
  readonly absent: boolean;
  /** Classes of a single value. */
  readonly single: bigint;
  /** Lists of one or more values: all in `members`, and of each mask in `some` at least one. */
  readonly list?: { readonly members: bigint; readonly some: readonly bigint[] } | undefined;
}

/** A test on one dimension. */
interface Atom {
  readonly dimension: number;
  /** Classes for which it holds. */
  readonly mask: bigint;
  /** Whether it holds where the key is absent. */
  readonly absent: boolean;
  readonly set: "single" | "all" | "any";
}

/** An atom that must have the given result for the statement to match. */
export interface Literal {
  readonly atom: Atom;
  readonly holds: boolean;
}

export interface Conjunction {
  readonly reference: StatementReference;
  readonly literals: readonly Literal[];
  /** Why the statement has a test that is not interpreted. */
  readonly reason?: string | undefined;
}

export interface Space {
  readonly dimensions: readonly Dimension[];
  readonly conjunctions: ReadonlyMap<Statement, Conjunction>;
  /**
   * Classes of resources without colons in their last component, on which all reaches of wildcards
   * agree.
   */
  readonly plainResources: bigint;
}

/**
 * An ARN with its six components, in any partition; and `*`, which actions without resource types
 * are authorized on.
 */
const COLON_IN_RESOURCE: PatternSet = [glob.like("arn:*:*:*:*:*:*")];
export const RESOURCES: PatternSet = [glob.arnComponents("arn:aws*:?*:*:*:?*"), glob.literal("*")];

/**
 * Divides each dimension into classes that the statements distinguish, and restates the statements
 * in terms of classes; once for each reach of wildcards in resources.
 * @param given statements that apply to the same actions
 * @param action one of these
 * @param universe the resources of the requests
 * @throws BudgetExceeded if there are too many classes
 */
export function spacesOf(
  given: readonly Statement[],
  action: string,
  reaches: readonly glob.Reach[],
  universe: PatternSet,
  budget: Budget,
): readonly Space[] {
  const statements = withOpaqueKeys(given);
  const guards = statements.flatMap((statement) => statement.guards);
  const keys = [...groupByKey(guards)].map(([key, conditions]) =>
    keyDimension(key, conditions, budget),
  );
  const texts = [
    ...new Set(guards.flatMap((guard) => (guard.kind === "opaque" ? [guard.text] : []))),
  ];
  const common: readonly (readonly [text: string, atom: Atom])[] = [
    ...keys.flatMap(({ atoms }, at) =>
      atoms.map(([text, atom]) => [text, { ...atom, dimension: 2 + at }] as const),
    ),
    ...texts.map(
      (text, at) => [text, { ...PLAIN, dimension: 2 + keys.length + at, mask: 1n }] as const,
    ),
  ];
  const others = [...keys.map(({ dimension }) => dimension), ...texts.map(() => OPAQUE)];
  return reaches.map((reach) => {
    const resources = resourceDimension(elementsOf(guards, reach), universe, budget);
    const ofResources = resources.masks.map(
      ([text, mask]) => [text, { ...PLAIN, dimension: 1, mask }] as const,
    );
    const atoms = new Map([...common, ...ofResources]);
    return {
      dimensions: [{ ...ONE, witnesses: [action] }, resources.dimension, ...others],
      conjunctions: new Map(
        statements.map((statement, at) => [
          given[at] ?? statement,
          conjunctionOf(statement, atoms),
        ]),
      ),
      plainResources: resources.plain,
    };
  });
}

/** An atom on what every request has, with one value. */
const PLAIN = { absent: false, set: "single" } as const;

function conjunctionOf(
  { reference, guards }: Statement,
  atoms: ReadonlyMap<string, Atom>,
): Conjunction {
  return {
    reference,
    literals: guards.flatMap((guard) => {
      const atom = atoms.get(guard.text);
      return atom === undefined ? [] : [{ atom, holds: !("negated" in guard && guard.negated) }];
    }),
    reason: guards.find((guard) => guard.kind === "opaque")?.reason,
  };
}

const ONE: Omit<Dimension, "witnesses"> = {
  everything: { absent: false, single: 1n },
  certain: { absent: false, single: 1n },
  opaque: false,
};

const OPAQUE: Dimension = {
  witnesses: [],
  everything: { absent: false, single: 3n },
  certain: { absent: false, single: 3n },
  opaque: true,
};

/**
 * Conditions on a key that no single order decides, such as `StringEquals` and `NumericLessThan`,
 * are not interpreted.
 */
function withOpaqueKeys(statements: readonly Statement[]): readonly Statement[] {
  const byKey = groupByKey(statements.flatMap(({ guards }) => guards));
  const opaqueKeys = new Set(
    [...byKey].filter(([, conditions]) => !areComparable(conditions)).map(([key]) => key),
  );
  const read = (guard: Guard): Guard =>
    guard.kind === "condition" && opaqueKeys.has(guard.key)
      ? {
          kind: "opaque",
          text: guard.text,
          reason: `has a condition on ${guard.name}, which is compared as different types`,
        }
      : guard;
  return statements.map((statement) => ({ ...statement, guards: statement.guards.map(read) }));
}

function groupByKey(guards: readonly Guard[]): ReadonlyMap<string, readonly ConditionGuard[]> {
  const groups = new Map<string, ConditionGuard[]>();
  for (const guard of guards) {
    if (guard.kind === "condition") {
      const group = groups.get(guard.key) ?? [];
      group.push(guard);
      groups.set(guard.key, group);
    }
  }
  return groups;
}

function elementsOf(guards: readonly Guard[], reach: glob.Reach): ReadonlyMap<string, PatternSet> {
  return new Map(
    guards.flatMap((guard) => {
      return guard.kind === "resource"
        ? [
            [
              guard.text,
              guard.patterns.map((pattern) => glob.resource(pattern, reach, guard.variables)),
            ],
          ]
        : [];
    }),
  );
}

function resourceDimension(
  elements: ReadonlyMap<string, PatternSet>,
  universe: PatternSet,
  budget: Budget,
) {
  const sets = [...elements.values(), COLON_IN_RESOURCE];
  const classes = partition(sets, universe, budget);
  const masks = masksOf(classes, sets.length, budget);
  const single = (1n << BigInt(classes.length)) - 1n;
  const domain = { absent: false, single };
  const dimension: Dimension = {
    witnesses: classes.map(({ witness }) => witness),
    everything: domain,
    certain: domain,
    opaque: false,
  };
  return {
    dimension,
    plain: single & ~(masks[elements.size] ?? 0n),
    masks: [...elements.keys()].map((text, at) => [text, masks[at] ?? 0n] as const),
  };
}

/**
 * By set, the classes that it matches. Each class is read once: shifting large numbers bit by bit
 * takes most of a decision.
 */
function masksOf(
  classes: readonly { readonly matches: bigint }[],
  sets: number,
  budget: Budget,
): readonly bigint[] {
  budget.spend((classes.length * sets) / 64);
  const rows = classes.map(({ matches }) => matches.toString(2));
  return Array.from({ length: sets }, (_, set) => {
    const bits = rows.map((row) => row[row.length - 1 - set] ?? "0");
    return BigInt(`0b0${bits.reverse().join("")}`);
  });
}

function keyDimension(key: string, all: readonly ConditionGuard[], budget: Budget) {
  // Each key has an automaton or an order of its own.
  budget.spend(16);
  const byText = new Map(all.map((condition) => [condition.text, condition]));
  const conditions = [...byText.values()];
  const classes = valueClasses(conditions, budget);
  const masks = masksOf(classes, conditions.length, budget);
  const every = (1n << BigInt(classes.length)) - 1n;
  const certain = bits(classes.map((each) => each.certain));
  const values = multiplicity(key);
  const testsLists = conditions.some(({ operator }) => operator.set !== "single");
  const listed = (members: bigint) => ({ members, some: [] });
  const dimension: Dimension = {
    key: all[0]?.name ?? key,
    witnesses: classes.map(({ witness }) => witness),
    everything: {
      absent: true,
      single: every,
      list: values === "single" ? undefined : listed(every),
    },
    certain: {
      absent: true,
      single: values === "several" ? 0n : certain,
      list:
        values === "several" || (values === "unknown" && testsLists) ? listed(certain) : undefined,
    },
    opaque: false,
  };
  return {
    dimension,
    atoms: [...byText].map(
      ([text, condition], at) => [text, atomOf(condition, masks[at] ?? 0n, every)] as const,
    ),
  };
}

function atomOf(
  { operator, values }: ConditionGuard,
  matched: bigint,
  every: bigint,
): Omit<Atom, "dimension"> {
  if (operator.test === "null") {
    const isNull = new Set(values.map((value) => value.toLowerCase()));
    return { mask: isNull.has("false") ? every : 0n, absent: isNull.has("true"), set: "all" };
  }
  return {
    mask: operator.negated ? every & ~matched : matched,
    absent: holdsWhenAbsent(operator),
    set: operator.set,
  };
}

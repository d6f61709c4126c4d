import type { Budget } from "./budget";
import type { Conjunction, Dimension, Domain, Space } from "./dimensions";
import type { Answer, DecisionRequest, Policies, Statement } from "./model";
import { findMatches, type RequestSet } from "./search";

const RESOURCE = 1;

/** One kind of difference: what matches a statement of each group and none of the others. */
interface Case {
  readonly groups: readonly (readonly Conjunction[])[];
  readonly others: readonly Conjunction[];
}

/**
 * All ways in which a side allows what the other one does not. The one allows by a statement of
 * each group (identity policies, boundary, each level of control policies) and denies by none; the
 * other one denies by a statement, or lacks an Allow in a group. Source: IAM user guide, "Policy
 * evaluation logic".
 */
export function casesOf({ conjunctions }: Space, one: Policies, other: Policies): readonly Case[] {
  const restated = (effect: Statement["effect"], statements: readonly Statement[]) =>
    statements
      .filter((statement) => statement.effect === effect)
      .flatMap((statement) => conjunctions.get(statement) ?? []);
  const groups = one.map((group) => restated("Allow", group));
  const denies = restated("Deny", one.flat());
  return [
    ...other.map((group) => ({ groups, others: [...denies, ...restated("Allow", group)] })),
    { groups: [...groups, restated("Deny", other.flat())], others: denies },
  ];
}

/**
 * Whether the statements alone show that a side allows no more than the other one: for each group
 * of the other side, one of its groups has no Allow more, and each Deny of the other side on this
 * one. So it is for statements in another order, of any number.
 */
export function hasNothingNew(one: Policies, other: Policies): boolean {
  const texts = (effect: Statement["effect"], statements: readonly Statement[]) =>
    new Set(statements.filter((statement) => statement.effect === effect).map(({ text }) => text));
  const isWithin = (narrow: ReadonlySet<string>, wide: ReadonlySet<string>) =>
    [...narrow].every((text) => wide.has(text));
  const allows = (narrow: readonly Statement[], wide: readonly Statement[]) =>
    isWithin(texts("Allow", narrow), texts("Allow", wide));
  return (
    other.every((wide) => one.some((narrow) => allows(narrow, wide))) &&
    isWithin(texts("Deny", other.flat()), texts("Deny", one.flat()))
  );
}

/**
 * Requests that show a difference for certain: one for each choice of statements that makes one.
 */
export function* counterexamples(
  space: Space,
  cases: readonly Case[],
  budget: Budget,
): Generator<DecisionRequest> {
  const { dimensions, plainResources } = space;
  const all = dimensions.map(({ certain }) => certain);
  for (const { groups, others } of cases) {
    // First resources on which all reaches of wildcards agree, then all.
    for (const start of [all.with(RESOURCE, { absent: false, single: plainResources }), all]) {
      for (const { requests } of findMatches(
        { dimensions, certain: true, budget },
        start,
        groups,
        others,
      )) {
        const [action = "", resource = ""] = requests.map((domain, at) =>
          witness(dimensions[at], domain.single),
        );
        yield { action, resource, context: contextOf(dimensions, requests) };
      }
    }
  }
}

/** The least that shows the difference: keys are absent where they may be. */
function contextOf(
  dimensions: readonly Dimension[],
  requests: RequestSet,
): DecisionRequest["context"] {
  const entries = dimensions.flatMap((dimension, index) => {
    const domain = requests[index];
    return dimension.key === undefined || domain === undefined || domain.absent
      ? []
      : [[dimension.key, contextValue(dimension, domain)] as const];
  });
  return Object.fromEntries(entries);
}

function contextValue(dimension: Dimension, { single, list }: Domain): string | readonly string[] {
  if (single !== 0n || list === undefined) {
    return witness(dimension, single);
  }
  const needed =
    list.some.length === 0 ? [list.members] : list.some.map((some) => some & list.members);
  return [...new Set(needed.map((mask) => witness(dimension, mask)))];
}

/** The string of the first class of a mask. */
function witness(dimension: Dimension | undefined, mask: bigint): string {
  const digits = mask.toString(2);
  return (
    (mask === 0n ? undefined : dimension?.witnesses[digits.length - 1 - digits.lastIndexOf("1")]) ??
    ""
  );
}

/** Why nothing was proven, if there may be a difference; undefined if there is none. */
export function findDoubt(
  space: Space,
  cases: readonly Case[],
  budget: Budget,
): Answer | undefined {
  const { dimensions } = space;
  const start = dimensions.map(({ everything }) => everything);
  for (const { groups, others } of cases) {
    for (const { requests, matching } of findMatches(
      { dimensions, certain: false, budget },
      start,
      groups,
      others,
    )) {
      return doubtOf(dimensions, requests, [...matching, ...others]);
    }
  }
  return undefined;
}

function doubtOf(
  dimensions: readonly Dimension[],
  requests: RequestSet,
  involved: readonly Conjunction[],
): Answer {
  const decides = ({ literals }: Conjunction) =>
    literals.some(
      ({ atom }) =>
        dimensions[atom.dimension]?.opaque === true && requests[atom.dimension]?.single !== 3n,
    );
  const opaque = involved.find(
    (conjunction) => conjunction.reason !== undefined && decides(conjunction),
  );
  if (opaque?.reason !== undefined) {
    return { kind: "not-comparable", statement: opaque.reference, reason: opaque.reason };
  }
  const uncertain = (index: number) => {
    const [may, certain] = [requests[index], dimensions[index]?.certain];
    return (
      may !== undefined &&
      certain !== undefined &&
      !(may.absent && certain.absent) &&
      (may.single & certain.single) === 0n
    );
  };
  const at = dimensions.findIndex(({ key }, index) => key !== undefined && uncertain(index));
  const by = involved.find(({ literals }) => literals.some(({ atom }) => atom.dimension === at));
  return {
    kind: "not-comparable",
    statement: (by ?? involved[0])?.reference,
    reason:
      at < 0
        ? "has a resource with wildcards of which AWS does not document whether they reach " +
          "over colons"
        : `differs only for values of ${dimensions[at]?.key} that requests may never have`,
  };
}

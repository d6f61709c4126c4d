import type { Conjunction, Space } from "./dimensions";
import type { Policies, Statement } from "./model";
import { statementText } from "./read";

/** One kind of difference: what matches a statement of each group and none of the others. */
export interface Case {
  readonly groups: readonly (readonly Conjunction[])[];
  readonly others: readonly Conjunction[];
}

/**
 * All ways in which a side allows what the other one does not. The one allows by a statement of each group (identity policies, boundary,
 * each level of control policies) and denies by none; the other one denies by a statement, or lacks an Allow in a group.
 * Source: IAM user guide, "Policy evaluation logic".
 */
export function casesOf({ conjunctions }: Space, one: Policies, other: Policies): readonly Case[] {
  const restated = (effect: Statement["effect"], statements: readonly Statement[]) =>
    statements.filter((statement) => statement.effect === effect).flatMap((statement) => conjunctions.get(statement) ?? []);
  const groups = one.map((group) => restated("Allow", group));
  const denies = restated("Deny", one.flat());
  return [
    ...other.map((group) => ({ groups, others: [...denies, ...restated("Allow", group)] })),
    { groups: [...groups, restated("Deny", other.flat())], others: denies },
  ];
}

/**
 * Whether the statements alone show that a side allows no more than the other one: for each group of the other side, one of its groups has no Allow more,
 * and each Deny of the other side on this one. So it is for statements in another order, of any number.
 */
export function hasNothingNew(one: Policies, other: Policies): boolean {
  const texts = (effect: Statement["effect"], statements: readonly Statement[]) =>
    new Set(statements.filter((statement) => statement.effect === effect).map(statementText));
  const isWithin = (narrow: ReadonlySet<string>, wide: ReadonlySet<string>) => [...narrow].every((text) => wide.has(text));
  const allows = (narrow: readonly Statement[], wide: readonly Statement[]) =>
    isWithin(texts("Allow", narrow), texts("Allow", wide));
  return (
    other.every((wide) => one.some((narrow) => allows(narrow, wide))) &&
    isWithin(texts("Deny", other.flat()), texts("Deny", one.flat()))
  );
}

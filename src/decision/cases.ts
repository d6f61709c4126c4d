import type { Conjunction, Space } from "./dimensions";
import type { Policies, Statement } from "./model";

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
export function casesOf({ conjunctions }: Space, has: Policies, had: Policies): readonly Case[] {
  const restated = (effect: Statement["effect"], statements: readonly Statement[]) =>
    statements.filter((statement) => statement.effect === effect).flatMap((statement) => conjunctions.get(statement) ?? []);
  const groups = groupsOf(has).map((group) => restated("Allow", group));
  const denies = restated("Deny", groupsOf(has).flat());
  return [
    ...groupsOf(had).map((group) => ({ groups, others: [...denies, ...restated("Allow", group)] })),
    { groups: [...groups, restated("Deny", groupsOf(had).flat())], others: denies },
  ];
}

/** Groups of statements that must each allow a request. */
export function groupsOf({ identity, boundary, controlPolicies }: Policies): readonly (readonly Statement[])[] {
  return [identity, ...(boundary === undefined ? [] : [boundary]), ...controlPolicies];
}

import type { Conjunction, Space } from "./dimensions";
import type { Policies, Statement } from "./model";

/** One way in which a side allows a request and the other one does not. */
export interface Case {
  readonly matching: readonly Conjunction[];
  readonly others: readonly Conjunction[];
}

/**
 * All ways in which a side allows what the other one does not. The one allows by a statement of each group (identity policies, boundary,
 * each level of control policies) and denies by none; the other one denies by a statement, or lacks an Allow in a group.
 * Source: IAM user guide, "Policy evaluation logic".
 */
export function casesOf({ conjunctions }: Space, has: Policies, had: Policies): readonly Case[] {
  const restated = (statements: readonly Statement[]) => statements.flatMap((statement) => conjunctions.get(statement) ?? []);
  const allows = groupsOf(has).map((group) => restated(withEffect("Allow", group)));
  const denies = restated(withEffect("Deny", groupsOf(has).flat()));
  const ways = allows.reduce<readonly (readonly Conjunction[])[]>(
    (chosen, group) => chosen.flatMap((some) => group.map((conjunction) => [...some, conjunction])),
    [[]],
  );
  const refusals: readonly Case[] = [
    ...groupsOf(had).map((group) => ({ matching: [], others: restated(withEffect("Allow", group)) })),
    ...restated(withEffect("Deny", groupsOf(had).flat())).map((deny) => ({ matching: [deny], others: [] })),
  ];
  return ways.flatMap((way) =>
    refusals.map(({ matching, others }) => ({ matching: [...way, ...matching], others: [...denies, ...others] })),
  );
}

/** Groups of statements that must each allow a request. */
export function groupsOf({ identity, boundary, controlPolicies }: Policies): readonly (readonly Statement[])[] {
  return [identity, ...(boundary === undefined ? [] : [boundary]), ...controlPolicies];
}

function withEffect(effect: Statement["effect"], statements: readonly Statement[]): readonly Statement[] {
  return statements.filter((statement) => statement.effect === effect);
}

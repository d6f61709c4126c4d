import type { PolicyStatement } from "../../src/iam/policy-statements";

/** A policy in which one part is missing. */
export interface Mutant {
  /** The part: `STATEMENT: action, resource, condition or value`. */
  readonly name: string;
  readonly statements: readonly PolicyStatement[];
  /** The actions whose requests can be affected. */
  readonly actions: readonly string[];
}

/** Every policy that lacks one action, one resource, one condition or one of several values of a condition. */
export function mutantsOf(statements: readonly PolicyStatement[]): readonly Mutant[] {
  return statements.flatMap((statement, at) => {
    const { sid, actions, resources, conditions } = statement;
    const mutant = (part: string, changed: Partial<PolicyStatement>, concerned = actions): Mutant => ({
      name: `${sid}: ${part}`,
      statements: statements
        .with(at, { ...statement, ...changed })
        .filter((one) => one.actions.length > 0 && one.resources.length > 0),
      actions: concerned,
    });
    return [
      ...actions.map((action) => mutant(action, { actions: without(actions, action) }, [action])),
      ...resources.map((resource) => mutant(resource, { resources: without(resources, resource) })),
      ...conditions.flatMap((condition) => [
        mutant(`${condition.test} ${condition.variable}`, { conditions: without(conditions, condition) }),
        ...(condition.values.length > 1 ? condition.values : []).map((value) =>
          mutant(`${condition.variable} ${value}`, {
            conditions: [...without(conditions, condition), { ...condition, values: without(condition.values, value) }],
          }),
        ),
      ]),
    ];
  });
}

function without<Item>(list: readonly Item[], item: Item): readonly Item[] {
  return list.filter((other) => other !== item);
}

import { type PolicyStatement, policyDocument } from "../../src/iam/policy-document";
import { isAllowed, type Request } from "./simulator";

/** A policy in which one part is missing. */
interface Mutant {
  /** The part: `STATEMENT: action, resource, condition or value`. */
  readonly name: string;
  readonly statements: readonly PolicyStatement[];
  /** The actions whose requests can be affected. */
  readonly actions: readonly string[];
}

/** Every policy that lacks one action, one resource, one condition or one of several values of a condition. */
function mutantsOf(statements: readonly PolicyStatement[]): readonly Mutant[] {
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

/** The names of the mutants that allow every required request and no denied one, so that no test notices them. */
export async function survivorsOf(
  statements: readonly PolicyStatement[],
  { required, denied }: { readonly required: readonly Request[]; readonly denied: readonly Request[] },
): Promise<readonly string[]> {
  const survivors: string[] = [];
  for (const { name, statements: mutated, actions } of mutantsOf(statements)) {
    const document = policyDocument(mutated);
    const isAnswered = async (requests: readonly Request[], answer: boolean) => {
      for (const request of requests.filter(({ action }) => actions.includes(action))) {
        if ((await isAllowed(document, request)) !== answer) {
          return false;
        }
      }
      return true;
    };
    if ((await isAnswered(required, true)) && (await isAnswered(denied, false))) {
      survivors.push(name);
    }
  }
  return survivors;
}

function without<Item>(list: readonly Item[], item: Item): readonly Item[] {
  return list.filter((other) => other !== item);
}

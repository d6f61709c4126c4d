import { runUnsafeSimulation } from "@cloud-copilot/iam-simulate";
import { type Answer, type DecisionRequest, decide, type Side } from "../../src";

/**
 * Whether the IAM simulator, an independent evaluator, allows a request.
 *
 * It takes the resource `*` for "any resource" unless the action has no resource types, which it
 * does not know of made-up actions. An ARN that no pattern of the tests but `*` matches stands in.
 */
export function simulate(side: Side, request: DecisionRequest): boolean {
  const { identity, boundary, controlPolicies = [] } = withoutSpecialServices(side);
  const { action, resource, context } = withoutSpecialServices(request);
  const named = (policies: readonly unknown[]) =>
    policies.map((policy, at) => ({ name: `policy-${at}`, policy }));
  const result = runUnsafeSimulation(
    {
      identityPolicies: named(identity),
      serviceControlPolicies: controlPolicies.map((level, at) => ({
        orgIdentifier: `level-${at}`,
        policies: named(level),
      })),
      resourceControlPolicies: [],
      ...(boundary === undefined ? {} : { permissionBoundaryPolicies: named([boundary]) }),
      request: {
        action,
        principal: "arn:aws:iam::123456789012:user/deckhouse",
        resource: {
          accountId: "123456789012",
          resource: resource === "*" ? "arn:aws:none:::none" : resource,
        },
        contextVariables: Object.fromEntries(
          Object.entries(context).map(([key, value]) => [
            key,
            typeof value === "string" ? value : [...value],
          ]),
        ),
      },
    },
    {},
  );
  return result === "Allowed";
}

/** Whether only one side allows a request, by the simulator. */
export function isNew(after: Side, before: Side, request: DecisionRequest): boolean {
  return simulate(after, request) && !simulate(before, request);
}

/**
 * Requests of which the simulator contradicts an answer; of "nothing-new", those among the given
 * ones.
 */
export function contradictions(
  after: Side,
  before: Side,
  answer: Answer,
  requests: readonly DecisionRequest[],
) {
  if (answer.kind === "new-request") {
    return isNew(after, before, answer.request) ? [] : [answer.request];
  }
  return answer.kind === "nothing-new"
    ? requests.filter((request) => isNew(after, before, request))
    : [];
}

/** A request that each statement of a side allows by itself. */
export function* likelyRequests({ identity }: Side): Generator<DecisionRequest> {
  for (const policy of identity as readonly { readonly Statement: unknown }[]) {
    for (const Statement of [policy.Statement].flat()) {
      const answer = decide({ identity: [{ ...policy, Statement }] }, { identity: [] });
      if (answer.kind === "new-request") {
        yield answer.request;
      }
    }
  }
}

/**
 * The simulator has rules of its own for services whose resources have policies; made-up services
 * stand in, in keys as well.
 */
function withoutSpecialServices<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value).replaceAll(/"(iam|kms|sts):/gi, '"x$1:')) as Value;
}

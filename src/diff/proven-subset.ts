import { ACCOUNT_ID } from "../iam/arns";
import type { ActionChange } from "./change-summary";
import { decide } from "./decision/decide";
import type { Answer, DecisionRequest } from "./decision/model";
import { exampleRequests, rowOf } from "./example-requests";
import type { Condition, Permit, Policy } from "./policy-model";
import { ACCOUNT_REFERENCE } from "./snapshot";

/** Stands for the account in a policy whose account only Terraform knows. */
const ACCOUNT = "000000000000";

/**
 * Whether a policy allows a request that another one does not allow, decided for all requests at once. Unlike the comparison of single
 * permissions, the decision takes several permissions together, and Deny, NotAction and NotResource.
 * @param broadened actions that the request is taken from if possible, see `exampleRequests`; by default, any request
 */
export function decision(after: Policy, before: Policy, broadened?: readonly ActionChange[]): Answer {
  const [has, had] = [documentOf(after), documentOf(before)];
  if (has === undefined || had === undefined) {
    const side = has === undefined ? "after" : "before";
    return { kind: "not-comparable", reason: `the policy ${side} the change is unknown or not a policy` };
  }
  // Where no policy has the reference, ACCOUNT_ID is in the policies as it is.
  const account = `${has}${had}`.includes(ACCOUNT_REFERENCE) ? ACCOUNT : ACCOUNT_ID;
  const document = (text: string) => ({ identity: [JSON.parse(text.replaceAll(ACCOUNT_REFERENCE, ACCOUNT)) as unknown] });
  const examples =
    broadened &&
    exampleRequests(broadened).map(({ action, resource }) => ({
      action,
      resource: resource.replaceAll(ACCOUNT_ID, account),
    }));
  const answer = decide(document(has), document(had), examples && { examples });
  if (answer.kind !== "new-request") {
    return answer;
  }
  const request = JSON.parse(JSON.stringify(answer.request).replaceAll(account, ACCOUNT_ID)) as DecisionRequest;
  return { ...answer, request: { ...request, action: rowOf(request.action)?.action ?? request.action } };
}

/** Whether a policy allows nothing that another one does not allow; false if that is not proven. */
export function allowsNothingNew(after: Policy, before: Policy): boolean {
  return decision(after, before).kind === "nothing-new";
}

/** The policy as JSON; undefined if a part of it could not be read. */
function documentOf({ allows, denies, opaque, version = "2012-10-17" }: Policy): string | undefined {
  if (opaque.some(({ effect }) => effect !== "Allow" && effect !== "Deny")) {
    return undefined;
  }
  return JSON.stringify({
    Version: version,
    Statement: [
      ...allows.map((permit) => statementOf("Allow", permit)),
      ...denies.map((permit) => statementOf("Deny", permit)),
      ...opaque.map(({ text }) => JSON.parse(text) as unknown),
    ],
  });
}

function statementOf(effect: "Allow" | "Deny", { actions, resources, conditions }: Permit): object {
  return {
    Effect: effect,
    Action: actions,
    Resource: resources,
    ...(conditions.length === 0 ? {} : { Condition: conditionsOf(conditions) }),
  };
}

function conditionsOf(conditions: readonly Condition[]): object {
  const operators = [...new Set(conditions.map(({ operator }) => operator))];
  return Object.fromEntries(
    operators.map((operator) => [
      operator,
      Object.fromEntries(conditions.filter((other) => other.operator === operator).map(({ key, values }) => [key, values])),
    ]),
  );
}

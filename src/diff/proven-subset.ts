import { subset } from "./decision/decide";
import type { Condition, Permit, Policy } from "./policy-model";
import { ACCOUNT_REFERENCE } from "./snapshot";

/** Stands for the account in a policy whose account only Terraform knows. */
const ACCOUNT = "000000000000";

/**
 * Whether a policy allows nothing that another one does not allow, for all requests at once; false if that is not proven.
 * Unlike the comparison of single permissions, the proof takes several permissions together, and Deny, NotAction and NotResource.
 */
export function allowsNothingNew(after: Policy, before: Policy): boolean {
  const [has, had] = [documentOf(after), documentOf(before)];
  return has !== undefined && had !== undefined && subset({ identity: [has] }, { identity: [had] });
}

/** The policy as a document; undefined if a part of it could not be read. */
function documentOf({ allows, denies, opaque, version = "2012-10-17" }: Policy): unknown {
  if (opaque.some(({ effect }) => effect !== "Allow" && effect !== "Deny")) {
    return undefined;
  }
  const document = {
    Version: version,
    Statement: [
      ...allows.map((permit) => statementOf("Allow", permit)),
      ...denies.map((permit) => statementOf("Deny", permit)),
      ...opaque.map(({ text }) => JSON.parse(text) as unknown),
    ],
  };
  return JSON.parse(JSON.stringify(document).replaceAll(ACCOUNT_REFERENCE, ACCOUNT));
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

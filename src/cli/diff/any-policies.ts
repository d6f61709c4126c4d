import { comparisonOf } from "../../decision/decide";
import type { Answer } from "../../decision/model";
import { policyWith } from "../../iam/policy-document";
import { listOf, objectOf } from "../../text/json";
import type { Policy } from "./grants";
import { comparePolicies, type PolicyChange, type Surplus } from "./policies";

/** Allows every request, on its own. */
const FULL_ACCESS: Policy = policyWith([{ Effect: "Allow", Action: "*", Resource: "*" }]);

/**
 * Decides, for two identity policies of any origin, whether one allows what the other one does not. The lists of actions come from the
 * statements, so that an action can stand in them that other statements allow as well.
 */
export function decidePolicies(before: Policy, after: Policy): PolicyChange {
  const { more, less } = comparePolicies([before], [after]);
  const verdict = comparisonOf({ identity: [after] }, { identity: [before] });
  // The same for requests that a Deny covers, whatever else allows them: the principal can have other policies.
  const ofDenials = comparisonOf({ identity: allBut(after) }, { identity: allBut(before) });
  return {
    more: decided(more, verdict.added(), ofDenials.added()),
    less: decided(less, verdict.removed(), ofDenials.removed()),
  };
}

function decided({ actions, request }: Surplus, answer: Answer, ofDenials: Answer): Surplus {
  const isDenyWeaker = ofDenials.kind !== "nothing-new";
  if (answer.kind === "nothing-new") {
    return { isGranted: false, actions: [], isDenyWeaker };
  }
  if (answer.kind === "new-request") {
    // Its action and its resource can be ones that do not exist, so a list says more.
    return { isGranted: true, actions, isDenyWeaker, request: request ?? (actions.length > 0 ? undefined : answer.request) };
  }
  const { statement, reason } = answer;
  const where = statement === undefined ? "" : `a statement of the policy ${statement.side} the change `;
  return { isGranted: true, actions, isDenyWeaker, request, reason: `${where}${reason}` };
}

/** Everything that the Deny statements of a policy leave. */
function allBut(policy: Policy): readonly Policy[] {
  const { Statement: statements, ...rest } = objectOf(policy);
  const denials = listOf(statements).filter((statement) => objectOf(statement).Effect !== "Allow");
  return [FULL_ACCESS, { ...rest, Statement: denials }];
}

import type { Changes } from "./changes";
import { comparePolicies, policyFindings, readPolicy } from "./policies";

/** Whether one IAM policy allows what another does not: proven, or one new request. Both are identity policies of the same principal. */
export function changesOfPolicies(before: string, after: string, source: string): Changes {
  const findings = policyFindings("principal", comparePolicies([readPolicy(before)], [readPolicy(after)]));
  return { source, deployments: [{ stack: "policies", state: findings.length === 0 ? "unchanged" : "changed", findings }] };
}

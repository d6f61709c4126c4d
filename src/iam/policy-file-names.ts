// Names of the policies in a review pack.

/** A managed policy of the deployment, counted from 1. */
export function policyFile(number: number): string {
  return number === 1 ? "policy.json" : `policy-${number}.json`;
}

/** What the principals need that run Terraform. */
export const DEPLOYER_FILES = ["deployer-policy.json", "deployer-role-policy.json", "deployer-state-role-policy.json"] as const;

/** What an organization denies the user and the nodes. */
export const CONTROL_POLICY_FILE = "service-control-policy.json";

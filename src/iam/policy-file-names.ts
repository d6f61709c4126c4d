// Names of the policies in a review pack that Terraform does not apply.

/** What the principals need that run Terraform. */
export const DEPLOYER_FILES = ["deployer-policy.json", "deployer-role-policy.json", "deployer-state-role-policy.json"] as const;

/** What an organization denies the user and the nodes. */
export const CONTROL_POLICY_FILE = "service-control-policy.json";

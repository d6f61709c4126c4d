// Names of the policies in a review pack.

/** A managed policy of the deployment, counted from 1. */
export function policyFile(number: number): string {
  return number === 1 ? "policy.json" : `policy-${number}.json`;
}

/** The documents of the node role, for the AWS CLI and the console. */
export const NODE_TRUST_FILE = "node-role-trust.json";
export const NODE_POLICY_FILE = "node-role-policy.json";

/** What the principals need that run Terraform. */
export const DEPLOYER_FILES = ["deployer-policy.json", "deployer-role-policy.json", "deployer-state-role-policy.json"] as const;

/** What an organization denies the user and the nodes. */
export const CONTROL_POLICY_FILE = "service-control-policy.json";

/** What the principal needs that plans. */
export const PLANNER_FILE = "planner-policy.json";

/** Who may assume the roles of a pipeline: the roles, and the systems that the pipeline can run in. */
export const PIPELINE_ROLES = ["deployer", "planner"] as const;
export const PIPELINE_SYSTEMS = ["github", "gitlab"] as const;

export type PipelineRole = (typeof PIPELINE_ROLES)[number];
export type PipelineSystem = (typeof PIPELINE_SYSTEMS)[number];

/** The trust policy of a role for a pipeline. */
export function trustFile(role: PipelineRole, system: PipelineSystem): string {
  return `${role}-trust-${system}.json`;
}

/** All trust policies of a review pack. */
export const TRUST_FILES: readonly string[] = PIPELINE_ROLES.flatMap((role) =>
  PIPELINE_SYSTEMS.map((system) => trustFile(role, system)),
);

/** The settings that a review pack was generated from. */
export const DEPLOYMENT_FILE = "deployment.json";

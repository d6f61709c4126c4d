/** An output of a deployment. One that does not apply to a deployment is absent. */
export type OutputName =
  | "user_name"
  | "user_arn"
  | "policy_name"
  | "policy_arn"
  | "additional_policy_arns"
  | "region"
  | "account_id"
  | "access_key_id"
  | "secret_access_key"
  | "node_role_name"
  | "node_role_arn";

/** The descriptions of the outputs, the contract of every workspace that reads a state. */
export const OUTPUTS: Readonly<Record<OutputName, string>> = {
  // The value of each one is in stack.ts.
  user_name: "Name of the IAM user that DKP acts as",
  user_arn: "ARN of the IAM user",
  policy_name: "Name of the managed policy attached to the user",
  policy_arn: "ARN of the managed policy",
  additional_policy_arns: "ARN of the second managed policy, which `scoped` and `minimal` have",
  region: "AWS region that DKP runs in: provider.region of AWSClusterConfiguration",
  account_id: "AWS account of the user",
  access_key_id:
    "Access key id to hand to DKP: provider.providerAccessKeyId of AWSClusterConfiguration",
  secret_access_key:
    "Secret access key to hand to DKP: provider.providerSecretAccessKey of AWSClusterConfiguration",
  node_role_name:
    "Name of the role for the cluster's nodes: iamNodeRole of AWSClusterConfiguration",
  node_role_arn: "ARN of the role for the cluster's nodes",
};

/**
 * The outputs of a deployment, the contract of every workspace that reads its state: name and description.
 * An output that does not apply to a deployment is absent.
 */
export const OUTPUTS = {
  user_name: "Name of the IAM user that DKP acts as",
  user_arn: "ARN of the IAM user",
  policy_name: "Name of the managed policy attached to the user",
  policy_arn: "ARN of the managed policy",
  region: "AWS region that DKP runs in: provider.region of AWSClusterConfiguration",
  account_id: "AWS account of the user",
  access_key_id: "Access key id to hand to DKP: provider.providerAccessKeyId of AWSClusterConfiguration",
  access_key_slot: "Which of the user's key slots is handed out",
  secret_access_key: "Secret access key to hand to DKP: provider.providerSecretAccessKey of AWSClusterConfiguration",
} as const;

export type OutputName = keyof typeof OUTPUTS;

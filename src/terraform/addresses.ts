import type { Slot } from "../iam/key-slots";

/**
 * The addresses of every resource and data source of a stack: a contract with existing states and with other workspaces.
 * Those of user, key, policy and attachment are the addresses in the HCL of the DKP documentation.
 */
export const ADDRESSES = {
  user: "aws_iam_user.user",
  policyDocument: "data.aws_iam_policy_document.policy",
  policy: "aws_iam_policy.policy",
  userAttachment: "aws_iam_user_policy_attachment.policy-attachment",
  group: "aws_iam_group.group",
  membership: "aws_iam_user_group_membership.group-membership",
  groupAttachment: "aws_iam_group_policy_attachment.policy-attachment",
  nodeRole: "aws_iam_role.node",
  nodePolicy: "aws_iam_role_policy.node",
  callerIdentity: "data.aws_caller_identity.current",
} as const;

/** The address of the access key in each slot. */
export const KEY_ADDRESSES: Readonly<Record<Slot, string>> = {
  primary: "aws_iam_access_key.user",
  secondary: "aws_iam_access_key.user-secondary",
};

/** The address of an attachment of the node role, counted from 1 in the order of `nodeRole.managedPolicyArns`. */
export function nodeAttachmentAddress(number: number): string {
  return `aws_iam_role_policy_attachment.node-${number}`;
}

/** The name in an address: its last part, which is the id of the construct. */
export function nameIn(address: string): string {
  return address.slice(address.lastIndexOf(".") + 1);
}

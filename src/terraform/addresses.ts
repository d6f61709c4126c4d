/**
 * The addresses of every resource and data source of a stack: a contract with existing states and
 * with other workspaces. Those of user, key, policy and attachment are the addresses in the HCL of
 * the DKP documentation.
 */
export const ADDRESSES = {
  user: "aws_iam_user.user",
  accessKey: "aws_iam_access_key.user",
  policyDocument: "data.aws_iam_policy_document.policy",
  policy: "aws_iam_policy.policy",
  userAttachment: "aws_iam_user_policy_attachment.policy-attachment",
  nodeRole: "aws_iam_role.node",
  nodePolicy: "aws_iam_role_policy.node",
  callerIdentity: "data.aws_caller_identity.current",
} as const;

/**
 * The address of an attachment of the node role: the name of the policy, with `-` for characters
 * that an address cannot have.
 */
export function nodeAttachmentAddress(policyArn: string): string {
  const name = policyArn.slice(policyArn.lastIndexOf("/") + 1);
  return `aws_iam_role_policy_attachment.node-policy-${name.replaceAll(/[^\w-]/g, "-")}`;
}

/** The addresses that exist once per managed policy of a deployment. */
const POLICY_ADDRESSES = ["policy", "policyDocument", "userAttachment"] as const;
type PolicyAddress = (typeof POLICY_ADDRESSES)[number];

/**
 * The address that belongs to a managed policy, counted from 1. The first has the address of the
 * DKP documentation, additional ones a number.
 */
export function policyAddress(what: PolicyAddress, number: number): string {
  return number === 1 ? ADDRESSES[what] : `${ADDRESSES[what]}-${number}`;
}

/** The name in an address: its last part, which is the ID of the construct. */
export function nameIn(address: string): string {
  return address.slice(address.lastIndexOf(".") + 1);
}

/** Whether an address is that of an attachment of the node role. */
export function isNodeAttachment(address: string): boolean {
  return /^aws_iam_role_policy_attachment\.node-policy-[\w-]+$/.test(address);
}

/** The managed policy of a deployment that an address belongs to; undefined for other addresses. */
export function policyOfAddress(
  address: string,
): { readonly what: PolicyAddress; readonly number: number } | undefined {
  const [, first, number = "1"] = /^(.+?)(?:-([2-9]|[1-9]\d+))?$/.exec(address) ?? [];
  const what = POLICY_ADDRESSES.find((name) => ADDRESSES[name] === first);
  return what === undefined ? undefined : { what, number: Number(number) };
}

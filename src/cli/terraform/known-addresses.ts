import { ADDRESSES, POLICY_ADDRESSES, type PolicyAddress } from "../../terraform/addresses";

/** Whether an address is that of an attachment of the node role. */
export function isNodeAttachment(address: string): boolean {
  return /^aws_iam_role_policy_attachment\.node-policy-[\w-]+$/.test(address);
}

/** The managed policy of a deployment that an address belongs to; undefined for other addresses. */
export function policyOfAddress(address: string): { readonly what: PolicyAddress; readonly number: number } | undefined {
  const [, first, number = "1"] = /^(.+?)(?:-([2-9]|[1-9]\d+))?$/.exec(address) ?? [];
  const what = POLICY_ADDRESSES.find((name) => ADDRESSES[name] === first);
  return what === undefined ? undefined : { what, number: Number(number) };
}

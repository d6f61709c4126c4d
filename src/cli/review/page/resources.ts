import type { Deployment } from "../../../settings/deployment";
import { ADDRESSES, KEY_ADDRESSES } from "../../../terraform/addresses";
import { code, list, type Markdown, md, plain, table, trusted } from "../../text/markdown";
import type { Reviewed } from "../reviewed";

/** The purpose of the resource types of a deployment. */
const PURPOSE: Readonly<Record<string, string>> = {
  aws_iam_access_key: "the static key that DKP signs with; DKP supports no other credentials",
  aws_iam_group: "has the policy, which scanners require of users",
  aws_iam_group_policy_attachment: "attaches the policy to the group",
  aws_iam_policy: "the permissions of the key",
  aws_iam_role: "the node role of the cluster: DKP's `iamNodeRole`",
  aws_iam_role_policy: "the permissions that every node requires, and the additional actions of the settings",
  aws_iam_role_policy_attachment: "attaches a managed policy to the node role",
  aws_iam_user: "the IAM user of DKP",
  aws_iam_user_group_membership: "adds the user to the group",
  aws_iam_user_policy_attachment: "attaches the policy to the user",
};

/** The resources of a deployment by address, with their names in AWS if the settings name them. */
export function resourceTable({ deployment: { accessKeys }, terraform: { resource = {} } }: Reviewed): Markdown {
  const current = accessKeys === "none" ? undefined : KEY_ADDRESSES[accessKeys.current];
  const purpose = (type: string, address: string) =>
    type === "aws_iam_access_key" && address !== current ? "a key that DKP does not use" : (PURPOSE[type] ?? "");
  const rows = Object.entries(resource).flatMap(([type, byName]) =>
    Object.entries(byName).map(([name, { name: inAws }]) => [
      code(`${type}.${name}`),
      typeof inAws === "string" && !inAws.includes("${") ? code(inAws) : trusted(""),
      trusted(purpose(type, `${type}.${name}`)),
    ]),
  );
  return table(["address", "name in AWS", "purpose"], rows);
}

/** What checkov finds in the Terraform JSON of mode `documented`, by address: checks, and why they remain. */
const FINDINGS: Readonly<Record<string, { readonly reason: string; readonly checks: Readonly<Record<string, string>> }>> = {
  [ADDRESSES.policyDocument]: {
    checks: {
      CKV_AWS_109: "permissions management without constraints",
      CKV_AWS_110: "privilege escalation",
      CKV_AWS_111: "write access without constraints",
      CKV_AWS_356: "all resources for actions that could be restricted",
    },
    reason: "the DKP authorization page allows its actions on all resources, and the mode `documented` follows it",
  },
  [ADDRESSES.user]: {
    checks: { CKV_AWS_273: "an IAM user exists" },
    reason: "DKP supports only a static access key, which only an IAM user can have",
  },
  [ADDRESSES.userAttachment]: {
    checks: { CKV_AWS_40: "the policy is attached to the user itself" },
    reason: "the DKP authorization page attaches the policy to the user",
  },
};

/** What checkov finds in a deployment: less if the policy is limited to resources or not attached to the user itself. */
export function findingsOf({ policy, attachment }: Pick<Deployment, "policy" | "attachment">) {
  return Object.entries(FINDINGS).filter(
    ([address]) =>
      (policy.mode === "documented" || address !== ADDRESSES.policyDocument) &&
      (attachment !== "group" || address !== ADDRESSES.userAttachment),
  );
}

/** The findings by resource. Reviewers see all; none is suppressed. */
export function findingList({ deployment }: Reviewed): Markdown {
  return list(
    findingsOf(deployment).map(([address, { checks, reason }]) => {
      const found = Object.entries(checks).map(([check, finding]) => `${check} (${finding})`);
      return md`${code(address)}: ${plain(found.join(", "))}, because ${plain(reason)}`;
    }),
  );
}

import type { Deployment } from "../../settings/deployment";
import { ADDRESSES, KEY_ADDRESSES } from "../../terraform/addresses";
import type { TerraformJson } from "../terraform/terraform-json";

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

/** The resources of a deployment, with their names in AWS if the settings name them. */
export function resourcesOf({ accessKeys }: Deployment, { resource = {} }: TerraformJson) {
  const current = accessKeys === "none" ? undefined : KEY_ADDRESSES[accessKeys.current];
  return Object.entries(resource).flatMap(([type, byName]) =>
    Object.entries(byName).map(([id, { name }]) => {
      const address = `${type}.${id}`;
      const isSpare = type === "aws_iam_access_key" && address !== current;
      return {
        address,
        name: typeof name === "string" && !name.includes("${") ? name : "",
        purpose: isSpare ? "a key that DKP does not use" : PURPOSE[type],
      };
    }),
  );
}

/** What checkov finds in the Terraform JSON of mode `documented`: checks, and why they remain. None is suppressed. */
const FINDINGS = [
  {
    address: ADDRESSES.policyDocument,
    checks: {
      CKV_AWS_109: "permissions management without constraints",
      CKV_AWS_110: "privilege escalation",
      CKV_AWS_111: "write access without constraints",
      CKV_AWS_356: "all resources for actions that could be restricted",
    },
    reason: "the DKP authorization page allows its actions on all resources, and the mode `documented` follows it",
  },
  {
    address: ADDRESSES.user,
    checks: { CKV_AWS_273: "an IAM user exists" },
    reason: "DKP supports only a static access key, which only an IAM user can have",
  },
  {
    address: ADDRESSES.userAttachment,
    checks: { CKV_AWS_40: "the policy is attached to the user itself" },
    reason: "the DKP authorization page attaches the policy to the user",
  },
] as const;

/** What checkov finds in a deployment: less if the policy is limited to resources or not attached to the user itself. */
export function findingsOf({ policy, attachment }: Pick<Deployment, "policy" | "attachment">) {
  return FINDINGS.filter(
    ({ address }) =>
      (policy.mode === "documented" || address !== ADDRESSES.policyDocument) &&
      (attachment !== "group" || address !== ADDRESSES.userAttachment),
  );
}

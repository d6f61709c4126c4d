import type { Deployment } from "../../settings/deployment";
import { KEY_ADDRESSES } from "../../terraform/addresses";
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

import { code, table } from "../../render/markdown";
import type { TerraformJson } from "../../terraform/terraform-json";

/** The purpose of each resource type and data source of a deployment. */
const PURPOSE: Readonly<Record<string, string>> = {
  aws_iam_access_key: "the static key that DKP signs with; it takes nothing else",
  aws_iam_group: "has the policy, as scanners want it",
  aws_iam_group_policy_attachment: "gives the group the policy",
  aws_iam_policy: "what the key may do",
  aws_iam_role: "for the cluster's nodes: DKP's `iamNodeRole`",
  aws_iam_role_policy: "what every node asks of AWS, and what was added for the nodes",
  aws_iam_role_policy_attachment: "a managed policy of the nodes",
  aws_iam_user: "who DKP is in AWS",
  aws_iam_user_group_membership: "puts the user into the group",
  aws_iam_user_policy_attachment: "gives the user the policy",
};

/** The resources of a deployment by address, with the AWS names that the settings state. */
export function resourceTable({ resource = {} }: TerraformJson): readonly string[] {
  const rows = Object.entries(resource).flatMap(([type, byName]) =>
    Object.entries(byName).map(([name, { name: inAws }]) => [
      code(`${type}.${name}`),
      typeof inAws === "string" && !inAws.includes("${") ? code(inAws) : "",
      PURPOSE[type] ?? "",
    ]),
  );
  return table(["address", "name in AWS", "what it is for"], rows);
}

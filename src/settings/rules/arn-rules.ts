import { parseIamArn } from "../../iam/arns";
import { partitionOf } from "../../iam/partitions";
import { pathOf } from "../checked-settings";
import type { FieldError } from "../errors";
import { show } from "../message-parts";
import type { Settings } from "../schema/deployment-schema";
import { type Rule, rule } from "./rule";

const BOUNDARIES = ["user.permissionsBoundary", "nodeRole.permissionsBoundary"] as const;
const ARN_FIELDS = [...BOUNDARIES, "provider.assumeRoleArn"] as const;

/** Rules for ARNs: their partition, their account, and which policies can be a boundary. */
export const ARN_RULES: readonly Rule[] = [
  ...ARN_FIELDS.map((name) => rule(["region", name], (fields) => partitionError(fields, pathOf(name), fields[name]))),
  ...ARN_FIELDS.map((name) => rule(["accountId", name], (fields) => accountError(fields, pathOf(name), fields[name]))),
  ...BOUNDARIES.map((name) =>
    rule([name, "policy", "accountId"], (fields) => ownPolicyError(fields, pathOf(name), fields[name])),
  ),
];

/** An ARN of another partition than the region's. */
export function partitionError(
  { region }: Pick<Settings, "region">,
  path: readonly string[],
  arn: string | undefined,
): FieldError | undefined {
  const partition = partitionOf(region);
  return arn === undefined || parseIamArn(arn)?.partition === partition
    ? undefined
    : {
        path,
        message: `${show(arn)} is of another partition than region ${region}; write an ARN that begins with arn:${partition}:`,
      };
}

/** An ARN of another account than the stated one. */
export function accountError(
  { accountId }: Pick<Settings, "accountId">,
  path: readonly string[],
  arn: string | undefined,
): FieldError | undefined {
  const account = arn === undefined ? undefined : parseIamArn(arn)?.account;
  return account === undefined || account === "aws" || accountId === undefined || account === accountId
    ? undefined
    : { path, message: `${show(arn)} is of account ${account}, accountId is ${accountId}; make them agree` };
}

/**
 * A boundary that is a policy of this deployment limits nobody: whoever applies the deployment can write that policy.
 * The account and the partition of the ARN do not matter: where they differ from the deployment's, another rule reports it.
 * IAM ignores case in names, and a policy that does not fit into one continues in NAME-2, NAME-3, ...
 */
function ownPolicyError(
  { policy }: Pick<Settings, "policy">,
  path: readonly string[],
  arn: string | undefined,
): FieldError | undefined {
  const [, resource = ""] = /:policy(\/.+)$/.exec(arn ?? "") ?? [];
  const own = `${policy.path}${policy.name}`.toLowerCase();
  const found = resource.toLowerCase();
  const continued = found.startsWith(`${own}-`) && /^[1-9]\d?$/.test(found.slice(own.length + 1));
  return arn === undefined || arn.includes("::aws:") || !(found === own || continued)
    ? undefined
    : {
        path,
        message: `${show(arn)} is a policy of this deployment, and whoever applies the deployment can change it; write the ARN of a policy that only your administrators can change`,
      };
}

import { pathOf } from "../checked-settings";
import type { FieldError } from "../errors";
import { show } from "../messages";
import type { Settings } from "../schema/deployment-schema";
import { type Rule, rule } from "./rule";

/** A boundary that is a policy of this deployment limits nobody: whoever applies the deployment can write that policy. */
export const BOUNDARY_RULES: readonly Rule[] = (["user.permissionsBoundary", "nodeRole.permissionsBoundary"] as const).map(
  (name) => rule([name, "policy", "accountId"], (fields) => ownPolicyError(fields, pathOf(name), fields[name])),
);

/**
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

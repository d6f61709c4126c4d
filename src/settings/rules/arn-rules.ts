import { parseIamArn, partitionOf } from "../../iam/arns";
import { secondPolicyName } from "../../iam/deployment-policies";
import { nodeAttachmentAddress } from "../../terraform/addresses";
import { errorAt, show } from "../errors";
import type { Settings } from "../settings";
import { type Rule, rule } from "./rule";

const BOUNDARIES = ["user.permissionsBoundary", "nodeRole.permissionsBoundary"] as const;
const POLICIES = "nodeRole.managedPolicyArns";
const ARN_FIELDS = [...BOUNDARIES, "provider.assumeRoleArn", POLICIES] as const;

/** Rules for ARNs: their partition, their account, and which policies can be a boundary. */
export const ARN_RULES: readonly Rule[] = [
  ...ARN_FIELDS.map((name) =>
    rule([name, "region", "accountId"], ({ region, accountId, [name]: given }) => {
      const begin = `arn:${partitionOf(region)}:`;
      return arnsOf(name, given).flatMap(([field, arn]) => {
        const account = parseIamArn(arn)?.account;
        if (!arn.startsWith(begin)) {
          const remedy = `write an ARN that begins with ${begin}`;
          const what = `is of another partition than region ${region}; ${remedy}`;
          return errorAt(field, `${show(arn)} ${what}`);
        }
        const what = `is of account ${account}, accountId is ${accountId}; make them agree`;
        return account === "aws" || accountId === undefined || account === accountId
          ? []
          : errorAt(field, `${show(arn)} ${what}`);
      });
    }),
  ),
  ...BOUNDARIES.map((name) =>
    rule(
      [name, "policy", "accountId"],
      ({ [name]: arn, policy }) => arn !== undefined && ownPolicyError(policy, arn),
    ),
  ),
  rule([POLICIES], ({ [POLICIES]: arns = [] }) =>
    arnsOf(POLICIES, arns).flatMap(([field, arn], index) => {
      const first = arns.findIndex(
        (other) => nodeAttachmentAddress(other) === nodeAttachmentAddress(arn),
      );
      const what =
        arns[first] === arn
          ? "stands in the list twice; remove one"
          : `has the same Terraform address as ${show(arns[first])}, ` +
            "which is made of the name of the policy; rename one";
      return first === index ? [] : errorAt(field, `${show(arn)} ${what}`);
    }),
  ),
];

function arnsOf(
  name: string,
  given: string | readonly string[] = [],
): readonly (readonly [string, string])[] {
  return typeof given === "string"
    ? [[name, given]]
    : given.map((arn, index) => [`${name}.${index}`, arn]);
}

/**
 * Whoever applies the deployment can write its policies, so that one of them as a boundary limits
 * nobody. Another rule reports an ARN of another account or partition. IAM ignores case in names.
 */
function ownPolicyError(policy: Settings["policy"], arn: string): string | undefined {
  const own = [policy.name, secondPolicyName(policy.name)].map((name) =>
    `:policy${policy.path}${name}`.toLowerCase(),
  );
  return arn.includes("::aws:") || !own.some((end) => arn.toLowerCase().endsWith(end))
    ? undefined
    : `${show(arn)} is a policy of this deployment, ` +
        "and whoever applies the deployment can change it; " +
        "write the ARN of a policy that only your administrators can change";
}

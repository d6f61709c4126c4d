import { partitionOf } from "../../iam/arns";
import { LAYOUTS, nodeRoleName } from "../../iam/cluster";
import { type DeploymentPolicy, isTooLarge } from "../../iam/deployment-policies";
import { MAX_POLICY_CHARACTERS, MAX_ROLE_INLINE_CHARACTERS } from "../../iam/limits";
import { nodePolicy } from "../../iam/node-role-permissions";
import { policySize } from "../../iam/policy-document";
import { valueAt } from "../../text/json";
import { errorAt, type FieldError, show } from "../errors";
import { type Fields, type Rule, rule } from "./rule";

/**
 * Rules about the policy and the cluster that it is for: the requirements of a mode, and the size
 * of what it grants.
 */
export const POLICY_RULES: readonly Rule[] = [
  rule(
    ["cluster.prefix", "cluster", "policy"],
    ({ policy: { mode }, cluster }) =>
      mode !== "documented" &&
      cluster.prefix === undefined &&
      `missing: policy.mode ${show(mode)} limits the key to the role <prefix>-node; ` +
        "write the prefix of the cluster",
  ),
  rule(
    ["cluster.layout", "cluster", "policy"],
    ({ policy: { mode }, cluster }) =>
      mode === "minimal" &&
      cluster.layout === undefined &&
      `missing: policy.mode ${show(mode)} grants what the layout needs; ` +
        `write one of ${LAYOUTS.join(", ")}`,
  ),
  rule(["policy", "cluster"], ({ policy: { mode }, cluster: { tags = {} } }) =>
    // All modes but `documented` write the keys of tags into the policy. Source: IAM API Reference,
    // `policyDocumentType` of CreatePolicy.
    Object.keys(mode === "documented" ? {} : tags)
      .filter((key) => BEYOND_LATIN_1.test(key))
      .map((key) => ({
        path: ["cluster", "tags", key],
        message:
          "has characters that IAM rejects in a policy, " +
          `and policy.mode ${show(mode)} names the tag there; ` +
          'use Latin letters, or mode "documented"',
      })),
  ),
  rule(
    ["import.nodeRole", "nodeRole"],
    ({ "import.nodeRole": isImported, nodeRole }) =>
      isImported === true &&
      nodeRole === undefined &&
      "true requires a role, and nodeRole is not set; set nodeRole.name, or remove import.nodeRole",
  ),
  rule(["policy", "user", "cluster", "nodeRole"], (settings, policies) =>
    sizeErrors(settings, policies ?? []),
  ),
  rule(
    ["cluster.kmsKeyArns", "cluster", "features"],
    ({ cluster, features }) =>
      cluster.kmsKeyArns.length > 0 &&
      !features.includes("encrypted-volumes") &&
      "has no effect without the feature encrypted-volumes; " +
        'add "encrypted-volumes" to features, or remove kmsKeyArns',
  ),
  rule(["cluster", "region"], ({ cluster, region }) => {
    // EBS only uses keys of its own Region. Source: EBS User Guide, "How Amazon EBS encryption
    // works".
    const expected = `arn:${partitionOf(region)}:kms:${region}:`;
    const message = (arn: string) =>
      `${show(arn)} is a key of another Region than ${region}; ` +
      `write an ARN that begins with ${expected}`;
    return cluster.kmsKeyArns.flatMap((arn, index) =>
      arn.startsWith(expected) ? [] : errorAt(`cluster.kmsKeyArns.${index}`, message(arn)),
    );
  }),
  rule(
    ["nodeRole.name", "cluster"],
    // IAM ignores case in names.
    ({ cluster: { prefix }, "nodeRole.name": name }) =>
      prefix !== undefined &&
      name?.toLowerCase() === nodeRoleName(prefix).toLowerCase() &&
      `${show(name)} is the role that DKP creates for prefix "${prefix}"; ` +
        `choose another name, for example "${name}-custom"`,
  ),
  rule(["nodeRole.additionalActions"], ({ "nodeRole.additionalActions": actions = [] }) => {
    // No action has white space.
    const size = JSON.stringify(nodePolicy(actions)).length;
    return (
      size > MAX_ROLE_INLINE_CHARACTERS &&
      `requires an inline policy of ${size} characters, ` +
        `IAM allows ${MAX_ROLE_INLINE_CHARACTERS} per role; ` +
        "use wildcards, or a policy of your own in nodeRole.managedPolicyArns"
    );
  }),
];

const BEYOND_LATIN_1 = /[\u0100-\uffff]/;

type PolicySettings = Fields<"policy" | "user" | "cluster" | "nodeRole">;

/**
 * By number of a policy, its settings without a short limit, and what to leave out. No remedy
 * widens the permissions: without `kmsKeyArns` every key would be allowed.
 */
const LONG_SETTINGS: Readonly<Record<number, Readonly<Record<string, string>>>> = {
  1: {
    "user.allowedNetworks": "combine its networks, or leave out those that no request comes from",
    "cluster.peeredVPCs": "leave out the VPCs that the cluster has no peering with",
    "cluster.peerAccountIds": "leave out the accounts that the cluster has no peering with",
  },
  2: {
    "cluster.formerIamNodeRoles": "leave out the roles that no node has any more",
    "cluster.iamNodeRolePath": "choose a role with a shorter path",
    "cluster.kmsKeyArns":
      "leave out the keys that encrypt nothing of this cluster, but not the whole list",
    "cluster.tags": "leave out the tags that DKP does not set, or shorten their keys",
    "nodeRole.path": "choose a shorter path",
  },
};

/** Characters that a setting adds to a policy: of tags, the keys count. */
function lengthOf(settings: PolicySettings, field: string): number {
  const value = valueAt(settings, field.split("."));
  return JSON.stringify(field === "cluster.tags" ? Object.keys(value ?? {}) : (value ?? "")).length;
}

/** An error is at the longest setting in the policy. */
function sizeErrors(
  settings: PolicySettings,
  policies: readonly DeploymentPolicy[],
): readonly FieldError[] {
  const isDocumented = settings.policy.mode === "documented";
  return policies
    .filter(({ statements }) => isTooLarge(statements))
    .map(({ number, name, statements }) => {
      const remedies = LONG_SETTINGS[number] ?? {};
      const fields = isDocumented ? ["user.allowedNetworks"] : Object.keys(remedies);
      const [field = ""] = fields.toSorted(
        (one, other) => lengthOf(settings, other) - lengthOf(settings, one),
      );
      return errorAt(
        field,
        `is the longest setting in the policy ${show(name)} of ${policySize(statements)} ` +
          `characters, and IAM allows ${MAX_POLICY_CHARACTERS}; ${remedies[field]}`,
      );
    });
}

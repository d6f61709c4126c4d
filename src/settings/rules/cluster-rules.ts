import { maxPrefix, nodeRoleName } from "../../iam/cluster";
import { MAX_ROLE_INLINE_CHARACTERS } from "../../iam/limits";
import { nodePolicy } from "../../iam/node-role-permissions";
import { partitionOf } from "../../iam/partitions";
import { errorAt } from "../errors";
import { show } from "../message-parts";
import { type Rule, rule } from "./rule";

/** Rules between the fields of the cluster, its features, its Region and the role of its nodes. */
export const CLUSTER_RULES: readonly Rule[] = [
  rule(["cluster.prefix", "cluster"], ({ cluster: { prefix = "", dkpVersion } }) => {
    const max = maxPrefix(dkpVersion);
    return (
      prefix.length > max &&
      `${show(prefix)} has ${prefix.length} characters, DKP ${dkpVersion ?? "of any version"} allows ${max}; choose a shorter one`
    );
  }),
  rule(
    ["cluster.kmsKeyArns", "cluster", "features"],
    ({ cluster, features }) =>
      cluster.kmsKeyArns.length > 0 &&
      !features.includes("encrypted-volumes") &&
      'has no effect without the feature encrypted-volumes; add "encrypted-volumes" to features, or remove kmsKeyArns',
  ),
  rule(["cluster", "region"], ({ cluster, region }) => {
    // EBS only uses keys of its own Region. Source: EBS User Guide, "How Amazon EBS encryption works".
    const expected = `arn:${partitionOf(region)}:kms:${region}:`;
    const message = (arn: string) =>
      `${show(arn)} is a key of another Region than ${region}; write an ARN that begins with ${expected}`;
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
      `${show(name)} is the role that DKP creates for prefix "${prefix}"; choose another name, for example "${name}-custom"`,
  ),
  rule(["nodeRole.additionalActions"], ({ "nodeRole.additionalActions": actions = [] }) => {
    // No action has white space.
    const size = JSON.stringify(nodePolicy(actions)).length;
    return (
      size > MAX_ROLE_INLINE_CHARACTERS &&
      `requires an inline policy of ${size} characters, IAM allows ${MAX_ROLE_INLINE_CHARACTERS} per role; use wildcards, or a policy of your own in nodeRole.managedPolicyArns`
    );
  }),
];

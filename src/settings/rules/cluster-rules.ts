import { maxPrefix } from "../../iam/cluster";
import { partitionOf } from "../../iam/partitions";
import { show } from "../message-parts";
import { type Rule, rule } from "./rule";

/** Rules between the fields of the cluster, its features and its Region. */
export const CLUSTER_RULES: readonly Rule[] = [
  rule(["cluster"], ({ cluster: { prefix, dkpVersion } }) => {
    const max = maxPrefix(dkpVersion);
    return prefix === undefined || prefix.length <= max
      ? undefined
      : {
          path: ["cluster", "prefix"],
          message: `${show(prefix)} has ${prefix.length} characters, DKP ${dkpVersion} allows ${max}; choose a shorter one`,
        };
  }),
  rule(["cluster", "features"], ({ cluster, features }) =>
    cluster.kmsKeyArns.length === 0 || features.includes("encrypted-volumes")
      ? undefined
      : {
          path: ["cluster", "kmsKeyArns"],
          message:
            'has no effect without the feature encrypted-volumes; add "encrypted-volumes" to features, or remove kmsKeyArns',
        },
  ),
  rule(["cluster", "region"], ({ cluster, region }) => {
    // EBS only uses keys of its own Region. Source: EBS User Guide, "How Amazon EBS encryption works".
    const expected = `arn:${partitionOf(region)}:kms:${region}:`;
    const at = cluster.kmsKeyArns.findIndex((arn) => !arn.startsWith(expected));
    return at === -1
      ? undefined
      : {
          path: ["cluster", "kmsKeyArns", String(at)],
          message: `${show(cluster.kmsKeyArns[at])} is a key of another Region than ${region}; write an ARN that begins with ${expected}`,
        };
  }),
];

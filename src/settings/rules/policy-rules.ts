import { LAYOUTS } from "../../iam/cluster";
import { markerCandidates, markerOf } from "../../iam/cluster-marker";
import { type DeploymentPolicy, FURTHER_NAME_CHARACTERS } from "../../iam/deployment-policies";
import { MAX_POLICIES, MAX_POLICY_CHARACTERS, POLICY_NAME } from "../../iam/limits";
import { policySize } from "../../iam/policy-document";
import type { Mode } from "../../iam/policy-statements";
import type { FieldError } from "../errors";
import { show } from "../message-parts";
import { tagErrors } from "../schema/deployment-schema";
import { type Rule, rule } from "./rule";

/** Rules between the policy and the cluster: what a mode requires, and the size of what it grants. */
export const POLICY_RULES: readonly Rule[] = [
  rule(["policy", "cluster"], ({ policy, cluster }) =>
    policy.mode === "documented" || cluster.prefix !== undefined
      ? undefined
      : {
          path: ["cluster", "prefix"],
          message: `missing: policy.mode ${show(policy.mode)} limits the key to the role <prefix>-node; write the cloud.prefix of the cluster`,
        },
  ),
  rule(["policy", "cluster"], ({ policy, cluster }) =>
    !["minimal", "strict"].includes(policy.mode) || cluster.layout !== undefined
      ? undefined
      : {
          path: ["cluster", "layout"],
          message: `missing: policy.mode ${show(policy.mode)} grants what the layout needs; write one of ${LAYOUTS.join(", ")}`,
        },
  ),
  rule(["policy", "cluster"], ({ policy: { mode, marker }, cluster }) => markerError(mode, marker, cluster.tags ?? {})),
  rule(["policy", "cluster"], ({ policy: { mode }, cluster: { tags = {} } }) => clusterTagErrors(mode, tags)),
  rule(["cluster"], ({ cluster: { existingVPCID, vpcId } }) =>
    vpcId === undefined || existingVPCID === undefined
      ? undefined
      : { path: ["cluster", "vpcId"], message: "has no effect beside existingVPCID, which is the VPC of the cluster; remove it" },
  ),
  rule(["policy.name"], ({ "policy.name": name }, { policies }) => policiesError(name, policies ?? [])),
];

/** Mode `strict` requires one pair of tags that only this cluster has. */
function markerError(mode: Mode, marker: string | undefined, tags: Readonly<Record<string, string>>): FieldError | undefined {
  if (mode !== "strict" || markerOf({ tags }, marker) !== undefined) {
    return undefined;
  }
  const candidates = markerCandidates({ tags });
  if (candidates.length === 0) {
    return {
      path: ["cluster", "tags"],
      message:
        'missing: policy.mode "strict" limits the key to resources with a tag that no other cluster of the account has; add one, for example { dkp-cluster: dev }. DKP sets Name, Cluster, kubernetes.io/... and ebs.csi.aws.com/... itself',
    };
  }
  const list = candidates.map(show).join(", ");
  return marker === undefined
    ? {
        path: ["policy", "marker"],
        message: `missing: policy.mode "strict" requires the tag that no other cluster of the account has; write one of ${list}`,
      }
    : {
        path: ["policy", "marker"],
        message: `${show(marker)} is no key of cluster.tags that can be the marker; write one of ${list}`,
      };
}

/**
 * Tags that IAM rejects: DKP sets them on the node role, all modes but `documented` write their keys into the policy, and `strict` the
 * value of the marker. Source: IAM API Reference, `policyDocumentType` of CreatePolicy.
 */
function clusterTagErrors(mode: Mode, tags: Readonly<Record<string, string>>): readonly FieldError[] {
  const inPolicy = (key: string, value: string) => (mode === "strict" ? `${key}${value}` : key);
  const rejected =
    mode === "documented" ? [] : Object.entries(tags).filter(([key, value]) => BEYOND_LATIN_1.test(inPolicy(key, value)));
  return [
    ...tagErrors(tags).map((error) => ({ ...error, path: ["cluster", "tags", ...error.path] })),
    ...rejected.map(([key]) => ({
      path: ["cluster", "tags", key],
      message: `has characters that IAM rejects in a policy, and policy.mode ${show(mode)} names the tag there; use Latin letters, or mode "documented"`,
    })),
  ];
}

const BEYOND_LATIN_1 = /[\u0100-\uffff]/;

/** Several policies must have valid names, fit into the quota of IAM, and each into the size of a policy. */
function policiesError(name: string, policies: readonly DeploymentPolicy[]): FieldError | undefined {
  const count = policies.length;
  const remedy = "shorten the lists of roles, accounts, keys and tags in cluster";
  const tooLarge = policies
    .flatMap(({ statements }) => statements)
    .find((statement) => policySize([statement]) > MAX_POLICY_CHARACTERS);
  if (tooLarge?.effect === "Deny") {
    return {
      path: ["user", "allowedNetworks"],
      message: `requires a statement of ${policySize([tooLarge])} characters, IAM allows ${MAX_POLICY_CHARACTERS}; combine its networks`,
    };
  }
  if (tooLarge !== undefined) {
    return {
      path: ["policy", "mode"],
      message: `requires a statement ${tooLarge.sid} of ${policySize([tooLarge])} characters, IAM allows ${MAX_POLICY_CHARACTERS}; ${remedy}`,
    };
  }
  if (count > MAX_POLICIES) {
    return {
      path: ["policy", "mode"],
      message: `requires ${count} policies, and a deployment can have ${MAX_POLICIES}, because IAM attaches at most 10 to a user or group, and a change attaches new ones before it detaches the former ones; ${remedy}`,
    };
  }
  const longest = POLICY_NAME.max - FURTHER_NAME_CHARACTERS;
  return count === 1 || name.length <= longest
    ? undefined
    : {
        path: ["policy", "name"],
        message: `${show(name)} is too long for the ${count} policies that the permissions require, whose names have ${FURTHER_NAME_CHARACTERS} characters more; shorten it to ${longest} characters`,
      };
}

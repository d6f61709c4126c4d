import { LAYOUTS } from "../../iam/cluster";
import { markerCandidates, markerOf } from "../../iam/cluster-marker";
import { type DeploymentPolicy, isTooLarge } from "../../iam/deployment-policies";
import { MAX_POLICY_CHARACTERS, POLICY_NAME } from "../../iam/limits";
import { policySize } from "../../iam/policy-document";
import { errorAt, type FieldError } from "../errors";
import { show } from "../message-parts";
import { type Fields, type Rule, rule } from "./rule";

/** Rules between the policy and the cluster: what a mode requires, and the size of what it grants. */
export const POLICY_RULES: readonly Rule[] = [
  rule(
    ["cluster.prefix", "cluster", "policy"],
    ({ policy: { mode }, cluster }) =>
      mode !== "documented" &&
      cluster.prefix === undefined &&
      `missing: policy.mode ${show(mode)} limits the key to the role <prefix>-node; write the cloud.prefix of the cluster`,
  ),
  rule(
    ["cluster.layout", "cluster", "policy"],
    ({ policy: { mode }, cluster }) =>
      (mode === "minimal" || mode === "strict") &&
      cluster.layout === undefined &&
      `missing: policy.mode ${show(mode)} grants what the layout needs; write one of ${LAYOUTS.join(", ")}`,
  ),
  rule(
    ["policy", "cluster"],
    ({ policy: { mode, marker }, cluster: { tags = {} } }) => mode === "strict" && markerError(marker, tags),
  ),
  rule(["policy", "cluster"], ({ policy: { mode }, cluster: { tags = {} } }) =>
    // All modes but `documented` write the keys of tags into the policy, and `strict` the value of the marker.
    // Source: IAM API Reference, `policyDocumentType` of CreatePolicy.
    Object.entries(mode === "documented" ? {} : tags)
      .filter(([key, value]) => BEYOND_LATIN_1.test(mode === "strict" ? `${key}${value}` : key))
      .map(([key]) => ({
        path: ["cluster", "tags", key],
        message: `has characters that IAM rejects in a policy, and policy.mode ${show(mode)} names the tag there; use Latin letters, or mode "documented"`,
      })),
  ),
  rule(["user", "cluster"], (settings, { policies = [] }) => sizeErrors(settings, policies)),
  rule(["policy.name"], ({ "policy.name": name }, { policies }) => {
    const second = policies?.[1];
    const { max } = POLICY_NAME;
    return (
      second !== undefined &&
      second.name.length > max &&
      `${show(name)} is too long for the two policies that the permissions require; shorten it to ${name.length - second.name.length + max} characters`
    );
  }),
];

/** Mode `strict` requires one pair of tags that only this cluster has. */
function markerError(marker: string | undefined, tags: Readonly<Record<string, string>>): FieldError | undefined {
  if (markerOf({ tags }, marker) !== undefined) {
    return undefined;
  }
  const candidates = markerCandidates({ tags });
  const list = candidates.map(show).join(", ");
  if (candidates.length === 0) {
    return errorAt(
      "cluster.tags",
      'missing: policy.mode "strict" limits the key to resources with a tag that no other cluster of the account has; add one, for example { dkp-cluster: dev }. DKP sets Name, Cluster, kubernetes.io/... and ebs.csi.aws.com/... itself',
    );
  }
  return errorAt(
    "policy.marker",
    marker === undefined
      ? `missing: policy.mode "strict" requires the tag that no other cluster of the account has; write one of ${list}`
      : `${show(marker)} is not a key of cluster.tags that can be the marker; write one of ${list}`,
  );
}

const BEYOND_LATIN_1 = /[\u0100-\uffff]/;

type PolicySettings = Fields<"user" | "cluster">;

/** The settings without a short limit that each policy contains, by its number. */
const LISTS: Readonly<Record<number, (settings: PolicySettings) => Readonly<Record<string, unknown>>>> = {
  1: ({ user, cluster }) => ({
    "user.allowedNetworks": user.allowedNetworks,
    "cluster.peeredVPCs": cluster.peeredVPCs,
    "cluster.peerAccountIds": cluster.peerAccountIds,
  }),
  2: ({ cluster }) => ({
    "cluster.formerIamNodeRoles": cluster.formerIamNodeRoles,
    "cluster.kmsKeyArns": cluster.kmsKeyArns,
    "cluster.tags": Object.keys(cluster.tags ?? {}),
  }),
};

/** A policy that exceeds the size of IAM, although action names are patterns; at the longest setting in it. */
function sizeErrors(settings: PolicySettings, policies: readonly DeploymentPolicy[]): readonly FieldError[] {
  const lengthOf = (value: unknown) => JSON.stringify(value ?? "").length;
  return policies
    .filter(({ statements }) => isTooLarge(statements))
    .map(({ number, name, statements }) => {
      const lists = Object.entries(LISTS[number]?.(settings) ?? {});
      const [field = "policy.mode"] = lists.toSorted(([, one], [, other]) => lengthOf(other) - lengthOf(one))[0] ?? [];
      const remedy =
        field === "user.allowedNetworks"
          ? "combine its networks"
          : 'shorten it, or set policy.mode to "documented", which does not contain it';
      return errorAt(
        field,
        `is the longest setting in the policy ${show(name)} of ${policySize(statements)} characters, and IAM allows ${MAX_POLICY_CHARACTERS}; ${remedy}`,
      );
    });
}

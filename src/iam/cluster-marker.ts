import type { Cluster } from "./cluster";

/** The tag that distinguishes the resources of a cluster from all others of the account: one pair of `cluster.tags`. */
export interface Marker {
  readonly key: string;
  readonly value: string;
}

/**
 * Keys that DKP and its components set themselves: the value of the settings would not be on every resource.
 * Source: deckhouse/deckhouse modules/030-cloud-provider-aws/candi/terraform-modules (`Name`, `Cluster`, `kubernetes.io/...`);
 * kubernetes-sigs/aws-ebs-csi-driver pkg/cloud/cloud.go (`ebs.csi.aws.com/cluster`).
 */
const SET_BY_DKP = /^(?:name|cluster|kubernetes\.io\/.*|ebs\.csi\.aws\.com\/.*)$/i;

/** The keys of `cluster.tags` that can be a marker, sorted. */
export function markerCandidates({ tags }: Pick<Cluster, "tags">): readonly string[] {
  return Object.keys(tags)
    .filter((key) => !SET_BY_DKP.test(key))
    .sort();
}

/** The pair that `policy.marker` names, or the only candidate without it; undefined if there is none, or several. */
export function markerOf(cluster: Pick<Cluster, "tags">, name: string | undefined): Marker | undefined {
  const candidates = markerCandidates(cluster);
  const key = name ?? (candidates.length === 1 ? candidates[0] : undefined);
  const value = key === undefined || !candidates.includes(key) ? undefined : cluster.tags[key];
  return key === undefined || value === undefined ? undefined : { key, value };
}

/** The marker that limits a policy: only mode `strict` has one. @param policy its mode, and the key of the marker if it is set */
export function strictMarker(
  policy: { readonly mode: string; readonly marker?: string | undefined },
  cluster: Pick<Cluster, "tags">,
): Marker | undefined {
  return policy.mode === "strict" ? markerOf(cluster, policy.marker) : undefined;
}

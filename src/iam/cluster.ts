import type { CatalogueRow, ClusterCondition, Feature } from "./catalogue";
import { appliesTo, type VersionRange } from "./dkp-versions";

export const LAYOUTS = ["WithoutNAT", "WithNAT", "Standard"] as const;
export type Layout = (typeof LAYOUTS)[number];

/**
 * The settings of a DKP cluster that decide which permissions it requires. Names as in
 * `AWSClusterConfiguration`.
 */
export interface Cluster {
  /** `cloud.prefix`; the names of node role, instance profile and key pair contain it. */
  readonly prefix?: string | undefined;
  readonly layout?: Layout | undefined;
  readonly existingVPCID?: string | undefined;
  readonly peeredVPCs: readonly string[];
  /**
   * Other accounts whose VPCs are peered. DKP has no such setting: its peerings are within the
   * account.
   */
  readonly peerAccountIds: readonly string[];
  /** Name of the role for the nodes, without its path. */
  readonly iamNodeRole?: string | undefined;
  /** IAM path of that role: its ARN contains it, its name does not. */
  readonly iamNodeRolePath: string;
  /**
   * Former values of `iamNodeRole` with their path, `/apps/old-node`: DKP reads the old role during
   * the change.
   */
  readonly formerIamNodeRoles: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  /** Undefined: DKP does not manage the metadata options of its instances. */
  readonly imdsv2?: boolean | undefined;
  readonly disableDefaultSecurityGroup: boolean;
  /** Whether `withNAT.bastionInstance` is set. */
  readonly bastion: boolean;
  /**
   * KMS keys of encrypted volumes, images and snapshots, also of other accounts. Empty: every key
   * of the own account.
   */
  readonly kmsKeyArns: readonly string[];
  readonly features: readonly Feature[];
}

/**
 * Defaults: no peering, no tags, DKP's own node role. Use as `{ ...PLAIN_CLUSTER, prefix: "dev" }`.
 */
export const PLAIN_CLUSTER: Cluster = {
  peeredVPCs: [],
  peerAccountIds: [],
  iamNodeRolePath: "/",
  formerIamNodeRoles: [],
  tags: {},
  disableDefaultSecurityGroup: false,
  bastion: false,
  kmsKeyArns: [],
  features: [],
};

/**
 * Name of the role, its inline policy and the instance profile that DKP creates in every layout.
 */
export function nodeRoleName(prefix: string): string {
  return `${prefix}-node`;
}

/**
 * Current and former roles of nodes other than `<prefix>-node`, with their path: `/apps/dkp-node`.
 * Sorted.
 */
export function otherNodeRoles({
  iamNodeRole,
  iamNodeRolePath,
  formerIamNodeRoles,
}: Cluster): readonly string[] {
  const named = iamNodeRole === undefined ? [] : [`${iamNodeRolePath}${iamNodeRole}`];
  return [...new Set([...named, ...formerIamNodeRoles])].sort();
}

/**
 * DKP creates the group `<prefix>-ssh-accessible` despite `disableDefaultSecurityGroup`, unless
 * `sshAllowList` is empty. As long as these versions are supported, the flag takes no action from a
 * policy. Source: deckhouse/deckhouse#14604, fixed by deckhouse/deckhouse#16081.
 */
const SSH_GROUP_DESPITE_FLAG: VersionRange = { since: "1.72", until: "1.73" };

const CONDITIONS: readonly (readonly [ClusterCondition, (cluster: Cluster) => boolean])[] = [
  ["always", () => true],
  // Only `minimal` requires a layout. Without one, a cluster may have any of them.
  ...LAYOUTS.map(
    (name) =>
      [`layout:${name}`, ({ layout }: Cluster) => layout === undefined || layout === name] as const,
  ),
  ["bastion", ({ layout, bastion }) => layout === "WithNAT" && bastion],
  ["own-vpc", ({ existingVPCID }) => existingVPCID === undefined],
  ["peering", ({ peeredVPCs, peerAccountIds }) => peeredVPCs.length + peerAccountIds.length > 0],
  ["tags", ({ tags }) => Object.keys(tags).length > 0],
  ["imdsv2-set", ({ imdsv2 }) => imdsv2 !== undefined],
  [
    "default-security-groups",
    (cluster) => !cluster.disableDefaultSecurityGroup || appliesTo(SSH_GROUP_DESPITE_FLAG),
  ],
];

/** The conditions that a cluster meets, in a stable order. */
export function conditionsOf(cluster: Cluster): readonly ClusterCondition[] {
  const general = CONDITIONS.filter(([, holds]) => holds(cluster)).map(([name]) => name);
  return [
    ...general,
    ...[...cluster.features].sort().map((feature) => `feature:${feature}` as const),
  ];
}

/**
 * Which of the given conditions require a row in a supported version of DKP; empty if none does.
 */
export function reasons(
  row: Pick<CatalogueRow, "requiredWhen"> & VersionRange,
  conditions: readonly ClusterCondition[],
): readonly ClusterCondition[] {
  return appliesTo(row)
    ? row.requiredWhen.filter((condition) => conditions.includes(condition))
    : [];
}

/** Whether DKP works with existing snapshots, other than those of a node image. */
export function usesSnapshots({ features }: Cluster): boolean {
  return features.includes("volume-snapshots") || features.includes("fast-snapshot-restore");
}

import type { CatalogueRow, Feature, LinkedService, Need } from "./catalogue";

export const LAYOUTS = ["WithoutNAT", "WithNAT", "Standard"] as const;
export type Layout = (typeof LAYOUTS)[number];

/** What of a DKP cluster decides which permissions it needs, under the names of DKP's `AWSClusterConfiguration`. */
export interface Cluster {
  /** `cloud.prefix`; DKP names the node role, its profile and the key pair after it. */
  readonly prefix?: string | undefined;
  readonly layout?: Layout | undefined;
  readonly existingVPCID?: string | undefined;
  readonly peeredVPCs: readonly string[];
  /** Other accounts whose VPCs are peered. Not DKP's: its peerings are within the account. */
  readonly peerAccountIds: readonly string[];
  /** Name of the role for the nodes, without its path. */
  readonly iamNodeRole?: string | undefined;
  /** IAM path of that role, which its name lacks and its ARN has. */
  readonly iamNodeRolePath: string;
  /** Roles that `iamNodeRole` was before, path included, `/apps/old-node`: DKP still reads the old one while it switches. */
  readonly formerIamNodeRoles: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  readonly imdsv2: boolean;
  readonly disableDefaultSecurityGroup: boolean;
  /** Whether `withNAT.bastionInstance` is there. */
  readonly bastion: boolean;
  readonly features: readonly Feature[];
}

/** A cluster that nothing is known of: no peering, no tags, DKP's own node role. Add what is: `{ ...PLAIN_CLUSTER, prefix: "dev" }`. */
export const PLAIN_CLUSTER: Cluster = {
  peeredVPCs: [],
  peerAccountIds: [],
  iamNodeRolePath: "/",
  formerIamNodeRoles: [],
  tags: {},
  imdsv2: false,
  disableDefaultSecurityGroup: false,
  bastion: false,
  features: [],
};

/** The role, its inline policy and the instance profile that DKP makes in every layout. */
export function nodeRoleName(prefix: string): string {
  return `${prefix}-node`;
}

/** Roles besides `<prefix>-node` that the nodes have or had, paths included: `/apps/dkp-node`. Sorted. */
export function otherNodeRoles({ iamNodeRole, iamNodeRolePath, formerIamNodeRoles }: Cluster): readonly string[] {
  const named = iamNodeRole === undefined ? [] : [`${iamNodeRolePath}${iamNodeRole}`];
  return [...new Set([...named, ...formerIamNodeRoles])].sort();
}

/** Longest prefix: `<prefix>-node` must fit the 64 characters of a role name. DKP itself does not check it. */
export const MAX_PREFIX = 59;

const CIRCUMSTANCES: readonly (readonly [Need, (cluster: Cluster) => boolean])[] = [
  ["always", () => true],
  ["layout:WithoutNAT", ({ layout }) => layout === "WithoutNAT"],
  ["layout:WithNAT", ({ layout }) => layout === "WithNAT"],
  ["layout:Standard", ({ layout }) => layout === "Standard"],
  ["bastion", ({ layout, bastion }) => layout === "WithNAT" && bastion],
  ["own-vpc", ({ existingVPCID }) => existingVPCID === undefined],
  ["peering", ({ peeredVPCs, peerAccountIds }) => peeredVPCs.length + peerAccountIds.length > 0],
  ["tags", ({ tags }) => Object.keys(tags).length > 0],
  ["imdsv2", ({ imdsv2 }) => imdsv2],
  ["default-security-groups", ({ disableDefaultSecurityGroup }) => !disableDefaultSecurityGroup],
];

/** The circumstances of a cluster, in a stable order. */
export function circumstancesOf(cluster: Cluster): readonly Need[] {
  const general = CIRCUMSTANCES.filter(([, holds]) => holds(cluster)).map(([need]) => need);
  return [...general, ...[...cluster.features].sort().map((feature) => `feature:${feature}` as const)];
}

/** Why a row is needed under the given circumstances; empty if it is not. */
export function reasons(row: Pick<CatalogueRow | LinkedService, "needed">, circumstances: readonly Need[]): readonly Need[] {
  return row.needed.filter((need) => circumstances.includes(need));
}

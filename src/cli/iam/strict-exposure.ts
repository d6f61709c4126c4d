import type { Cluster } from "../../iam/cluster";

/** A kind of resource that mode `strict` leaves open although it is not the cluster's. */
export interface Exposure {
  /** The kind, with what distinguishes the open ones. */
  readonly kind: string;
  /** A continuation of "the key can". */
  readonly what: string;
  readonly why: string;
  /** Resources of the kind that are open in the sample account. Measured by tests. */
  readonly open: number;
  /** Resources of the kind there. */
  readonly of: number;
  /** Absent: in every cluster. */
  readonly isOpen?: (cluster: Cluster) => boolean;
}

/**
 * Resources of a sample account that are not the cluster's, and how many of them a key of mode `minimal` can modify. For each kind one
 * without tags, one of another team, one of another DKP cluster and one of the components of another cluster, in each location: in another
 * VPC, in another Region, with a name or a tag `Name` such as the cluster's, in the cluster's VPC and in its subnets.
 */
export const SAMPLE_ACCOUNT = { resources: 412, openInMinimal: 332 } as const;

const isUuidUnknown = ({ uuid }: Cluster) => uuid === undefined;
const isVpcUnknown = ({ existingVPCID, vpcId = existingVPCID }: Cluster) => vpcId === undefined;

/** What mode `strict` leaves open, by kind. `strict-statements.exposure.test.ts` compares the counts with the policy. */
const EXPOSURES: readonly Exposure[] = [
  {
    kind: "images",
    what: "launch an instance from them and read them",
    why: "no setting names the images of all nodes",
    open: 12,
    of: 16,
  },
  {
    kind: "snapshots",
    what: "read them through a launch, and delete those with the tag of the EBS CSI driver",
    why: "a launch is authorized on the snapshots of its disks, and all EBS CSI drivers have the same tag",
    open: 12,
    of: 16,
  },
  {
    kind: "volumes without the tag Name, and those of other EBS CSI drivers",
    what: "read, change, copy and delete them",
    why: "the root disk of a new node has no tags, and all EBS CSI drivers have the same tag",
    open: 4,
    of: 16,
  },
  {
    kind: "Elastic IPs without the tag Name",
    what: "disassociate them",
    why: "DKP disassociates addresses that are already gone, which have no tags either",
    open: 2,
    of: 16,
  },
  {
    kind: "listeners without the tag of a service, of network load balancers with a name such as those of the cloud controller manager",
    what: "change and delete them",
    why: "older versions of the cloud controller manager do not tag listeners",
    open: 15,
    of: 24,
  },
  {
    kind: "network interfaces in the cluster's VPC",
    what: "replace their security groups with those of the cluster, and with the feature `drift-repair` detach and delete them",
    why: "nobody tags network interfaces, so that only the VPC limits them",
    open: 8,
    of: 24,
  },
  {
    kind: "network interfaces that are not attached",
    what: "attach them to an own instance at a launch",
    why: "a launch creates interfaces, which have no tags",
    open: 20,
    of: 24,
  },
  {
    kind: "network interfaces in other VPCs",
    what: "the same as with those in the cluster's VPC",
    why: "only the VPC limits them",
    open: 12,
    of: 24,
    isOpen: isVpcUnknown,
  },
  {
    kind: "security groups in the cluster's VPC",
    what: "change and delete them",
    why: "the groups of load balancers only have a tag with the UUID",
    open: 4,
    of: 20,
    isOpen: isUuidUnknown,
  },
  {
    kind: "security groups in other VPCs",
    what: "change and delete them",
    why: "only the VPC or a tag with the UUID limits them",
    open: 12,
    of: 20,
    isOpen: (cluster) => isUuidUnknown(cluster) && isVpcUnknown(cluster),
  },
  {
    kind: "load balancers, listeners and target groups of other Kubernetes clusters",
    what: "change and delete them",
    why: "only a tag with the UUID distinguishes the clusters",
    open: 25,
    of: 120,
    isOpen: isUuidUnknown,
  },
  {
    kind: "route tables in peered VPCs",
    what: "create, replace and delete their routes",
    why: "DKP adds routes to the tables of the peered VPCs, which lack the marker",
    open: 12,
    of: 20,
    isOpen: ({ peeredVPCs }) => peeredVPCs.length > 0,
  },
];

/** What mode `strict` leaves open for a cluster, as far as its VPC and its UUID are known. */
export function exposuresOf(cluster: Cluster): readonly Exposure[] {
  return EXPOSURES.filter(({ isOpen }) => isOpen === undefined || isOpen(cluster));
}

import type { Cluster } from "../../iam/cluster";

/** A kind of resource that mode `strict` leaves open although it is not the cluster's. */
export interface Exposure {
  /** The kind, with what distinguishes the open ones. */
  readonly kind: string;
  /** A continuation of "the key can". */
  readonly what: string;
  readonly why: string;
  /** Resources of the kind that are open in a sample account. Measured by tests. */
  readonly open: number;
  /** Resources of the kind there. */
  readonly of: number;
  /** Until when it is open; absent: always. */
  readonly until?: "uuid" | "vpc" | "uuid or vpc";
}

/**
 * What mode `strict` leaves open, by kind. The counts are those of a sample account with 18 kinds of 20 resources each, of which 2 have
 * no tags and 2 belong to another Kubernetes cluster: `strict-statements.exposure.test.ts` compares them with the policy.
 */
const EXPOSURES: readonly Exposure[] = [
  {
    kind: "images",
    what: "launch an instance from them and read them",
    why: "no setting names the images of all nodes",
    open: 20,
    of: 20,
  },
  {
    kind: "snapshots",
    what: "read them through a launch, and delete those with the tag of the EBS CSI driver",
    why: "a launch is authorized on the snapshots of its disks, and all EBS CSI drivers have the same tag",
    open: 20,
    of: 20,
  },
  {
    kind: "volumes without the tag Name, and those of other EBS CSI drivers",
    what: "change, copy and delete them",
    why: "the root disk of a new node has no tags, and all EBS CSI drivers have the same tag",
    open: 4,
    of: 20,
  },
  {
    kind: "Elastic IPs without the tag Name",
    what: "disassociate them",
    why: "DKP disassociates addresses that are already gone, which have no tags either",
    open: 2,
    of: 20,
  },
  {
    kind: "listeners without tags, of network load balancers with a name such as those of the cloud controller manager",
    what: "change and delete them",
    why: "older versions of the cloud controller manager do not tag listeners",
    open: 1,
    of: 20,
  },
  {
    kind: "network interfaces that are not attached",
    what: "attach them to an own instance at a launch, and with the feature `drift-repair` delete them",
    why: "a launch creates interfaces, which have no tags",
    open: 1,
    of: 20,
  },
  {
    kind: "all other network interfaces",
    what: "change their security groups",
    why: "nobody tags network interfaces, so that only the VPC limits them",
    open: 19,
    of: 20,
    until: "vpc",
  },
  {
    kind: "security groups",
    what: "change and delete them",
    why: "the groups of load balancers only have a tag with the UUID",
    open: 20,
    of: 20,
    until: "uuid or vpc",
  },
  {
    kind: "load balancers, listeners and target groups of other Kubernetes clusters",
    what: "change and delete them",
    why: "only a tag with the UUID distinguishes the clusters",
    open: 8,
    of: 80,
    until: "uuid",
  },
];

/** What mode `strict` leaves open for a cluster, as far as its VPC and its UUID are known. */
export function exposuresOf({ uuid, existingVPCID, vpcId = existingVPCID }: Cluster): readonly Exposure[] {
  const isLimited: Readonly<Record<NonNullable<Exposure["until"]>, boolean>> = {
    uuid: uuid !== undefined,
    vpc: vpcId !== undefined,
    // Either one limits them.
    "uuid or vpc": uuid !== undefined || vpcId !== undefined,
  };
  return EXPOSURES.filter(({ until }) => until === undefined || !isLimited[until]);
}

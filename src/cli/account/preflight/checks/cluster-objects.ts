import { nodeRoleName } from "../../../../iam/cluster";
import type { Instance, Output, Tag } from "../../aws/operations";

/** How DKP's objects are found. Source: deckhouse/deckhouse modules/030-cloud-provider-aws/candi/terraform-modules. */

/** The key of the tag of a cluster's instances. */
export const clusterTag = (prefix: string): string => `kubernetes.io/cluster/${prefix}`;

/** Instances that are not terminated, by another filter. */
export const instancesWith = (Name: string, ...Values: string[]) => ({
  Filters: [
    { Name, Values },
    { Name: "instance-state-name", Values: ["pending", "running", "stopping", "stopped"] },
  ],
});

export const instancesIn = ({ Reservations = [] }: Output<"ec2:DescribeInstances">): readonly Instance[] =>
  Reservations.flatMap(({ Instances = [] }) => Instances);

/** The security groups that DKP creates, by name. */
export const groupsOf = (prefix: string) => ({
  Filters: [{ Name: "group-name", Values: [nodeRoleName(prefix), `${prefix}-loadbalancer`, `${prefix}-ssh-accessible`] }],
});

export const nameIn = (tags: readonly Tag[] = []): string | undefined => tags.find(({ Key }) => Key === "Name")?.Value;

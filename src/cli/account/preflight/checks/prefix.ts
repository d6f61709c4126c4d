import { listed } from "../../../../settings/message-parts";
import type { Check } from "../check";
import { clusterTag, groupsOf, instancesIn, instancesWith } from "./cluster-objects";
import { NO_PREFIX } from "./dkp-names";

/** Whether another cluster has the same prefix. DKP finds its subnets and security groups by name, in any VPC. */
export const prefixCheck: Check = {
  id: "prefix-in-use",
  field: "cluster.prefix",
  calls: ["ec2:DescribeInstances", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs"],
  where: "region",
  async run({ list }, { deployment: { cluster }, existingCluster }) {
    const { prefix, existingVPCID } = cluster;
    if (prefix === undefined) {
      return [NO_PREFIX];
    }
    const named = (...Values: string[]) => ({ Filters: [{ Name: "tag:Name", Values }] });
    const instances = await list("ec2:DescribeInstances", instancesWith("tag-key", clusterTag(prefix)), instancesIn);
    const groups = await list("ec2:DescribeSecurityGroups", groupsOf(prefix), ({ SecurityGroups }) => SecurityGroups);
    const subnets = await list(
      "ec2:DescribeSubnets",
      named(`${prefix}-public-0`, `${prefix}-internal-0`),
      ({ Subnets }) => Subnets,
    );
    const vpcs = await list("ec2:DescribeVpcs", named(prefix), ({ Vpcs }) => Vpcs);
    const kinds = {
      instances: instances.map(({ InstanceId = "" }) => InstanceId),
      "security groups": groups.map(({ GroupId, GroupName }) => `${GroupId} (${GroupName})`),
      subnets: subnets.map(({ SubnetId = "" }) => SubnetId),
      // The existing VPC belongs to the user.
      VPCs: vpcs.map(({ VpcId = "" }) => VpcId).filter((id) => id !== existingVPCID),
    };
    const objects = Object.entries(kinds).flatMap(([kind, ids]) => (ids.length === 0 ? [] : [`${kind} ${listed(ids)}`]));
    if (objects.length === 0) {
      return [{ rule: existingCluster ? "prefix-absent" : "prefix-free", values: { prefix } }];
    }
    const isVpcAlone = objects.length === 1 && kinds.VPCs.length > 0;
    const rule = isVpcAlone ? "prefix-vpc" : "prefix-in-use";
    return [{ rule: existingCluster ? "prefix-expected" : rule, values: { prefix, objects } }];
  },
};

import { nodeRoleName } from "../../../../iam/cluster";
import { listed } from "../../../../settings/message-parts";
import { unlessMissing } from "../../aws/operations";
import { type Check, settingNotSet, type Tools, when } from "../check";
import { groupsOf, instancesIn, instancesWith } from "./cluster-objects";

type Find = (list: Tools["list"], prefix: string) => Promise<readonly (string | undefined)[]>;

/**
 * Objects of a cluster, by kind. DKP finds its subnets and security groups by name, in any VPC.
 * Source: deckhouse/deckhouse modules/030-cloud-provider-aws/candi/terraform-modules.
 */
const FIND: Readonly<Record<string, Find>> = {
  role: (list, prefix) => list("iam:GetRole", { RoleName: nodeRoleName(prefix) }, ({ Role }) => [Role?.Arn]),
  "instance profile": (list, prefix) =>
    list("iam:GetInstanceProfile", { InstanceProfileName: nodeRoleName(prefix) }, ({ InstanceProfile }) => [
      InstanceProfile?.Arn,
    ]),
  "key pair": (list, prefix) =>
    list("ec2:DescribeKeyPairs", { Filters: [{ Name: "key-name", Values: [prefix] }] }, ({ KeyPairs }) =>
      KeyPairs?.map(({ KeyPairId }) => KeyPairId),
    ),
  // By DKP's key pair, because the tag of the cluster is also on nodes of an EKS cluster with that name.
  instances: async (list, prefix) => {
    const instances = await list("ec2:DescribeInstances", instancesWith("key-name", prefix), instancesIn);
    return instances.map(({ InstanceId }) => InstanceId);
  },
  "security groups": (list, prefix) =>
    list("ec2:DescribeSecurityGroups", groupsOf(prefix), ({ SecurityGroups }) => SecurityGroups?.map(({ GroupId }) => GroupId)),
  subnets: (list, prefix) =>
    list(
      "ec2:DescribeSubnets",
      { Filters: [{ Name: "tag:Name", Values: [`${prefix}-public-0`, `${prefix}-internal-0`] }] },
      ({ Subnets }) => Subnets?.map(({ SubnetId }) => SubnetId),
    ),
};

/** The names that DKP gives by the prefix must be free before the cluster is created. */
export const prefixCheck: Check = {
  id: "prefix-in-use",
  field: "cluster.prefix",
  calls: [
    "iam:GetRole",
    "iam:GetInstanceProfile",
    "ec2:DescribeKeyPairs",
    "ec2:DescribeInstances",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
  ],
  async run({ list }, { deployment: { cluster } }) {
    const { prefix } = cluster;
    if (prefix === undefined) {
      return [settingNotSet("cluster.prefix")];
    }
    const read = Object.entries(FIND).map(async ([kind, find]) => {
      const ids = (await unlessMissing(find(list, prefix), "NoSuchEntity")) ?? [];
      return { kind, ids: ids.flatMap((id) => id ?? []) };
    });
    const found = (await Promise.all(read)).filter(({ ids }) => ids.length > 0);
    const objects = found.map(({ kind, ids }) => `${kind} ${listed(ids)}`);
    return when(found.length > 0, { rule: "prefix-in-use", values: { prefix, objects } });
  },
};

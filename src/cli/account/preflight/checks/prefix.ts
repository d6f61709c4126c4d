import { nodeRoleName } from "../../../../iam/cluster";
import { listed } from "../../../../settings/errors";
import { type Check, filteredBy, settingNotSet, type Tools, when } from "../check";

type Find = (list: Tools["list"], prefix: string) => Promise<readonly (string | undefined)[]>;

/**
 * Objects of a cluster, by kind. DKP finds its subnets and security groups by name, in any VPC.
 * Source: deckhouse/deckhouse modules/030-cloud-provider-aws/candi/terraform-modules.
 */
const FIND: Readonly<Record<string, Find>> = {
  role: (list, prefix) =>
    list("iam:GetRole", { RoleName: nodeRoleName(prefix) }, ({ Role }) => [Role?.Arn]),
  "instance profile": (list, prefix) =>
    list(
      "iam:GetInstanceProfile",
      { InstanceProfileName: nodeRoleName(prefix) },
      ({ InstanceProfile }) => [InstanceProfile?.Arn],
    ),
  // The tag of the cluster is also on nodes of an EKS cluster with that name.
  "key pair": (list, prefix) =>
    list("ec2:DescribeKeyPairs", filteredBy("key-name", prefix), ({ KeyPairs }) =>
      KeyPairs?.map(({ KeyPairId }) => KeyPairId),
    ),
  "security groups": (list, prefix) => {
    const names = [nodeRoleName(prefix), `${prefix}-loadbalancer`, `${prefix}-ssh-accessible`];
    return list(
      "ec2:DescribeSecurityGroups",
      filteredBy("group-name", ...names),
      ({ SecurityGroups }) => SecurityGroups?.map(({ GroupId }) => GroupId),
    );
  },
  subnets: (list, prefix) => {
    const names = [`${prefix}-public-0`, `${prefix}-internal-0`];
    return list("ec2:DescribeSubnets", filteredBy("tag:Name", ...names), ({ Subnets }) =>
      Subnets?.map(({ SubnetId }) => SubnetId),
    );
  },
};

/** The names that DKP gives by the prefix must be free before the cluster is created. */
export const prefixCheck: Check = {
  id: "prefix-in-use",
  field: "cluster.prefix",
  async run({ list }, { deployment: { cluster } }) {
    const { prefix } = cluster;
    if (prefix === undefined) {
      return [settingNotSet("cluster.prefix")];
    }
    const read = Object.entries(FIND).map(async ([kind, find]) => {
      const ids = (await find(list, prefix)).flatMap((id) => id ?? []);
      return ids.length === 0 ? [] : `${kind} ${listed(ids)}`;
    });
    const objects = (await Promise.all(read)).flat();
    return when(objects.length > 0, { rule: "prefix-in-use", values: { prefix, objects } });
  },
};

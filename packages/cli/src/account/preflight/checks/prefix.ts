import { nodeRoleName } from "../../../../../../src/iam/cluster";
import { listed } from "../../../../../../src/settings/errors";
import { type Check, filteredBy, type Subject, settingNotSet, when } from "../check";

/**
 * Objects of a cluster, by kind. DKP finds its subnets and security groups by name, in any VPC.
 * Source: deckhouse/deckhouse modules/030-cloud-provider-aws/candi/terraform-modules.
 */
function objectsOf(prefix: string, list: Subject["list"]) {
  const role = nodeRoleName(prefix);
  const groups = [role, `${prefix}-loadbalancer`, `${prefix}-ssh-accessible`];
  const subnets = [`${prefix}-public-0`, `${prefix}-internal-0`];
  return {
    role: list("iam:GetRole", { RoleName: role }, ({ Role }) => [Role?.Arn]),
    "instance profile": list(
      "iam:GetInstanceProfile",
      { InstanceProfileName: role },
      ({ InstanceProfile }) => [InstanceProfile?.Arn],
    ),
    // The tag of the cluster is also on nodes of an EKS cluster with that name.
    "key pair": list("ec2:DescribeKeyPairs", filteredBy("key-name", prefix), ({ KeyPairs }) =>
      KeyPairs?.map(({ KeyPairId }) => KeyPairId),
    ),
    "security groups": list(
      "ec2:DescribeSecurityGroups",
      filteredBy("group-name", ...groups),
      ({ SecurityGroups }) => SecurityGroups?.map(({ GroupId }) => GroupId),
    ),
    subnets: list("ec2:DescribeSubnets", filteredBy("tag:Name", ...subnets), ({ Subnets }) =>
      Subnets?.map(({ SubnetId }) => SubnetId),
    ),
  };
}

/** The names that DKP gives by the prefix must be free before the cluster is created. */
export const prefixCheck: Check = {
  id: "prefix-in-use",
  field: "cluster.prefix",
  async run({ list, deployment: { cluster } }) {
    const { prefix } = cluster;
    if (prefix === undefined) {
      return [settingNotSet("cluster.prefix")];
    }
    const read = Object.entries(objectsOf(prefix, list)).map(async ([kind, found]) => {
      const ids = (await found).flatMap((id) => id ?? []);
      return ids.length === 0 ? [] : `${kind} ${listed(ids)}`;
    });
    const objects = (await Promise.all(read)).flat();
    return when(objects.length > 0, { rule: "prefix-in-use", values: { prefix, objects } });
  },
};

import { nodeRoleName } from "../../../../iam/cluster";
import { inOrder } from "../../aws/operations";
import { check, type Finding, failed, ok, skipped, warning } from "../check";

/** Objects with the names of a cluster in account and region: IDs, with names where they help. */
export interface Traces {
  readonly instances: readonly string[];
  readonly securityGroups: readonly string[];
  readonly subnets: readonly string[];
  /** Without the existing VPC of the cluster. */
  readonly vpcs: readonly string[];
}

const KINDS: readonly (readonly [keyof Traces, string])[] = [
  ["instances", "instances"],
  ["securityGroups", "security groups"],
  ["subnets", "subnets"],
  ["vpcs", "VPCs"],
];

/** Enough to find them; a cluster can have hundreds. */
const MOST_NAMED = 3;

/** Whether another cluster has the same prefix. DKP finds its subnets and security groups by name, in any VPC. */
export function judgeTraces(traces: Traces, prefix: string, existingCluster: boolean): Finding {
  const all = KINDS.flatMap(([kind, word]) => (traces[kind].length === 0 ? [] : [`${word} ${named(traces[kind])}`])).join("; ");
  if (existingCluster) {
    return all === ""
      ? warning(
          `no object has a name of the prefix ${prefix}, and --existing-cluster expects the cluster`,
          "check cluster.prefix, region and account",
        )
      : ok(`a cluster with the prefix ${prefix} exists (${all}), as --existing-cluster expects`);
  }
  if (all === "") {
    return ok(`no object has a name of a cluster with the prefix ${prefix}`);
  }
  return traces.instances.length + traces.securityGroups.length + traces.subnets.length === 0
    ? warning(
        `the name that DKP gives to its VPC is in use: ${all}; another cluster may have the prefix ${prefix}`,
        "verify that there is none, or choose another cluster.prefix",
      )
    : failed(
        `a cluster with the prefix ${prefix} seems to exist: ${all}; DKP finds subnets and security groups by name and would confuse the two clusters`,
        "choose another cluster.prefix, delete what is left over, or add --existing-cluster if it is this cluster",
      );
}

function named(ids: readonly string[]): string {
  const shown = ids.slice(0, MOST_NAMED).join(", ");
  return ids.length > MOST_NAMED ? `${shown} and ${ids.length - MOST_NAMED} more` : shown;
}

/** Another cluster of the same prefix in account and region. */
export const samePrefixCheck = check({
  name: "same prefix",
  calls: ["ec2:DescribeInstances", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs"],
  where: "region",
  async run({ call }, { deployment: { cluster }, existingCluster }) {
    const { prefix, existingVPCID } = cluster;
    if (prefix === undefined) {
      return [skipped("cluster.prefix is not set", "set cluster.prefix")];
    }
    const filters = (Name: string, ...Values: string[]) => ({ Filters: [{ Name, Values }] });
    const [instances, groups, subnets, vpcs] = await inOrder([
      call("ec2:DescribeInstances", {
        Filters: [
          { Name: "tag-key", Values: [`kubernetes.io/cluster/${prefix}`] },
          { Name: "instance-state-name", Values: ["pending", "running", "stopping", "stopped"] },
        ],
      }),
      call(
        "ec2:DescribeSecurityGroups",
        filters("group-name", nodeRoleName(prefix), `${prefix}-loadbalancer`, `${prefix}-ssh-accessible`),
      ),
      call("ec2:DescribeSubnets", filters("tag:Name", `${prefix}-public-0`, `${prefix}-internal-0`)),
      call("ec2:DescribeVpcs", filters("tag:Name", prefix)),
    ]);
    const traces = {
      instances: (instances.Reservations ?? []).flatMap(({ Instances = [] }) =>
        Instances.map(({ InstanceId = "" }) => InstanceId),
      ),
      securityGroups: (groups.SecurityGroups ?? []).map(({ GroupId, GroupName }) => `${GroupId} (${GroupName})`),
      subnets: (subnets.Subnets ?? []).map(({ SubnetId = "" }) => SubnetId),
      vpcs: (vpcs.Vpcs ?? []).map(({ VpcId = "" }) => VpcId).filter((id) => id !== existingVPCID),
    };
    return [judgeTraces(traces, prefix, existingCluster)];
  },
});

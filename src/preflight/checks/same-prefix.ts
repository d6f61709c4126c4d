import { inOrder } from "../../aws-api/operations";
import { nodeRoleName } from "../../iam/cluster";
import { blocker, check, type Finding, ok, skipped, warning } from "../check";

/** What carries a cluster's names in account and region; ids, with names where they tell more. */
export interface Traces {
  readonly instances: readonly string[];
  readonly securityGroups: readonly string[];
  readonly subnets: readonly string[];
  /** The cluster's own existing VPC left out. */
  readonly vpcs: readonly string[];
}

const WORDS: readonly (readonly [keyof Traces, string])[] = [
  ["instances", "instances"],
  ["securityGroups", "security groups"],
  ["subnets", "subnets"],
  ["vpcs", "VPCs"],
];

/** Enough to look them up; a cluster may have hundreds. */
const MOST_NAMED = 3;

/** Whether another cluster goes by the same prefix. DKP finds its subnets and security groups by name, in whatever VPC they are. */
export function judgeTraces(traces: Traces, prefix: string, existingCluster: boolean): Finding {
  const all = WORDS.flatMap(([kind, word]) => (traces[kind].length === 0 ? [] : [`${word} ${named(traces[kind])}`])).join("; ");
  if (existingCluster) {
    return all === ""
      ? warning(
          `nothing carries the names of the prefix ${prefix}, and --existing-cluster says that DKP has made the cluster`,
          "check cluster.prefix, region and account",
        )
      : ok(`a cluster of the prefix ${prefix} is there (${all}), as --existing-cluster says`);
  }
  if (all === "") {
    return ok(`nothing carries the names of a cluster of the prefix ${prefix}`);
  }
  return traces.instances.length + traces.securityGroups.length + traces.subnets.length === 0
    ? warning(
        `carries the name that DKP gives to its VPC: ${all}; perhaps of another cluster of the prefix ${prefix}`,
        "make sure that it is none, or choose another cluster.prefix",
      )
    : blocker(
        `a cluster of the prefix ${prefix} seems to be here: ${all}; DKP finds subnets and security groups by name and would mix the two up`,
        "choose another cluster.prefix, delete what is left over, or say --existing-cluster if it is this cluster",
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
  async run({ ask }, { deployment: { cluster }, existingCluster }) {
    const { prefix, existingVPCID } = cluster;
    if (prefix === undefined) {
      return [skipped("the cluster's prefix is not stated", "say cluster.prefix")];
    }
    const filters = (Name: string, ...Values: string[]) => ({ Filters: [{ Name, Values }] });
    const [instances, groups, subnets, vpcs] = await inOrder([
      ask("ec2:DescribeInstances", {
        Filters: [
          { Name: "tag-key", Values: [`kubernetes.io/cluster/${prefix}`] },
          { Name: "instance-state-name", Values: ["pending", "running", "stopping", "stopped"] },
        ],
      }),
      ask(
        "ec2:DescribeSecurityGroups",
        filters("group-name", nodeRoleName(prefix), `${prefix}-loadbalancer`, `${prefix}-ssh-accessible`),
      ),
      ask("ec2:DescribeSubnets", filters("tag:Name", `${prefix}-public-0`, `${prefix}-internal-0`)),
      ask("ec2:DescribeVpcs", filters("tag:Name", prefix)),
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

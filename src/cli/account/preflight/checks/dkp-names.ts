import { nodeRoleName } from "../../../../iam/cluster";
import { type Action, inOrder, unlessMissing } from "../../aws/operations";
import { type Check, check, type Finding, failed, named, ok, skipped, type Tools, warning } from "../check";

/** An object that DKP creates under a fixed name. */
export interface NamedObject {
  /** "role dev-node". */
  readonly what: string;
  /** Its ARN or id, where it exists. */
  readonly id: string | undefined;
  /** The error code that AWS would return to DKP. */
  readonly code: string;
}

const WRONG_CLUSTER = "check cluster.prefix, region and account";
const NO_PREFIX = skipped("cluster.prefix is not set", "set cluster.prefix");

/** A name must be free before the cluster is created, and in use afterwards. */
export function judgeName({ what, id, code }: NamedObject, existingCluster: boolean): Finding {
  if (id === undefined) {
    return existingCluster
      ? warning(`the ${what} does not exist, and --existing-cluster expects the cluster`, WRONG_CLUSTER)
      : ok(`the ${what} does not exist yet`);
  }
  return existingCluster
    ? ok(`the ${what} exists (${id}), as --existing-cluster expects`)
    : failed(
        `the ${what} exists (${id}), and DKP creates it itself: the bootstrap would fail with ${code}`,
        "choose another cluster.prefix, delete it if it is left over, or add --existing-cluster if the cluster already exists",
      );
}

/** @param find the ARN or ID of the object with DKP's name; undefined if there is none */
function nameCheck<const A extends Action>(
  kind: string,
  nameOf: (prefix: string) => string,
  given: { readonly call: A; readonly where: Check["where"]; readonly code: string; readonly missing: string },
  find: (call: Tools<A>["call"], name: string) => Promise<string | undefined>,
): Check {
  return check({
    name: `${kind} name`,
    calls: [given.call],
    where: given.where,
    async run({ call }, { deployment: { cluster }, existingCluster }) {
      if (cluster.prefix === undefined) {
        return [NO_PREFIX];
      }
      const name = nameOf(cluster.prefix);
      const id = await unlessMissing(find(call, name), given.missing);
      return [judgeName({ what: `${kind} ${name}`, id, code: given.code }, existingCluster)];
    },
  });
}

const IAM = { where: "always-on region", code: "EntityAlreadyExists", missing: "NoSuchEntity" } as const;

/** Objects with the names of a cluster in account and region: IDs, with names where they help. */
export interface Traces {
  readonly instances: readonly string[];
  readonly securityGroups: readonly string[];
  readonly subnets: readonly string[];
  /** Without the existing VPC of the cluster. */
  readonly vpcs: readonly string[];
}

/** Whether another cluster has the same prefix. DKP finds its subnets and security groups by name, in any VPC. */
export function judgeTraces(traces: Traces, prefix: string, existingCluster: boolean): Finding {
  const { instances, securityGroups, subnets, vpcs } = traces;
  const kinds = Object.entries({ instances, "security groups": securityGroups, subnets, VPCs: vpcs });
  const all = kinds.flatMap(([kind, ids]) => (ids.length === 0 ? [] : [`${kind} ${named(ids, 3)}`])).join("; ");
  if (all === "") {
    return existingCluster
      ? warning(`no object has a name of the prefix ${prefix}, and --existing-cluster expects the cluster`, WRONG_CLUSTER)
      : ok(`no object has a name of a cluster with the prefix ${prefix}`);
  }
  if (existingCluster) {
    return ok(`a cluster with the prefix ${prefix} exists (${all}), as --existing-cluster expects`);
  }
  return instances.length + securityGroups.length + subnets.length === 0
    ? warning(
        `the name that DKP gives to its VPC is in use: ${all}; another cluster may have the prefix ${prefix}`,
        "verify that there is none, or choose another cluster.prefix",
      )
    : failed(
        `a cluster with the prefix ${prefix} seems to exist: ${all}; DKP finds subnets and security groups by name and would confuse the two clusters`,
        "choose another cluster.prefix, delete what is left over, or add --existing-cluster if it is this cluster",
      );
}

/**
 * The names that DKP uses in every layout: the role of the nodes, its instance profile and the key pair; and another cluster of the
 * same prefix in account and region.
 */
export const DKP_NAME_CHECKS: readonly Check[] = [
  nameCheck("role", nodeRoleName, { call: "iam:GetRole", ...IAM }, async (call, RoleName) => {
    const { Role } = await call("iam:GetRole", { RoleName });
    return Role?.Arn;
  }),
  nameCheck("instance profile", nodeRoleName, { call: "iam:GetInstanceProfile", ...IAM }, async (call, InstanceProfileName) => {
    const { InstanceProfile } = await call("iam:GetInstanceProfile", { InstanceProfileName });
    return InstanceProfile?.Arn;
  }),
  nameCheck(
    "key pair",
    (prefix) => prefix,
    { call: "ec2:DescribeKeyPairs", where: "region", code: "InvalidKeyPair.Duplicate", missing: "InvalidKeyPair.NotFound" },
    async (call, name) => {
      const { KeyPairs } = await call("ec2:DescribeKeyPairs", { KeyNames: [name] });
      return KeyPairs?.[0]?.KeyPairId;
    },
  ),
  check({
    name: "same prefix",
    calls: ["ec2:DescribeInstances", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs"],
    where: "region",
    async run({ call }, { deployment: { cluster }, existingCluster }) {
      const { prefix, existingVPCID } = cluster;
      if (prefix === undefined) {
        return [NO_PREFIX];
      }
      const filter = (Name: string, ...Values: string[]) => ({ Name, Values });
      const withName = (...names: string[]) => ({ Filters: [filter("tag:Name", ...names)] });
      const running = filter("instance-state-name", "pending", "running", "stopping", "stopped");
      const [instances, groups, subnets, vpcs] = await inOrder([
        call("ec2:DescribeInstances", { Filters: [filter("tag-key", `kubernetes.io/cluster/${prefix}`), running] }),
        call("ec2:DescribeSecurityGroups", { Filters: [filter("group-name", ...securityGroupNames(prefix))] }),
        call("ec2:DescribeSubnets", withName(`${prefix}-public-0`, `${prefix}-internal-0`)),
        call("ec2:DescribeVpcs", withName(prefix)),
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
  }),
];

/** Names of the security groups that DKP creates. Source: deckhouse/deckhouse modules/030-cloud-provider-aws/candi/terraform-modules. */
export function securityGroupNames(prefix: string): string[] {
  return [nodeRoleName(prefix), `${prefix}-loadbalancer`, `${prefix}-ssh-accessible`];
}

import { nodeRoleName } from "../../../../iam/cluster";
import { listed } from "../../../../settings/message-parts";
import { type Action, inOrder, unlessMissing } from "../../aws/operations";
import { type Check, check, type PreflightFound, type Tools } from "../check";

/** An object that DKP creates under a fixed name. */
export interface NamedObject {
  /** "role dev-node". */
  readonly object: string;
  /** Its ARN or ID, where it exists. */
  readonly id: string | undefined;
  /** The error code that AWS would return to DKP. */
  readonly code: string;
}

const NO_PREFIX: PreflightFound = { rule: "setting-not-set", values: { field: "cluster.prefix" } };

/** A name must be free before the cluster is created, and in use afterwards. */
export function checkName({ object, id, code }: NamedObject, existingCluster: boolean): PreflightFound {
  if (id === undefined) {
    return { rule: existingCluster ? "dkp-name-absent" : "dkp-name-free", object, values: { object } };
  }
  return existingCluster
    ? { rule: "dkp-name-expected", object, values: { object, id } }
    : { rule: "dkp-name-taken", object, values: { object, id, code } };
}

/** @param find the ARN or ID of the object with DKP's name; undefined if there is none */
function nameCheck<const A extends Action>(
  id: string,
  nameOf: (prefix: string) => string,
  given: {
    readonly kind: string;
    readonly call: A;
    readonly where: Check["where"];
    readonly code: string;
    readonly missing: string;
  },
  find: (call: Tools<A>["call"], name: string) => Promise<string | undefined>,
): Check {
  return check({
    id,
    field: "cluster.prefix",
    calls: [given.call],
    where: given.where,
    async run({ call }, { deployment: { cluster }, existingCluster }) {
      if (cluster.prefix === undefined) {
        return [NO_PREFIX];
      }
      const name = nameOf(cluster.prefix);
      const existing = await unlessMissing(find(call, name), given.missing);
      return [checkName({ object: `${given.kind} ${name}`, id: existing, code: given.code }, existingCluster)];
    },
  });
}

const IAM = { where: "always-on region", code: "EntityAlreadyExists", missing: "NoSuchEntity" } as const;

/** Objects with the names of a cluster in account and Region: IDs, with names where they help. */
export interface ClusterResources {
  readonly instances: readonly string[];
  readonly securityGroups: readonly string[];
  readonly subnets: readonly string[];
  /** Without the existing VPC of the cluster. */
  readonly vpcs: readonly string[];
}

/** Whether another cluster has the same prefix. DKP finds its subnets and security groups by name, in any VPC. */
export function checkPrefix(resources: ClusterResources, prefix: string, existingCluster: boolean): PreflightFound {
  const { instances, securityGroups, subnets, vpcs } = resources;
  const kinds = Object.entries({ instances, "security groups": securityGroups, subnets, VPCs: vpcs });
  const objects = kinds.flatMap(([kind, ids]) => (ids.length === 0 ? [] : [`${kind} ${listed(ids)}`]));
  if (objects.length === 0) {
    return { rule: existingCluster ? "prefix-absent" : "prefix-free", values: { prefix } };
  }
  if (existingCluster) {
    return { rule: "prefix-expected", values: { prefix, objects } };
  }
  const isVpcAlone = instances.length + securityGroups.length + subnets.length === 0;
  return { rule: isVpcAlone ? "prefix-vpc" : "prefix-in-use", values: { prefix, objects } };
}

/**
 * The names that DKP uses in every layout: the role of the nodes, its instance profile and the key pair; and another cluster of the
 * same prefix in account and Region.
 */
export const DKP_NAME_CHECKS: readonly Check[] = [
  nameCheck("node-role-name", nodeRoleName, { kind: "role", call: "iam:GetRole", ...IAM }, async (call, RoleName) => {
    const { Role } = await call("iam:GetRole", { RoleName });
    return Role?.Arn;
  }),
  nameCheck(
    "instance-profile-name",
    nodeRoleName,
    { kind: "instance profile", call: "iam:GetInstanceProfile", ...IAM },
    async (call, InstanceProfileName) => {
      const { InstanceProfile } = await call("iam:GetInstanceProfile", { InstanceProfileName });
      return InstanceProfile?.Arn;
    },
  ),
  nameCheck(
    "key-pair-name",
    (prefix) => prefix,
    {
      kind: "key pair",
      call: "ec2:DescribeKeyPairs",
      where: "region",
      code: "InvalidKeyPair.Duplicate",
      missing: "InvalidKeyPair.NotFound",
    },
    async (call, name) => {
      const { KeyPairs } = await call("ec2:DescribeKeyPairs", { KeyNames: [name] });
      return KeyPairs?.[0]?.KeyPairId;
    },
  ),
  check({
    id: "prefix-in-use",
    field: "cluster.prefix",
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
      const resources = {
        instances: (instances.Reservations ?? []).flatMap(({ Instances = [] }) =>
          Instances.map(({ InstanceId = "" }) => InstanceId),
        ),
        securityGroups: (groups.SecurityGroups ?? []).map(({ GroupId, GroupName }) => `${GroupId} (${GroupName})`),
        subnets: (subnets.Subnets ?? []).map(({ SubnetId = "" }) => SubnetId),
        vpcs: (vpcs.Vpcs ?? []).map(({ VpcId = "" }) => VpcId).filter((id) => id !== existingVPCID),
      };
      return [checkPrefix(resources, prefix, existingCluster)];
    },
  }),
];

/** Names of the security groups that DKP creates. Source: deckhouse/deckhouse modules/030-cloud-provider-aws/candi/terraform-modules. */
export function securityGroupNames(prefix: string): string[] {
  return [nodeRoleName(prefix), `${prefix}-loadbalancer`, `${prefix}-ssh-accessible`];
}

import { iamResourceArn } from "../../../../iam/arns";
import { nodeRoleName } from "../../../../iam/cluster";
import { strictMarker } from "../../../../iam/cluster-marker";
import { type Instance, inOrder } from "../../aws/operations";
import { check, type PreflightFound, type Tools } from "../check";
import { securityGroupNames } from "./dkp-names";

const CALLS = ["ec2:DescribeInstances", "ec2:DescribeSecurityGroups", "ec2:DescribeTags"] as const;
type MarkerTools = Tools<(typeof CALLS)[number]>;

/** IDs of objects. */
export interface MarkedObjects {
  /** Objects of DKP's Terraform: instances and their disks, networks, addresses, groups. */
  readonly cluster: readonly string[];
  /** All objects with the marker. */
  readonly marked: readonly string[];
}

/** Whether mode `strict` would deny the key its own objects, or allow it objects of others. */
export function checkMarker({ cluster, marked }: MarkedObjects, marker: string, existingCluster: boolean): PreflightFound {
  if (!existingCluster) {
    return marked.length === 0
      ? { rule: "marker-free", values: { marker } }
      : { rule: "marker-in-use", values: { marker, marked } };
  }
  const count = cluster.length;
  const lacking = cluster.filter((id) => !marked.includes(id));
  if (count === 0) {
    return { rule: "marker-no-objects", values: {} };
  }
  return lacking.length === 0
    ? { rule: "marker-everywhere", values: { marker, count } }
    : { rule: "marker-lacking", values: { marker, count, lacking } };
}

/**
 * The marker of mode `strict`, before the mode is applied. DKP's objects are found by its tags and names, and through its instances:
 * their disks, and the security groups that it launches them into. Not what DKP creates without the marker and `strict` allows: the
 * EBS CSI driver's volumes, and the bastion's disk without a tag `Name`. And nothing that DKP never changes: the disks of
 * CloudEphemeral nodes, disks and groups of CloudStatic ones.
 */
export const markerCheck = check({
  id: "marker",
  field: "policy.mode",
  calls: CALLS,
  where: "region",
  async run(tools, { deployment: { cluster, policy }, partition, account, existingCluster }) {
    const marker = strictMarker(policy, cluster);
    const { prefix } = cluster;
    if (marker === undefined || prefix === undefined) {
      return [{ rule: "marker-not-used", values: {} }];
    }
    const profile = iamResourceArn({ partition, account }, `instance-profile/${nodeRoleName(prefix)}`);
    const found = new Set(await objectsOf(tools, prefix, profile));
    // The existing VPC belongs to the user: the policy names its ID.
    found.delete(cluster.existingVPCID ?? "");
    const marked = new Set(await idsWith(tools, marker.key, { value: [marker.value] }));
    const objects = { cluster: [...found].sort(), marked: [...marked].sort() };
    return [checkMarker(objects, `${marker.key}=${marker.value}`, existingCluster)];
  },
});

/** IDs of the objects that DKP changes and that need the marker for it. @param profile ARN of the instance profile of all instances */
async function objectsOf(tools: MarkerTools, prefix: string, profile: string): Promise<readonly string[]> {
  const { callAll } = tools;
  const pages = await callAll("ec2:DescribeInstances", {
    Filters: [
      { Name: "iam-instance-profile.arn", Values: [profile] },
      { Name: "instance-state-name", Values: ["pending", "running", "stopping", "stopped"] },
    ],
  });
  const nodes = pages
    .flatMap(({ Reservations = [] }) => Reservations.flatMap(({ Instances = [] }) => Instances))
    .map((instance) => nodeOf(instance, prefix));
  const disksOf = (kind: Node["kind"]) => nodes.flatMap((node) => (node.kind === kind ? node.disks : []));
  const names = nodes.flatMap(({ kind, name }) => (kind === "terraform" ? [name] : []));
  const bastionDisks = disksOf("bastion");
  const [byTag, keyPairs, byName, namedDisks, ofCsi, groups] = await inOrder([
    idsWith(tools, `kubernetes.io/cluster/${prefix}`),
    idsWith(tools, "Cluster", { value: [prefix] }),
    idsWith(tools, "Name", { value: [...namesOf(prefix), ...names] }),
    bastionDisks.length === 0 ? Promise.resolve([]) : idsWith(tools, "Name", { "resource-id": bastionDisks }),
    idsWith(tools, "ebs.csi.aws.com/cluster"),
    callAll("ec2:DescribeSecurityGroups", { Filters: [{ Name: "group-name", Values: securityGroupNames(prefix) }] }),
  ]);
  return [
    ...[...byTag, ...keyPairs, ...byName, ...namedDisks],
    ...disksOf("terraform").filter((id) => !ofCsi.includes(id)),
    ...nodes.flatMap(({ id, kind, groups: launchedInto }) => (kind === "static" ? [id] : [id, ...launchedInto])),
    ...groups.flatMap(({ SecurityGroups = [] }) => SecurityGroups.map(({ GroupId = "" }) => GroupId)),
  ];
}

/** IDs of the objects with a tag. @param filters more filters of `DescribeTags`, by name */
async function idsWith(
  { callAll }: MarkerTools,
  key: string,
  filters: Readonly<Record<string, readonly string[]>> = {},
): Promise<readonly string[]> {
  const Filters = Object.entries({ key: [key], ...filters }).map(([Name, Values]) => ({ Name, Values: [...Values] }));
  const pages = await callAll("ec2:DescribeTags", { Filters });
  return pages.flatMap(({ Tags = [] }) => Tags.map(({ ResourceId = "" }) => ResourceId));
}

/** An instance of a cluster, and who created it. */
interface Node {
  readonly id: string;
  readonly name: string;
  readonly kind: "bastion" | "terraform" | "ephemeral" | "static";
  readonly disks: readonly string[];
  readonly groups: readonly string[];
}

function nodeOf({ InstanceId = "", Tags = [], BlockDeviceMappings = [], SecurityGroups = [] }: Instance, prefix: string): Node {
  const name = Tags.find(({ Key }) => Key === "Name")?.Value ?? "";
  return {
    id: InstanceId,
    name,
    kind: kindOf(
      name,
      Tags.some(({ Key }) => Key === `kubernetes.io/cluster/${prefix}`),
      prefix,
    ),
    disks: BlockDeviceMappings.flatMap(({ Ebs }) => Ebs?.VolumeId ?? []),
    groups: SecurityGroups.flatMap(({ GroupId }) => GroupId ?? []),
  };
}

/**
 * The machine controller manager's instances have no tag with the prefix; CloudStatic ones have it, and a name that the user gave.
 * Source: deckhouse/deckhouse modules/030-cloud-provider-aws/candi/terraform-modules, docs/FAQ.md.
 */
function kindOf(name: string, hasPrefixTag: boolean, prefix: string): Node["kind"] {
  if (name === `${prefix}-bastion`) {
    return "bastion";
  }
  if (!hasPrefixTag) {
    return "ephemeral";
  }
  return name.startsWith(`${prefix}-`) && /-\d+$/.test(name) ? "terraform" : "static";
}

/** Names that DKP gives. Source: deckhouse/deckhouse modules/030-cloud-provider-aws/candi/terraform-modules. */
function namesOf(prefix: string): string[] {
  const parts = ["public", "internal", "master", "kubernetes-data"].map((name) => `${prefix}-${name}*`);
  return [prefix, `${prefix}-natgw`, `${prefix}-bastion`, ...parts];
}

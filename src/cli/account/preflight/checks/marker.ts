import { iamResourceArn } from "../../../../iam/arns";
import { nodeRoleName } from "../../../../iam/cluster";
import { strictMarker } from "../../../../iam/cluster-marker";
import type { Instance } from "../../aws/operations";
import { type Check, type Tools, when } from "../check";
import { clusterTag, groupsOf, instancesIn, instancesWith, nameIn } from "./cluster-objects";

/**
 * The marker of mode `strict`, before the mode is applied: whether the mode would deny the key its own objects, or allow it objects of
 * others.
 */
export const markerCheck: Check = {
  id: "marker",
  field: "policy.mode",
  calls: ["ec2:DescribeInstances", "ec2:DescribeSecurityGroups", "ec2:DescribeTags"],
  async run({ list }, { deployment: { cluster, policy }, partition, account, existingCluster }) {
    const tag = strictMarker(policy, cluster);
    const { prefix } = cluster;
    if (tag === undefined || prefix === undefined) {
      return [];
    }
    const profile = iamResourceArn({ partition, account }, `instance-profile/${nodeRoleName(prefix)}`);
    const objects = new Set(await objectsOf(list, prefix, profile));
    // The existing VPC belongs to the user: the policy names its ID.
    objects.delete(cluster.existingVPCID ?? "");
    const marked = (await idsWith(list, tag.key, { value: [tag.value] })).toSorted();
    const marker = `${tag.key}=${tag.value}`;
    if (!existingCluster) {
      return when(marked.length > 0, { rule: "marker-in-use", values: { marker, marked } });
    }
    const count = objects.size;
    const lacking = [...objects].filter((id) => !marked.includes(id)).sort();
    return [
      ...when(count === 0, { rule: "marker-no-objects", values: {} }),
      ...when(lacking.length > 0, { rule: "marker-lacking", values: { marker, count, lacking } }),
    ];
  },
};

/**
 * IDs of the objects that DKP changes and that need the marker for it. They are found by DKP's tags and names, and through its
 * instances: their disks, and the security groups that it launches them into. Not what DKP creates without the marker and `strict`
 * allows: the EBS CSI driver's volumes, and the bastion's disk without a tag `Name`. And nothing that DKP never changes: the disks of
 * CloudEphemeral nodes, disks and groups of CloudStatic ones.
 * @param profile ARN of the instance profile of all instances
 */
async function objectsOf(list: Tools["list"], prefix: string, profile: string): Promise<readonly string[]> {
  const instances = await list("ec2:DescribeInstances", instancesWith("iam-instance-profile.arn", profile), instancesIn);
  const nodes = instances.map((instance) => ({ ...nodeOf(instance), kind: kindOf(instance, prefix) }));
  const disksOf = (creator: string) => nodes.flatMap(({ kind, disks }) => (kind === creator ? disks : []));
  const ofCsi = await idsWith(list, "ebs.csi.aws.com/cluster");
  const bastionDisks = disksOf("bastion");
  const names = nodes.flatMap(({ kind, name }) => (kind === "terraform" ? [name] : []));
  const groups = await list("ec2:DescribeSecurityGroups", groupsOf(prefix), ({ SecurityGroups }) => SecurityGroups);
  return [
    ...(await idsWith(list, clusterTag(prefix))),
    ...(await idsWith(list, "Cluster", { value: [prefix] })),
    ...(await idsWith(list, "Name", { value: [...namesOf(prefix), ...names] })),
    ...(bastionDisks.length === 0 ? [] : await idsWith(list, "Name", { "resource-id": bastionDisks })),
    ...disksOf("terraform").filter((id) => !ofCsi.includes(id)),
    ...nodes.flatMap(({ id, kind, groups: launchedInto }) => (kind === "static" ? [id] : [id, ...launchedInto])),
    ...groups.map(({ GroupId = "" }) => GroupId),
  ];
}

/** IDs of the objects with a tag. @param filters more filters of `DescribeTags`, by name */
function idsWith(list: Tools["list"], key: string, filters: Readonly<Record<string, readonly string[]>> = {}) {
  const Filters = Object.entries({ key: [key], ...filters }).map(([Name, Values]) => ({ Name, Values: [...Values] }));
  return list("ec2:DescribeTags", { Filters }, ({ Tags = [] }) => Tags.map(({ ResourceId = "" }) => ResourceId));
}

const nodeOf = ({ InstanceId = "", Tags, BlockDeviceMappings = [], SecurityGroups = [] }: Instance) => ({
  id: InstanceId,
  name: nameIn(Tags) ?? "",
  disks: BlockDeviceMappings.flatMap(({ Ebs }) => Ebs?.VolumeId ?? []),
  groups: SecurityGroups.flatMap(({ GroupId }) => GroupId ?? []),
});

/**
 * Who created an instance. The machine controller manager's instances have no tag with the prefix; CloudStatic ones have it, and a name
 * that the user gave. Source: deckhouse/deckhouse modules/030-cloud-provider-aws/candi/terraform-modules, docs/FAQ.md.
 */
function kindOf({ Tags = [] }: Instance, prefix: string): "bastion" | "terraform" | "ephemeral" | "static" {
  const name = nameIn(Tags) ?? "";
  if (name === `${prefix}-bastion`) {
    return "bastion";
  }
  if (!Tags.some(({ Key }) => Key === clusterTag(prefix))) {
    return "ephemeral";
  }
  return name.startsWith(`${prefix}-`) && /-\d+$/.test(name) ? "terraform" : "static";
}

/** Names that DKP gives. Source: deckhouse/deckhouse modules/030-cloud-provider-aws/candi/terraform-modules. */
function namesOf(prefix: string): string[] {
  const parts = ["public", "internal", "master", "kubernetes-data"].map((name) => `${prefix}-${name}*`);
  return [prefix, `${prefix}-natgw`, `${prefix}-bastion`, ...parts];
}

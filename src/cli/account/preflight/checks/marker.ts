import { iamResourceArn } from "../../../../iam/arns";
import { nodeRoleName } from "../../../../iam/cluster";
import { strictMarker } from "../../../../iam/cluster-marker";
import { inOrder } from "../../aws/operations";
import { check, type PreflightFound } from "../check";
import { securityGroupNames } from "./dkp-names";

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
 * The marker of mode `strict`, before the mode is applied. DKP's objects are found by its tags and names; disks have neither before
 * they are tagged, so that they are found through their instances. The EBS CSI driver's volumes have a tag of its own instead.
 */
export const markerCheck = check({
  id: "marker",
  field: "policy.mode",
  calls: ["ec2:DescribeInstances", "ec2:DescribeSecurityGroups", "ec2:DescribeTags"],
  where: "region",
  async run({ callAll }, { deployment: { cluster, policy }, partition, account, existingCluster }) {
    const marker = strictMarker(policy, cluster);
    const { prefix } = cluster;
    if (marker === undefined || prefix === undefined) {
      return [{ rule: "marker-not-used", values: {} }];
    }
    /** IDs of the objects with a tag. */
    const withTag = async (key: string, ...values: readonly string[]) => {
      const ofValue = values.length === 0 ? [] : [{ Name: "value", Values: [...values] }];
      const pages = await callAll("ec2:DescribeTags", { Filters: [{ Name: "key", Values: [key] }, ...ofValue] });
      return pages.flatMap(({ Tags = [] }) => Tags.map(({ ResourceId = "" }) => ResourceId));
    };
    const clusterTag = `kubernetes.io/cluster/${prefix}`;
    const profile = iamResourceArn({ partition, account }, `instance-profile/${nodeRoleName(prefix)}`);
    const [marked, byTag, byName, csi, groups, instances] = await inOrder([
      withTag(marker.key, marker.value),
      withTag(clusterTag),
      withTag("Name", ...namesOf(prefix)),
      withTag(CSI_TAG),
      callAll("ec2:DescribeSecurityGroups", { Filters: [{ Name: "group-name", Values: securityGroupNames(prefix) }] }),
      // The machine controller manager's instances have neither the tag nor such names. All instances have the profile.
      callAll("ec2:DescribeInstances", { Filters: [{ Name: "iam-instance-profile.arn", Values: [profile] }] }),
    ]);
    const launched = instances.flatMap(({ Reservations = [] }) => Reservations.flatMap(({ Instances = [] }) => Instances));
    const disks = launched
      .flatMap(({ BlockDeviceMappings = [] }) => BlockDeviceMappings.map(({ Ebs }) => Ebs?.VolumeId ?? ""))
      .filter((id) => id !== "" && !csi.includes(id));
    const ids = launched.map(({ InstanceId = "" }) => InstanceId);
    const ofGroups = groups.flatMap(({ SecurityGroups = [] }) => SecurityGroups.map(({ GroupId = "" }) => GroupId));
    // The existing VPC belongs to the user: the policy names its ID.
    const found = new Set([...byTag, ...byName, ...ofGroups, ...ids, ...disks].filter((id) => id !== cluster.existingVPCID));
    const objects = { cluster: [...found].sort(), marked: [...new Set(marked)].sort() };
    return [checkMarker(objects, `${marker.key}=${marker.value}`, existingCluster)];
  },
});

const CSI_TAG = "ebs.csi.aws.com/cluster";

/** Names that DKP gives. Source: deckhouse/deckhouse modules/030-cloud-provider-aws/candi/terraform-modules. */
function namesOf(prefix: string): string[] {
  return [prefix, ...["public", "internal", "master", "kubernetes-data", "bastion"].map((name) => `${prefix}-${name}*`)];
}

import type { Image } from "../../aws/operations";
import { inOrder, unlessMissing } from "../../aws/operations";
import { check, type PreflightFound } from "../check";

/** What an image is used for. */
export interface ImageUse {
  readonly ami: string;
  readonly region: string;
  /** `cluster.imdsv2`. */
  readonly imdsv2: boolean | undefined;
}

/** What keeps an image from being one of DKP's nodes; its description if nothing does. */
export function checkImage(image: Image | undefined, { ami, region, imdsv2 }: ImageUse): readonly PreflightFound[] {
  if (image === undefined) {
    return [{ rule: "image-missing", values: { ami, region } }];
  }
  const { State: state = "in an unknown state", RootDeviceType: type = "unknown", RootDeviceName: root = "?" } = image;
  const { Architecture: architecture = "an unknown architecture", EnaSupport, ImdsSupport } = image;
  const mappings = image.BlockDeviceMappings ?? [];
  const ebs = mappings.filter(({ Ebs }) => Ebs !== undefined);
  const disks = ebs.map(({ DeviceName }) => DeviceName ?? "?");
  const findings: PreflightFound[] = [];
  if (state !== "available") {
    findings.push({ rule: "image-state", values: { ami, state } });
  }
  if (type !== "ebs") {
    findings.push({ rule: "image-root-device", values: { ami, type } });
  }
  if (disks.length !== 1 || disks[0] !== root) {
    findings.push({ rule: "image-disks", values: { ami, disks: disks.length === 0 ? "none" : disks, root } });
  }
  if (architecture !== "x86_64") {
    findings.push({ rule: "image-architecture", values: { ami, architecture } });
  }
  if (EnaSupport !== true) {
    findings.push({ rule: "image-ena", values: { ami } });
  }
  if (ImdsSupport === "v2.0" && imdsv2 !== true) {
    findings.push({ rule: "image-imdsv2", field: "cluster.imdsv2", values: { ami } });
  }
  if (findings.length > 0) {
    return findings;
  }
  const size = String(ebs[0]?.Ebs?.VolumeSize ?? "unknown");
  const ephemeral = mappings.flatMap(({ DeviceName, VirtualName }) => (VirtualName ? [`${VirtualName} at ${DeviceName}`] : []));
  return [{ rule: "image-ok", values: { ami, root, size, ephemeral } }];
}

/** The images that the settings name. What runs on an instance, such as cloud-init, is not visible from outside. */
export const imageCheck = check({
  id: "image",
  field: "cluster.amis",
  calls: ["ec2:DescribeImages"],
  where: "region",
  async run({ call }, { deployment: { amis, cluster, region } }) {
    if (amis.length === 0) {
      return [{ rule: "setting-not-set", values: { field: "cluster.amis" } }];
    }
    const findings = await inOrder(
      amis.map(async (ami) => {
        const response = await unlessMissing(
          call("ec2:DescribeImages", { ImageIds: [ami], IncludeDeprecated: true }),
          "InvalidAMIID.Malformed",
          "InvalidAMIID.NotFound",
          "InvalidAMIID.Unavailable",
        );
        return checkImage(response?.Images?.[0], { ami, region, imdsv2: cluster.imdsv2 });
      }),
    );
    return findings.flat();
  },
});

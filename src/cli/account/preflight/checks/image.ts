import type { Image } from "../../aws/operations";
import { inOrder, unlessMissing } from "../../aws/operations";
import { check, type Finding, failed, ok, skipped, warning } from "../check";

/** What an image is used for. */
export interface ImageUse {
  readonly ami: string;
  readonly region: string;
  /** `cluster.imdsv2`. */
  readonly imdsv2: boolean | undefined;
}

/** The errors of an image for DKP's nodes; its description if it has none. */
export function judgeImage(image: Image | undefined, { ami, region, imdsv2 }: ImageUse): readonly Finding[] {
  if (image === undefined) {
    const found = `${ami} does not exist in ${region}, or is not shared with this account`;
    return [failed(found, "use another image; image IDs differ between regions")];
  }
  const { State, RootDeviceType, RootDeviceName: root, Architecture, EnaSupport, ImdsSupport } = image;
  const mappings = image.BlockDeviceMappings ?? [];
  const disks = mappings.filter(({ Ebs }) => Ebs !== undefined);
  const names = disks.map(({ DeviceName }) => DeviceName ?? "?");
  const errors: Finding[] = [];
  if (State !== "available") {
    errors.push(failed(`is ${State ?? "in an unknown state"}`, "use an image whose state is available"));
  }
  if (RootDeviceType !== "ebs") {
    const type = RootDeviceType ?? "unknown";
    errors.push(failed(`has a root device of type ${type}, DKP requires EBS`, "use an image with an EBS root disk"));
  }
  if (names.length !== 1 || names[0] !== root) {
    const count = names.length === 1 ? "one disk" : `${names.length} disks`;
    errors.push(
      failed(
        `has ${count} (${names.join(", ") || "none"}), and DKP requires exactly one, the root disk ${root ?? "?"}`,
        "create an image with only the root disk: start an instance from it, detach the other disks, create an image",
      ),
    );
  }
  if (Architecture !== "x86_64") {
    const architecture = Architecture ?? "an unknown architecture";
    errors.push(failed(`is for ${architecture}, and the node software of DKP requires x86_64`, "use an image for x86_64"));
  }
  if (EnaSupport !== true) {
    errors.push(warning("has no EnaSupport, which every Nitro instance type requires", "use an image with EnaSupport"));
  }
  if (ImdsSupport === "v2.0" && imdsv2 !== true) {
    errors.push(
      warning(
        "starts instances that accept only IMDSv2 (ImdsSupport v2.0), and DKP expects that only with imdsv2",
        "set cluster.imdsv2: true here and in DKP, or use an image without ImdsSupport",
      ),
    );
  }
  if (errors.length > 0) {
    return errors.map((error) => ({ ...error, found: `${ami} ${error.found}` }));
  }
  const size = disks[0]?.Ebs?.VolumeSize ?? "unknown";
  const ephemeral = mappings.flatMap(({ DeviceName, VirtualName }) => (VirtualName ? [`${VirtualName} at ${DeviceName}`] : []));
  const others =
    ephemeral.length === 0
      ? ""
      : `; also maps ${ephemeral.join(", ")}, which has an effect only on instance types with instance store volumes`;
  return [ok(`${ami} is available, ${Architecture}, one EBS disk ${root} of ${size} GiB${others}`)];
}

/** The images that the settings name. What runs on an instance, such as cloud-init, is not visible from outside. */
export const imageCheck = check({
  name: "image",
  calls: ["ec2:DescribeImages"],
  where: "region",
  async run({ call }, { deployment: { amis, cluster, region } }) {
    if (amis.length === 0) {
      return [skipped("no image is set", "set cluster.amis")];
    }
    const findings = await inOrder(
      amis.map(async (ami) => {
        const answer = await unlessMissing(
          call("ec2:DescribeImages", { ImageIds: [ami], IncludeDeprecated: true }),
          "InvalidAMIID.Malformed",
          "InvalidAMIID.NotFound",
          "InvalidAMIID.Unavailable",
        );
        return judgeImage(answer?.Images?.[0], { ami, region, imdsv2: cluster.imdsv2 });
      }),
    );
    return findings.flat();
  },
});

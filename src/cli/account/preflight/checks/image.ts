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
export function judgeImage(image: Image | undefined, use: ImageUse): readonly Finding[] {
  const { ami, region } = use;
  if (image === undefined) {
    return [
      failed(
        `${ami} does not exist in ${region}, or is not shared with this account`,
        "use another image; image IDs differ between regions",
      ),
    ];
  }
  const errors = IMAGE_ERRORS.flatMap((errorOf) => errorOf(image, use) ?? []).map((finding) => ({
    ...finding,
    found: `${ami} ${finding.found}`,
  }));
  return errors.length > 0 ? errors : [ok(`${ami} ${describe(image)}`)];
}

const another = (what: string) => `use an image ${what}`;

type ImageError = (image: Image, use: ImageUse) => Finding | undefined;

const IMAGE_ERRORS: readonly ImageError[] = [
  ({ State }) =>
    State === "available" ? undefined : failed(`is ${State ?? "in an unknown state"}`, another("whose state is available")),
  ({ RootDeviceType }) =>
    RootDeviceType === "ebs"
      ? undefined
      : failed(`has a root device of type ${RootDeviceType ?? "unknown"}, DKP requires EBS`, another("with an EBS root disk")),
  (image) => {
    const names = ebsDisks(image).map(({ DeviceName }) => DeviceName ?? "?");
    const root = image.RootDeviceName ?? "?";
    if (names.length === 1 && names[0] === root) {
      return undefined;
    }
    const disks = names.length === 1 ? "one disk" : `${names.length} disks`;
    return failed(
      `has ${disks} (${names.join(", ") || "none"}), and DKP requires exactly one, the root disk ${root}`,
      "create an image with only the root disk: start an instance from it, detach the other disks, create an image",
    );
  },
  ({ Architecture }) =>
    Architecture === "x86_64"
      ? undefined
      : failed(
          `is for ${Architecture ?? "an unknown architecture"}, and the node software of DKP requires x86_64`,
          another("for x86_64"),
        ),
  ({ EnaSupport }) =>
    EnaSupport === true
      ? undefined
      : warning("has no EnaSupport, which every Nitro instance type requires", another("with EnaSupport")),
  ({ ImdsSupport }, { imdsv2 }) =>
    ImdsSupport === "v2.0" && !imdsv2
      ? warning(
          "starts instances that accept only IMDSv2 (ImdsSupport v2.0), and DKP expects that only with imdsv2",
          `set cluster.imdsv2: true here and in DKP, or ${another("without ImdsSupport")}`,
        )
      : undefined,
];

function ebsDisks({ BlockDeviceMappings = [] }: Image) {
  return BlockDeviceMappings.filter(({ Ebs }) => Ebs !== undefined);
}

function rootDisk(image: Image) {
  return ebsDisks(image).find(({ DeviceName }) => DeviceName === image.RootDeviceName);
}

function describe(image: Image): string {
  const ephemeral = (image.BlockDeviceMappings ?? []).filter(({ VirtualName }) => VirtualName !== undefined);
  const mapped = ephemeral.map(({ DeviceName, VirtualName }) => `${VirtualName} at ${DeviceName}`);
  return [
    `is available, ${image.Architecture}, one EBS disk ${image.RootDeviceName} of ${rootDisk(image)?.Ebs?.VolumeSize ?? "unknown"} GiB`,
    ...(mapped.length === 0
      ? []
      : [`also maps ${mapped.join(", ")}, which has an effect only on instance types with instance store volumes`]),
  ].join("; ");
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

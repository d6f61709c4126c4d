import type { Image } from "../../aws-api/operations";
import { type Ask, inOrder, type Operations, unlessMissing } from "../../aws-api/operations";
import { type InstanceGroup, instanceGroups } from "../../settings/deployment";
import { blocker, check, type Finding, ok, skipped, warning } from "../check";

/** What is asked of an image besides the image itself. */
export interface ImageUse {
  readonly group: InstanceGroup;
  readonly region: string;
  /** `cluster.imdsv2`. */
  readonly imdsv2: boolean | undefined;
  /** Whether the instance type works only with the Elastic Network Adapter; unknown where no type is stated. */
  readonly enaRequired: boolean | undefined;
}

/** What is wrong with an image for DKP's machines; what it is, where nothing is. */
export function judgeImage(image: Image | undefined, use: ImageUse): readonly Finding[] {
  const { field, ami } = use.group;
  const setting = `cluster.${field}.instanceClass.ami`;
  if (image === undefined) {
    return [
      blocker(
        `${field}: ${ami} is not in ${use.region}, or not shared with this account`,
        `correct ${setting}: every region has image ids of its own`,
      ),
    ];
  }
  const faults = FAULTS.flatMap((fault) => fault(image, use) ?? []).map((finding) => ({
    ...finding,
    found: `${field}: ${ami} ${finding.found}`,
  }));
  return faults.length > 0 ? faults : [ok(`${field}: ${ami} ${describe(image)}`)];
}

/** Another image than this one, in words. */
const another = (what: string) => `use an image ${what}`;

type Fault = (image: Image, use: ImageUse) => Finding | undefined;

const FAULTS: readonly Fault[] = [
  ({ State }) =>
    State === "available" ? undefined : blocker(`is ${State ?? "in an unknown state"}`, another("whose state is available")),
  ({ RootDeviceType }) =>
    RootDeviceType === "ebs"
      ? undefined
      : blocker(`has its root on ${RootDeviceType ?? "an unknown device"}, DKP needs EBS`, another("with an EBS root disk")),
  (image) => {
    const names = ebsDisks(image).map(({ DeviceName }) => DeviceName ?? "?");
    const root = image.RootDeviceName ?? "?";
    if (names.length === 1 && names[0] === root) {
      return undefined;
    }
    const disks = names.length === 1 ? "one disk" : `${names.length} disks`;
    return blocker(
      `has ${disks} (${names.join(", ") || "none"}), DKP takes exactly one, the root disk ${root}`,
      "make an image with the root disk alone: start a machine from it, detach the others, create an image",
    );
  },
  ({ Architecture }) =>
    Architecture === "x86_64"
      ? undefined
      : blocker(`is for ${Architecture ?? "an unknown architecture"}, DKP's node software for x86_64`, another("for x86_64")),
  (image, { group: { field, diskSizeGb } }) => {
    const size = rootDisk(image)?.Ebs?.VolumeSize;
    return diskSizeGb === undefined || size === undefined || size <= diskSizeGb
      ? undefined
      : blocker(
          `has a disk of ${size} GiB, diskSizeGb is ${diskSizeGb}, and EC2 makes no disk smaller than the image's`,
          `set cluster.${field}.instanceClass.diskSizeGb to ${size} or more`,
        );
  },
  ({ EnaSupport }, { enaRequired, group: { instanceType } }) => {
    if (EnaSupport === true || enaRequired === false) {
      return undefined;
    }
    return enaRequired === true
      ? blocker(`lacks EnaSupport, without which ${instanceType} does not start`, another("with EnaSupport"))
      : warning(
          "lacks EnaSupport, without which no instance type of the Nitro generation starts",
          `${another("with EnaSupport")}, or state instanceType beside it to have it looked at`,
        );
  },
  ({ ImdsSupport }, { imdsv2 }) =>
    ImdsSupport === "v2.0" && !imdsv2
      ? warning(
          "makes its machines speak IMDSv2 only (ImdsSupport v2.0), which DKP expects only with imdsv2",
          `set cluster.imdsv2: true, in DKP too, or ${another("without ImdsSupport")}`,
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
    ...(mapped.length === 0 ? [] : [`also maps ${mapped.join(", ")}, which only instance types with disks of their own heed`]),
  ].join("; ");
}

/** The images that the settings name. What runs on a machine, cloud-init above all, can't be seen from outside. */
export const imageCheck = check({
  name: "image",
  calls: ["ec2:DescribeImages", "ec2:DescribeInstanceTypes"],
  where: "region",
  async run({ ask }, { deployment: { instances, cluster, region } }) {
    const findings = await inOrder(
      instanceGroups(instances).map(async (group): Promise<readonly Finding[]> => {
        if (group.ami === undefined) {
          return [skipped(`${group.field}: no image is stated`, `say cluster.${group.field}.instanceClass.ami`)];
        }
        const answer = await unlessMissing(
          ask("ec2:DescribeImages", { ImageIds: [group.ami], IncludeDeprecated: true }),
          "InvalidAMIID.Malformed",
          "InvalidAMIID.NotFound",
          "InvalidAMIID.Unavailable",
        );
        const image = answer?.Images?.[0];
        const enaRequired =
          image === undefined || image.EnaSupport === true ? undefined : await needsEna(ask, group.instanceType);
        return judgeImage(image, { group, region, imdsv2: cluster.imdsv2, enaRequired });
      }),
    );
    return findings.flat();
  },
});

async function needsEna(ask: Ask<"ec2:DescribeInstanceTypes">, type: string | undefined): Promise<boolean | undefined> {
  if (type === undefined) {
    return undefined;
  }
  const request = { InstanceTypes: [type] } as Operations["ec2:DescribeInstanceTypes"]["input"];
  const answer = await unlessMissing(ask("ec2:DescribeInstanceTypes", request), "InvalidInstanceType");
  const support = answer?.InstanceTypes?.[0]?.NetworkInfo?.EnaSupport;
  return support === undefined ? undefined : support === "required";
}

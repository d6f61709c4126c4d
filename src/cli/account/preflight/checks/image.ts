import { type Image, unlessMissing } from "../../aws/operations";
import { type Check, type PreflightFound, settingNotSet, when } from "../check";

/** The images that the settings name. What runs on an instance, such as cloud-init, is not visible from outside. */
export const imageCheck: Check = {
  id: "image",
  field: "cluster.amis",
  calls: ["ec2:DescribeImages"],
  async run({ list }, { deployment: { amis, cluster, region } }) {
    if (amis.length === 0) {
      return [settingNotSet("cluster.amis")];
    }
    const findings: PreflightFound[] = [];
    for (const ami of amis) {
      const images = list("ec2:DescribeImages", { ImageIds: [ami], IncludeDeprecated: true }, ({ Images }) => Images);
      const missing = ["InvalidAMIID.Malformed", "InvalidAMIID.NotFound", "InvalidAMIID.Unavailable"];
      const [image] = (await unlessMissing(images, ...missing)) ?? [];
      const absent: PreflightFound = { rule: "image-missing", values: { ami, region } };
      findings.push(...(image === undefined ? [absent] : imageFindings(image, ami, cluster.imdsv2)));
    }
    return findings;
  },
};

/** What keeps an image from being one of DKP's nodes. @param imdsv2 `cluster.imdsv2` */
function imageFindings(image: Image, ami: string, imdsv2: boolean | undefined): readonly PreflightFound[] {
  const { State: state = "in an unknown state", RootDeviceType: type = "unknown", RootDeviceName: root = "?" } = image;
  const { Architecture: architecture = "an unknown architecture", EnaSupport, ImdsSupport, BlockDeviceMappings = [] } = image;
  const names = BlockDeviceMappings.flatMap(({ Ebs, DeviceName = "?" }) => (Ebs === undefined ? [] : DeviceName));
  const disks = names.length === 0 ? "none" : names;
  return [
    ...when(state !== "available", { rule: "image-state", values: { ami, state } }),
    ...when(type !== "ebs", { rule: "image-root-device", values: { ami, type } }),
    ...when(names.length !== 1 || names[0] !== root, { rule: "image-disks", values: { ami, disks, root } }),
    ...when(architecture !== "x86_64", { rule: "image-architecture", values: { ami, architecture } }),
    ...when(EnaSupport !== true, { rule: "image-ena", values: { ami } }),
    ...when(ImdsSupport === "v2.0" && imdsv2 !== true, { rule: "image-imdsv2", field: "cluster.imdsv2", values: { ami } }),
  ];
}

import type { Image } from "../../aws/operations";
import { type Check, filteredBy, type PreflightFound, settingNotSet, when } from "../check";

/**
 * The images that the settings name. What runs on an instance, such as cloud-init, is not visible
 * from outside.
 */
export const imageCheck: Check = {
  id: "image",
  field: "cluster.amis",
  async run({ list, deployment: { amis, cluster, region } }) {
    if (amis.length === 0) {
      return [settingNotSet("cluster.amis")];
    }
    const named = { ...filteredBy("image-id", ...amis), IncludeDeprecated: true };
    const images = await list("ec2:DescribeImages", named, ({ Images }) => Images);
    return amis.flatMap((ami) => {
      const image = images.find(({ ImageId }) => ImageId === ami);
      const missing: PreflightFound = { rule: "image-missing", values: { ami, region } };
      return image === undefined ? [missing] : imageFindings(image, ami, cluster.imdsv2);
    });
  },
};

const REQUIRED = [
  ["State", "available"],
  ["RootDeviceType", "ebs"],
  ["Architecture", "x86_64"],
] as const;

function imageFindings(
  image: Image,
  ami: string,
  imdsv2: boolean | undefined,
): readonly PreflightFound[] {
  const { RootDeviceName: root = "?", ImdsSupport, BlockDeviceMappings = [] } = image;
  const names = BlockDeviceMappings.flatMap(({ Ebs, DeviceName = "?" }) =>
    Ebs === undefined ? [] : DeviceName,
  );
  const disks = names.length === 0 ? "none" : names;
  return [
    ...REQUIRED.flatMap(([argument, required]) => {
      const value = image[argument] ?? "unknown";
      return when(value !== required, {
        rule: "image-differs",
        values: { ami, argument, value, required },
      });
    }),
    ...when(names.length !== 1 || names[0] !== root, {
      rule: "image-disks",
      values: { ami, disks, root },
    }),
    ...when(ImdsSupport === "v2.0" && imdsv2 !== true, {
      rule: "image-imdsv2",
      field: "cluster.imdsv2",
      values: { ami },
    }),
  ];
}

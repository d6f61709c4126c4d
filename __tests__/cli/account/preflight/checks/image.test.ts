import type { Image } from "@aws-sdk/client-ec2";
import { type ImageUse, judgeImage } from "../../../../../src/cli/account/preflight/checks/image";

const USE: ImageUse = { ami: "ami-1", region: "eu-central-1", imdsv2: false };
const GOOD: Image = {
  State: "available",
  Architecture: "x86_64",
  RootDeviceType: "ebs",
  RootDeviceName: "/dev/sda1",
  BlockDeviceMappings: [{ DeviceName: "/dev/sda1", Ebs: { VolumeSize: 8 } }],
  EnaSupport: true,
};

/** Findings in short. */
const judged = (image: Partial<Image>, use: Partial<ImageUse> = {}) =>
  judgeImage({ ...GOOD, ...image }, { ...USE, ...use }).map(({ verdict, found }) => `${verdict}: ${found}`);

describe("an image", () => {
  it("passes with a description if DKP can use it", () => {
    expect(judged({})).toEqual(["ok: ami-1 is available, x86_64, one EBS disk /dev/sda1 of 8 GiB"]);
  });

  it("that does not exist is the only finding", () => {
    expect(judgeImage(undefined, USE)).toEqual([
      {
        verdict: "failed",
        found: "ami-1 does not exist in eu-central-1, or is not shared with this account",
        remedy: "use another image; image IDs differ between regions",
      },
    ]);
  });

  it("reports all errors at once", () => {
    expect(
      judged({
        State: "failed",
        Architecture: "arm64",
        RootDeviceType: "instance-store",
        BlockDeviceMappings: [],
        EnaSupport: false,
      }),
    ).toEqual([
      "failed: ami-1 is failed",
      "failed: ami-1 has a root device of type instance-store, DKP requires EBS",
      "failed: ami-1 has 0 disks (none), and DKP requires exactly one, the root disk /dev/sda1",
      "failed: ami-1 is for arm64, and the node software of DKP requires x86_64",
      "warning: ami-1 has no EnaSupport, which every Nitro instance type requires",
    ]);
  });

  it.each([
    [
      "a second disk",
      [
        { DeviceName: "/dev/sda1", Ebs: {} },
        { DeviceName: "/dev/sdf", Ebs: {} },
      ],
      "2 disks (/dev/sda1, /dev/sdf)",
    ],
    ["one disk that is not the root", [{ DeviceName: "/dev/sdf", Ebs: {} }], "one disk (/dev/sdf)"],
    ["only an instance store volume", [{ DeviceName: "/dev/sda1", VirtualName: "ephemeral0" }], "0 disks (none)"],
  ])("with %s fails", (_, BlockDeviceMappings, disks) => {
    expect(judged({ BlockDeviceMappings })).toEqual([
      `failed: ami-1 has ${disks}, and DKP requires exactly one, the root disk /dev/sda1`,
    ]);
  });

  it("may map instance store volumes, as the images of Ubuntu do", () => {
    const BlockDeviceMappings = [
      ...(GOOD.BlockDeviceMappings ?? []),
      { DeviceName: "/dev/sdb", VirtualName: "ephemeral0" },
      { DeviceName: "/dev/sdc", VirtualName: "ephemeral1" },
    ];
    expect(judged({ BlockDeviceMappings })).toEqual([
      "ok: ami-1 is available, x86_64, one EBS disk /dev/sda1 of 8 GiB; also maps ephemeral0 at /dev/sdb, ephemeral1 at /dev/sdc, which has an effect only on instance types with instance store volumes",
    ]);
  });

  it.each([
    [false, "warning"],
    [true, "ok"],
  ])("of IMDSv2 only, with imdsv2: %s: %s", (imdsv2, verdict) => {
    expect(judgeImage({ ...GOOD, ImdsSupport: "v2.0" }, { ...USE, imdsv2 })[0]?.verdict).toBe(verdict);
  });
});

import type { Image, InstanceTypeInfo } from "@aws-sdk/client-ec2";
import { type ImageUse, judgeImage } from "../../../src/preflight/checks/image";
import { judgeInstanceType } from "../../../src/preflight/checks/instance-type";

const MASTERS = { field: "masterNodeGroup", ami: "ami-1", instanceType: "m5.large" };
const USE: ImageUse = { group: MASTERS, region: "eu-central-1", imdsv2: false, enaRequired: undefined };
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
  it("that DKP can use is described", () => {
    expect(judged({})).toEqual(["ok: masterNodeGroup: ami-1 is available, x86_64, one EBS disk /dev/sda1 of 8 GiB"]);
  });

  it("that is not there is told, and nothing else of it", () => {
    expect(judgeImage(undefined, USE)).toEqual([
      {
        verdict: "blocker",
        found: "masterNodeGroup: ami-1 is not in eu-central-1, or not shared with this account",
        remedy: "correct cluster.masterNodeGroup.instanceClass.ami: every region has image ids of its own",
      },
    ]);
  });

  it("has all its faults told at once", () => {
    expect(
      judged({
        State: "failed",
        Architecture: "arm64",
        RootDeviceType: "instance-store",
        BlockDeviceMappings: [],
        EnaSupport: false,
      }),
    ).toEqual([
      "blocker: masterNodeGroup: ami-1 is failed",
      "blocker: masterNodeGroup: ami-1 has its root on instance-store, DKP needs EBS",
      "blocker: masterNodeGroup: ami-1 has 0 disks (none), DKP takes exactly one, the root disk /dev/sda1",
      "blocker: masterNodeGroup: ami-1 is for arm64, DKP's node software for x86_64",
      "warning: masterNodeGroup: ami-1 lacks EnaSupport, without which no instance type of the Nitro generation starts",
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
    ["only a disk of the machine itself", [{ DeviceName: "/dev/sda1", VirtualName: "ephemeral0" }], "0 disks (none)"],
  ])("with %s is refused", (_, BlockDeviceMappings, disks) => {
    expect(judged({ BlockDeviceMappings })).toEqual([
      `blocker: masterNodeGroup: ami-1 has ${disks}, DKP takes exactly one, the root disk /dev/sda1`,
    ]);
  });

  it("may map disks of the machine itself, as Ubuntu's do", () => {
    const BlockDeviceMappings = [
      ...(GOOD.BlockDeviceMappings ?? []),
      { DeviceName: "/dev/sdb", VirtualName: "ephemeral0" },
      { DeviceName: "/dev/sdc", VirtualName: "ephemeral1" },
    ];
    expect(judged({ BlockDeviceMappings })).toEqual([
      "ok: masterNodeGroup: ami-1 is available, x86_64, one EBS disk /dev/sda1 of 8 GiB; also maps ephemeral0 at /dev/sdb, ephemeral1 at /dev/sdc, which only instance types with disks of their own heed",
    ]);
  });

  it.each([
    [7, 1],
    [8, 0],
    [9, 0],
    [undefined, 0],
  ])("of 8 GiB on a disk of %s GiB has %s faults", (diskSizeGb, faults) => {
    const found = judged({}, { group: { ...MASTERS, diskSizeGb } }).filter((finding) => !finding.startsWith("ok"));
    expect(found).toHaveLength(faults);
  });

  it.each([
    [true, "blocker: masterNodeGroup: ami-1 lacks EnaSupport, without which m5.large does not start"],
    [false, "ok: masterNodeGroup: ami-1 is available, x86_64, one EBS disk /dev/sda1 of 8 GiB"],
  ])("without ENA is judged by the instance type: needs it: %s", (enaRequired, found) => {
    expect(judged({ EnaSupport: false }, { enaRequired })).toEqual([found]);
  });

  it.each([
    [false, "warning"],
    [true, "ok"],
  ])("of IMDSv2 only, with imdsv2: %s: %s", (imdsv2, verdict) => {
    expect(judgeImage({ ...GOOD, ImdsSupport: "v2.0" }, { ...USE, imdsv2 })[0]?.verdict).toBe(verdict);
  });
});

describe("an instance type", () => {
  const type = (...architectures: string[]) => ({ ProcessorInfo: { SupportedArchitectures: architectures } }) as InstanceTypeInfo;

  it.each([
    [type("i386", "x86_64"), "ok", "masterNodeGroup: m5.large is in eu-central-1, x86_64"],
    [type("arm64"), "blocker", "masterNodeGroup: m5.large is arm64, DKP's node software for x86_64"],
    [type(), "blocker", "masterNodeGroup: m5.large is of an unknown architecture, DKP's node software for x86_64"],
    [undefined, "blocker", "masterNodeGroup: eu-central-1 has no instance type m5.large"],
  ])("%j: %s", (info, verdict, found) => {
    expect(judgeInstanceType(info, MASTERS, "eu-central-1")).toMatchObject({ verdict, found });
  });
});

import type { InstanceTypeInfo } from "@aws-sdk/client-ec2";
import { judgeInstanceType } from "../../../../../src/cli/account/preflight/checks/instance-type";

const MASTERS = { field: "masterNodeGroup", ami: "ami-1", instanceType: "m5.large" };

describe("an instance type", () => {
  const type = (...architectures: string[]) => ({ ProcessorInfo: { SupportedArchitectures: architectures } }) as InstanceTypeInfo;

  it.each([
    [type("i386", "x86_64"), "ok", "masterNodeGroup: m5.large is available in eu-central-1, x86_64"],
    [type("arm64"), "failed", "masterNodeGroup: m5.large is arm64, and the node software of DKP requires x86_64"],
    [type(), "failed", "masterNodeGroup: m5.large is of an unknown architecture, and the node software of DKP requires x86_64"],
    [undefined, "failed", "masterNodeGroup: eu-central-1 has no instance type m5.large"],
  ])("%j: %s", (info, verdict, found) => {
    expect(judgeInstanceType(info, MASTERS, "eu-central-1")).toMatchObject({ verdict, found });
  });
});

import { judgeExistingVpc } from "../../../../../src/cli/account/preflight/checks/existing-vpc";

describe("an existing VPC", () => {
  const vpc = { id: "vpc-1", region: "eu-central-1", exists: true, gateways: [] };

  it.each([
    ["without a gateway", vpc, false, "ok", "vpc-1 exists and has no internet gateway"],
    [
      "with a gateway",
      { ...vpc, gateways: ["igw-1"] },
      false,
      "failed",
      "vpc-1 has the internet gateway igw-1, and DKP attaches its own in every layout",
    ],
    ["with the cluster's own gateway", { ...vpc, gateways: ["igw-1"] }, true, "ok", "vpc-1 exists, with igw-1"],
    ["that lost its gateway", vpc, true, "ok", "vpc-1 exists, with no internet gateway"],
    ["that does not exist", { ...vpc, exists: false }, true, "failed", "vpc-1 does not exist in eu-central-1 of this account"],
  ])("%s", (_, facts, existingCluster, verdict, found) => {
    expect(judgeExistingVpc(facts, existingCluster)).toMatchObject({ verdict, found });
  });
});

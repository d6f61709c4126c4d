import { judgeName, judgeTraces } from "../../../../../src/cli/account/preflight/checks/dkp-names";

describe("a name that DKP uses", () => {
  const name = (id: string | undefined) => ({ what: "key pair dev", id, code: "InvalidKeyPair.Duplicate" });

  it.each([
    ["unused before the cluster exists", undefined, false, "ok", "the key pair dev does not exist yet"],
    [
      "in use before the cluster exists",
      "key-1",
      false,
      "failed",
      "the key pair dev exists (key-1), and DKP creates it itself: the bootstrap would fail with InvalidKeyPair.Duplicate",
    ],
    ["in use by the cluster", "key-1", true, "ok", "the key pair dev exists (key-1), as --existing-cluster expects"],
    [
      "unused although the cluster exists",
      undefined,
      true,
      "warning",
      "the key pair dev does not exist, and --existing-cluster expects the cluster",
    ],
  ])("%s", (_, id, existingCluster, verdict, found) => {
    expect(judgeName(name(id), existingCluster)).toMatchObject({ verdict, found });
  });
});

describe("another cluster of the same prefix", () => {
  const NONE = { instances: [], securityGroups: [], subnets: [], vpcs: [] };

  it.each([
    ["instances", "i-1"],
    ["securityGroups", "sg-1 (dev-node)"],
    ["subnets", "subnet-1"],
  ])("is detected by its %s", (kind, id) => {
    expect(judgeTraces({ ...NONE, [kind]: [id] }, "dev", false)).toMatchObject({
      verdict: "failed",
      found: expect.stringContaining(id),
    });
  });

  it("is only a warning for a VPC alone, which may belong to anything", () => {
    expect(judgeTraces({ ...NONE, vpcs: ["vpc-1"] }, "dev", false)).toEqual({
      verdict: "warning",
      found: "the name that DKP gives to its VPC is in use: VPCs vpc-1; another cluster may have the prefix dev",
      remedy: "verify that there is none, or choose another cluster.prefix",
    });
  });

  it("is reported with at most three objects of a kind", () => {
    const instances = ["i-1", "i-2", "i-3", "i-4", "i-5"];
    expect(judgeTraces({ ...NONE, instances }, "dev", true).found).toBe(
      "a cluster with the prefix dev exists (instances i-1, i-2, i-3 and 2 more), as --existing-cluster expects",
    );
  });

  it("is expected only with --existing-cluster", () => {
    expect(judgeTraces(NONE, "dev", true).verdict).toBe("warning");
    expect(judgeTraces(NONE, "dev", false).verdict).toBe("ok");
  });
});

import { addressesNeeded, judgeAddresses } from "../../../src/preflight/checks/elastic-ips";
import { judgeExistingVpc } from "../../../src/preflight/checks/existing-vpc";
import { judgeName } from "../../../src/preflight/checks/name-collisions";
import { judgeTraces } from "../../../src/preflight/checks/same-prefix";

describe("a name that DKP takes", () => {
  const name = (id: string | undefined) => ({ what: "key pair dev", id, code: "InvalidKeyPair.Duplicate" });

  it.each([
    ["free before the cluster", undefined, false, "ok", "the key pair dev is free"],
    [
      "taken before the cluster",
      "key-1",
      false,
      "blocker",
      "the key pair dev exists (key-1), and DKP makes it itself: its bootstrap would stop at InvalidKeyPair.Duplicate",
    ],
    ["taken by the cluster", "key-1", true, "ok", "the key pair dev is there (key-1), as --existing-cluster says"],
    [
      "free although the cluster is there",
      undefined,
      true,
      "warning",
      "the key pair dev is not there, and --existing-cluster says that DKP has made the cluster",
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
  ])("shows by its %s", (kind, id) => {
    expect(judgeTraces({ ...NONE, [kind]: [id] }, "dev", false)).toMatchObject({
      verdict: "blocker",
      found: expect.stringContaining(id),
    });
  });

  it("does not show by a VPC alone, which may be anybody's", () => {
    expect(judgeTraces({ ...NONE, vpcs: ["vpc-1"] }, "dev", false)).toEqual({
      verdict: "warning",
      found: "carries the name that DKP gives to its VPC: VPCs vpc-1; perhaps of another cluster of the prefix dev",
      remedy: "make sure that it is none, or choose another cluster.prefix",
    });
  });

  it("is named by a few of its many parts", () => {
    const instances = ["i-1", "i-2", "i-3", "i-4", "i-5"];
    expect(judgeTraces({ ...NONE, instances }, "dev", true).found).toBe(
      "a cluster of the prefix dev is there (instances i-1, i-2, i-3 and 2 more), as --existing-cluster says",
    );
  });

  it("is missed where there should be one", () => {
    expect(judgeTraces(NONE, "dev", true).verdict).toBe("warning");
    expect(judgeTraces(NONE, "dev", false).verdict).toBe("ok");
  });
});

describe("an existing VPC", () => {
  const vpc = { id: "vpc-1", region: "eu-central-1", exists: true, gateways: [] };

  it.each([
    ["without a gateway", vpc, false, "ok", "vpc-1 exists and has no internet gateway"],
    [
      "with a gateway",
      { ...vpc, gateways: ["igw-1"] },
      false,
      "blocker",
      "vpc-1 has the internet gateway igw-1, and DKP attaches one of its own, in every layout",
    ],
    ["with the cluster's own gateway", { ...vpc, gateways: ["igw-1"] }, true, "ok", "vpc-1 exists, with igw-1"],
    ["that lost its gateway", vpc, true, "ok", "vpc-1 exists, with no internet gateway"],
    ["that does not exist", { ...vpc, exists: false }, true, "blocker", "vpc-1 is not in eu-central-1 of this account"],
  ])("%s", (_, facts, existingCluster, verdict, found) => {
    expect(judgeExistingVpc(facts, existingCluster)).toMatchObject({ verdict, found });
  });
});

describe("Elastic IPs", () => {
  const masters = { field: "masterNodeGroup", replicas: 3 };
  const front = { field: "nodeGroups.front", replicas: 2 };
  const bastion = { field: "withNAT.bastionInstance", replicas: 1 };

  it.each([
    ["WithoutNAT", { masters, staticNodes: [front] }, 5],
    ["WithoutNAT", { masters, staticNodes: [front], bastion }, 5],
    ["WithNAT", { masters, staticNodes: [front] }, 1],
    ["WithNAT", { masters, staticNodes: [front], bastion }, 2],
    ["Standard", { masters, staticNodes: [], bastion }, 1],
    ["WithoutNAT", { masters: { field: "masterNodeGroup" }, staticNodes: [] }, "cluster.masterNodeGroup.replicas"],
    ["WithoutNAT", { masters, staticNodes: [{ field: "nodeGroups.front" }] }, "cluster.nodeGroups.front.replicas"],
    [undefined, { masters, staticNodes: [] }, "cluster.layout"],
  ] as const)("requires, in layout %s with %j: %s", (layout, instances, needed) => {
    expect(addressesNeeded(layout, instances)).toBe(needed);
  });

  it.each([
    [2, "ok", "the cluster takes 3 in eu-central-1, 2 are taken, the quota is 5"],
    [3, "blocker", "the cluster takes 3 in eu-central-1, 3 are taken, and the quota is 5"],
  ])("with %s taken of 5", (taken, verdict, found) => {
    expect(judgeAddresses({ needed: 3, taken, quota: 5 }, "eu-central-1")).toMatchObject({ verdict, found });
  });

  it("are not judged by a quota that is not told", () => {
    expect(judgeAddresses({ needed: 3, taken: 0, quota: undefined }, "eu-central-1").verdict).toBe("cannot tell");
  });
});

import { addressesNeeded, judgeAddresses } from "../../../../../src/cli/account/preflight/checks/elastic-ips";

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
    [2, "ok", "the cluster requires 3 in eu-central-1, 2 are in use, the quota is 5"],
    [3, "failed", "the cluster requires 3 in eu-central-1, 3 are in use, and the quota is 5"],
  ])("with %s of 5 in use", (taken, verdict, found) => {
    expect(judgeAddresses({ needed: 3, taken, quota: 5 }, "eu-central-1")).toMatchObject({ verdict, found });
  });

  it("have an unknown result if the quota is not returned", () => {
    expect(judgeAddresses({ needed: 3, taken: 0, quota: undefined }, "eu-central-1").verdict).toBe("unknown");
  });
});

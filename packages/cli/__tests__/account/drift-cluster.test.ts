import { deployment } from "../../../../__tests__/helpers/deployment";
import { CONFIGURATION, runningClusterWith } from "../../../../__tests__/helpers/stand-in-cluster";
import { clusterDrift } from "../../src/account/drift/cluster";

const SETTINGS = "policy: { mode: minimal }\ncluster: { prefix: dev, layout: WithoutNAT }\n";

const found = (
  fields: string,
  { settings = SETTINGS, prefix = "dev", version = "1.77.4", text = CONFIGURATION } = {},
) => {
  const cluster = { ...runningClusterWith(`${text}${fields}`), prefix };
  return clusterDrift(deployment(settings), { cluster, version });
};

describe("drift of a running cluster", () => {
  it("has no finding where the cluster has what the settings say, or what has no effect on the policy", () => {
    expect(found("")).toEqual([]);
    expect(found("disableDefaultSecurityGroup: false\npeeredVPCs: []\n")).toEqual([]);
    expect(
      found("zones: [a]\n", { settings: "cluster: { prefix: dev, layout: WithoutNAT }" }),
    ).toEqual([]);
  });

  it.each([
    ["cluster.layout", { text: CONFIGURATION.replace("WithoutNAT", "Standard") }, ""],
    ["cluster.existingVPCID", {}, "existingVPCID: vpc-0123456789abcdef0\n"],
    ["cluster.peeredVPCs", {}, "peeredVPCs: [vpc-0123456789abcdef0]\n"],
    ["cluster.iamNodeRole", {}, "iamNodeRole: nodes\n"],
    ["cluster.tags", {}, "tags: { team: a }\n"],
    ["cluster.imdsv2", {}, "imdsv2: true\n"],
    // DKP manages the metadata options of instances also where it is false.
    ["cluster.imdsv2", {}, "imdsv2: false\n"],
  ])("reports %s with its effect on the policy", (field, given, fields) => {
    const findings = found(fields, given);
    expect(findings).toEqual([expect.objectContaining({ rule: "cluster-differs", field })]);
    expect(findings[0]?.values).toMatchObject({
      effect: expect.stringMatching(
        /^the policy (lacks \d+ actions? \(.+\)|has \d+ actions? that the cluster does not need \(.+\)|names other resources)$/,
      ),
    });
  });

  it.each([
    ["cluster.prefix", { prefix: "prod" }],
    ["region", { text: CONFIGURATION.replace("eu-central-1", "us-east-1") }],
  ])("compares nothing else of a cluster with another %s", (field, given) => {
    expect(found("imdsv2: true\n", given)).toEqual([
      expect.objectContaining({ rule: "cluster-is-another", field }),
    ]);
  });

  it("reports a version of DKP that the policy does not cover", () => {
    expect(found("", { version: "1.99.0" })).toEqual([
      { rule: "cluster-version-unknown", values: { version: "1.99", first: "1.70", last: "1.77" } },
    ]);
    expect(found("", { version: "1.70.3" })).toEqual([]);
  });
});

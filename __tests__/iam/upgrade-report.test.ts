import { CATALOGUE } from "../../src/iam/catalogue";
import { appliesTo, INCIDENTS, isNewer, KNOWN_VERSIONS, SUPPORTED_VERSIONS } from "../../src/iam/dkp-versions";
import { MODES, type Mode, policyStatements } from "../../src/iam/policy-statements";
import { upgradeReport } from "../../src/iam/upgrade-report";
import { clusterOf, ENVIRONMENT } from "../helpers/clusters";

const options = (mode: Mode) => ({ mode, supplement: true, cluster: clusterOf(), environment: ENVIRONMENT });
const actions = (list: readonly { readonly action: string }[]) => list.map(({ action }) => action);
const granted = (mode: Mode, dkpVersion?: (typeof KNOWN_VERSIONS)[number]) =>
  policyStatements({ ...options(mode), cluster: clusterOf({ dkpVersion, tags: { "dkp-cluster": "dev" } }) }).flatMap(
    (statement) => statement.actions,
  );

describe("upgradeReport", () => {
  it("reports the additional actions and the superfluous ones from 1.66 to 1.70", () => {
    const { add, remove, incidents } = upgradeReport({ from: "1.66", to: "1.70" }, options("minimal"));
    expect(actions(add)).toEqual(["ec2:DescribeAddressesAttribute", "ec2:DescribeInstanceTopology"]);
    expect(remove).toEqual([
      {
        action: "ec2:DescribeVpcClassicLink",
        why: "reads ClassicLink with each VPC: version 4 of the Terraform AWS provider, up to DKP 1.69",
        because: ["own-vpc"],
      },
      {
        action: "ec2:DescribeVpcClassicLinkDnsSupport",
        why: "reads ClassicLink with each VPC: version 4 of the Terraform AWS provider, up to DKP 1.69",
        because: ["own-vpc"],
      },
    ]);
    expect(incidents.map(({ source }) => source)).toEqual([
      "deckhouse/deckhouse#10842",
      "deckhouse/deckhouse#13513, #12957",
      "deckhouse/deckhouse#11546",
    ]);
  });

  it("reports from 1.69 to 1.77 that the ClassicLink actions can go, and the incidents of 1.70", () => {
    const { add, remove, incidents } = upgradeReport({ from: "1.69", to: "1.77" }, options("minimal"));
    expect(add).toEqual([]);
    expect(actions(remove)).toEqual(["ec2:DescribeVpcClassicLink", "ec2:DescribeVpcClassicLinkDnsSupport"]);
    expect(incidents.map(({ version }) => version)).toEqual(["1.70", "1.70"]);
  });

  it("reports the incident of 1.45 to clusters from before it", () => {
    const { incidents } = upgradeReport({ from: "1.44", to: "1.45" }, options("documented"));
    expect(incidents.map(({ source }) => source)).toEqual(["deckhouse/deckhouse#4409"]);
  });

  it("reports nothing between versions with the same calls", () => {
    expect(upgradeReport({ from: "1.74", to: "1.77" }, options("minimal"))).toEqual({ add: [], remove: [], incidents: [] });
  });

  it("rejects an upgrade to an older or the same version", () => {
    const upgrade = (from: "1.70", to: "1.70" | "1.9") => () => upgradeReport({ from, to }, options("minimal"));
    expect(upgrade("1.70", "1.9")).toThrow("DKP 1.9 is not newer than 1.70; write the older version first");
    expect(upgrade("1.70", "1.70")).toThrow("DKP 1.70 is not newer than 1.70; write the older version first");
  });
});

describe("the policy without dkpVersion", () => {
  const supported = KNOWN_VERSIONS.filter((version) => appliesTo({ since: version, until: version }, undefined));

  it("covers the versions from 1.70 to 1.77", () => {
    expect(supported).toEqual(["1.70", "1.71", "1.72", "1.73", "1.74", "1.75", "1.76", "1.77"]);
    expect([supported[0], supported.at(-1)]).toEqual([SUPPORTED_VERSIONS.first, SUPPORTED_VERSIONS.last]);
  });

  it.each(MODES)("allows in mode %s what the policies of all supported versions allow together", (mode) => {
    const together = new Set(supported.flatMap((version) => granted(mode, version)));
    expect([...new Set(granted(mode))].sort()).toEqual([...together].sort());
  });
});

describe("the version data", () => {
  it("is sorted, and contains only actions of the catalogue", () => {
    const known = actions(CATALOGUE);
    expect(INCIDENTS.flatMap((incident) => incident.actions).filter((action) => !known.includes(action))).toEqual([]);
    expect(INCIDENTS.every(({ version }, at) => at === 0 || !isNewer(INCIDENTS[at - 1]?.version ?? version, version))).toBe(true);
    expect(KNOWN_VERSIONS.every((version, at) => at === 0 || isNewer(version, KNOWN_VERSIONS[at - 1] ?? version))).toBe(true);
  });
});

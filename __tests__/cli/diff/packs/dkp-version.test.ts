import { changesOfVersion } from "../../../../src/cli/diff/packs/dkp-version";
import { deployment } from "../../../helpers/deployment";

const settings = (version: string) =>
  `policy: { mode: minimal }\ncluster: { prefix: dev, layout: Standard, dkpVersion: "${version}" }`;
const findings = (from: string, to: "1.70" | "1.77") =>
  changesOfVersion(deployment(settings(from)), to).deployments.flatMap((each) => each.findings);

describe("another version of DKP", () => {
  it("requires the actions that it calls and the policy lacks, and no longer needs others", () => {
    expect(findings("1.66", "1.70").map(({ rule, values }) => [rule, "action" in values ? values.action : values])).toEqual([
      ["version-required", "ec2:DescribeAddressesAttribute"],
      ["version-required", "ec2:DescribeInstanceTopology"],
      ["version-unneeded", "ec2:DescribeVpcClassicLink"],
      ["version-unneeded", "ec2:DescribeVpcClassicLinkDnsSupport"],
    ]);
  });

  it("changes nothing where the calls are the same", () => {
    expect(findings("1.74", "1.77")).toEqual([]);
  });
});

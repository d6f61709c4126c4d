import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCli } from "../../helpers/run-cli";

const SETTINGS = `region: eu-central-1
backend: { local: {} }
cluster: { prefix: dev, layout: Standard }
policy: { mode: minimal }
`;

describe("dkp-access upgrade", () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "upgrade-"));
    mkdirSync(join(folder, "deployments"));
    writeFileSync(join(folder, "cdktf.json"), "{}");
    writeFileSync(join(folder, "deployments/dev.yaml"), SETTINGS);
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  const upgrade = (...args: string[]) => runCli(folder, ["upgrade", "dev", ...args]);

  it("reports the actions to add, those to remove and the incidents, as text", async () => {
    const { status, stdout } = await upgrade("--from", "1.66", "--to", "1.70");
    expect({ status, stdout }).toMatchInlineSnapshot(`
      {
        "status": 0,
        "stdout": "DKP 1.66 -> 1.70
      add before the upgrade:
        ec2:DescribeAddressesAttribute: reads each Elastic IP; without it no layout can be created or destroyed
        ec2:DescribeInstanceTopology: reads the network topology of nodes; DKP raises an alert if the call is denied
      can be removed after the upgrade:
        ec2:DescribeVpcClassicLink: reads ClassicLink with each VPC: version 4 of the Terraform AWS provider, up to DKP 1.69
        ec2:DescribeVpcClassicLinkDnsSupport: reads ClassicLink with each VPC: version 4 of the Terraform AWS provider, up to DKP 1.69
      known incidents:
        1.67: policies from before this version lack the network interface actions; a change of security groups fails without them (deckhouse/deckhouse#10842)
        1.70: DKP 1.69.1 refuses the upgrade without these actions; the authorization page does not list the first one (deckhouse/deckhouse#13513, #12957)
        1.70: the Terraform AWS provider changes from 4.50.0 to 5.83.1, which no longer reads ClassicLink (deckhouse/deckhouse#11546)
      ",
      }
    `);
  });

  it("reports an upgrade that adds nothing", async () => {
    const { status, stdout } = await upgrade("--from", "1.70", "--to", "1.77", "--format", "json");
    expect({ status, add: JSON.parse(stdout).add }).toEqual({ status: 0, add: [] });
  });

  it("rejects a version that is not newer", async () => {
    expect(await upgrade("--from", "1.77", "--to", "1.70")).toEqual({
      status: 1,
      stdout: "",
      stderr: "DKP 1.70 is not newer than 1.77; write the older version first\n",
    });
  });

  it("rejects an unknown version, and names the known ones", async () => {
    const { status, stderr } = await upgrade("--from", "1.2", "--to", "1.70");
    expect(status).toBe(1);
    expect(stderr).toContain("'1.2' is invalid");
    expect(stderr).toContain("1.66");
  });
});

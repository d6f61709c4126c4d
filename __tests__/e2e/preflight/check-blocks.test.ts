import { AMI, imageResponse, master, REGION, settings, testAws } from "../support/preflight";
import { Deployments } from "../support/project";
import { ec2Answer } from "../support/stub-aws";
import type { Terraform } from "../support/terraform";

describe("a stack with preflight: true", () => {
  const aws = testAws();
  const NAMES = "user: { name: checked }\npolicy: { name: checked }\n";
  const checked = (region = REGION) => `${settings(master(`ami: ${AMI}`), NAMES, region)}preflight: true\n`;
  let deployments: Deployments;
  let terraform: Terraform;

  beforeAll(() => {
    deployments = Deployments.of({ dev: checked() });
    terraform = deployments.terraform("dev", aws().stub);
    terraform.init();
  });

  it("warns about region and image, and still applies", async () => {
    aws().stub.say({
      DescribeRegions: () =>
        ec2Answer(
          "DescribeRegions",
          "<regionInfo><item><regionName>us-east-1</regionName><regionEndpoint>ec2.us-east-1.amazonaws.com</regionEndpoint><optInStatus>opt-in-not-required</optInStatus></item></regionInfo>",
        ),
      ...imageResponse({
        disks: { "/dev/sda1": 8, "/dev/sdf": 20 },
        ephemeral: { "/dev/sdb": "ephemeral0" },
        architecture: "arm64",
      }),
    });
    const { status, output } = await terraform.start("apply", "-auto-approve");
    // Terraform frames warnings and wraps their lines to the width of the terminal.
    const shown = output.replaceAll(/[\s\u2500-\u257f]+/g, " ");
    for (const warning of [
      'eu-central-1 is not enabled in this account; enable it under "AWS Regions" of the account\'s page',
      `${AMI} has other disks than its root disk, and DKP takes exactly one`,
      `${AMI} is not for x86_64, which DKP's node software needs`,
    ]) {
      expect(shown).toContain(warning);
    }
    expect(shown).not.toContain("has no EBS root disk");
    expect(shown).toContain("Apply complete! Resources: 4 added");
    expect(status).toBe(0);
  });

  it("reports nothing when all checks pass, and reads data in every plan", async () => {
    aws().stub.say(imageResponse({ ephemeral: { "/dev/sdb": "ephemeral0" } }));
    const { status, output } = await terraform.start("plan", "-detailed-exitcode");
    expect(output).not.toContain("Warning");
    expect(output).toContain("Plan: 0 to add, 0 to change, 0 to destroy.");
    expect(status).toBe(2);
  });

  it("fails before any check in a region that is not enabled", async () => {
    deployments.change({ dev: checked("ap-east-1") });
    const { status, output } = await terraform.start("plan");
    expect(output).toContain("InvalidClientTokenId: The security token included in the request is invalid");
    expect(output).not.toContain("Check block assertion failed");
    expect(status).toBe(1);
  });
});

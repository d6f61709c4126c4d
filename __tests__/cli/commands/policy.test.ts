import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCli } from "../../helpers/run-cli";

const SETTINGS = "region: eu-central-1\nbackend: { local: {} }\ncluster: { prefix: dev, layout: Standard }\n";

describe("dkp-access policy", () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "policy-"));
    mkdirSync(join(folder, "deployments"));
    writeFileSync(join(folder, "cdktf.json"), "{}");
    writeFileSync(join(folder, "deployments/dev.yaml"), SETTINGS);
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  const policy = (...args: string[]) => runCli(folder, ["policy", ...args]);

  /** As AWS counts it: an account has 12 digits. */
  const sizeOf = (text: string) => JSON.stringify(JSON.parse(text)).replaceAll("ACCOUNT_ID", "123456789012").length;

  it("prints the policy on standard output, and its size on standard error", async () => {
    const { status, stdout, stderr } = await policy("dev");
    expect({ status, stderr }).toEqual({ status: 0, stderr: `documented: 2 statements, ${sizeOf(stdout)} of 6144 characters\n` });
    expect(Object.keys(JSON.parse(stdout))).toEqual(["Statement", "Version"]);
  });

  it("prints another mode without a change of the settings, and ACCOUNT_ID where the account is unknown", async () => {
    const { stdout, stderr } = await policy("dev", "--mode", "minimal");
    expect(stderr).toBe(`minimal: 10 statements, ${sizeOf(stdout)} of 6144 characters\n`);
    expect(stdout).toContain('"arn:aws:iam::ACCOUNT_ID:role/dev-node"');
  });

  it("uses the only deployment when no stack is named", async () => {
    expect((await policy()).stdout).toBe((await policy("dev")).stdout);
  });

  it("prints JSON with --format json", async () => {
    const printed = JSON.parse((await policy("--format", "json")).stdout);
    const { stdout } = await policy();
    expect(printed).toMatchObject({
      mode: "documented",
      limit: 6144,
      policies: [{ size: sizeOf(stdout), policy: JSON.parse(stdout) }],
    });
  });

  it("explains an action, whatever its case", async () => {
    expect((await policy("dev", "--mode", "scoped", "--explain", "iam:passrole")).stdout).toMatchInlineSnapshot(`
      "iam:PassRole (Write)
        why:     passes the node role to EC2, in AddRoleToInstanceProfile and in RunInstances
        source:  AWS IAM User Guide, passing a role to a service; deckhouse/mcm pkg/driver/driver_aws.go
        callers: terraform, machine-controller-manager
        listed:  in the DKP documentation
        for:     every cluster
        allowed: statement PassNodeRole, on arn:aws:iam::ACCOUNT_ID:role/dev-node
                 only if iam:PassedToService StringEquals ec2.amazonaws.com
      "
    `);
  });

  it("explains why an action is not granted", async () => {
    expect((await policy("dev", "--explain", "ec2:StopInstances")).stdout).toMatchInlineSnapshot(`
      "ec2:StopInstances (Write)
        why:     stops a node before a change of its instance type
        source:  measured
        callers: terraform
        listed:  not in the DKP documentation; an additional permission
        for:     not this cluster; clusters with feature instance-type-change (changing the instance type of masters, static nodes or the bastion)
        allowed: no
      "
    `);
  });

  it.each([
    [["other"], 'no deployment "other" in deployments, known are dev\n'],
    [
      ["--mode", "tight"],
      "option '--mode <mode>' argument 'tight' is invalid. Allowed choices are documented, scoped, minimal, strict\n",
    ],
    [
      ["--explain", "ec2:RunInstance"],
      '--explain: "ec2:RunInstance" is not an action that DKP is known to call, did you mean "ec2:RunInstances"?\n',
    ],
  ])("rejects %j", async (args, stderr) => {
    expect(await policy(...args)).toEqual({ status: 1, stdout: "", stderr });
  });

  it("warns about another deployment that is invalid, and goes on", async () => {
    const broken = join(folder, "deployments/broken.yaml");
    writeFileSync(broken, "region: eu-central-1\nuser: { name: b }\npolicy: { name: b }\nprotect: 1\nbackend: { local: {} }\n");
    try {
      const { status, stdout, stderr } = await policy("dev", "--mode", "scoped");
      expect(JSON.parse(stdout)).toHaveProperty("Statement");
      expect({ status, stderr: stderr.split("\n").slice(0, 3) }).toEqual({
        status: 0,
        stderr: [
          "warning: deployments/broken.yaml has 1 error:",
          "  line 4, protect: 1 is not true or false",
          "warning: continuing with dev, which is valid by itself",
        ],
      });
    } finally {
      rmSync(broken);
    }
  });

  it("applies --mode to the named stack only", async () => {
    const conflicting = join(folder, "deployments/other.yaml");
    writeFileSync(conflicting, "region: eu-central-1\nbackend: { local: {} }\nuser: { name: o }\npolicy: { name: o }\n");
    try {
      const { status, stderr } = await policy("dev", "--mode", "minimal");
      expect({ status, stderr }).toEqual({ status: 0, stderr: expect.stringMatching(/^minimal: 10 statements, .*\n$/) });
    } finally {
      rmSync(conflicting);
    }
  });
});

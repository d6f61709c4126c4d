import { COMMANDS as ROWS } from "../../../src/cli/commands/commands";
import { projectForEach, settingsOf } from "../../helpers/folder";
import { runCli } from "../../helpers/run-cli";

const BROKEN = `${settingsOf("b")}protect: 1\n`;
const COMMANDS = Object.keys(ROWS);

describe("dkp-access", () => {
  const { at, write } = projectForEach();

  it.each(COMMANDS)("%s --help documents the global options and the exit codes", async (name) => {
    const { status, stdout, stderr } = await runCli("/", [name, "--help"]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(new RegExp(`^Usage: dkp-access ${name} `));
    expect(stdout).toContain("--project <folder>");
    expect(stdout).toMatch(/\nExit codes:\n {2}0 {2}\w.*\n(?: {5}.*\n)* {2}1 {2}\w/);
    expect((await runCli("/", ["help", name])).stdout).toBe(stdout);
  });

  it.each(COMMANDS.filter((name) => name !== "init"))(
    "%s rejects a folder without the folder of the settings files",
    async (name) => {
      write({ "other/": "" });
      const stderr = `${at("other")}: has no deployments/; run the command in the folder of a project, or name it with --project FOLDER\n`;
      expect(await runCli(at("other"), [name])).toEqual({ status: 1, stdout: "", stderr });
      expect(await runCli("/", ["--project", at("other"), name])).toEqual({ status: 1, stdout: "", stderr });
      expect(await runCli("/", [name, "--project", at("none")])).toMatchObject({ status: 1, stdout: "" });
    },
  );

  it("acts on the project that --project names, and paths are relative to it", async () => {
    for (const args of [
      ["--project", at(), "review", "--out", "packs"],
      ["diff", "--against", "./packs", "--project", at()],
    ]) {
      expect(await runCli("/", args)).toMatchObject({ status: 0, stderr: "" });
    }
    expect((await runCli("/", ["synth", "--project", at()])).stdout).toBe("cdktf.out/stacks/dev/cdk.tf.json\n");
  });

  it.each([
    ["keys", 3],
    ["hand-over", 1],
  ])("%s rejects a stack that is not synthesized or not initialized, with exit code %d", async (name, status) => {
    expect(await runCli(at(), [name, "dev"])).toEqual({
      status,
      stdout: "",
      stderr: "cdktf.out/stacks/dev: the stack is not synthesized; run npx dkp-access synth first\n",
    });
    await runCli(at(), ["synth"]);
    expect(await runCli(at(), [name, "dev"], { TERRAFORM_BINARY_NAME: "tofu" })).toEqual({
      status,
      stdout: "",
      stderr: "cdktf.out/stacks/dev: tofu has not been initialized there; run tofu -chdir=cdktf.out/stacks/dev init first\n",
    });
  });

  it("keys without arguments reports all deployments, also after one that cannot be read", async () => {
    write({ "deployments/prod.yaml": settingsOf("prod") });
    const line = (stack: string, count: string) =>
      `${stack}: cdktf.out/stacks/${stack}: the stack is not synthesized; run npx dkp-access synth first\n${stack} (${count})\n`;
    const stderr = `${line("dev", "1 of 2")}${line("prod", "2 of 2")}`;
    expect(await runCli(at(), ["keys"])).toEqual({ status: 3, stdout: "", stderr });
  });

  it.each([[["review", "dev"]], [["policy", "dev"]], [["diff", "dev", "--against", "./packs"]]])(
    "%j warns about another invalid deployment and continues",
    async (args) => {
      await runCli(at(), ["review", "--out", "packs"]);
      write({ "deployments/broken.yaml": BROKEN });
      const { status, stderr } = await runCli(at(), args);
      expect({ status, lines: stderr.split("\n").slice(0, 3) }).toEqual({
        status: 0,
        lines: [
          "warning: deployments/broken.yaml has 1 error:",
          "  line 5, protect: 1 is not true or false",
          "warning: continuing with dev, which is valid by itself",
        ],
      });
    },
  );

  it("warns once about an invalid deployment when several others are named", async () => {
    write({ "deployments/prod.yaml": settingsOf("prod"), "deployments/broken.yaml": BROKEN });
    const { status, stderr } = await runCli(at(), ["review", "dev", "prod"]);
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: `warning: deployments/broken.yaml has 1 error:
  line 5, protect: 1 is not true or false
warning: continuing with dev, prod, which are valid by themselves
`,
    });
  });

  it("adds the stack trace of an error with DEBUG=1 only", async () => {
    expect((await runCli(at(), ["policy", "dve"], { DEBUG: "1" })).stderr).toMatch(/^Error: no deployment "dve".*\n +at /);
    expect((await runCli(at(), ["policy", "dve"])).stderr).not.toContain("    at ");
  });
});

const CLUSTER = "region: eu-central-1\nbackend: { local: {} }\ncluster: { prefix: dev, layout: Standard }\n";

describe("dkp-access policy", () => {
  const { at } = projectForEach(CLUSTER);
  const policy = (...args: string[]) => runCli(at(), ["policy", ...args]);

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

  it("explains an action, with the resources and conditions that it is limited to", async () => {
    expect((await policy("dev", "--mode", "scoped", "--explain", "iam:passrole")).stdout).toContain(
      `allowed: statement PassNodeRole, on arn:aws:iam::ACCOUNT_ID:role/dev-node
           only if iam:PassedToService StringEquals ec2.amazonaws.com\n`,
    );
  });
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { COMMANDS as ROWS } from "../../../src/cli/commands/commands";
import { runCli } from "../../helpers/run-cli";

const SETTINGS = "region: eu-central-1\nbackend: { s3: { bucket: state, region: eu-central-1 } }\n";
const BROKEN = `${SETTINGS}user: { name: b }\npolicy: { name: b }\nprotect: 1\n`;
const COMMANDS = Object.keys(ROWS);

describe("dkp-access", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "program-"));
    mkdirSync(join(folder, "deployments"));
    writeFileSync(join(folder, "cdktf.json"), "{}");
    writeFileSync(join(folder, "deployments/dev.yaml"), SETTINGS);
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (stack: string, text: string) => writeFileSync(join(folder, `deployments/${stack}.yaml`), text);

  it.each(COMMANDS)("%s --help documents the global options, the environment and the exit codes", async (name) => {
    const { status, stdout, stderr } = await runCli("/", [name, "--help"]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(new RegExp(`^Usage: dkp-access ${name} `));
    expect(stdout).toContain("--project <folder>");
    expect(stdout).toMatch(/\nEnvironment variables:\n(?: {2,}\S.*\n)+\nExit codes:\n {2}0 {2}\w.*\n(?: {5}.*\n)* {2}1 {2}\w/);
    expect((await runCli("/", ["help", name])).stdout).toBe(stdout);
  });

  it.each(COMMANDS.filter((name) => name !== "init"))("%s rejects a folder without cdktf.json", async (name) => {
    const other = mkdtempSync(join(tmpdir(), "no-project-"));
    const stderr = `${other}: has no cdktf.json; run the command in the folder of a project, or name it with --project FOLDER\n`;
    const command = [name];
    expect(await runCli(other, command)).toEqual({ status: 1, stdout: "", stderr });
    expect(await runCli("/", ["--project", other, ...command])).toEqual({ status: 1, stdout: "", stderr });
    expect(await runCli("/", [...command, "--project", join(other, "none")])).toMatchObject({ status: 1, stdout: "" });
    rmSync(other, { recursive: true });
  });

  it("names the project above the folder in which it runs, and the option for it", async () => {
    const below = join(folder, "deployments");
    expect(await runCli(below, ["synth"])).toEqual({
      status: 1,
      stdout: "",
      stderr: `${below}: has no cdktf.json, and ${folder} has one; run the command there, or add --project ${folder}\n`,
    });
  });

  it("acts on the project that --project names, and paths are relative to it", async () => {
    for (const args of [
      ["--project", folder, "review", "--out", "packs"],
      ["diff", "--against", "./packs", "--project", folder],
    ]) {
      expect(await runCli("/", args)).toMatchObject({ status: 0, stderr: "" });
    }
    expect((await runCli("/", ["synth", "--project", folder])).stdout).toBe("cdktf.out/stacks/dev/cdk.tf.json\n");
  });

  it.each([
    ["keys", 3],
    ["hand-over", 1],
  ])("%s rejects a stack that is not synthesized or not initialized, with exit code %d", async (name, status) => {
    expect(await runCli(folder, [name, "dev"])).toEqual({
      status,
      stdout: "",
      stderr: "cdktf.out/stacks/dev: the stack is not synthesized; run npx dkp-access synth first\n",
    });
    await runCli(folder, ["synth"]);
    expect(await runCli(folder, [name, "dev"], { TERRAFORM_BINARY_NAME: "tofu" })).toEqual({
      status,
      stdout: "",
      stderr: "cdktf.out/stacks/dev: tofu has not been initialized there; run tofu -chdir=cdktf.out/stacks/dev init first\n",
    });
  });

  it("keys without arguments reports all deployments, also after one that cannot be read", async () => {
    write("prod", `${SETTINGS}user: { name: prod }\npolicy: { name: prod }\n`);
    expect(await runCli(folder, ["keys"])).toEqual({
      status: 3,
      stdout: "",
      stderr: ["dev", "prod"]
        .map(
          (stack, index) =>
            `${stack}: cdktf.out/stacks/${stack}: the stack is not synthesized; run npx dkp-access synth first\n${stack} (${index + 1} of 2)\n`,
        )
        .join(""),
    });
  });

  it("keys never prints what --key names where that is no key ID: it may be the secret", async () => {
    const { status, stderr } = await runCli(folder, ["keys", "--leaked", "dev", "--key", "wJalrXUtnFEMI"]);
    expect({ status, isShown: stderr.includes("wJalrXUtnFEMI") }).toEqual({ status: 1, isShown: false });
    expect(stderr).toMatch(/^--key: .* \(not shown\)/);
  });

  it.each([[["review", "dev"]], [["policy", "dev"]], [["diff", "dev", "--against", "./packs"]]])(
    "%j warns about another invalid deployment and continues",
    async (args) => {
      await runCli(folder, ["review", "--out", "packs"]);
      write("broken", BROKEN);
      const { status, stderr } = await runCli(folder, args);
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
    write("prod", `${SETTINGS}user: { name: prod }\npolicy: { name: prod }\n`);
    write("broken", BROKEN);
    const { status, stderr } = await runCli(folder, ["review", "dev", "prod"]);
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: `warning: deployments/broken.yaml has 1 error:
  line 5, protect: 1 is not true or false
warning: continuing with dev, prod, which are valid by themselves
`,
    });
  });

  it("adds the stack trace of an error with DEBUG=1 only", async () => {
    expect((await runCli(folder, ["policy", "dve"], { DEBUG: "1" })).stderr).toMatch(/^Error: no deployment "dve".*\n +at /);
    expect((await runCli(folder, ["policy", "dve"])).stderr).not.toContain("    at ");
  });
});

const CLUSTER = "region: eu-central-1\nbackend: { local: {} }\ncluster: { prefix: dev, layout: Standard }\n";

describe("dkp-access policy", () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "policy-"));
    mkdirSync(join(folder, "deployments"));
    writeFileSync(join(folder, "cdktf.json"), "{}");
    writeFileSync(join(folder, "deployments/dev.yaml"), CLUSTER);
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

  it("explains an action, with the resources and conditions that it is limited to", async () => {
    expect((await policy("dev", "--mode", "scoped", "--explain", "iam:passrole")).stdout).toContain(
      `allowed: statement PassNodeRole, on arn:aws:iam::ACCOUNT_ID:role/dev-node
           only if iam:PassedToService StringEquals ec2.amazonaws.com\n`,
    );
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

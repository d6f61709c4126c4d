import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EXIT_CODES } from "../../../src/cli/commands/exit-codes";
import { runCli } from "../../helpers/run-cli";

const SETTINGS = "region: eu-central-1\nbackend: { s3: { bucket: state, region: eu-central-1 } }\n";
const BROKEN = `${SETTINGS}user: { name: b }\npolicy: { name: b }\nprotect: 1\n`;
const CHOICES = "Allowed choices are";
const usage = (...command: readonly string[]) => `${["dkp-access", ...command].join(" ")} --help shows the usage\n`;
const COMMANDS = Object.keys(EXIT_CODES);

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
  /** A stack that is synthesized and, as far as its folder shows, initialized. */
  const initialized = (stack: string) => {
    mkdirSync(join(folder, "cdktf.out/stacks", stack, ".terraform"), { recursive: true });
    writeFileSync(join(folder, "cdktf.out/stacks", stack, "cdk.tf.json"), "{}");
  };

  it("lists every command in its help", async () => {
    const { status, stdout, stderr } = await runCli(folder, ["--help"]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    for (const name of COMMANDS) {
      expect(stdout).toMatch(new RegExp(`^  ${name} +\\w`, "m"));
    }
  });

  it.each(COMMANDS)("%s --help documents the global options, the environment and the exit codes", async (name) => {
    const { status, stdout, stderr } = await runCli("/", [name, "--help"]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(new RegExp(`^Usage: dkp-access ${name} `));
    expect(stdout).toContain("--project <folder>");
    expect(stdout).toMatch(/\nEnvironment variables:\n(?: {2,}\S.*\n)+\nExit codes:\n {2}0 {2}\w.*\n(?: {5}.*\n)* {2}1 {2}\w/);
    expect((await runCli("/", ["help", name])).stdout).toBe(stdout);
  });

  it("prints the help and exits with 1 without a command", async () => {
    expect(await runCli(folder, [])).toEqual({ status: 1, stdout: "", stderr: expect.stringMatching(/^Usage: dkp-access /) });
  });

  it.each([
    [["synht"], "unknown command 'synht', did you mean synth?\n"],
    [["deploy"], `unknown command 'deploy'; ${usage()}`],
    [["policy", "--explian", "x"], "unknown option '--explian', did you mean --explain?\n"],
    [["synth", "--quiet"], `unknown option '--quiet'; ${usage("synth")}`],
    [["synth", "dev"], `too many arguments for 'synth'. Expected 0 arguments but got 1; ${usage("synth")}`],
    [["policy", "dev", "prod"], `too many arguments for 'policy'. Expected 1 argument but got 2; ${usage("policy")}`],
    [["hand-over", "dev", "prod"], `too many arguments for 'hand-over'. Expected 1 argument but got 2; ${usage("hand-over")}`],
    [["preflight", "dev", "prod"], `too many arguments for 'preflight'. Expected 1 argument but got 2; ${usage("preflight")}`],
    [["keys", "--format"], `option '--format <format>' argument missing; ${usage("keys")}`],
    [["keys", "--format", "yaml"], `option '--format <format>' argument 'yaml' is invalid. ${CHOICES} text, json\n`],
    [["hand-over", "--format", "text"], `option '--format <format>' argument 'text' is invalid. ${CHOICES} yaml, json\n`],
    [
      ["preflight", "--timeout", "soon"],
      '--timeout: "soon" is not a number of seconds up to 3600; write for example --timeout 120\n',
    ],
    [["drift", "--timeout", "0"], '--timeout: "0" is not a number of seconds up to 3600; write for example --timeout 120\n'],
    [["drift", "dve"], 'no deployment "dve" in deployments, did you mean "dev"?\n'],
    [["keys", "dve"], 'no deployment "dve" in deployments, did you mean "dev"?\n'],
  ])("rejects %j in one line with the remedy", async (args, stderr) => {
    expect(await runCli(folder, args)).toEqual({ status: 1, stdout: "", stderr });
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

  it("hand-over reports a missing Terraform binary", async () => {
    initialized("dev");
    expect(await runCli(folder, ["hand-over", "dev", "--yes"], { TERRAFORM_BINARY_NAME: "no-terraform" })).toEqual({
      status: 1,
      stdout: "",
      stderr: "no-terraform is not on the PATH; install 1.10 or newer, or set TERRAFORM_BINARY_NAME\n",
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

  it("reports an unreadable file in one line", async () => {
    expect(await runCli(folder, ["diff", "--plan", "none.json"])).toEqual({
      status: 1,
      stdout: "",
      stderr: "none.json: no such file or directory (ENOENT)\n",
    });
    rmSync(join(folder, "deployments"), { recursive: true });
    const { status, stderr } = await runCli(folder, ["synth"]);
    expect({ status, lines: stderr.split("\n") }).toEqual({
      status: 1,
      lines: ["deployments has 1 error:", expect.stringContaining("can't be read as a folder"), ""],
    });
    mkdirSync(join(folder, "deployments"));
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

describe("what commands print", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "print-"));
    mkdirSync(join(folder, "deployments"));
    writeFileSync(join(folder, "cdktf.json"), "{}");
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  const run = (...args: string[]) => runCli(folder, args);

  it("shows the name of a settings file on one line", async () => {
    writeFileSync(
      join(folder, "deployments", "x\n::error::y\u001b[2J\u202e.yaml"),
      "region: eu-central-1\nbackend: { local: {} }\n",
    );
    const { status, stdout, stderr } = await run("synth");
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr.split("\n")[0]).toBe("deployments/x\\n::error::y\\u001b[2J\\u202e.yaml has 1 error:");
    expect(stderr.split("\n").filter((line) => /^\s*::/.test(line))).toEqual([]);
  });

  it("runs no workflow command that a plan contains, in any format", async () => {
    writeFileSync(
      join(folder, "deployments", "dev.yaml"),
      "region: eu-central-1\nbackend: { s3: { bucket: state, region: eu-central-1 } }\n",
    );
    const policy = (Action: string) =>
      JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action, Resource: "*" }] });
    const [before, after] = [policy("s3:GetObject"), policy("s3:hostile\n::error::X\u001b[2J ##[add-mask]y")];
    const change = { actions: ["update"], before: { policy: before }, after: { policy: after } };
    const changed = { address: "aws_iam_policy.policy", mode: "managed", type: "aws_iam_policy", name: "policy", change };
    writeFileSync(
      join(folder, "plan.json"),
      JSON.stringify({
        format_version: "1.2",
        planned_values: {},
        configuration: {
          provider_config: { aws: { expressions: { region: { constant_value: "eu-central-1" } } } },
          root_module: {
            resources: [
              { address: "aws_iam_user.user", expressions: { name: { constant_value: "deckhouse" } } },
              { address: "aws_iam_policy.policy", expressions: { name: { constant_value: "D8CloudProviderAWS" } } },
            ],
          },
        },
        terraform_version: "1.11.4",
        resource_changes: [changed],
        complete: true,
        errored: false,
      }),
    );
    for (const format of ["text", "markdown", "json"]) {
      const { status, stdout, stderr } = await run("diff", "dev", "--plan", "plan.json", "--format", format);
      expect({ format, status, stderr }).toEqual({ format, status: 2, stderr: "" });
      expect(stdout).toContain("s3:hostile");
      expect(`${stdout}${stderr}`.split("\n").filter((line) => /^\s*::|##\[|\p{Cc}/u.test(line))).toEqual([]);
    }
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

import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { realPlan, SECRETS } from "../../../../__tests__/helpers/edited-plans";
import { folderForEach } from "../../../../__tests__/helpers/folder";
import { runCli } from "../../../../__tests__/helpers/run-cli";

const STACK = "cdktf.out/stacks/dev";

/** In place of Terraform: records its arguments, and the permissions of the plan's folder. */
const PROGRAM = `#!/bin/sh
here=$(dirname "$0")
echo "$*" | sed 's|[^ =]*/plan$|PLAN|' >> "$here/arguments"
case $1 in
  $FAILING) echo "no reason" >&2; exit $CODE ;;
  init) mkdir -p .terraform; echo '$BACKEND' > .terraform/terraform.tfstate; printf '\\n:'; sleep 0.1; echo ':error::x' ;;
  plan) cat "$here/printed"; for last in "$@"; do :; done; ls -ld "$(dirname "\${last#-out=}")" | cut -c 5-10 > "$here/mode"; echo secret > "\${last#-out=}"; exit $CHANGES ;;
  show) cat "$here/shown" ;;
  apply) cat "$5" > "$here/applied" ;;
esac
`;

interface Behavior {
  readonly failing?: string;
  readonly code?: number;
  readonly changes?: number;
  readonly backend?: object;
}

const S3 = {
  bucket: "state",
  key: "dev/terraform.tfstate",
  region: "eu-central-1",
  encrypt: true,
  use_lockfile: true,
};

describe.each(["plan", "apply"])("dkp-access %s", (command) => {
  const { at, read, write } = folderForEach({
    "cdktf.json": "{}",
    "deployments/dev.yaml":
      "region: eu-central-1\nbackend: { s3: { bucket: state, region: eu-central-1 } }\n",
    shown: JSON.stringify(realPlan("no-change")),
    printed: "",
  });
  const APPROVED = "0".repeat(64);
  /** With a program that fails for one command, and ends a plan with a code. */
  const run = async (
    args: readonly string[],
    behavior: Behavior = {},
    variables: Readonly<Record<string, string>> = {},
  ) => {
    const {
      failing = "nothing",
      code = 1,
      changes = 2,
      backend = { type: "s3", config: S3 },
    } = behavior;
    write({
      arguments: "",
      terraform: PROGRAM.replace("$FAILING", failing)
        .replace("$CODE", String(code))
        .replace("$CHANGES", String(changes))
        .replace("$BACKEND", JSON.stringify({ version: 3, backend })),
    });
    const approval =
      command === "apply" && !args.includes("--approved") ? ["--approved", APPROVED] : [];
    const env = { TERRAFORM_BINARY_NAME: at("terraform"), ...variables };
    const result = await runCli(at(), [command, ...approval, ...args], env);
    return { ...result, commands: read("arguments").trimEnd().split("\n") };
  };
  const patience = command === "apply" ? " -lock-timeout=10m" : "";
  const left = () => readdirSync(at(STACK)).sort();
  const EXPECTED = [".terraform", "cdk.tf.json", "versions.tf"];

  it("plans what synth writes, in a folder that nobody else can read and that is gone at the end", async () => {
    write({ [`${STACK}/cdk.tf.json`]: '{"planted":true}' });
    const { commands } = await run([]);
    expect(commands).toEqual([
      "init -input=false -no-color -reconfigure",
      `plan -input=false -no-color -detailed-exitcode${patience} -out=PLAN`,
      "show -json PLAN",
    ]);
    expect(read("mode")).toBe("------\n");
    expect(left()).toEqual(EXPECTED);
    expect(read(`${STACK}/cdk.tf.json`)).not.toContain("planted");
  });

  it("plans with the committed lock", async () => {
    write({ "locks/dev.terraform.lock.hcl": "" });
    expect((await run([])).commands[0]).toBe(
      "init -input=false -no-color -reconfigure -lockfile=readonly",
    );
  });

  it("runs no provider that a branch has brought along in the output folder", async () => {
    write({ [`${STACK}/.terraform.lock.hcl`]: "" });
    execFileSync("git", ["init", "--quiet", at()]);
    expect((await run([])).commands).toHaveLength(3);
    execFileSync("git", ["-C", at(), "add", "--force", `${STACK}/.terraform.lock.hcl`]);
    expect(await run([])).toMatchObject({
      status: 1,
      stderr: `${STACK}/.terraform.lock.hcl: is tracked by Git, and Terraform could run it unseen; delete the output folder cdktf.out, and commit that\n`,
      commands: [""],
    });
  });

  it.each<[string, Behavior, string]>([
    [
      "init",
      { failing: "init" },
      "terraform init ended with 1, so there is no plan; search docs/how-to/recover.md for the message above",
    ],
    [
      "init ends with 3",
      { failing: "init", code: 3 },
      "terraform init ended with 3, so there is no plan",
    ],
    [
      "plan",
      { failing: "plan" },
      "terraform plan ended with 1, so there is no plan; search docs/how-to/recover.md",
    ],
    [
      "plan ends as after a panic",
      { failing: "plan", code: 11 },
      "terraform plan ended with 11, so there is no plan",
    ],
    ["its summary", { failing: "show" }, "failed with 1: no reason\n"],
    ["nothing, and there is no backend", { backend: {} }, "backend s3 -> none"],
    [
      "nothing, and the backend is another",
      { backend: { type: "s3", config: { ...S3, bucket: "other" } } },
      `${STACK}: Terraform is initialized for another destination of the state than that of the settings: bucket state -> other\n`,
    ],
    [
      "nothing, and the backend has more",
      { backend: { type: "s3", config: { ...S3, secret_key: "secret" } } },
      "the settings: secret_key\n",
    ],
  ])("leaves no plan when Terraform fails in %s", async (_, behavior, message) => {
    expect(await run([], behavior)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining(message),
    });
    expect(left()).toEqual(
      EXPECTED.filter((name) => behavior.failing !== "init" || name !== ".terraform"),
    );
  });

  it("takes arguments of the backend from elsewhere if the settings leave them", async () => {
    write({
      "deployments/dev.yaml": `${read("deployments/dev.yaml")}  partial: true\n`
        .replace("{ s3:", "\n  s3:")
        .replace("} }", "}"),
    });
    const { stdout } = await run([], {
      changes: 0,
      backend: { type: "s3", config: { ...S3, secret_key: "secret", acl: "private" } },
    });
    expect(stdout).toContain(
      "the backend has arguments that the settings leave to -backend-config: secret_key, acl = private",
    );
  });

  it("takes the workspace that the settings name", async () => {
    const cloud = { organization: "x", workspaces: { name: "prod" } };
    write({ "deployments/dev.yaml": `region: eu-central-1\ncloud: ${JSON.stringify(cloud)}\n` });
    expect(
      (await run([], { changes: 0, backend: { type: "cloud", config: cloud } })).stderr,
    ).toMatch(/\nNothing to apply\.\n$/);
  });

  it("removes what a killed run left, and leaves what is not its own", async () => {
    const [killed, running] = [
      ".plan.0123456789ab.999999999.tmp",
      `.plan.0123456789ab.${process.ppid}.tmp`,
    ];
    write({ [`${STACK}/${killed}/plan`]: "secret", [`${STACK}/${running}/plan`]: "another run" });
    await run([]);
    expect(left()).toEqual([running, ...EXPECTED].sort());
  });

  it.each([
    ['accountId: "123456789012"', undefined],
    ["protect: false", "accountId is not set; protect: false"],
    ["provider: { version: '>= 5.100' }", "accountId is not set; provider.version: >= 5.100"],
    ["provider: { version: '~> 6' }", "accountId is not set; provider.version: ~> 6"],
    ["provider: { version: '~>5.100, != 5.101.0' }", "accountId is not set"],
    ["provider: { version: '~> 6.1.0' }", "accountId is not set"],
    ["provider: { version: 6.4.0 }", "accountId is not set"],
  ])("names the guards that the settings do not set, as a note: %s", async (settings, guards) => {
    write({ "deployments/dev.yaml": `${read("deployments/dev.yaml")}${settings}\n` });
    const { status, stdout } = await run([], { changes: 0 });
    const [line] = /(?<=^Guards that are off: ).*/m.exec(stdout) ?? [];
    expect([status, line]).toEqual([0, guards]);
  });

  it("says that nothing is to apply", async () => {
    const { status, stdout, stderr } = await run([], { changes: 0 });
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: expect.stringMatching(/\nNothing to apply\.\n$/),
    });
    expect(stdout).not.toContain("Digest");
  });

  it("applies an empty plan where the state is out of date", async () => {
    const before = { status: "Inactive", user: "deckhouse" };
    const deleted = {
      address: "aws_iam_access_key.user",
      change: { actions: ["delete"], before, after: null },
    };
    write({ shown: JSON.stringify({ ...realPlan("no-change"), resource_drift: [deleted] }) });
    const { stdout } = await run([], { changes: 0 });
    expect(stdout).toContain(
      "- the state is out of date, and an apply writes only the state: the access key",
    );
    expect(stdout).toMatch(/ [0-9a-f]{64}\n/);
  });

  it("prints the plan of Terraform without its secrets, and without how to apply a file that will be gone", async () => {
    const rule = "\u2500".repeat(76);
    // Terraform 1.11.4 wraps the text at 78 columns, and never breaks a path.
    const path = at(`${STACK}/.plan.7795b0eee9d5.30312.tmp/plan`);
    const saved = `${rule}\n\nSaved the plan to:\n${path}\n\nTo perform exactly these actions, run the following command to apply:\n    terraform apply "${path}"\n`;
    write({ printed: `+ tags = { a = "${SECRETS[0]}" }\nPlan: 1 to add.\n\n${saved}` });
    const { stderr } = await run([]);
    expect(stderr).toContain('\n+ tags = { a = "(secret)" }\nPlan: 1 to add.\n\n');
    expect(stderr).not.toMatch(/Saved the plan|To perform|terraform apply|\u2500/);
  });

  it("prints no plan that failed, because its secrets are unknown", async () => {
    write({ printed: `+ tags = { a = "${SECRETS[0]}" }\n` });
    expect((await run([], { failing: "show" })).stderr).not.toContain(SECRETS[0]);
  });

  it("prints what Terraform prints by lines, so that no part of one is a workflow command", async () => {
    expect((await run([])).stderr).toContain("\n\n\\u003a:error::x\n");
  });

  it.each([
    ["TF_CLI_ARGS_plan", "-refresh=false", "the argument -refresh can change what is planned"],
    ["TF_WORKSPACE", "other", "selects the workspace other, and the settings default; remove it"],
  ])("runs nothing with %s=%s", async (name, value, reason) => {
    const stderr = expect.stringContaining(`${name}: ${reason}`);
    expect(await run([], {}, { [name]: value })).toMatchObject({
      status: 1,
      stderr,
      commands: [""],
    });
  });

  it("runs nothing where the settings name another state than the folder has, and prints the command that moves it", async () => {
    const backend = { type: "s3", config: { ...S3, bucket: "former" } };
    write({ [`${STACK}/.terraform/terraform.tfstate`]: JSON.stringify({ version: 3, backend }) });
    const { status, stderr, commands } = await run([]);
    expect({ status, commands }).toEqual({ status: 1, commands: [""] });
    expect(stderr).toContain(
      `${STACK}: is initialized for s3 (bucket former, key dev/terraform.tfstate), and`,
    );
    expect(stderr).toContain(
      `move the state with ${at("terraform")} -chdir=${STACK} init -migrate-state (docs/how-to/`,
    );
  });

  it("runs nothing beside a state that could not be written", async () => {
    write({ [`${STACK}/errored.tfstate`]: "{}" });
    const { status, stderr, commands } = await run([]);
    expect({ status, commands }).toEqual({ status: 1, commands: [""] });
    expect(stderr).toContain("write it before another apply: docs/how-to/recover.md#errored-state");
  });

  if (command === "plan") {
    it("writes the digest into a file that is there only if there is something to apply", async () => {
      const { stdout } = await run(["--digest-file", "digest", "--format", "json"]);
      const { digest } = JSON.parse(stdout) as { readonly digest: string };
      expect(read("digest")).toBe(`${digest}\n`);
      expect((await run([])).stdout).toMatch(
        new RegExp(`\n\nApply it: npx dkp-access apply dev --approved ${digest}\n$`),
      );
      await run(["--digest-file", "digest"], { changes: 0 });
      expect(existsSync(at("digest"))).toBe(false);
    });
  } else {
    const digestOf = async () => /its digest is (\w+)\n/.exec((await run([])).stderr)?.[1] ?? "";

    it.each(["", "0".repeat(63), "A".repeat(64)])(
      "plans nothing for an approval that is no digest: %j",
      async (text) => {
        expect(await run(["--approved", text])).toMatchObject({
          status: 1,
          stderr: `--approved: "${text}" is no digest; give the 64 hexadecimal digits that plan printed\n`,
          commands: [""],
        });
      },
    );

    it("applies the plan with the approved digest, and no other", async () => {
      const digest = await digestOf();
      expect(digest).toMatch(/^[0-9a-f]{64}$/);
      expect(existsSync(at("applied"))).toBe(false);
      const { status, stdout } = await run(["--approved", digest]);
      expect({ status, stdout }).toEqual({
        status: 0,
        stdout: expect.stringMatching(/\nDigest: \w+\n\ndev: applied: no resource changed\.\n$/),
      });
      expect(read("applied")).toBe("secret\n");
      expect(left()).toEqual(EXPECTED);
    });

    it("refuses a change summary above what is accepted", async () => {
      write({ shown: JSON.stringify(realPlan("first-apply")) });
      const digest = await digestOf();
      const refused = await run(["--approved", digest]);
      expect(refused).toMatchObject({
        status: 3,
        stderr: expect.stringContaining("is 2, and --accept allows 0"),
      });
      expect(refused.stdout).not.toContain("Apply it: ");
      expect(existsSync(at("applied"))).toBe(false);
      expect(await run(["--approved", digest, "--accept", "2"])).toMatchObject({ status: 0 });
      write({ shown: JSON.stringify({ ...realPlan("first-apply"), errored: true }) });
      const failed = await run(["--approved", await digestOf(), "--accept", "2"]);
      expect(failed).toMatchObject({
        status: 3,
        stderr: expect.stringContaining("is 3, and --accept allows 2"),
      });
    });

    it("names the next step where a key is new, and keeps JSON whole", async () => {
      write({ shown: JSON.stringify(realPlan("first-apply")) });
      const args = ["--approved", await digestOf(), "--accept", "2"];
      const handOver =
        "dev: applied: 7 resources created.\nGive DKP the key: npx dkp-access hand-over dev --out provider.yaml\n";
      expect((await run(args)).stdout.endsWith(`\n${handOver}`)).toBe(true);
      const { stdout, stderr } = await run([...args, "--format", "json"]);
      expect(JSON.parse(stdout)).toMatchObject({ exitCode: 2 });
      expect(stderr.endsWith(`\n${handOver}`)).toBe(true);
    });

    it("ends with 1 when Terraform fails to apply", async () => {
      const digest = await digestOf();
      const { status, stderr } = await run(["--approved", digest], { failing: "apply", code: 9 });
      expect({ status, stderr }).toEqual({
        status: 1,
        stderr: expect.stringMatching(
          /terraform apply ended with 9; search docs\/how-to\/recover.md for the message above\n$/,
        ),
      });
      expect(left()).toEqual(EXPECTED);
    });

    it("rejects --accept without an approved digest", async () => {
      const stderr = expect.stringContaining(
        "error: --accept belongs to --approved; without it, apply asks",
      );
      expect(await runCli(at(), ["apply", "--accept", "3"])).toMatchObject({ status: 1, stderr });
    });

    it("rejects to ask where there is no terminal", async () => {
      const stderr = expect.stringContaining("error: apply asks at a terminal, and this is none");
      expect(await runCli(at(), ["apply"])).toMatchObject({ status: 1, stderr });
    });
  }
});

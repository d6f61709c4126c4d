import { chmodSync, existsSync, readFileSync, statSync } from "node:fs";
import { realPlan } from "../../helpers/edited-plans";
import { folderForEach } from "../../helpers/folder";
import { runCli } from "../../helpers/run-cli";
import { archiveOf, archiveParts, backendField, tfplan } from "../../helpers/saved-plans";

const STACK = "cdktf.out/stacks/dev";
const PLAN = `${STACK}/plan`;

/** A program in place of Terraform, which records its arguments. */
const PROGRAM = `#!/bin/sh
echo "$*" >> "$(dirname "$0")/arguments"
case "$*" in
  $FAILING) echo "no reason" >&2; exit 1 ;;
  plan*) cp "$(dirname "$0")/archive" plan; exit "$CODE" ;;
  show*) cat "$(dirname "$0")/shown" ;;
  init*) printf '\\n:'; sleep 0.1; echo ':error::x' ;;
esac
`;

describe("dkp-access plan", () => {
  const { at, read, write } = folderForEach({
    "cdktf.json": "{}",
    "deployments/dev.yaml": "region: eu-central-1\nbackend: { local: {} }\n",
    archive: archiveOf(archiveParts([["tfplan", tfplan(backendField("local", { path: "x" }))]])),
    shown: JSON.stringify(realPlan("no-change")),
    [`${STACK}/.terraform/providers/provider`]: "planted",
  });
  /** Runs the command with a program that fails for these arguments, and ends a plan with this code. */
  const plan = async (args: readonly string[], { failing = "nothing", code = 2 } = {}) => {
    write({ terraform: PROGRAM.replace("$FAILING", failing).replace("$CODE", String(code)) });
    chmodSync(at("terraform"), 0o755);
    const result = await runCli(at(), ["plan", ...args], { TERRAFORM_BINARY_NAME: at("terraform") });
    return { ...result, commands: read("arguments").trimEnd().split("\n") };
  };

  const SHOW = "show -json plan";
  const PLUGINS = `init -backend=false -input=false -no-color -lockfile=readonly -plugin-dir=`;
  const nextToPlan = () => at(`${STACK}/.terraform/providers`);

  it("plans what synth writes, and never runs the provider next to the plan where no lock is committed", async () => {
    const { status, commands } = await plan([]);
    expect({ status, commands }).toEqual({
      status: 3,
      commands: [
        "init -input=false -no-color",
        "plan -input=false -no-color -detailed-exitcode -out=plan",
        "init -backend=false -input=false -no-color",
        SHOW,
      ],
    });
  });

  it("plans the files of a pipeline with the committed lock, which the provider next to the plan must have", async () => {
    write({ "locks/dev.terraform.lock.hcl": "", [`${STACK}/cdk.tf.json`]: "{}" });
    expect((await plan(["--no-synth", "--no-lock"])).commands).toEqual([
      "init -input=false -no-color -lockfile=readonly -reconfigure",
      "plan -input=false -no-color -detailed-exitcode -lock=false -out=plan",
      `${PLUGINS}${nextToPlan()}`,
      SHOW,
    ]);
    expect(existsSync(at(`${STACK}/versions.tf`))).toBe(false);
  });

  it("takes the provider from elsewhere where the one next to the plan has another checksum than the lock", async () => {
    write({ "locks/dev.terraform.lock.hcl": "" });
    const { commands } = await plan([], { failing: "*-plugin-dir*" });
    expect(commands.slice(2)).toEqual([`${PLUGINS}${nextToPlan()}`, "init -backend=false -input=false -no-color", SHOW]);
  });

  it("leaves the plan for its owner alone, once its summary is complete", async () => {
    const { stderr } = await plan([]);
    expect(stderr).toContain(`apply plan; rm ${PLAN}\n`);
    expect(readFileSync(at(PLAN))).toEqual(readFileSync(at("archive")));
    expect(statSync(at(PLAN)).mode & 0o777).toBe(0o600);
  });

  it.each<[string, { readonly failing?: string; readonly code?: number }, number, string]>([
    ["there is nothing to apply", { code: 0 }, 3, "\nNothing to apply.\n"],
    ["Terraform fails to plan", { code: 1 }, 1, "terraform plan failed, so there is no plan; the reason is above\n"],
    ["its summary fails", { failing: "show*" }, 1, "failed with 1: no reason\n"],
    ["the provider of its summary is missing", { failing: "*-backend=false*" }, 1, "failed with 1: no reason\n"],
  ])("leaves no plan when %s", async (_, program, status, message) => {
    expect(await plan([], program)).toMatchObject({ status, stderr: expect.stringContaining(message) });
    expect(existsSync(at(PLAN))).toBe(false);
  });

  it("names docs/how-to/state-bucket.md where terraform init fails", async () => {
    write({ "deployments/dev.yaml": "region: eu-central-1\nbackend: { s3: { bucket: b, region: eu-central-1 } }\n" });
    expect((await plan([], { failing: "init*" })).stderr).toMatch(/the bucket does not exist: docs\/how-to\/state-bucket\.md\n$/);
  });

  it("prints what Terraform prints by lines, so that no part of one is a workflow command", async () => {
    expect((await plan([])).stderr).toContain("\n\n\\u003a:error::x\n");
  });
});

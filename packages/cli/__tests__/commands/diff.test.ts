import { existsSync, writeFileSync } from "node:fs";
import { realPlan } from "../../../../__tests__/helpers/edited-plans";
import { projectForEach, SETTINGS, settingsOf } from "../../../../__tests__/helpers/folder";
import { runCli } from "../../../../__tests__/helpers/run-cli";

describe("dkp-access diff", () => {
  const { at, write } = projectForEach();
  const diff = (...args: readonly string[]) => runCli(at(), ["diff", ...args]);
  const sinceReview = (...args: readonly string[]) => diff("--against", "./before", ...args);
  const changeAfterReview = async (change: string) => {
    await runCli(at(), ["review", "--out", "before"]);
    write({ "deployments/dev.yaml": `${SETTINGS}${change}` });
  };

  it("summarizes what the settings change against the review packs in a folder, and exits with 2 when permissions are broadened", async () => {
    await changeAfterReview("");
    expect(await sinceReview()).toEqual({
      status: 0,
      stdout:
        "Verdict: harmless (exit code 0). Nothing changes.\nCompared with folder ./before\n\nUnchanged: dev\n",
      stderr: "",
    });
    write({ "deployments/dev.yaml": `${SETTINGS}features: [volume-snapshots]\n` });
    const { status, stdout } = await sinceReview();
    expect(status).toBe(2);
    expect(stdout).toContain("ec2:CreateSnapshot");
    expect(existsSync(at("review"))).toBe(false);
  });

  it("says nothing of a committed provider lock against a folder, which has none", async () => {
    await changeAfterReview("");
    write({ "locks/dev.terraform.lock.hcl": "lock" });
    expect(await sinceReview()).toMatchObject({
      status: 0,
      stdout: expect.stringContaining("Unchanged: dev\n"),
    });
  });

  it("exits with 3 when an access key would be deleted, also with --format json", async () => {
    await changeAfterReview("user: { name: other }\n");
    const { status, stdout } = await sinceReview("--format", "json");
    expect(status).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({
      exitCode: 3,
      deployments: [{ stack: "dev", state: "changed" }],
    });
  });

  it("compares the named stack only", async () => {
    write({ "deployments/other.yaml": settingsOf("other") });
    await changeAfterReview("user: { name: third }\n");
    const { status, stdout } = await sinceReview("other");
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout:
        "Verdict: harmless (exit code 0). Nothing changes.\nCompared with folder ./before\n\nUnchanged: other\n",
    });
  });

  it("compares a change of the defaults in each deployment that it reaches", async () => {
    const own = (stack: string, more = "") =>
      `user: { name: ${stack} }\npolicy: { name: ${stack} }\n${more}`;
    write({
      "deployments/defaults.yaml": SETTINGS,
      "deployments/dev.yaml": own("dev"),
      "deployments/test.yaml": own("test"),
    });
    write({ "deployments/prod.yaml": own("prod", "protect: true\n") });
    await runCli(at(), ["review", "--out", "before"]);
    write({ "deployments/defaults.yaml": `${SETTINGS}protect: false\n` });
    const { status, stdout } = await sinceReview("--format", "json");
    expect(status).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({
      deployments: [
        { stack: "dev", state: "changed" },
        { stack: "prod", state: "unchanged" },
        { stack: "test", state: "changed" },
      ],
      findings: expect.arrayContaining(
        ["dev", "test"].map((stack) => expect.objectContaining({ stack, field: "protect" })),
      ),
    });
  });

  it.each([
    [["dve", "--against", "./before"], 'no deployment "dve" in deployments, known are dev\n'],
    [
      ["--plan", "deployments/dev.yaml"],
      "deployments/dev.yaml: is not a plan; terraform plan -out=FILE writes one, and terraform show -json FILE prints it\n",
    ],
  ])("rejects %j", async (args, message) => {
    expect(await diff(...args)).toEqual({ status: 1, stdout: "", stderr: message });
  });

  describe("with a plan of Terraform", () => {
    const PLAN = JSON.stringify(realPlan("no-change"));

    it("never exits with 0 for JSON, which carries no proof", async () => {
      write({ "plan.json": PLAN });
      expect(await diff("--plan", "plan.json")).toEqual({
        status: 2,
        stdout: `Verdict: attention (exit code 2). 1 other change requires attention.
Plan plan.json

dev
Other changes that require attention
  - anybody could have changed the JSON of this plan
    -> plan with dkp-access plan, which uses no file
`,
        stderr: "",
      });
    });

    it("names the command that prints the JSON of a saved plan", async () => {
      writeFileSync(at("plan"), Buffer.from("PK\u0003\u0004\u00ff", "latin1"));
      const environment = { CDKTF_OUTDIR: "build/tf", TERRAFORM_BINARY_NAME: "tofu" };
      expect(await runCli(at(), ["diff", "--plan", "plan"], environment)).toEqual({
        status: 1,
        stdout: "",
        stderr: `plan: is a saved plan; give its JSON, which tofu -chdir=build/tf/stacks/dev show -json ${at("plan")} prints\n`,
      });
    });
  });

  it("rejects the plan of another deployment", async () => {
    write({
      "deployments/prod.yaml": settingsOf("x"),
      "plan.json": JSON.stringify(realPlan("no-change")),
    });
    expect(await diff("prod", "--plan", "plan.json")).toEqual({
      status: 1,
      stdout: "",
      stderr:
        "plan.json: is the plan of another user than x, that of prod; name the stack of the plan\n",
    });
  });

  it("rejects a plan without a stack when there are several deployments", async () => {
    write({ "deployments/other.yaml": settingsOf("other") });
    expect((await diff("--plan", "plan")).stderr).toBe("name a stack: dev, other\n");
  });
});

import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkPlanOf, readPlan } from "../../../src/cli/diff/plan-file";
import { terraformCli } from "../../../src/terraform/terraform-cli";
import { type EditablePlan, realPlan } from "../../helpers/edited-plans";
import { packOf } from "../../helpers/simulated-diff";

const TERRAFORM = terraformCli({}, () => undefined);

describe("readPlan", () => {
  const folder = mkdtempSync(join(tmpdir(), "plan-"));
  const file = join(folder, "plan.json");

  afterAll(() => rmSync(folder, { recursive: true }));

  it("reads a plan as JSON", async () => {
    const change = { actions: ["no-op"], before: {}, after: {} };
    const plan = {
      format_version: "1.2",
      planned_values: {},
      configuration: { root_module: {} },
      resource_changes: [{ address: "aws_iam_user.user", mode: "managed", type: "aws_iam_user", change }],
    };
    writeFileSync(file, JSON.stringify(plan));
    expect(await readPlan(TERRAFORM, file)).toEqual(plan);
  });

  it.each([
    ["a state", JSON.stringify({ format_version: "1.0", terraform_version: "1.11.4", values: {} })],
    ["a string that is not JSON, without repeating it", "secret wJalrXUtnFEMI"],
  ])("rejects %s", async (_, content) => {
    writeFileSync(file, content);
    await expect(readPlan(TERRAFORM, file)).rejects.toThrow(
      `${file}: is not a plan; terraform plan -out=FILE writes one, and terraform show -json FILE prints it`,
    );
  });

  it("rejects a file that does not exist", async () => {
    await expect(readPlan(TERRAFORM, join(folder, "none"))).rejects.toThrow(
      `${join(folder, "none")}: cannot be read as a file (ENOENT); name a plan`,
    );
  });

  const AGAIN = "; create the plan again, and do not edit what terraform show -json prints";

  it.each<[string, (plan: EditablePlan) => object, string]>([
    [
      "another version of the format",
      (plan) => ({ ...plan, format_version: "2.0" }),
      'format_version: "2.0" is unknown; this reads 1.x',
    ],
    [
      "a version that is an object",
      (plan) => ({ ...plan, format_version: { toString: "" } }),
      "format_version: what it states is unknown; this reads 1.x",
    ],
    ["no configuration", ({ configuration: _, ...plan }) => plan, "configuration is missing, so the plan is not complete"],
    [
      "a configured resource whose address is an object",
      (plan) => ({ ...plan, configuration: { root_module: { resources: [{ address: { toString: "" } }] } } }),
      "configuration.root_module.resources[0] is malformed",
    ],
    [
      "no resource_changes",
      ({ resource_changes: _, ...plan }) => plan,
      "resource_changes is missing, so what the plan changes is unknown",
    ],
    [
      "empty resource_changes",
      (plan) => ({ ...plan, resource_changes: [] }),
      "resource_changes is missing, so what the plan changes is unknown",
    ],
    [
      "resource_changes that are an object",
      (plan) => ({ ...plan, resource_changes: {} }),
      "resource_changes is missing, so what the plan changes is unknown",
    ],
    ["a change that is null", (plan) => ({ ...plan, resource_changes: [null] }), "resource_changes[0] is malformed"],
    [
      "actions that are a string",
      (plan) => ({ ...plan, resource_changes: [{ ...plan.resource_changes[0], change: { actions: "no-op" } }] }),
      "resource_changes[0] is malformed",
    ],
    [
      "an unknown action",
      (plan) => ({ ...plan, resource_changes: [{ ...plan.resource_changes[0], change: { actions: ["replace"] } }] }),
      "resource_changes[0] is malformed",
    ],
    [
      "attributes that are a list",
      (plan) => ({
        ...plan,
        resource_changes: [{ ...plan.resource_changes[0], change: { actions: ["no-op"], before: [], after: {} } }],
      }),
      "resource_changes[0] is malformed",
    ],
    [
      "an address that is twice there",
      (plan) => ({ ...plan, resource_changes: [...plan.resource_changes, plan.resource_changes[0]] }),
      "resource_changes[11] has the address of another one",
    ],
    ["output_changes that are a list", (plan) => ({ ...plan, output_changes: [] }), "output_changes is malformed"],
    ["an output without actions", (plan) => ({ ...plan, output_changes: { region: {} } }), "output_changes.region is malformed"],
  ])("rejects a plan with %s", async (_, edit, defect) => {
    writeFileSync(file, JSON.stringify(edit(realPlan("no-change"))));
    await expect(readPlan(TERRAFORM, file)).rejects.toThrow(new Error(`${file}: ${defect}${AGAIN}`));
  });

  it("rejects what is not a regular file, and a file that is larger than any plan", async () => {
    await expect(readPlan(TERRAFORM, folder)).rejects.toThrow(`${folder}: is not a plan: it is not a regular file`);
    await expect(readPlan(TERRAFORM, "/dev/zero")).rejects.toThrow("/dev/zero: is not a plan: it is not a regular file");
    truncateSync(file, 2 ** 26 + 1);
    await expect(readPlan(TERRAFORM, file)).rejects.toThrow(`${file}: is not a plan: it has more than 67108864 bytes`);
  });

  it("rejects JSON that is nested too deeply, without a stack trace", async () => {
    writeFileSync(file, `${"[".repeat(1_000_000)}${"]".repeat(1_000_000)}`);
    await expect(readPlan(TERRAFORM, file)).rejects.toThrow(new RegExp(`^${file}: is not a plan`));
  });
});

describe("checkPlanOf", () => {
  const check = (settings: string) =>
    checkPlanOf(JSON.parse(JSON.stringify(realPlan("no-change"))), packOf(settings), "prod", "plan");
  const REMEDY = "name the stack of this plan, or run npx dkp-access synth and plan again";

  it("accepts a plan with the names, account and region of the settings", () => {
    expect(() => check("")).not.toThrow();
    expect(() => check("tags: { a: b }\nprotect: false")).not.toThrow();
  });

  it.each([
    ["user: { name: other }", `plan: aws_iam_user.user has name "deckhouse", and the settings of "prod" give "other"; ${REMEDY}`],
    [
      "policy: { name: other }",
      `plan: aws_iam_policy.policy has name "D8CloudProviderAWS", and the settings of "prod" give "other"; ${REMEDY}`,
    ],
    [
      "region: eu-west-1",
      `plan: the AWS provider has region "eu-central-1", and the settings of "prod" give "eu-west-1"; ${REMEDY}`,
    ],
    [
      "accountId: '123456789012'",
      `plan: the AWS provider has allowed_account_ids none, and the settings of "prod" give ["123456789012"]; ${REMEDY}`,
    ],
  ])("rejects the plan if the settings have %s", (settings, message) => {
    expect(() => check(settings)).toThrow(new Error(message));
  });
});

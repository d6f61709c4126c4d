import { type EditablePlan, realPlan } from "../../../../__tests__/helpers/edited-plans";
import { readPlan } from "../../src/diff/plan-file";

describe("readPlan", () => {
  const file = "plan.json";
  const NO_PLAN =
    "is not a plan; terraform plan -out=FILE writes one, and terraform show -json FILE prints it";
  const OTHER_FORMAT = "the version of its format is unknown; this reads 1.x";

  it("reads a plan as JSON", () => {
    const change = { actions: ["no-op"], before: {}, after: {} };
    const plan = {
      format_version: "1.2",
      planned_values: {},
      configuration: { root_module: {} },
      resource_changes: [
        { address: "aws_iam_user.user", mode: "managed", type: "aws_iam_user", change },
      ],
    };
    expect(readPlan(file, JSON.stringify(plan))).toEqual(plan);
  });

  it.each([
    ["a state", JSON.stringify({ format_version: "1.0", terraform_version: "1.11.4", values: {} })],
    ["a string that is not JSON, without repeating it", "secret wJalrXUtnFEMI"],
  ])("rejects %s", (_, content) => {
    expect(() => readPlan(file, content)).toThrow(`${file}: ${NO_PLAN}`);
  });

  it.each<[string, (plan: EditablePlan) => object, string]>([
    ["another version of the format", (plan) => ({ ...plan, format_version: "2.0" }), OTHER_FORMAT],
    [
      "a version that is an object",
      (plan) => ({ ...plan, format_version: { toString: "" } }),
      OTHER_FORMAT,
    ],
    ["no resource_changes", ({ resource_changes: _, ...plan }) => plan, NO_PLAN],
    ["empty resource_changes", (plan) => ({ ...plan, resource_changes: [] }), NO_PLAN],
  ])("rejects a plan with %s", (_, edit, defect) => {
    expect(() => readPlan(file, JSON.stringify(edit(realPlan("no-change"))))).toThrow(
      new Error(`${file}: ${defect}`),
    );
  });

  it("rejects JSON that is nested too deeply, without a stack trace", () => {
    expect(() => readPlan(file, `${"[".repeat(1_000_000)}${"]".repeat(1_000_000)}`)).toThrow(
      new RegExp(`^${file}: is not a plan`),
    );
  });
});

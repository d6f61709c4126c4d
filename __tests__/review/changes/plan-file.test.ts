import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readPlan } from "../../../src/review/changes/plan-file";

describe("a plan from a file", () => {
  const folder = mkdtempSync(join(tmpdir(), "plan-"));
  const file = join(folder, "plan.json");

  afterAll(() => rmSync(folder, { recursive: true }));

  it("may be JSON", async () => {
    const change = { actions: ["no-op"], before: {}, after: {} };
    const plan = {
      format_version: "1.2",
      planned_values: {},
      configuration: { root_module: {} },
      resource_changes: [{ address: "aws_iam_user.user", mode: "managed", type: "aws_iam_user", change }],
    };
    writeFileSync(file, JSON.stringify(plan));
    expect(await readPlan(file)).toEqual(plan);
  });

  it.each([
    ["a state", JSON.stringify({ format_version: "1.0", terraform_version: "1.11.4", values: {} })],
    ["what is no JSON, without repeating it", "secret wJalrXUtnFEMI"],
  ])("is not %s", async (_, content) => {
    writeFileSync(file, content);
    await expect(readPlan(file)).rejects.toThrow(
      `${file}: is no plan; terraform plan -out=FILE writes one, and terraform show -json FILE prints it`,
    );
  });

  it("must be there", async () => {
    await expect(readPlan(join(folder, "none"))).rejects.toThrow(
      `${join(folder, "none")}: can't be read as a file (ENOENT); name a plan`,
    );
  });
});

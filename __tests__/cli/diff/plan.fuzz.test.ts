import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { changesJson, exitCodeOf } from "../../../src/cli/diff/change-summary";
import { changesOfPlan } from "../../../src/cli/diff/compare";
import { checkPlanOf, readPlan } from "../../../src/cli/diff/plan-file";
import { changesMarkdown, changesText } from "../../../src/cli/diff/render-summary";
import { terraformCli } from "../../../src/terraform/terraform-cli";
import { realPlan } from "../../helpers/edited-plans";
import { anyCharacter, anyEdits, edited, fuzzParameters, SECRETS } from "../../helpers/fuzz";
import { packOf } from "../../helpers/simulated-diff";

const TERRAFORM = terraformCli({}, () => undefined);
const NAMES = ["no-change", "group-added", "first-apply"] as const;
const [SECRET = ""] = SECRETS;
/** The plans, with a secret where Terraform has it. */
const PLANS = new Map(
  NAMES.map((name) => [name, JSON.parse(JSON.stringify(realPlan(name)).replaceAll("example-secret", SECRET)) as object]),
);

describe("a plan that Terraform made but for a few changes", () => {
  const folder = mkdtempSync(join(tmpdir(), "fuzz-"));
  const file = join(folder, "plan.json");
  const pack = packOf("");

  afterAll(() => rmSync(folder, { recursive: true }));

  /** What the command prints, and its exit code: of the changes, or of the one error. */
  const diff = async (content: string) => {
    writeFileSync(file, content);
    let plan: Awaited<ReturnType<typeof readPlan>>;
    try {
      plan = await readPlan(TERRAFORM, file);
      checkPlanOf(plan, pack, "prod", file);
    } catch (error) {
      const { name, message } = error as Error;
      expect({ name, message }).toEqual({ name: "Error", message: expect.stringMatching(/^[^\n]*plan\.json: [^\n]+$/) });
      return { exitCode: 1, printed: message };
    }
    const changes = changesOfPlan(plan, "prod", "Plan");
    return { exitCode: exitCodeOf(changes), printed: changesText(changes) + changesMarkdown(changes) + changesJson(changes) };
  };

  it("is summarized, or rejected in one line, without secrets", async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...NAMES), anyEdits, async (name, edits) => {
        const plan = PLANS.get(name) as object;
        const { exitCode, printed } = await diff(JSON.stringify(edited(plan, edits)));
        expect([0, 1, 2, 3]).toContain(exitCode);
        expect(printed).not.toMatch(/^ +at /m);
        // A copy may put the secret where a name is; and edits may do so with the text of another secret.
        const isMoved = edits.some(({ kind, value }) => kind === "copy" || value === SECRET);
        expect(printed.includes(SECRET) && !isMoved).toBe(false);
      }),
      fuzzParameters(60),
    );
  });

  it("is rejected in one line, or summarized, when its text is changed", async () => {
    const anyChange = fc.record({
      at: fc.nat(),
      remove: fc.nat({ max: 200 }),
      insert: fc.string({ unit: anyCharacter, maxLength: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...NAMES), anyChange, async (name, { at, remove, insert }) => {
        const text = JSON.stringify(PLANS.get(name));
        const start = at % text.length;
        const { exitCode } = await diff(text.slice(0, start) + insert + text.slice(start + remove));
        expect([0, 1, 2, 3]).toContain(exitCode);
      }),
      fuzzParameters(20),
    );
  });
});

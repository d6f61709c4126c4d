import fc from "fast-check";
import { changesExitCode, changesJson } from "../../../../src/cli/diff/changes";
import { readPlan } from "../../../../src/cli/diff/plan-file";
import { changesOfPlan } from "../../../../src/cli/diff/plans/plan-findings";
import { changesMarkdown, changesText } from "../../../../src/cli/diff/render-summary";
import type { JsonObject } from "../../../../src/text/json";
import { realPlan, SECRETS } from "../../../helpers/edited-plans";
import { anyCharacter, anyEdits, edited, fuzzParameters } from "../../../helpers/fuzz";

const NAMES = ["no-change", "first-apply"] as const;
const [SECRET] = SECRETS;
const PLANS = new Map(NAMES.map((name) => [name, realPlan(name)]));

describe("a plan that Terraform made but for a few changes", () => {
  /** What the command prints, and its exit code: of the changes, or of the one error. */
  const diff = (content: string) => {
    let plan: JsonObject;
    try {
      plan = readPlan("plan.json", content);
    } catch (error) {
      const { name, message } = error as Error;
      expect({ name, message }).toEqual({ name: "Error", message: expect.stringMatching(/^[^\n]*plan\.json: [^\n]+$/) });
      return { exitCode: 1, printed: message };
    }
    const changes = changesOfPlan(plan, "prod", "Plan");
    return {
      exitCode: changesExitCode(changes),
      printed: changesText(changes) + changesMarkdown(changes) + changesJson(changes),
    };
  };

  it("is summarized, or rejected in one line, without secrets", () => {
    fc.assert(
      fc.property(fc.constantFrom(...NAMES), anyEdits, (name, edits) => {
        const plan = PLANS.get(name) as object;
        const { exitCode, printed } = diff(JSON.stringify(edited(plan, edits)));
        expect([0, 1, 2, 3]).toContain(exitCode);
        expect(printed).not.toMatch(/^ +at /m);
        // Edits may remove the key that the secret belongs to, so that it is any other text.
        const isKnown = JSON.stringify(edited(plan, edits)).includes(`"secret":"${SECRET}"`);
        expect(printed.includes(SECRET) && isKnown).toBe(false);
      }),
      fuzzParameters(60),
    );
  });

  it("is rejected in one line, or summarized, when its text is changed", () => {
    const anyChange = fc.record({
      at: fc.nat(),
      remove: fc.nat({ max: 200 }),
      insert: fc.string({ unit: anyCharacter, maxLength: 3 }),
    });
    fc.assert(
      fc.property(fc.constantFrom(...NAMES), anyChange, (name, { at, remove, insert }) => {
        const text = JSON.stringify(PLANS.get(name));
        const start = at % text.length;
        const { exitCode } = diff(text.slice(0, start) + insert + text.slice(start + remove));
        expect([0, 1, 2, 3]).toContain(exitCode);
      }),
      fuzzParameters(20),
    );
  });
});

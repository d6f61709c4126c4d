import { changesExitCode, changesJson, findingsOf } from "../../../src/cli/diff/changes";
import type { JsonObject } from "../../../src/cli/diff/json-values";
import { changesOfPlan } from "../../../src/cli/diff/plan";
import { changesMarkdown, changesText } from "../../../src/cli/diff/render-summary";
import { RULES } from "../../../src/cli/diff/rules";
import { levelOf } from "../../../src/cli/findings/finding";
import { editedPlans, realPlan, SECRETS } from "../../helpers/edited-plans";

/** Of a plan of which the configuration is proven to be that of the settings. */
const changesOf = (plan: object) => changesOfPlan(plan as JsonObject, "x", "Plan", "verified");
const rulesOf = (changes: ReturnType<typeof changesOf>) =>
  new Set<string>(findingsOf(changes).flatMap((found) => (levelOf(RULES, found) === "note" ? [] : [found.rule])));

const PLANS = Object.entries(editedPlans());

describe("the summary of an edited plan", () => {
  it.each(PLANS)("has the exit code and the rules of the edit: %s", (_, { base, plan, exitCode, rules }) => {
    const changes = changesOf(plan);
    const known = rulesOf(changesOf(realPlan(base)));
    const added = [...rulesOf(changes)].filter((rule) => !known.has(rule));
    expect({ exitCode: changesExitCode(changes), rules: added.sort() }).toEqual({ exitCode, rules: [...rules].sort() });
    const printed = changesText(changes) + changesMarkdown(changes) + changesJson(changes);
    expect(SECRETS.filter((secret) => printed.includes(secret))).toEqual([]);
  });

  it("is tested for at least 200 edits", () => {
    expect(PLANS.length).toBeGreaterThanOrEqual(200);
  });
});

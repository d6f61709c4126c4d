import { exitCodeOf } from "../../../src/cli/diff/change-summary";
import { changesOfPlan } from "../../../src/cli/diff/compare";
import type { JsonObject } from "../../../src/cli/diff/json-values";
import { EDITED_PLANS, type EditablePlan, realPlan } from "../../helpers/edited-plans";

const summary = (plan: EditablePlan) => changesOfPlan(plan as unknown as JsonObject, "deckhouse", "plan");

/** What makes the exit code other than 0. */
function reported(plan: EditablePlan): readonly string[] {
  return summary(plan).deployments.flatMap(({ breakingChanges, secretExposures, permissions: { broadened, otherBroadened } }) => [
    ...breakingChanges,
    ...otherBroadened,
    ...secretExposures,
    ...broadened.map(({ action }) => action),
  ]);
}

describe("the summary of an edited plan", () => {
  it.each(Object.entries(EDITED_PLANS))("reports what the edit adds: %s", (_, { base, edit, exitCode, reported: expected }) => {
    const plan = realPlan(base);
    edit(plan);
    const known = reported(realPlan(base));
    const added = reported(plan).filter((line) => !known.includes(line));
    expect(added).toEqual(expected);
    expect(exitCodeOf(summary(plan))).toBe(exitCode);
  });
});

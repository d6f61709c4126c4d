import { ofPlan } from "../../helpers/changes";
import { EDITED_PLANS, type EditablePlan, realPlan } from "../../helpers/edited-plans";

/** What makes the exit code other than 0. */
function reported(plan: EditablePlan): readonly string[] {
  return ofPlan(plan).deployments.flatMap(({ breakingChanges, secretExposures, broadened, otherBroadened, attention }) => [
    ...breakingChanges,
    ...otherBroadened,
    ...secretExposures,
    ...attention,
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
    expect(ofPlan(plan).exitCode).toBe(exitCode);
  });
});

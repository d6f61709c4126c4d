import schema from "../../docs/reference/findings.schema.json";
import { changesJson } from "../../src/cli/diff/changes";
import { changesOfPlan } from "../../src/cli/diff/plans/plan-findings";
import { editedPlans } from "../helpers/edited-plans";
import { schemaErrors } from "../helpers/json-schema";

// What each edited plan means: __tests__/cli/diff/plans/plans.test.ts.
describe("the change summary of every edited plan", () => {
  it("matches the published schema as JSON", () => {
    for (const { plan } of Object.values(editedPlans())) {
      expect(schemaErrors(JSON.parse(changesJson(changesOfPlan(plan, "dev", "Plan"))) as unknown, schema)).toEqual([]);
    }
  });
});

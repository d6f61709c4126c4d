import "@microsoft/jest-sarif";
import { toBeValidSarifLog } from "@microsoft/jest-sarif";
import schema from "../../docs/reference/findings.schema.json";
import { changesJson } from "../../src/cli/diff/changes";
import { changesOfPlan } from "../../src/cli/diff/plan";
import { RULES } from "../../src/cli/diff/rules";
import { changesSarif } from "../../src/cli/diff/sarif";
import { editedPlans } from "../helpers/edited-plans";
import { schemaErrors } from "../helpers/json-schema";

expect.extend({ toBeValidSarifLog });

interface Log {
  readonly runs: readonly { readonly results: readonly { readonly ruleId: string }[] }[];
}

// What each edited plan means: __tests__/cli/diff/plans.test.ts.
describe("the change summary of every edited plan", () => {
  it("is valid as SARIF, with a result unless the exit code is 0, and matches the published schema as JSON", () => {
    for (const { plan, exitCode } of Object.values(editedPlans())) {
      const changes = changesOfPlan(plan, "dev", "Plan", "verified");
      const log = JSON.parse(changesSarif(changes, { path: () => "x", lineOf: () => undefined })) as Log;
      expect(log).toBeValidSarifLog();
      const rules = log.runs.flatMap(({ results }) => results.map(({ ruleId }) => ruleId));
      expect(rules.filter((rule) => !(rule in RULES))).toEqual([]);
      expect(rules.length > 0).toBe(exitCode > 0);
      expect(schemaErrors(JSON.parse(changesJson(changes)) as unknown, schema)).toEqual([]);
    }
  });
});

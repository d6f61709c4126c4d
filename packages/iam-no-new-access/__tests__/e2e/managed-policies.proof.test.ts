import { execFileSync } from "node:child_process";
import { comparisonOf } from "../../src/decide";
import type { Answer, Side } from "../../src/model";
import { rows } from "../helpers/complete";
import { contradictions, likelyRequests } from "../helpers/simulation";

interface Document {
  readonly Version: string;
  readonly Statement: readonly object[] | object;
}

/** As moto has them. */
const PRINT = `import json
from moto.iam.aws_managed_policies import aws_managed_policies_data as data
print(json.dumps({name: policy["Document"] for name, policy in json.loads(data).items()}))`;

const MAX_SECONDS = 2;

// The simulator matches no resource with a pattern that has a wildcard before the first slash of
// the last component.
const NOT_SIMULATED = /:[^:"/]*\*\//;

/**
 * Each policy against itself without its last statement, and those with full access against those
 * for reading alone.
 */
function pairsOf(
  policies: Readonly<Record<string, Document>>,
): readonly (readonly [name: string, after: Document, before: Document])[] {
  const own = Object.entries(policies).map(([name, policy]) => {
    const before = { ...policy, Statement: [policy.Statement].flat().slice(0, -1) };
    return [name, policy, before] as const;
  });
  const levels = Object.entries(policies).flatMap(([name, policy]) => {
    const full = name.replace(/ReadOnly(Access)?/, "FullAccess");
    const other = policies[full] ?? policies[full.replace("FullAccess", "Full")];
    return other === undefined || other === policy
      ? []
      : [[`${name} and ${full}`, other, policy] as const];
  });
  return [...own, ...levels];
}

describe("AWS's managed policies", () => {
  const policies = JSON.parse(
    execFileSync("python3", ["-c", PRINT], { encoding: "utf8", maxBuffer: 2 ** 28 }),
  ) as Readonly<Record<string, Document>>;
  const all = pairsOf(policies);
  const pairs = rows(all, 6);
  const answers = new Map<
    string,
    { readonly added: Answer; readonly removed: Answer; readonly seconds: number }
  >();

  beforeAll(() => {
    for (const [name, after, before] of pairs) {
      const start = process.cpuUsage();
      const { added, removed } = comparisonOf({ identity: [after] }, { identity: [before] });
      const both = { added: added(), removed: removed() };
      const { user, system } = process.cpuUsage(start);
      answers.set(name, { ...both, seconds: (user + system) / 1e6 });
    }
  });

  /**
   * Pairs with too many combinations; those with policy variables, or with operators that are not
   * decided, name the statement.
   */
  const open = (direction: "added" | "removed") =>
    [...answers.values()].filter(
      ({ [direction]: answer }) =>
        answer.kind === "not-comparable" && answer.statement === undefined,
    ).length;

  it("are decided as far as tests are interpreted, except for 2 of 100 pairs, each within two seconds", () => {
    const slowest = Math.max(...[...answers.values()].map(({ seconds }) => seconds));
    process.stderr.write(
      `${pairs.length} pairs of ${Object.keys(policies).length} policies: open ${open("added")}, in the other direction ${open("removed")}; at most ${slowest.toFixed(2)} s\n`,
    );
    expect(all.length).toBeGreaterThan(1_500);
    expect(open("added") / pairs.length).toBeLessThan(0.02);
    expect(open("removed") / pairs.length).toBeLessThan(0.02);
    expect(slowest).toBeLessThan(MAX_SECONDS);
  });

  it("are decided as the IAM simulator evaluates requests", () => {
    const simulated = pairs.filter(
      ([, after, before]) => !NOT_SIMULATED.test(JSON.stringify([after, before])),
    );
    expect(simulated.length / pairs.length).toBeGreaterThan(0.9);
    const contradictions = simulated.flatMap(([name, after, before]) => {
      const [has, had]: readonly [Side, Side] = [{ identity: [after] }, { identity: [before] }];
      const { added, removed } = answers.get(name) ?? {};
      return [...contradicted(added, has, had), ...contradicted(removed, had, has)].map(
        (request) => [name, request],
      );
    });
    expect(contradictions).toEqual([]);
  });
});

/** The same for the requests of two statements. */
function contradicted(answer: Answer | undefined, after: Side, before: Side): readonly object[] {
  const requests = [likelyRequests(after)]
    .flatMap((all) => [all.next(), all.next()])
    .flatMap(({ value }) => value ?? []);
  return answer === undefined ? [] : contradictions(after, before, answer, requests);
}

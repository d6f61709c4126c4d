import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { dividedPolicies } from "../../src/iam/deployment-policies";
import { type PolicyDocument, policyDocument } from "../../src/iam/policy-document";
import type { Statement } from "../../src/iam/policy-statement";
import { type PolicyOptions, policyStatements } from "../../src/iam/policy-statements";
import { anyOptions, UNTAGGED_MODES } from "../helpers/clusters";
import { cases, SAMPLE } from "../helpers/complete";
import { PROJECT } from "../helpers/project-root";
import { folder } from "./support/project";

const DEPLOYMENTS = cases(40, 2_000);
/** Deployments that show that the proof fails where it has to. */
const CONTROLS = 20;

type Deployment = Omit<PolicyOptions, "mode">;

const FORMER_ROLES = Array.from({ length: 60 }, (_, index) => `/former/role-of-the-nodes-before-change-${index}`);

/** With 40 and more former node roles, the permissions exceed two policies. */
const anyDeployment = fc
  .tuple(
    anyOptions,
    fc.oneof({ weight: 7, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: 40, max: 60 }) }),
  )
  .map(([options, count]) => withFormerRoles(options, FORMER_ROLES.slice(0, count)));

function withFormerRoles({ cluster, ...options }: Deployment, roles: readonly string[]): Deployment {
  return { ...options, cluster: { ...cluster, formerIamNodeRoles: [...cluster.formerIamNodeRoles, ...roles] } };
}

const deployments = fc.sample(anyDeployment, { numRuns: DEPLOYMENTS, seed: SAMPLE });

interface Pair {
  readonly after: readonly PolicyDocument[];
  readonly before: readonly PolicyDocument[];
}

const pair = (after: readonly (readonly Statement[])[], before: readonly (readonly Statement[])[]): Pair => ({
  after: after.map((statements) => policyDocument(statements)),
  before: before.map((statements) => policyDocument(statements)),
});

function modesOf(options: Deployment) {
  const [documented = [], scoped = [], minimal = []] = UNTAGGED_MODES.map((mode) =>
    policyStatements({ ...options, mode, supplement: mode === "documented" || options.supplement }),
  );
  return { documented, scoped, minimal };
}

/** What Z3 must show for pairs of policies: "unsat", no request is allowed by the first ones and not by the second ones, or "sat". */
interface Question {
  readonly expected: "sat" | "unsat";
  readonly pairOf: (options: Deployment) => Pair;
}

const proven = (pairOf: Question["pairOf"]): Question => ({ expected: "unsat", pairOf });
const refuted = (pairOf: Question["pairOf"]): Question => ({ expected: "sat", pairOf });

const QUESTIONS = {
  "minimal allows at most what scoped allows": proven((options) => pair([modesOf(options).minimal], [modesOf(options).scoped])),
  "scoped allows at most what documented with the additional permissions allows": proven((options) =>
    pair([modesOf(options).scoped], [modesOf(options).documented]),
  ),
  "the parts of a divided scoped policy allow at most what it allows": proven((options) =>
    pair(dividedPolicies(modesOf(options).scoped), [modesOf(options).scoped]),
  ),
  "the parts of a divided scoped policy together allow all that it allows": proven((options) =>
    pair([modesOf(options).scoped], dividedPolicies(modesOf(options).scoped)),
  ),
  "the parts of a divided minimal policy allow at most what it allows": proven((options) =>
    pair(dividedPolicies(modesOf(options).minimal), [modesOf(options).minimal]),
  ),
  "the parts of a divided minimal policy together allow all that it allows": proven((options) =>
    pair([modesOf(options).minimal], dividedPolicies(modesOf(options).minimal)),
  ),
  "scoped does not allow all that documented allows": refuted((options) =>
    pair([modesOf(options).documented], [modesOf(options).scoped]),
  ),
  "a policy without its last action does not allow all that the policy allows": refuted((options) => {
    const { scoped } = modesOf(options);
    const shorter = scoped.map((statement, index) =>
      index === scoped.length - 1 ? { ...statement, actions: statement.actions.slice(1) } : statement,
    );
    return pair([scoped], [shorter.filter(({ actions }) => actions.length > 0)]);
  }),
  "the parts of a divided policy without the last one do not allow all that it allows": refuted((options) => {
    const { scoped } = modesOf(withFormerRoles(options, FORMER_ROLES));
    return pair([scoped], dividedPolicies(scoped).slice(0, -1));
  }),
} satisfies Readonly<Record<string, Question>>;

type Name = keyof typeof QUESTIONS;
const NAMES = Object.keys(QUESTIONS) as Name[];

const askedOf = (name: Name) => (QUESTIONS[name].expected === "sat" ? deployments.slice(0, CONTROLS) : deployments);

/** By name and deployment: "unsat", "sat" or "unknown". One process, which answers equal questions once. */
function solve(): ReadonlyMap<Name, readonly string[]> {
  const file = join(folder(), "pairs.json");
  writeFileSync(file, JSON.stringify(NAMES.flatMap((name) => askedOf(name).map(QUESTIONS[name].pairOf))));
  const script = join(PROJECT, "__tests__/decision/z3_subset.py");
  const { stdout, stderr } = spawnSync("python3", [script, file], { encoding: "utf8" });
  expect(stderr).toBe("");
  const { results, questions, seconds } = JSON.parse(stdout);
  const open = results.filter((result: string) => result === "unknown").length;
  process.stderr.write(`Z3: ${results.length} pairs, ${open} open, ${questions} questions, ${seconds.toFixed(1)} s CPU\n`);
  return new Map(NAMES.map((name) => [name, results.splice(0, askedOf(name).length)]));
}

describe("Z3 shows for random deployments that", () => {
  let results: ReadonlyMap<Name, readonly string[]>;

  beforeAll(() => {
    results = solve();
  }, 1_800_000);

  // An open pair is not proven.
  it.each(NAMES)("%s", (name) => {
    const found = results.get(name) ?? [];
    const wrong = askedOf(name).map((options, index) => ({ result: found[index], options }));
    expect(wrong.filter(({ result }) => result !== QUESTIONS[name].expected)).toEqual([]);
  });
});

describe("the random deployments", () => {
  it("require one policy, two and more", () => {
    const counts = deployments.flatMap((options) => {
      const { scoped, minimal } = modesOf(options);
      return [scoped, minimal].map((statements) => dividedPolicies(statements).length);
    });
    const distribution = [...new Set(counts)]
      .sort()
      .map((count) => `${count}: ${counts.filter((each) => each === count).length}`);
    process.stderr.write(`number of policies: ${distribution.join(", ")}\n`);
    expect(counts).toEqual(expect.arrayContaining([1, 2, 3]));
  });
});

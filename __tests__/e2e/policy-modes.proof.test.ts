import { join } from "node:path";
import * as fc from "fast-check";
import { ACTION_PATTERNS } from "../../src/iam/action-patterns";
import { dividedPolicies } from "../../src/iam/deployment-policies";
import { policyDocument, type Statement } from "../../src/iam/policy-document";
import { MODES, type PolicyOptions, policyStatements } from "../../src/iam/policy-statements";
import { anyOptions } from "../helpers/clusters";
import { cases, SAMPLE } from "../helpers/complete";
import { PROJECT } from "../helpers/project-root";
import { folder } from "./support/project";
import { jsonOf } from "./support/terraform";

const DEPLOYMENTS = cases(40, 2_000);
/** Deployments that show that the proof fails where it has to. */
const CONTROLS = 20;

type Deployment = Omit<PolicyOptions, "mode">;

const FORMER_ROLES = Array.from({ length: 60 }, (_, index) => `/former/role-of-the-nodes-before-change-${index}`);

/** With 10 and more former node roles, the permissions exceed one policy. */
const anyDeployment = fc
  .tuple(
    anyOptions,
    fc.oneof({ weight: 7, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: 10, max: 20 }) }),
  )
  .map(([options, count]) => withFormerRoles(options, FORMER_ROLES.slice(0, count)));

function withFormerRoles({ cluster, ...options }: Deployment, roles: readonly string[]): Deployment {
  return { ...options, cluster: { ...cluster, formerIamNodeRoles: [...cluster.formerIamNodeRoles, ...roles] } };
}

const deployments = fc.sample(anyDeployment, { numRuns: DEPLOYMENTS, seed: SAMPLE });

const modesOf = (options: Deployment) => {
  const [documented = [], scoped = [], minimal = []] = MODES.map((mode) =>
    policyStatements({ ...options, mode, supplement: mode === "documented" || options.supplement }),
  );
  return { documented, scoped, minimal };
};

type Policies = readonly (readonly Statement[])[];

/** The policies after and before, of a deployment in each mode. */
type PairOf = (modes: ReturnType<typeof modesOf>, options: Deployment) => readonly [after: Policies, before: Policies];

/** No request is allowed by the policies after, and not by those before. */
const PROVEN: Readonly<Record<string, PairOf>> = {
  "minimal allows at most what scoped allows": ({ minimal, scoped }) => [[minimal], [scoped]],
  "scoped allows at most what documented with the additional permissions allows": ({ scoped, documented }) => [
    [scoped],
    [documented],
  ],
  "the parts of a divided scoped policy allow at most what it allows": ({ scoped }) => [dividedPolicies(scoped), [scoped]],
  "the parts of a divided scoped policy together allow all that it allows": ({ scoped }) => [[scoped], dividedPolicies(scoped)],
  "the parts of a divided minimal policy allow at most what it allows": ({ minimal }) => [dividedPolicies(minimal), [minimal]],
  "the parts of a divided minimal policy together allow all that it allows": ({ minimal }) => [
    [minimal],
    dividedPolicies(minimal),
  ],
};

/** Where the proof has to fail: there is such a request. */
const REFUTED: Readonly<Record<string, PairOf>> = {
  "scoped does not allow all that documented allows": ({ documented, scoped }) => [[documented], [scoped]],
  "a policy without its last action does not allow all that the policy allows": ({ scoped }) => {
    const { actions = [], ...last } = scoped.at(-1) ?? {};
    const shorter = { ...last, actions: actions.slice(1) } as Statement;
    return [[scoped], [[...scoped.slice(0, -1), shorter].filter((statement) => statement.actions.length > 0)]];
  },
  "the parts of a divided policy without the last one do not allow all that it allows": (_, options) => {
    const { scoped } = modesOf(withFormerRoles(options, FORMER_ROLES));
    return [[scoped], dividedPolicies(scoped).slice(0, -1)];
  },
};

const QUESTIONS = [
  ...Object.entries(PROVEN).map(([name, pairOf]) => ({ name, pairOf, expected: "unsat", asked: deployments })),
  ...Object.entries(REFUTED).map(([name, pairOf]) => ({ name, pairOf, expected: "sat", asked: deployments.slice(0, CONTROLS) })),
];

/** By question and deployment: "unsat", "sat" or "unknown". One process, which answers equal questions once. */
function solve(): ReadonlyMap<string, readonly string[]> {
  // Z3 gets the actions that the patterns of large policies stand for.
  const literal = (statement: Statement) => ({
    ...statement,
    actions: statement.actions.flatMap((action) => ACTION_PATTERNS[action] ?? [action]),
  });
  const documents = (policies: Policies) => policies.map((statements) => policyDocument(statements.map(literal)));
  const pairs = QUESTIONS.flatMap(({ pairOf, asked }) => asked.map((options) => pairOf(modesOf(options), options)));
  const path = folder({
    "pairs.json": JSON.stringify(pairs.map((pair) => ({ after: documents(pair[0]), before: documents(pair[1]) }))),
  });
  const script = join(PROJECT, "__tests__/decision/z3_subset.py");
  const solved = jsonOf(path, { PATH: process.env.PATH ?? "" }, "python3", script, "pairs.json");
  const { results, questions, seconds } = solved as Solved;
  const open = results.filter((result) => result === "unknown").length;
  process.stderr.write(`Z3: ${results.length} pairs, ${open} open, ${questions} questions, ${seconds.toFixed(1)} s CPU\n`);
  return new Map(QUESTIONS.map(({ name, asked }) => [name, results.splice(0, asked.length)]));
}

interface Solved {
  readonly results: string[];
  readonly questions: number;
  readonly seconds: number;
}

describe("Z3 shows for random deployments that", () => {
  let results: ReadonlyMap<string, readonly string[]>;

  beforeAll(() => {
    results = solve();
  }, 1_800_000);

  // An open pair is not proven.
  it.each(QUESTIONS)("$name", ({ name, asked, expected }) => {
    const found = asked.map((options, index) => ({ result: results.get(name)?.[index], options }));
    expect(found.filter(({ result }) => result !== expected)).toEqual([]);
  });
});

describe("the random deployments", () => {
  it("require one policy, and two", () => {
    const counts = deployments.flatMap((options) => {
      const { scoped, minimal } = modesOf(options);
      return [scoped, minimal].map((statements) => dividedPolicies(statements).length);
    });
    const distribution = [...new Set(counts)]
      .sort()
      .map((count) => `${count}: ${counts.filter((each) => each === count).length}`);
    process.stderr.write(`number of policies: ${distribution.join(", ")}\n`);
    expect(new Set(counts)).toEqual(new Set([1, 2]));
  });
});

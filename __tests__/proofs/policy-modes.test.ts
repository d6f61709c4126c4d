import { execFileSync } from "node:child_process";
import { join } from "node:path";
import * as fc from "fast-check";
import { dividedPolicies } from "../../src/iam/deployment-policies";
import { policyDocument, type Statement } from "../../src/iam/policy-document";
import { MODES, type PolicyOptions, policyStatements } from "../../src/iam/policy-statements";
import { anyOptions } from "../helpers/clusters";
import { cases, SAMPLE } from "../helpers/complete";

const DEPLOYMENTS = cases(40, 2_000);
/** These deployments show that the proof fails where it has to. */
const CONTROLS = 20;

type Deployment = Omit<PolicyOptions, "mode">;

const deployments = fc.sample(anyOptions, { numRuns: DEPLOYMENTS, seed: SAMPLE });

const modesOf = (options: Deployment) => {
  const [documented = [], scoped = [], minimal = []] = MODES.map((mode) =>
    policyStatements({ ...options, mode }),
  );
  return { documented, scoped, minimal };
};

type Policies = readonly (readonly Statement[])[];

type PairOf = (modes: ReturnType<typeof modesOf>) => readonly [after: Policies, before: Policies];

/** No request is allowed by the policies after, and not by those before. */
const PROVEN: Readonly<Record<string, PairOf>> = {
  "minimal allows at most what scoped allows": ({ minimal, scoped }) => [[minimal], [scoped]],
  "scoped allows at most what documented with the additional permissions allows": ({
    scoped,
    documented,
  }) => [[scoped], [documented]],
  "the parts of a divided scoped policy allow at most what it allows": ({ scoped }) => [
    dividedPolicies(scoped),
    [scoped],
  ],
  "the parts of a divided scoped policy together allow all that it allows": ({ scoped }) => [
    [scoped],
    dividedPolicies(scoped),
  ],
  "the parts of a divided minimal policy allow at most what it allows": ({ minimal }) => [
    dividedPolicies(minimal),
    [minimal],
  ],
  "the parts of a divided minimal policy together allow all that it allows": ({ minimal }) => [
    [minimal],
    dividedPolicies(minimal),
  ],
};

/** There is such a request, so that the proof has to fail. */
const REFUTED: Readonly<Record<string, PairOf>> = {
  "scoped does not allow all that documented allows": ({ documented, scoped }) => [
    [documented],
    [scoped],
  ],
  "a policy without its last action does not allow all that the policy allows": ({ scoped }) => {
    const { actions = [], ...last } = scoped.at(-1) ?? {};
    const shorter = { ...last, actions: actions.slice(1) } as Statement;
    return [
      [scoped],
      [[...scoped.slice(0, -1), shorter].filter((statement) => statement.actions.length > 0)],
    ];
  },
  "the first part of a divided policy does not allow all that it allows": ({ scoped }) => [
    [scoped],
    [dividedPolicies(scoped)[0]],
  ],
};

const QUESTIONS = [
  ...Object.entries(PROVEN).map(([name, pairOf]) => ({
    name,
    pairOf,
    expected: "unsat",
    asked: deployments,
  })),
  ...Object.entries(REFUTED).map(([name, pairOf]) => ({
    name,
    pairOf,
    expected: "sat",
    asked: deployments.slice(0, CONTROLS),
  })),
];

/**
 * By question and deployment: "unsat", "sat" or "unknown". One process answers equal questions
 * once.
 */
function solve() {
  const documents = (policies: Policies) =>
    policies.map((statements) => policyDocument(statements));
  const pairs = QUESTIONS.flatMap(({ pairOf, asked }) =>
    asked.map((options) => pairOf(modesOf(options))),
  );
  const solved = execFileSync("python3", [join(__dirname, "z3_subset.py")], {
    input: JSON.stringify(
      pairs.map((pair) => ({ after: documents(pair[0]), before: documents(pair[1]) })),
    ),
    maxBuffer: 2 ** 26,
  });
  const { results, questions, seconds } = JSON.parse(solved.toString()) as Solved;
  const open = results.filter((result) => result === "unknown").length;
  process.stderr.write(
    `Z3: ${results.length} pairs, ${open} open, ${questions} questions, ${seconds.toFixed(1)} s CPU\n`,
  );
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
  });

  // An open pair is not proven.
  it.each(QUESTIONS)("$name", ({ name, asked, expected }) => {
    const found = asked.map((options, index) => ({ result: results.get(name)?.[index], options }));
    expect(found.filter(({ result }) => result !== expected)).toEqual([]);
  });
});

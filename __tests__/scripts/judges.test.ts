import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { folderForEach } from "../helpers/folder";
import { PROJECT, projectFile, trackedFiles } from "../helpers/project-root";

const { at, write, read } = folderForEach({ "proven/": "" });
const proof = (name: string) => join(PROJECT, `__tests__/proofs/${name}.test.ts`);
const PROOF = proof("policy-sizes");

/** A module as it is with other variables of the environment. */
function loaded<Module>(path: string, environment: Readonly<Record<string, string>>): Module {
  Object.assign(process.env, environment);
  jest.resetModules();
  return require(join(PROJECT, path)) as Module;
}

const variables = { ...process.env };
afterEach(() => {
  for (const name of Object.keys(process.env)) {
    delete process.env[name];
  }
  Object.assign(process.env, variables);
});

describe("what passed before", () => {
  interface Proven {
    isProven(path: string): boolean;
    noteProven(path: string): void;
  }
  const proven = () => loaded<Proven>("__tests__/helpers/proven.cjs", { PROVEN: at("proven") });

  it("is not proven with another version of Node.js", () => {
    proven().noteProven(PROOF);
    expect([proven().isProven(PROOF), proven().isProven(proof("risks.simulation"))]).toEqual([
      true,
      false,
    ]);
    const { version } = process;
    Object.defineProperty(process, "version", { value: "v99.0.0", configurable: true });
    expect(proven().isProven(PROOF)).toBe(false);
    Object.defineProperty(process, "version", { value: version });
  });
});

describe("the reporter", () => {
  interface Result {
    readonly numFailingTests: number;
    readonly numPassingTests: number;
    readonly testExecError?: Error;
  }
  interface Reporter {
    onTestFileStart(test: { readonly path: string }): void;
    onTestFileResult(test: { readonly path: string }, result: Result): void;
    onRunComplete(
      contexts: undefined,
      results: {
        readonly numPassedTests: number;
        readonly numFailedTests: number;
        readonly numFailedTestSuites: number;
        readonly testResults: readonly (Result & { readonly testFilePath: string })[];
      },
    ): void;
  }
  const reporter = () =>
    new (loaded<new () => Reporter>(".ci/reporter.cjs", {
      PROVEN: at("proven"),
      REPORT: at("report"),
    }))();
  const PASSED = { numPassingTests: 3, numFailingTests: 0 };
  const FAILED = { numPassingTests: 2, numFailingTests: 1 };
  const NOT_RUN = { numPassingTests: 0, numFailingTests: 0, testExecError: new Error("syntax") };

  it.each([
    ["passed", PASSED, 1],
    ["has a failing test", FAILED, 0],
    ["did not run", NOT_RUN, 0],
    ["has no test", { ...PASSED, numPassingTests: 0 }, 0],
  ])("notes a proof only if all of it passed: it %s", (_, result, notes) => {
    reporter().onTestFileResult({ path: PROOF }, result);
    expect(readdirSync(at("proven"))).toHaveLength(notes);
  });

  it("names the files that run until the run has ended, and counts one failure", () => {
    reporter().onTestFileStart({ path: PROOF });
    expect(read("report")).toBe("0 1\n__tests__/proofs/policy-sizes.test.ts\n");
  });

  it.each([
    ["passed", [PASSED], [0, 0], "3 0\n\n"],
    ["failed", [PASSED, FAILED], [1, 1], "5 1\n1.test.ts\n"],
    ["did not run", [PASSED, NOT_RUN], [0, 1], "3 1\n1.test.ts\n"],
    ["were none", [], [0, 0], "0 1\n\n"],
  ])(
    "counts tests that %s",
    (_, results, [numFailedTests = 0, numFailedTestSuites = 0], report) => {
      const testResults = results.map((result, index) => ({
        ...result,
        testFilePath: join(process.cwd(), `${index}.test.ts`),
      }));
      const numPassedTests = results.reduce((sum, result) => sum + result.numPassingTests, 0);
      const counted = { numPassedTests, numFailedTests, numFailedTestSuites, testResults };
      reporter().onRunComplete(undefined, counted);
      expect(read("report")).toBe(report);
    },
  );
});

describe("the selection", () => {
  type Filter = (paths: readonly string[]) => Promise<{ readonly filtered: readonly string[] }>;
  const PATHS = trackedFiles("__tests__/e2e/*.test.ts").map((path) => join(PROJECT, path));
  const selected = async (environment: Readonly<Record<string, string>>) => {
    const filter = loaded<Filter>("__tests__/helpers/sample.cjs", { COMPLETE: "", ...environment });
    return (await filter(PATHS)).filtered;
  };

  it.each(["1", "2", "3"])(
    "has the tests of a third of the rooms where nothing says what changed: %s",
    async (SAMPLE) => {
      const nothing = await selected({ SAMPLE, BASE: "HEAD" });
      expect(nothing.length).toBeGreaterThan(1);
      for (const BASE of ["", "0".repeat(40)]) {
        expect((await selected({ SAMPLE, BASE })).length).toBeGreaterThan(nothing.length);
      }
    },
  );

  it("is everything in a complete run", async () => {
    expect(await selected({ COMPLETE: "1" })).toEqual(PATHS);
  });
});

describe(".ci/run", () => {
  const script = projectFile(".ci/run");
  const part = (pattern: RegExp) => pattern.exec(script)?.[0] ?? "";
  const FUNCTIONS = ["check", "start", "finish", "finished", "count", "timed"].map((name) =>
    part(new RegExp(`^${name}\\(\\) \\{\\n[\\s\\S]*?^\\}$`, "m")),
  );
  const END = part(/^\[ \$\{#failures\[@\]\} [\s\S]*$/m);
  const run = (commands: string) => {
    const start =
      "set -uo pipefail; TIMEFORMAT= passed=0 failed=0 failures=() reports=.; declare -A started";
    const { status, stdout } = spawnSync(
      "bash",
      ["-c", [start, ...FUNCTIONS, commands, END].join("\n")],
      { cwd: at(), encoding: "utf8" },
    );
    return { status, stdout };
  };

  it.each([
    ["count unit", 0, "3 passed, 0 failed\n"],
    ["count unit; count e2e", 1, "FAILED: e2e: a.test.ts b.test.ts\n7 passed, 2 failed\n"],
    ["count none", 1, "FAILED: none: \n0 passed, 1 failed\n"],
    ["check types true", 0, "== types\n1 passed, 0 failed\n"],
    ["check types false", 1, "== types\nFAILED: types\n0 passed, 1 failed\n"],
    ["start lint echo a; finish lint", 0, "a\n1 passed, 0 failed\n"],
    [
      'mkfifo gate; wait() { echo a >gate; builtin wait "$@"; }; start lint cat gate; finish lint',
      0,
      "== lint\nwaiting for lint\na\n1 passed, 0 failed\n",
    ],
    ["start lint false; finish lint", 1, "FAILED: lint\n0 passed, 1 failed\n"],
  ])("ends with 1 if something failed: %s", (commands, status, stdout) => {
    write({ "unit.tests": "3 0\n\n", "e2e.tests": "4 2\na.test.ts\nb.test.ts\n" });
    expect(run(commands)).toEqual({ status, stdout: expect.stringContaining(stdout) });
  });
});

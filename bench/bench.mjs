// @ts-check
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const HELP = `Usage: npm run bench [-- --quick]

Measures this app against a bare CDKTF program with the same resources and outputs (bench/bare.js) and compares the ratios with
their limits: the start by the clock; each command, by each way to name its stacks, at several numbers of deployments by processor
time, with the largest memory. The programs take turns, so that other load slows down both; the tables have medians.
Takes some minutes, and needs no AWS. Removes and rebuilds the folder build/; all else that is written goes into a temporary folder.

  --quick   fewer rounds and at most 1,000 deployments, for a rough result
  --help    this text

Exit code: 0 when every value is within its limit, 1 when one is not or a program fails.
`;

/**
 * @typedef {{ command: string, stacks: number, before?: () => void, mayFail?: boolean }} Program
 */
/** @typedef {{ what: string, bare: number, ours: number, ratio: number, limit: number }} Row */
/** @typedef {{ seconds: number, cpu: number, memory: number }} Usage */

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const temporary = mkdtempSync(join(tmpdir(), "bench-"));
const output = join(temporary, "cdktf.out");

const usageFile = join(temporary, "usage");
const project = join(temporary, "project");

const BARE = `node "${join(ROOT, "bench/bare.js")}"`;
const OURS = "node build/main.js";
/** @type {string} */
const OURS_CHECKED = JSON.parse(readFileSync(join(ROOT, "cdktf.json"), "utf8")).app;

/** @type {(what: string, bare: number, ours: number, limit: number) => Row} */
const row = (what, bare, ours, limit) => ({ what, bare, ours, ratio: ours / bare, limit });

/**
 * The arguments of each block of a synthesized stack, without the names of resources. @type
 * {(program: string) => string}
 */
function content(program) {
  measure({ command: program, stacks: 1 }, ROOT);
  const path = join(output, "stacks/deckhouse-1/cdk.tf.json");
  const {
    data,
    output: outputs,
    provider,
    resource,
    terraform,
  } = JSON.parse(readFileSync(path, "utf8"));
  const blocks = Object.entries({ ...data, ...resource }).map(([type, named]) => [
    type,
    Object.values(named).map(Object.keys),
  ]);
  const [{ statement }] = /** @type {{ statement: { actions: unknown[] }[] }[]} */ (
    Object.values(data.aws_iam_policy_document)
  );
  return JSON.stringify([
    outputs,
    provider,
    terraform.backend,
    blocks,
    statement.map(({ actions }) => actions.length),
  ]);
}

/** One stack. @type {(rounds: number) => Row[]} */
function startUp(rounds) {
  const [bare, unchecked, upToDate, fromNothing] = medians(rounds, [
    { command: BARE, stacks: 1 },
    { command: OURS, stacks: 1 },
    { command: OURS_CHECKED, stacks: 1 },
    {
      command: OURS_CHECKED,
      stacks: 1,
      before: () => rmSync(join(ROOT, "build"), { recursive: true, force: true }),
    },
  ]);
  return [
    row("app as in cdktf.json, up-to-date build (s)", bare, upToDate, 1.9),
    row("app as in cdktf.json, from nothing (s)", bare, fromNothing, Number.POSITIVE_INFINITY),
    row("app without the type check (s)", bare, unchecked, 1.3),
  ];
}

/**
 * How many stacks a command names, of a number of deployments. @type {Record<string, (stacks:
 * number) => number>}
 */
const WAYS = {
  all: () => 0,
  one: () => 1,
  ten: (stacks) => Math.min(10, stacks),
  "each by name": (stacks) => stacks,
};
const EACH_WAY = Object.keys(WAYS);

/**
 * The commands but `plan`, which runs Terraform, and the ways to name their stacks. @type
 * {Record<string, readonly string[]>}
 */
const COMMANDS = {
  synth: ["all"],
  "review --out ./packs": EACH_WAY,
  "diff --against ./packs": EACH_WAY,
  keys: EACH_WAY,
  "drift --policy": EACH_WAY,
  policy: ["one"],
  "preflight --policy": ["one"],
  "hand-over --yes": ["one"],
};
/** They fail without a state; what they do before that counts. */
const MAY_FAIL = ["keys", "hand-over --yes"];

/**
 * The commands of this app, in a project of their own, by the number of deployments. @type {(sizes:
 * readonly number[], rounds: number) => Row[]}
 */
function numbersOfDeployments(sizes, rounds) {
  mkdirSync(project);
  const ofProgram = Object.entries(COMMANDS).flatMap(([name, ways]) =>
    ways.map((way) => ({
      name: `${name}: ${way}`,
      mayFail: MAY_FAIL.includes(name),
      commandOf: (/** @type {number} */ stacks) => {
        const names = Array.from(
          { length: WAYS[way](stacks) },
          (_, index) => `deckhouse-${index + 1}`,
        );
        return [`node "${join(ROOT, "bin/dkp-access")}"`, name, ...names].join(" ");
      },
    })),
  );
  const programs = [{ name: "bare", mayFail: false, commandOf: () => BARE }, ...ofProgram];
  const usages = new Map(
    programs.map(({ name }) => [name, sizes.map(() => /** @type {Usage[]} */ ([]))]),
  );
  for (let round = 1; round <= rounds; round++) {
    for (const [at, stacks] of sizes.entries()) {
      rmSync(join(project, "packs"), { recursive: true, force: true });
      for (const { name, mayFail, commandOf } of programs) {
        usages
          .get(name)
          ?.[at]?.push(measure({ command: commandOf(stacks), stacks, mayFail }, project));
      }
    }
  }
  /** @type {(name: string, at: number) => Usage} */
  const middle = (name, at) => {
    const all = usages.get(name)?.[at] ?? [];
    return [...all].sort((one, other) => one.cpu - other.cpu)[Math.floor(all.length / 2)];
  };
  /**
   * Milliseconds of processor time of each deployment after the first. @type {(name: string, at:
   * number) => number}
   */
  const each = (name, at) =>
    (1000 * (middle(name, at).cpu - middle(name, 0).cpu)) / (sizes[at] - 1);
  for (const { name } of programs) {
    for (const [at, stacks] of sizes.entries()) {
      const { cpu, seconds, memory } = middle(name, at);
      const figures = `${cpu.toFixed(2)} s processor time, ${seconds.toFixed(2)} s, ${memory.toFixed(0)} MiB`;
      process.stdout.write(
        `${name.padEnd(40)}${String(stacks).padStart(6)} deployments: ${figures}\n`,
      );
    }
  }
  const [few, many] = [1, sizes.length - 1];
  return [
    ...[few, many].map((at) =>
      row(
        `synth: each further of ${sizes[at]} (ms)`,
        each("bare", at),
        each("synth: all", at),
        1.5,
      ),
    ),
    ...programs.map(({ name }) =>
      row(`${name}: ${sizes[many]} to ${sizes[few]} (ms)`, each(name, few), each(name, many), 1.5),
    ),
  ];
}

/**
 * Runs the programs by turns. @type {(rounds: number, programs: readonly Program[]) => number[]}
 * the median of the seconds of each
 */
function medians(rounds, programs) {
  const times = programs.map(() => /** @type {number[]} */ ([]));
  for (let round = 1; round <= rounds; round++) {
    for (const [index, program] of programs.entries()) {
      times[index].push(measure(program, ROOT).seconds);
    }
  }
  return times.map((list) => list.sort((a, b) => a - b)[Math.floor(rounds / 2)]);
}

/** One run, with an empty output folder. @type {(program: Program, cwd: string) => Usage} */
function measure({ command, stacks, before, mayFail = false }, cwd) {
  rmSync(output, { recursive: true, force: true });
  rmSync(usageFile, { force: true });
  before?.();
  const env = {
    ...process.env,
    BENCH_USAGE: usageFile,
    CDKTF_OUTDIR: output,
    CDKTF_CONTEXT_JSON: JSON.stringify({ deployments: deployments(stacks) }),
    CHECKPOINT_DISABLE: "1",
    NODE_OPTIONS: `--require "${join(ROOT, "bench/usage.cjs")}"`,
    STACKS: String(stacks),
  };
  const start = performance.now();
  const { status, stdout, stderr } = spawnSync(command, {
    cwd,
    env,
    shell: true,
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  const seconds = (performance.now() - start) / 1000;
  process.stderr.write(
    `${seconds.toFixed(3)} s, stacks: ${stacks}, ${command.replaceAll(temporary, "TEMPORARY").slice(0, 200)}\n`,
  );
  if (status !== 0 && !mayFail) {
    throw new Error(`${command}\nended with ${status}\n${stdout}${stderr}`);
  }
  const usages = readFileSync(usageFile, "utf8")
    .trim()
    .split("\n")
    .map((line) => line.split(" ").map(Number));
  const cpu = usages.reduce((sum, [microseconds = 0]) => sum + microseconds, 0) / 1e6;
  return { seconds, cpu, memory: Math.max(...usages.map(([, kilobytes = 0]) => kilobytes)) / 1024 };
}

/**
 * A folder of that many deployments, twins of what bare.js makes. @type {(stacks: number) =>
 * string}
 */
function deployments(stacks) {
  const folder = join(temporary, `deployments-${stacks}`);
  mkdirSync(folder, { recursive: true });
  for (let number = readdirSync(folder).length + 1; number <= stacks; number++) {
    const backend = "backend: { s3: { bucket: example-terraform-state, region: eu-central-1 } }";
    const names = `user: { name: deckhouse-${number} }\npolicy: { name: D8CloudProviderAWS-${number} }`;
    writeFileSync(
      join(folder, `deckhouse-${number}.yaml`),
      `region: eu-central-1\n${backend}\n${names}\n`,
    );
  }
  return folder;
}

/** @type {(rows: readonly Row[]) => string} */
function table(rows) {
  const cells = rows.map(({ what, bare, ours, ratio, limit }) => {
    const numbers = [
      bare.toFixed(3),
      ours.toFixed(3),
      ratio.toFixed(2),
      Number.isFinite(limit) ? limit.toFixed(1) : "-",
    ];
    return [what, ...numbers, ratio <= limit ? "yes" : "NO"];
  });
  const lines = [["what", "bare", "ours", "ratio", "limit", "ok"], ...cells];
  return lines
    .map(
      ([what, ...rest]) => `${what.padEnd(52)}${rest.map((cell) => cell.padStart(8)).join("")}\n`,
    )
    .join("");
}

// Ctrl-C ends the program that is being timed, which then fails: so the temporary folder is removed
// here as well.
process.on("SIGINT", () => {});
try {
  const { values } = parseArgs({
    options: { quick: { type: "boolean" }, help: { type: "boolean", short: "h" } },
  });
  if (values.help) {
    process.stdout.write(HELP);
  } else {
    const expected = content(BARE).replaceAll("aws_iam_access_key.key", "aws_iam_access_key.user");
    if (content(OURS) !== expected) {
      throw new Error(
        "bench/bare.js does not write the same resources and outputs as this app; correct it",
      );
    }
    const [rounds, sizes, measurements] = values.quick
      ? [3, [1, 100, 1000], 1]
      : [11, [1, 100, 1000, 3000], 3];
    const rows = [...startUp(rounds), ...numbersOfDeployments(sizes, measurements)];
    process.stdout.write(table(rows));
    process.exitCode = rows.every(({ ratio, limit }) => ratio <= limit) ? 0 : 1;
  }
} catch (error) {
  process.exitCode = 1;
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
} finally {
  rmSync(temporary, { recursive: true, force: true });
}

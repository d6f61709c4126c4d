// @ts-check
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const HELP = `Usage: npm run bench [-- --quick]

Measures this app against a bare CDKTF program with the same resources and outputs (bench/bare.js) and compares the ratios with
their limits: the start, and the generation and comparison of a policy, by the clock; synth, review and diff at several numbers of
deployments by processor time, with the largest memory. For comparison, also against a bare program without outputs. The programs
take turns, so that other load slows down both; the tables have medians.
Takes some minutes, and needs no AWS. Removes and rebuilds the folder build/; all else that is written goes into a temporary folder.

  --quick   fewer rounds and at most 1,000 deployments, for a rough result
  --sizes   only the numbers of deployments, without the start and cdktf synth
  --names   only the processor time of each command by how its stacks are named; a command that needs AWS or a state may fail
  --help    this text

Exit code: 0 when every value is within its limit, 1 when one is not or a program fails.
`;

/** @typedef {{ command: string, stacks: number, before?: () => void, mayFail?: boolean }} Program */
/** @typedef {{ what: string, bare: number, ours: number, ratio: number, limit: number }} Row */
/** @typedef {{ seconds: number, cpu: number, memory: number, stdout: string }} Usage */

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const temporary = mkdtempSync(join(tmpdir(), "bench-"));
const output = join(temporary, "cdktf.out");

const usageFile = join(temporary, "usage");
const project = join(temporary, "project");

const BARE = `node "${join(ROOT, "bench/bare.js")}"`;
const RESOURCES_ONLY = `RESOURCES_ONLY=1 ${BARE}`;
const OURS = "node build/main.js";
/** @type {string} */
const OURS_CHECKED = JSON.parse(readFileSync(join(ROOT, "cdktf.json"), "utf8")).app;
const CDKTF_SYNTH = `node node_modules/.bin/cdktf synth --output "${output}"`;

/** @type {(what: string, bare: number, ours: number, limit: number) => Row} */
const row = (what, bare, ours, limit) => ({ what, bare, ours, ratio: ours / bare, limit });

/** The arguments of each block of a synthesized stack, without the names of resources. @type {(program: string) => string} */
function content(program) {
  measure({ command: program, stacks: 1 }, ROOT);
  const path = join(output, "stacks/deckhouse-1/cdk.tf.json");
  const { data, output: outputs, provider, resource, terraform } = JSON.parse(readFileSync(path, "utf8"));
  const blocks = Object.entries({ ...data, ...resource }).map(([type, named]) => [type, Object.values(named).map(Object.keys)]);
  const [{ statement }] = /** @type {{ statement: { actions: unknown[] }[] }[]} */ (Object.values(data.aws_iam_policy_document));
  return JSON.stringify([outputs, provider, terraform.backend, blocks, statement.map(({ actions }) => actions.length)]);
}

/** One stack. @type {(rounds: number) => Row[]} */
function startUp(rounds) {
  const [bare, unchecked, upToDate, fromNothing] = medians("seconds", rounds, [
    { command: BARE, stacks: 1 },
    { command: OURS, stacks: 1 },
    { command: OURS_CHECKED, stacks: 1 },
    { command: OURS_CHECKED, stacks: 1, before: () => rmSync(join(ROOT, "build"), { recursive: true, force: true }) },
  ]);
  return [
    row("app as in cdktf.json, up-to-date build (s)", bare, upToDate, 1.9),
    row("app as in cdktf.json, from nothing (s)", bare, fromNothing, Number.POSITIVE_INFINITY),
    row("app without the type check (s)", bare, unchecked, 1.3),
  ];
}

/** Processor time of each stack after the first, start-up left out. @type {(how: string, rounds: number, sizes: [number, number], bare: string, ours: string) => Row[]} */
function furtherStacks(how, rounds, [few, many], bare, ours) {
  const programs = [1, few, many].flatMap((stacks) => [bare, ours].map((command) => ({ command, stacks })));
  const [bareOne, oursOne, bareFew, oursFew, bareMany, oursMany] = medians("cpu", rounds, programs);
  /** @type {(one: number, all: number, stacks: number) => number} */
  const each = (one, all, stacks) => (1000 * (all - one)) / (stacks - 1);
  const ofFew = row(`${how}each further stack of ${few} (ms)`, each(bareOne, bareFew, few), each(oursOne, oursFew, few), 1.5);
  const ofMany = row(
    `${how}each further stack of ${many} (ms)`,
    each(bareOne, bareMany, many),
    each(oursOne, oursMany, many),
    1.5,
  );
  const growth = { bare: ofMany.bare / ofFew.bare, ours: ofMany.ours / ofFew.ours };
  return [ofFew, ofMany, { what: `${how}linear: ours, of ${many} to of ${few}`, ...growth, ratio: growth.ours, limit: 1.3 }];
}

/** The commands of this app, in a project of their own, by the number of deployments. */
const PROGRAM = `node "${join(ROOT, "bin/dkp-access")}"`;
const POLICIES = `node "${join(ROOT, "bench/policies.js")}"`;
const COMMANDS = [
  { name: "synth", command: `${PROGRAM} synth`, limit: 1.5 },
  { name: "review", command: `${PROGRAM} review --out ./packs`, limit: Number.POSITIVE_INFINITY },
  { name: "diff", command: `${PROGRAM} diff --against ./packs`, limit: Number.POSITIVE_INFINITY },
];

/** Milliseconds that one policy may take. */
const LIMITS_OF_POLICIES = { generation: 5, comparison: 50 };

/** @type {(sizes: readonly number[], rounds: number) => Row[]} */
function numbersOfDeployments(sizes, rounds) {
  mkdirSync(project);
  writeFileSync(join(project, "cdktf.json"), "{}");
  const programs = [{ name: "bare", command: BARE }, { name: "bare, resources only", command: RESOURCES_ONLY }, ...COMMANDS];
  const usages = new Map(programs.map(({ name }) => [name, sizes.map(() => /** @type {Usage[]} */ ([]))]));
  for (let round = 1; round <= rounds; round++) {
    for (const [at, stacks] of sizes.entries()) {
      rmSync(join(project, "packs"), { recursive: true, force: true });
      for (const { name, command } of programs) {
        usages.get(name)?.[at]?.push(measure({ command, stacks }, project));
      }
    }
  }
  /** @type {Row[]} */
  const policies = [];
  for (const stacks of sizes) {
    const figures = JSON.parse(measure({ command: POLICIES, stacks }, project).stdout);
    for (const [name, limit] of Object.entries(LIMITS_OF_POLICIES)) {
      policies.push({
        what: `${name} of a policy, of ${stacks} (ms)`,
        bare: 1,
        ours: figures[name],
        ratio: figures[name],
        limit,
      });
    }
  }
  /** @type {(name: string, at: number) => Usage} */
  const middle = (name, at) => {
    const all = usages.get(name)?.[at] ?? [];
    return [...all].sort((one, other) => one.cpu - other.cpu)[Math.floor(all.length / 2)];
  };
  /** Milliseconds of processor time of each deployment after the first. @type {(name: string, at: number) => number} */
  const each = (name, at) => (1000 * (middle(name, at).cpu - middle(name, 0).cpu)) / (sizes[at] - 1);
  const further = [...sizes.keys()].slice(1);
  for (const { name } of programs) {
    for (const [at, stacks] of sizes.entries()) {
      const { cpu, seconds, memory } = middle(name, at);
      const figures = `${cpu.toFixed(2)} s processor time, ${seconds.toFixed(2)} s, ${memory.toFixed(0)} MiB`;
      process.stdout.write(`${name.padEnd(21)}${String(stacks).padStart(6)} deployments: ${figures}\n`);
    }
  }
  return [
    ...COMMANDS.flatMap(({ name, limit }) =>
      further.map((at) => row(`${name}: each further deployment of ${sizes[at]} (ms)`, each("bare", at), each(name, at), limit)),
    ),
    ...further.map((at) => {
      const [bare, ours] = [each("bare, resources only", at), each("synth", at)];
      return row(`synth: the same, against resources only, of ${sizes[at]} (ms)`, bare, ours, Number.POSITIVE_INFINITY);
    }),
    ...["bare", ...COMMANDS.map(({ name }) => name)].map((name) => {
      const [few, many] = [further[0], further[further.length - 1]];
      const growth = each(name, many) / each(name, few);
      return { what: `${name}: linear, of ${sizes[many]} to of ${sizes[few]}`, bare: 1, ours: growth, ratio: growth, limit: 1.3 };
    }),
    ...policies,
  ];
}

/** How many stacks a command names, of a number of deployments. @type {Record<string, (stacks: number) => number>} */
const WAYS = { all: () => 0, one: () => 1, ten: (stacks) => Math.min(10, stacks), "each by name": (stacks) => stacks };
const EACH_WAY = Object.keys(WAYS);

/** The commands but `plan`, which runs Terraform, and the ways to name their stacks. @type {Record<string, readonly string[]>} */
const NAMED = {
  synth: ["all"],
  "review --out ./packs": EACH_WAY,
  "diff --against ./packs": EACH_WAY,
  keys: EACH_WAY,
  "drift --policy": EACH_WAY,
  policy: ["one"],
  "preflight --permissions": ["one"],
  "hand-over --yes": ["one"],
};

/** Processor time by command and way to name stacks, as lines of a table. @type {(sizes: readonly number[]) => string} */
function waysToName(sizes) {
  mkdirSync(project, { recursive: true });
  writeFileSync(join(project, "cdktf.json"), "{}");
  /** @type {Record<string, string[]>} */
  const rows = {};
  for (const stacks of sizes) {
    for (const [name, ways] of Object.entries(NAMED)) {
      for (const way of ways) {
        const names = Array.from({ length: WAYS[way](stacks) }, (_, index) => `deckhouse-${index + 1}`);
        const command = [PROGRAM, ...name.split(" "), ...names].join(" ");
        const { cpu } = measure({ command, stacks, mayFail: true }, project);
        rows[`${name}: ${way}`] = [...(rows[`${name}: ${way}`] ?? []), cpu.toFixed(2)];
      }
    }
  }
  const lines = [
    ["seconds of processor time", ...sizes.map(String)],
    ...Object.entries(rows).map(([row, cells]) => [row, ...cells]),
  ];
  return lines.map(([row, ...cells]) => `${row.padEnd(40)}${cells.map((cell) => cell.padStart(8)).join("")}\n`).join("");
}

/** Runs the programs by turns. @type {(figure: "seconds" | "cpu", rounds: number, programs: readonly Program[]) => number[]} the median of each */
function medians(figure, rounds, programs) {
  const times = programs.map(() => /** @type {number[]} */ ([]));
  for (let round = 1; round <= rounds; round++) {
    for (const [index, program] of programs.entries()) {
      const usage = measure(program, ROOT);
      const made = readdirSync(join(output, "stacks")).length;
      if (made !== program.stacks) {
        throw new Error(`${program.command}\nmade ${made} stacks instead of ${program.stacks}`);
      }
      times[index].push(usage[figure]);
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
  const { status, stdout, stderr } = spawnSync(command, { cwd, env, shell: true, encoding: "utf8", maxBuffer: 2 ** 28 });
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
  return { seconds, cpu, memory: Math.max(...usages.map(([, kilobytes = 0]) => kilobytes)) / 1024, stdout };
}

/** A folder of that many deployments, twins of what bare.js makes. @type {(stacks: number) => string} */
function deployments(stacks) {
  const folder = join(temporary, `deployments-${stacks}`);
  mkdirSync(folder, { recursive: true });
  for (let number = readdirSync(folder).length + 1; number <= stacks; number++) {
    const backend = "backend: { s3: { bucket: example-terraform-state, region: eu-central-1 } }";
    const names = `user: { name: deckhouse-${number} }\npolicy: { name: D8CloudProviderAWS-${number} }`;
    writeFileSync(join(folder, `deckhouse-${number}.yaml`), `region: eu-central-1\n${backend}\n${names}\n`);
  }
  return folder;
}

/** @type {(rows: readonly Row[]) => string} */
function table(rows) {
  const cells = rows.map(({ what, bare, ours, ratio, limit }) => {
    const numbers = [bare.toFixed(3), ours.toFixed(3), ratio.toFixed(2), Number.isFinite(limit) ? limit.toFixed(1) : "-"];
    return [what, ...numbers, ratio <= limit ? "yes" : "NO"];
  });
  const lines = [["what", "bare", "ours", "ratio", "limit", "ok"], ...cells];
  return lines.map(([what, ...rest]) => `${what.padEnd(52)}${rest.map((cell) => cell.padStart(8)).join("")}\n`).join("");
}

// Ctrl-C ends the program that is being timed, which then fails: so the temporary folder is removed here as well.
process.on("SIGINT", () => {});
try {
  const { values } = parseArgs({
    options: {
      quick: { type: "boolean" },
      sizes: { type: "boolean" },
      names: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
  } else if (values.names) {
    process.stdout.write(waysToName(values.quick ? [1, 100] : [1, 100, 1000]));
  } else {
    const rounds = values.quick ? 1 : 5;
    const start = () => [
      ...startUp(values.quick ? 3 : 11),
      // The command by itself takes seconds: what fewer stacks than these cost is lost in its noise.
      ...furtherStacks("cdktf synth: ", rounds, [500, 1000], `${CDKTF_SYNTH} --app '${BARE}'`, CDKTF_SYNTH),
    ];
    const expected = content(BARE).replaceAll("aws_iam_access_key.key", "aws_iam_access_key.user");
    if (content(OURS) !== expected) {
      throw new Error("bench/bare.js does not write the same resources and outputs as this app; correct it");
    }
    const rows = [
      ...(values.sizes ? [] : start()),
      ...numbersOfDeployments(values.quick ? [1, 100, 1000] : [1, 100, 1000, 3000], values.quick ? 1 : 3),
    ];
    process.stdout.write(table(rows));
    process.exitCode = rows.every(({ ratio, limit }) => ratio <= limit) ? 0 : 1;
  }
} catch (error) {
  process.exitCode = 1;
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
} finally {
  rmSync(temporary, { recursive: true, force: true });
}

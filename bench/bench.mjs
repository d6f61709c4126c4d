// @ts-check
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const HELP = `Usage: npm run bench [-- --quick]

Times this app against a bare CDKTF program with the same resources (bench/bare.js) and holds the ratios against their limits.
The programs take turns, so that other load slows down both; the table has medians. Takes some minutes, and needs no AWS.
Removes and rebuilds the folder build/; all else that is written goes into a temporary folder.

  --quick   fewer rounds, for a rough result
  --help    this text

Exit code: 0 when every ratio is within its limit, 1 when one is not or a program fails.
`;

/** @typedef {{ command: string, stacks: number, before?: () => void }} Program */
/** @typedef {{ what: string, bare: number, ours: number, ratio: number, limit: number }} Row */

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const temporary = mkdtempSync(join(tmpdir(), "bench-"));
const output = join(temporary, "cdktf.out");

const BARE = "node bench/bare.js";
const OURS = "node build/main.js";
/** @type {string} */
const OURS_CHECKED = JSON.parse(readFileSync(join(ROOT, "cdktf.json"), "utf8")).app;
const CDKTF_SYNTH = `node node_modules/.bin/cdktf synth --output "${output}"`;

/** @type {(what: string, bare: number, ours: number, limit: number) => Row} */
const row = (what, bare, ours, limit) => ({ what, bare, ours, ratio: ours / bare, limit });

/** One stack. @type {(rounds: number) => Row[]} */
function startUp(rounds) {
  const [bare, unchecked, upToDate, fromNothing] = medians(rounds, [
    { command: BARE, stacks: 1 },
    { command: OURS, stacks: 1 },
    { command: OURS_CHECKED, stacks: 1 },
    { command: OURS_CHECKED, stacks: 1, before: () => rmSync(join(ROOT, "build"), { recursive: true, force: true }) },
  ]);
  return [
    row("app as in cdktf.json, up-to-date build (s)", bare, upToDate, 1.9),
    row("app as in cdktf.json, from nothing (s)", bare, fromNothing, 2.8),
    row("app without the type check (s)", bare, unchecked, 1.3),
  ];
}

/** Each stack after the first, start-up left out. @type {(how: string, rounds: number, sizes: [number, number], bare: string, ours: string) => Row[]} */
function furtherStacks(how, rounds, [few, many], bare, ours) {
  const programs = [1, few, many].flatMap((stacks) => [bare, ours].map((command) => ({ command, stacks })));
  const [bareOne, oursOne, bareFew, oursFew, bareMany, oursMany] = medians(rounds, programs);
  /** @type {(one: number, all: number, stacks: number) => number} */
  const each = (one, all, stacks) => (1000 * (all - one)) / (stacks - 1);
  const ofFew = row(`${how}each further stack of ${few} (ms)`, each(bareOne, bareFew, few), each(oursOne, oursFew, few), 2);
  const ofMany = row(`${how}each further stack of ${many} (ms)`, each(bareOne, bareMany, many), each(oursOne, oursMany, many), 2);
  const growth = { bare: ofMany.bare / ofFew.bare, ours: ofMany.ours / ofFew.ours };
  return [ofFew, ofMany, { what: `${how}linear: ours, of ${many} to of ${few}`, ...growth, ratio: growth.ours, limit: 1.3 }];
}

/** Runs the programs by turns. @type {(rounds: number, programs: readonly Program[]) => number[]} median seconds of each */
function medians(rounds, programs) {
  const times = programs.map(() => /** @type {number[]} */ ([]));
  for (let round = 1; round <= rounds; round++) {
    for (const [index, program] of programs.entries()) {
      const seconds = time(program);
      times[index].push(seconds);
      const command = program.command.replaceAll(temporary, "TEMPORARY");
      process.stderr.write(`round ${round} of ${rounds}: ${seconds.toFixed(3)} s, stacks: ${program.stacks}, ${command}\n`);
    }
  }
  return times.map((list) => list.sort((a, b) => a - b)[Math.floor(rounds / 2)]);
}

/** Seconds of one run, which must fill an empty output folder. @type {(program: Program) => number} */
function time({ command, stacks, before }) {
  rmSync(output, { recursive: true, force: true });
  before?.();
  const env = {
    ...process.env,
    CDKTF_OUTDIR: output,
    CDKTF_CONTEXT_JSON: JSON.stringify({ deployments: deployments(stacks) }),
    CHECKPOINT_DISABLE: "1",
    STACKS: String(stacks),
  };
  const start = performance.now();
  const { status, stdout, stderr } = spawnSync(command, { cwd: ROOT, env, shell: true, encoding: "utf8", maxBuffer: 2 ** 28 });
  const seconds = (performance.now() - start) / 1000;
  const made = status === 0 ? readdirSync(join(output, "stacks")).length : 0;
  if (made !== stacks) {
    throw new Error(`${command}\nmade ${made} stacks instead of ${stacks}\n${stdout}${stderr}`);
  }
  return seconds;
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
    const numbers = [bare.toFixed(3), ours.toFixed(3), ratio.toFixed(2), limit.toFixed(1)];
    return [what, ...numbers, ratio <= limit ? "yes" : "NO"];
  });
  const lines = [["what", "bare", "ours", "ratio", "limit", "ok"], ...cells];
  return lines.map(([what, ...rest]) => `${what.padEnd(52)}${rest.map((cell) => cell.padStart(8)).join("")}\n`).join("");
}

// Ctrl-C ends the program that is being timed, which then fails: so the temporary folder is removed here as well.
process.on("SIGINT", () => {});
try {
  const { values } = parseArgs({ options: { quick: { type: "boolean" }, help: { type: "boolean", short: "h" } } });
  if (values.help) {
    process.stdout.write(HELP);
  } else {
    const rounds = values.quick ? 1 : 5;
    const rows = [
      ...startUp(values.quick ? 3 : 11),
      ...furtherStacks("", rounds, [100, 1000], BARE, OURS),
      // The command by itself takes seconds: what fewer stacks than these cost is lost in its noise.
      ...furtherStacks("cdktf synth: ", rounds, [500, 1000], `${CDKTF_SYNTH} --app "${BARE}"`, CDKTF_SYNTH),
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

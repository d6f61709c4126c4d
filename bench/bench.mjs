// @ts-check
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const HELP = `Usage: npm run bench [-- --quick]

Times this app against a bare CDKTF program with the same resources (bench/bare.js), and holds the ratios against the limits
that were set for it. The programs take turns, so that a busy machine slows down both; the table has their medians.
Needs no AWS. Removes and rebuilds the folder build/; all else that it writes goes into a temporary folder.

  --quick   fewer rounds, for a first look
  --help    this text

Exit code: 0 when every ratio is within its limit, 1 when one is not or a program fails.
`;

/**
 * A program to time, and how many stacks it is to make.
 * @typedef {{ command: string, stacks: number, before?: () => void }} Program
 *
 * A line of the table.
 * @typedef {{ what: string, bare: string, ours: string, ratio: number, limit: number }} Row
 */

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const BARE = "node bench/bare.js";
const OURS = "node build/main.js";
/** @type {string} */
const OURS_CHECKED = JSON.parse(readFileSync(join(ROOT, "cdktf.json"), "utf8")).app;
const CLI = "node node_modules/cdktf-cli/bundle/bin/cdktf synth";

const temporary = mkdtempSync(join(tmpdir(), "bench-"));
const output = join(temporary, "cdktf.out");

/**
 * Start-up with one stack.
 * @param {number} rounds
 * @returns {Row[]}
 */
function startUp(rounds) {
  const removeBuild = () => rmSync(join(ROOT, "build"), { recursive: true, force: true });
  const [bare, unchecked, upToDate, fromNothing] = medians(rounds, [
    { command: BARE, stacks: 1 },
    { command: OURS, stacks: 1 },
    { command: OURS_CHECKED, stacks: 1 },
    { command: OURS_CHECKED, stacks: 1, before: removeBuild },
  ]);
  return [
    row("app as in cdktf.json, up-to-date build, s", bare, upToDate, 1.9),
    row("app as in cdktf.json, from nothing, s", bare, fromNothing, 2.8),
    row("app without the type check, s", bare, unchecked, 1.3),
  ];
}

/**
 * What each stack after the first costs: start-up is left out.
 * @param {string} how
 * @param {number} rounds
 * @param {readonly [number, number]} sizes
 * @param {string} bare
 * @param {string} ours
 * @returns {Row[]}
 */
function furtherStacks(how, rounds, [small, large], bare, ours) {
  const [bareOne, oursOne, bareSmall, oursSmall, bareLarge, oursLarge] = medians(
    rounds,
    [1, small, large].flatMap((stacks) => [
      { command: bare, stacks },
      { command: ours, stacks },
    ]),
  );
  const each = (/** @type {number} */ one, /** @type {number} */ all, /** @type {number} */ stacks) =>
    (1000 * (all - one)) / (stacks - 1);
  const few = { bare: each(bareOne, bareSmall, small), ours: each(oursOne, oursSmall, small) };
  const many = { bare: each(bareOne, bareLarge, large), ours: each(oursOne, oursLarge, large) };
  return [
    row(`${how}each further stack of ${small}, ms`, few.bare, few.ours, 2),
    row(`${how}each further stack of ${large}, ms`, many.bare, many.ours, 2),
    {
      what: `${how}linear: our stack of ${large} to one of ${small}`,
      bare: (many.bare / few.bare).toFixed(2),
      ours: (many.ours / few.ours).toFixed(2),
      ratio: many.ours / few.ours,
      limit: 1.3,
    },
  ];
}

/** @type {(what: string, bare: number, ours: number, limit: number) => Row} */
function row(what, bare, ours, limit) {
  return { what, bare: bare.toFixed(3), ours: ours.toFixed(3), ratio: ours / bare, limit };
}

/**
 * Runs the programs by turns and gives the median seconds of each.
 * @param {number} rounds
 * @param {readonly Program[]} programs
 */
function medians(rounds, programs) {
  const runs = programs.map((program) => ({ program, seconds: /** @type {number[]} */ ([]) }));
  for (let round = 1; round <= rounds; round++) {
    for (const { program, seconds } of runs) {
      const taken = time(program);
      seconds.push(taken);
      const { command, stacks } = program;
      process.stderr.write(
        `${round} of ${rounds}: ${taken.toFixed(3)} s, stacks: ${stacks}, ${command.replaceAll(temporary, "")}\n`,
      );
    }
  }
  return runs.map(({ seconds }) => seconds.sort((a, b) => a - b)[Math.floor(rounds / 2)]);
}

/** Seconds of one run, which must make its stacks in an empty output folder. */
function time(/** @type {Program} */ { command, stacks, before }) {
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
  if (status !== 0) {
    throw new Error(`failed: ${command}\n${stdout}${stderr}`);
  }
  const made = readdirSync(join(output, "stacks")).length;
  if (made !== stacks) {
    throw new Error(`made ${made} stacks instead of ${stacks}: ${command}`);
  }
  return seconds;
}

/** A folder of that many deployments, the twins of what bare.js makes. */
function deployments(/** @type {number} */ stacks) {
  const folder = join(temporary, `deployments-${stacks}`);
  mkdirSync(folder, { recursive: true });
  for (let number = readdirSync(folder).length + 1; number <= stacks; number++) {
    const lines = [
      "region: eu-central-1",
      "backend: { s3: { bucket: example-terraform-state, region: eu-central-1 } }",
      `user: { name: deckhouse-${number} }`,
      `policy: { name: D8CloudProviderAWS-${number} }`,
    ];
    writeFileSync(join(folder, `deckhouse-${number}.yaml`), `${lines.join("\n")}\n`);
  }
  return folder;
}

function print(/** @type {readonly Row[]} */ rows) {
  const cells = rows.map(({ what, bare, ours, ratio, limit }) => [
    what,
    bare,
    ours,
    ratio.toFixed(2),
    limit.toFixed(1),
    ratio <= limit ? "yes" : "NO",
  ]);
  for (const [what, ...rest] of [["what", "bare", "ours", "ratio", "limit", "ok"], ...cells]) {
    process.stdout.write(`${what.padEnd(56)}${rest.map((cell) => cell.padStart(8)).join("")}\n`);
  }
}

// Ctrl-C ends the program that is being timed, and that ends this one: it is for the temporary folder to be removed.
process.on("SIGINT", () => {});
try {
  const { values } = parseArgs({ options: { quick: { type: "boolean" }, help: { type: "boolean", short: "h" } } });
  if (values.help) {
    process.stdout.write(HELP);
  } else {
    const rounds = values.quick ? 1 : 5;
    const cli = `${CLI} --output "${output}"`;
    const rows = [
      ...startUp(values.quick ? 3 : 11),
      ...furtherStacks("", rounds, [100, 1000], BARE, OURS),
      // The command by itself takes seconds; fewer stacks than these would be lost in its noise.
      ...furtherStacks("cdktf synth: ", rounds, [500, 1000], `${cli} --app "${BARE}"`, cli),
    ];
    print(rows);
    process.exitCode = rows.every(({ ratio, limit }) => ratio <= limit) ? 0 : 1;
  }
} catch (error) {
  process.exitCode = 1;
  process.stderr.write(`${/** @type {Error} */ (error).message}\n`);
} finally {
  rmSync(temporary, { recursive: true, force: true });
}

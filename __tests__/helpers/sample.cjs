const { spawnSync } = require("node:child_process");
const { createHash } = require("node:crypto");
const { join } = require("node:path");
const { dataOf, isProven, PROJECT, sourcesOf } = require("./proven.cjs");

/**
 * The number that selects the sample of this run: which of the end-to-end tests and proofs run,
 * which rows of their tables, and the random cases. Each commit has another one, so that every case
 * has its turn; SAMPLE=N repeats a run.
 */
if (process.env.SAMPLE === undefined) {
  const commit = spawnSync("git", ["rev-parse", "HEAD"], { encoding: "utf8" }).stdout.slice(0, 6);
  process.env.SAMPLE = String(Number.parseInt(commit, 16) || 0);
  process.stderr.write(`SAMPLE=${process.env.SAMPLE} repeats this sample\n`);
}

const CORE = ["e2e/core.", "e2e/deploy.", "e2e/guards.", "e2e/import.", "e2e/program."];

/**
 * The rooms of the sources, as beginnings of paths, and beginnings of the test files that alone
 * catch mistakes there.
 */
const ALONE = [
  [["packages/cli/src/account/adopt"], ["e2e/adopt.", "e2e/hand-over-to-cluster."]],
  [["packages/cli/src/account/drift"], ["e2e/drift.", "e2e/key-commands."]],
  [
    [
      "packages/cli/src/account/rotate/",
      "packages/cli/src/commands/rotate",
      "src/helpers/rotation-",
    ],
    ["e2e/rotate.", "e2e/rotation-year.", "proofs/rotation-"],
  ],
  [["packages/cli/src/commands/drift"], ["e2e/drift.", "e2e/hand-over-to-cluster."]],
  [
    ["packages/cli/src/commands/init", "packages/cli/src/init/"],
    ["e2e/adopt.", "e2e/own-repository.", "e2e/package."],
  ],
  [
    ["packages/cli/src/commands/policy", "packages/cli/src/iam/"],
    ["e2e/deployer.", "e2e/parameters.", "e2e/policies."],
  ],
  [
    ["src/iam/", "src/settings/"],
    [...CORE, "e2e/examples.", "proofs/every-field.", "proofs/risks."],
  ],
  [["src/terraform/", "src/constructs/", "src/app.ts", "src/stack.ts", "main.ts"], CORE],
  [["packages/cli/src/review/pages/aws-cli."], ["e2e/aws-cli-and-console.", "e2e/package."]],
  [["packages/cli/src/diff/"], ["e2e/plan.", "e2e/diff.", "e2e/program."]],
  [["packages/cli/src/review/"], ["e2e/plan.", "e2e/checkov.", "e2e/parameters."]],
  [["packages/iam-no-new-access/"], ["proofs/oracles.", "e2e/managed-policies.", "e2e/packed."]],
  [
    ["packages/cli/src/terraform/", "packages/cli/src/commands/"],
    ["e2e/plan.", "e2e/deploy.", "e2e/pipelines.", "e2e/program."],
  ],
  [["packages/cli/src/cluster/"], ["e2e/hand-over-to-cluster."]],
  [
    ["packages/cli/src/account/", "src/helpers/key-situations"],
    ["e2e/key-commands.", "e2e/preflight/", "e2e/rotate-terraform."],
  ],
  [
    [
      "src/text/",
      "packages/cli/src/text/",
      "packages/cli/src/process/",
      "packages/cli/src/findings/",
    ],
    ["e2e/plan."],
  ],
  [["scripts/generate/"], ["proofs/invalid-settings."]],
  [
    ["scripts/upstream/", ".ci/upstream"],
    ["e2e/upstream.", "e2e/workflows."],
  ],
  [["scripts/check-image."], ["e2e/check-image."]],
  [
    ["scripts/pipeline.", "docs/pipelines/"],
    ["e2e/changed-deployments.", "e2e/package.", "e2e/pipelines."],
  ],
  [
    ["templates/", "scripts/", "bin/"],
    ["e2e/own-repository.", "e2e/package.", "e2e/pipelines.", "e2e/program.", "e2e/workflows."],
  ],
  [
    [".github/", ".ci/"],
    ["e2e/package.", "e2e/pipelines.", "e2e/workflows."],
  ],
  // Unit tests and lint read these.
  [
    [
      "docs/",
      "review/",
      "README.md",
      "CHANGELOG.md",
      "CONTRIBUTING.md",
      "RELEASING.md",
      "src/golden/",
      "src/groups/",
      ".cspell/",
    ],
    [],
  ],
];

/** Runs with every push: the life of a deployment from `init` to its end. */
const ALWAYS = ["e2e/year."];

/** Since the commit that BASE names; undefined if it names none, as for a new branch. */
function changedFiles() {
  const { status, stdout } = spawnSync(
    "git",
    ["diff", "--name-only", `${process.env.BASE || "none"}...HEAD`],
    {
      encoding: "utf8",
    },
  );
  return status === 0 ? stdout.split("\n").filter((path) => path !== "") : undefined;
}

/** Tests, their helpers and expected output belong to the room that they test. */
function rowOf(path) {
  const source = path
    .replace(/^__tests__\//, "src/")
    .replace("packages/cli/__tests__/", "packages/cli/src/");
  return ALONE.find(([beginnings]) => beginnings.some((beginning) => source.startsWith(beginning)));
}

const LONG_TEST = /(^|\/)__tests__\/(e2e|proofs)\/.*\.test\.ts$/;

/**
 * Beginnings of the names of test files that run with a push of changed files: those that alone
 * catch something in their rooms. All of them if the changes are unknown, or a file is in no room.
 * A changed test runs itself, and a unit test always runs.
 */
function alwaysOf(changed) {
  const tests = changed?.filter((path) => LONG_TEST.test(path)) ?? [];
  const rooms = changed?.filter((path) => !/\b__tests__\/.*\.test\.ts$/.test(path)).map(rowOf);
  const chosen = rooms === undefined || rooms.includes(undefined) ? ALONE : rooms;
  return [...new Set([...ALWAYS, ...chosen.flatMap(([, names]) => names), ...tests.map(nameOf)])];
}

/** The names of the proofs that depend on one of the changed files, sources or data. */
function proofsOf(changed) {
  const { stdout } = spawnSync("git", ["ls-files", "*/proofs/*.test.ts"], {
    cwd: PROJECT,
    encoding: "utf8",
  });
  const dependsOnChanged = (proof) => {
    const sources = sourcesOf(proof);
    return (
      changed.some((path) => sources.has(join(PROJECT, path))) ||
      dataOf(sources, changed).length > 0
    );
  };
  const proofs = stdout.split("\n").filter((path) => path !== "");
  return proofs.filter((path) => dependsOnChanged(join(PROJECT, path))).map(nameOf);
}

/** The share of the other files that runs with a push, by their cost. */
const SHARE = 1 / 8;

/**
 * CPU seconds of the expensive files, measured without the 9 s that start what all files use, so
 * that samples cost about the same, and Jest starts these files first.
 */
const COSTS = {
  "e2e/attachments.test.ts": 12,
  "e2e/aws-cli-and-console.test.ts": 42,
  "e2e/cdktn.test.ts": 87,
  "e2e/changed-deployments.test.ts": 20,
  "e2e/checkov.test.ts": 19,
  "e2e/core.test.ts": 20,
  "e2e/deploy.test.ts": 27,
  "e2e/deployer.test.ts": 28,
  "e2e/drift.test.ts": 11,
  "e2e/faults/every-call.proof.test.ts": 11,
  "e2e/faults/recover-rows.test.ts": 13,
  "e2e/guards.test.ts": 11,
  "e2e/hand-over-to-cluster.test.ts": 13,
  "e2e/own-repository.test.ts": 80,
  "e2e/package.test.ts": 26,
  "e2e/pipelines.test.ts": 60,
  "e2e/plan.test.ts": 50,
  "e2e/rotate.test.ts": 22,
  "e2e/rotate-terraform.test.ts": 42,
  "e2e/year.test.ts": 52,
  "proofs/compare.simulation.test.ts": 40,
  "proofs/policy-modes.test.ts": 30,
};

/** CPU seconds of the files that take longest when all rows and walks run. */
const COMPLETE_COSTS = {
  "e2e/faults/every-call.proof.test.ts": 600,
  "proofs/policy-modes.test.ts": 460,
  "proofs/oracles.test.ts": 330,
  "e2e/plan.test.ts": 280,
  "e2e/pipelines.test.ts": 170,
  "proofs/compare.simulation.test.ts": 155,
  "e2e/rotation-year.test.ts": 135,
  "e2e/rotate.test.ts": 100,
  "e2e/hand-over-to-cluster.test.ts": 70,
  "proofs/policy-comparison.properties.test.ts": 70,
  "proofs/policy-statements.simulation.test.ts": 65,
  "e2e/rotate-terraform.test.ts": 65,
  "e2e/policy-changes.test.ts": 50,
  "e2e/core.test.ts": 45,
};

/** CPU seconds of any other file. */
const COST = 6;

const nameOf = (path) => path.replace(/^.*__tests__[\\/]/, "").replaceAll("\\", "/");
const costs = process.env.COMPLETE === "1" ? { ...COSTS, ...COMPLETE_COSTS } : COSTS;
const costOf = (path) => costs[nameOf(path)] ?? COST;
const rankOf = (path) =>
  createHash("sha256")
    .update(`${process.env.SAMPLE} ${nameOf(path)}`)
    .digest("hex");

/** Paths in an order that the sample's number determines. */
const inTurn = (paths) => paths.toSorted((one, other) => rankOf(one).localeCompare(rankOf(other)));

/**
 * Files in an order that the sample's number determines, until the share of the cost is reached:
 * the first one, and each of which at least half belongs to the share.
 */
function sampleOf(paths) {
  let rest = SHARE * paths.map(costOf).reduce((sum, cost) => sum + cost, 0);
  const sample = [];
  for (const path of inTurn(paths)) {
    if (sample.length === 0 || costOf(path) <= 2 * rest) {
      sample.push(path);
      rest -= costOf(path);
    }
  }
  return sample;
}

/**
 * If the changes are unknown, the tests of a third of the rooms run, other ones with each sample.
 */
function turnOf() {
  const rooms = inTurn(ALONE.map(([[room]]) => room)).slice(-ALONE.length / 3);
  return alwaysOf(rooms);
}

/**
 * For Jest's option --filter: the files of a project that run with a push, or in a complete run.
 */
async function filter(paths) {
  if (process.env.COMPLETE === "1") {
    const proven = paths.filter(isProven);
    if (proven.length > 0) {
      process.stderr.write(`proven before, and unchanged: ${proven.map(nameOf).join(", ")}\n`);
    }
    return { filtered: paths.filter((path) => !proven.includes(path)) };
  }
  const changed = changedFiles();
  const beginnings =
    changed === undefined ? turnOf() : [...alwaysOf(changed), ...proofsOf(changed)];
  const always = paths.filter((path) =>
    beginnings.some((beginning) => nameOf(path).startsWith(beginning)),
  );
  const others = sampleOf(paths.filter((path) => !always.includes(path)));
  return { filtered: [...always, ...others] };
}

module.exports = Object.assign(filter, { alwaysOf, costOf, proofsOf });

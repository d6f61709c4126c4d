const { execFileSync, spawnSync } = require("node:child_process");
const { createHash } = require("node:crypto");
const { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } = require("node:fs");
const { basename, dirname, join, relative } = require("node:path");

const PROJECT = join(__dirname, "../..");

/**
 * The folder in which a complete run notes the proofs that passed, one empty file each, named by
 * the digest of what the proof depends on. `.ci/run` sets it, with the version of Python in its
 * name; without it every proof runs.
 */
const { PROVEN, E2E_PROVIDER_MIRROR: MIRROR } = process.env;

/**
 * Whether a test file is a proof: what it shows depends on its sources alone. End-to-end tests are
 * if they run nothing of the program but what they import, and Terraform has one AWS provider to
 * choose from.
 */
const isProof = (path) =>
  /\/proofs\//.test(path) || (path.endsWith(".proof.test.ts") && MIRROR !== undefined);

/** How Jest runs each proof. */
const CONFIGURATION = ["jest.config.mjs", "__tests__/helpers/unit-setup.ts"].map((path) =>
  join(PROJECT, path),
);

/** The file itself, and all sources that it imports, directly or through other files. */
function sourcesOf(path, found = new Set()) {
  if (found.has(path)) {
    return found;
  }
  found.add(path);
  const imports = readFileSync(path, "utf8").matchAll(/(?:from|import|import\()\s*"(\.[^"]+)"/g);
  for (const [, name] of imports) {
    const file = join(dirname(path), name.replace(/\.js$/, ""));
    const source = [`${file}.ts`, join(file, "index.ts")].find(existsSync);
    if (source !== undefined) {
      sourcesOf(source, found);
    }
  }
  return found;
}

/** Files that proofs do not read, whatever has their names. */
const NOT_READ =
  /\.ts$|^(?!src\/|packages\/cli\/src\/|templates\/|docs\/how-to\/).*\.md$|^(review|__tests__\/golden\/expected)\//;
const COMMENT = /^\s*(\/\/.*|\/\*[\s\S]*?\*\/)/gm;

function trackedFiles() {
  const files = execFileSync("git", ["ls-files", "-z"], { cwd: PROJECT, encoding: "utf8" });
  return files.split("\0").filter((path) => path !== "");
}

/**
 * The files whose names are in the sources and not in their comments, and those of folders whose
 * paths are, or the last two names of a path.
 */
function dataOf(sources, among = trackedFiles()) {
  const text = [...sources]
    .map((path) => readFileSync(path, "utf8").replaceAll(COMMENT, ""))
    .join("\n");
  const isNamed = (path) => {
    const folder = dirname(path).split("/").slice(-2).join("/");
    const names = path.includes("/") ? [basename(path), folder] : [path];
    return names.some((name) => ['"', "'", "`", "/$"].some((end) => text.includes(name + end)));
  };
  return among
    .filter((path) => !NOT_READ.test(path) && isNamed(path))
    .map((path) => join(PROJECT, path));
}

/** Without the version of this project. */
function installedPackages() {
  const lock = readFileSync(join(PROJECT, "node_modules/.package-lock.json"), "utf8");
  return JSON.stringify(JSON.parse(lock).packages);
}

/** What starts before an end-to-end test. */
const END_TO_END = ["prerequisites", "support/environment", "support/provider-pool"].map((name) =>
  join(PROJECT, `__tests__/e2e/${name}.ts`),
);

/** The versions of Terraform and of the AWS provider. */
const terraformVersions = () =>
  [spawnSync("terraform", ["version"]).stdout, ...readdirSync(MIRROR, { recursive: true })].join();

/** The note that a proof passed with everything as it is now. */
function noteOf(path) {
  const isEndToEnd = path.includes("/e2e/");
  const sources = new Set();
  for (const root of isEndToEnd ? [path, ...END_TO_END] : [path]) {
    sourcesOf(root, sources);
  }
  const digest = createHash("sha256")
    .update(process.version)
    .update(installedPackages())
    .update(isEndToEnd ? terraformVersions() : "");
  for (const file of new Set([...sources, ...dataOf(sources), ...CONFIGURATION])) {
    digest
      .update(`\0${relative(PROJECT, file)}\0`)
      .update(existsSync(file) ? readFileSync(file) : "");
  }
  return join(PROVEN, digest.digest("hex"));
}

/** Whether a proof passed before with everything as it is now. */
const isProven = (path) => PROVEN !== undefined && isProof(path) && existsSync(noteOf(path));

function noteProven(path) {
  if (PROVEN !== undefined && isProof(path)) {
    mkdirSync(PROVEN, { recursive: true });
    writeFileSync(noteOf(path), "");
  }
}

module.exports = { dataOf, isProven, noteProven, PROJECT, sourcesOf };

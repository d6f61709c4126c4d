const { execFileSync } = require("node:child_process");
const { createHash } = require("node:crypto");
const { existsSync, mkdirSync, readFileSync, writeFileSync } = require("node:fs");
const { dirname, join, relative } = require("node:path");

const PROJECT = join(__dirname, "../..");

/**
 * The folder in which a complete run notes the proofs that passed, one empty file each, named by
 * the digest of what the proof depends on. `.ci/run` sets it, with the version of Python in its
 * name; without it every proof runs.
 */
const { PROVEN } = process.env;

/** Files that proofs do not read. Of the sources they read those that they import. */
const NOT_READ = /\.ts$|^(?!src\/|templates\/).*\.md$|^(review|__tests__\/e2e)\//;

/** The sources that a file imports, directly or through other files, and the file itself. */
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

/** All files but sources and those that no proof reads: data, templates, the lock of packages. */
function otherFiles() {
  const files = execFileSync("git", ["ls-files", "-z"], { cwd: PROJECT, encoding: "utf8" });
  return files
    .split("\0")
    .filter((path) => path !== "" && !NOT_READ.test(path))
    .map((path) => join(PROJECT, path));
}

/** Where it is noted that a proof passed with everything as it is now. */
function noteOf(path) {
  const digest = createHash("sha256").update(process.version);
  for (const file of [...sourcesOf(path), ...otherFiles()].sort()) {
    digest
      .update(`\0${relative(PROJECT, file)}\0`)
      .update(existsSync(file) ? readFileSync(file) : "");
  }
  return join(PROVEN, digest.digest("hex"));
}

/** Whether a proof passed before with everything as it is now. */
const isProven = (path) => PROVEN !== undefined && existsSync(noteOf(path));

/** Notes that a proof passed. */
function noteProven(path) {
  if (PROVEN !== undefined) {
    mkdirSync(PROVEN, { recursive: true });
    writeFileSync(noteOf(path), "");
  }
}

module.exports = { isProven, noteProven, sourcesOf };

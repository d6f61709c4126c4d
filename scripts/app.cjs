// What cdktf.json runs: main.ts, after a type check and compilation if anything differs from what was compiled last. The compiler takes
// as much time to find out that nothing does as the synthesis takes.
const { spawnSync } = require("node:child_process");
const { existsSync, readdirSync, readFileSync, statSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");

const INPUTS = ["main.ts", "src", "scripts", "package.json", "tsconfig.json", "node_modules/.package-lock.json"];
const COMPILED = "build/.tsbuildinfo";
/** The files that were compiled without errors, as `stateOf` describes them. */
const RECORD = "build/.compiled";

/** Size and time of change of files, and of those in folders. */
function stateOf(...paths) {
  return paths.flatMap((path) => {
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat?.isDirectory()
      ? stateOf(...readdirSync(path).map((name) => join(path, name)))
      : [`${path} ${stat?.size} ${stat?.mtimeMs}`];
  });
}

const before = stateOf(...INPUTS);
const recordOf = () => [...before, ...stateOf(COMPILED)].join("\n");
const record = existsSync(RECORD) ? readFileSync(RECORD, "utf8") : undefined;
if (record !== recordOf()) {
  // Without --force, the compiler takes a file with an earlier time, such as a restored one, for compiled.
  const options = record === undefined ? [] : ["--force"];
  const args = ["node_modules/typescript/bin/tsc", "-b", "--checkers", "1", ...options];
  const { status } = spawnSync(process.execPath, args, { stdio: "inherit" });
  if (status !== 0) {
    process.exit(status ?? 1);
  }
  writeFileSync(RECORD, recordOf());
}
require("../build/main.js");

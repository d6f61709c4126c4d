// What cdktf.json runs: main.ts and all that it imports as one file, after a type check if anything differs from what was compiled last.
// To find out that nothing does takes the compiler as much time as the synthesis takes, and so does loading the files one by one.
const { spawnSync } = require("node:child_process");
const { existsSync, readdirSync, readFileSync, statSync, writeFileSync } = require("node:fs");
const { join, resolve } = require("node:path");

const INPUTS = ["main.ts", "src", "scripts", "package.json", "tsconfig.json", "node_modules/.package-lock.json"];
const COMPILED = "build/.tsbuildinfo";
const APP = "build/app.js";
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
const recordOf = () => [...before, ...stateOf(COMPILED, APP)].join("\n");
const record = existsSync(RECORD) ? readFileSync(RECORD, "utf8") : undefined;
if (record !== recordOf()) {
  // Without --force, the compiler takes a file with an earlier time, such as a restored one, for compiled.
  const options = record === undefined ? [] : ["--force"];
  const args = ["node_modules/typescript/bin/tsc", "-b", "--checkers", "1", ...options];
  const { status } = spawnSync(process.execPath, args, { stdio: "inherit" });
  if (status !== 0) {
    process.exit(status ?? 1);
  }
  require("esbuild").buildSync({ entryPoints: ["main.ts"], outfile: APP, bundle: true, platform: "node", target: "node20.9" });
  writeFileSync(RECORD, recordOf());
}
require(resolve(APP));

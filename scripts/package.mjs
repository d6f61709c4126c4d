// Usage: npm run package [-- OPTIONS of npm pack]
// Packs this checkout as VERSION-gCOMMIT, so that two checkouts differ. The commit with the tag vVERSION, and a folder without Git, are
// packed as VERSION. src/cli/init/repository.ts expects the same name.
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";

const text = readFileSync("package.json", "utf8");
const { version } = JSON.parse(text);
const git = (...args) => spawnSync("git", args, { encoding: "utf8" }).stdout ?? "";
const commit = git("rev-parse", "--short=8", "HEAD").trim();
const isRelease = commit === "" || git("tag", "--points-at", "HEAD").split("\n").includes(`v${version}`);
const packed = isRelease ? version : `${version}-g${commit}`;
try {
  writeFileSync("package.json", text.replace(`"version": "${version}"`, `"version": "${packed}"`));
  rmSync("dist", { recursive: true, force: true });
  const args = ["pack", "--ignore-scripts=false", "--pack-destination", ".", ...process.argv.slice(2)];
  process.exitCode = spawnSync("npm", args, { stdio: "inherit" }).status ?? 1;
} finally {
  writeFileSync("package.json", text);
}

// Usage: npm run package [-- OPTIONS of npm pack]
// Packs this checkout as VERSION-gCOMMIT, so that two checkouts differ. The commit with the tag vVERSION, and a folder without Git, are
// packed as VERSION.
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";

// Not a path that the linter follows: it runs before the build.
const { packedVersion } = await import(new URL("../build/src/cli/init/repository.js", import.meta.url));

const text = readFileSync("package.json", "utf8");
const { version } = JSON.parse(text);
try {
  writeFileSync("package.json", text.replace(`"version": "${version}"`, `"version": "${packedVersion(version, process.env)}"`));
  rmSync("dist", { recursive: true, force: true });
  const args = ["pack", "--ignore-scripts=false", "--pack-destination", ".", ...process.argv.slice(2)];
  process.exitCode = spawnSync("npm", args, { stdio: "inherit" }).status ?? 1;
} finally {
  writeFileSync("package.json", text);
}

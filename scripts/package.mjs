// Usage: [REPOSITORY=OWNER/NAME] npm run package [-- OPTIONS of npm pack]
// Packs this checkout as VERSION-gCOMMIT, so that two checkouts differ, and as VERSION if the
// commit has the tag vVERSION; with -dirty if a file is not as in the commit. The fields about the
// repository on GitHub are those of REPOSITORY.
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";

// Not a path that the linter follows: it runs before the build.
const { packedVersion } = await import(
  new URL("../build/packages/cli/src/init/repository.js", import.meta.url)
);

const text = readFileSync("package.json", "utf8");
const manifest = JSON.parse(text);
const { REPOSITORY } = process.env;
const site = `https://github.com/${REPOSITORY}`;
const repository = {
  repository: { type: "git", url: `git+${site}.git` },
  bugs: { url: `${site}/issues` },
  homepage: `${site}#readme`,
};
const packed = {
  ...manifest,
  version: packedVersion(manifest.version, process.env),
  ...(REPOSITORY ? repository : {}),
};

// The package has only some of the files that README.md links.
const readme = readFileSync("README.md", "utf8");
const isPacked = (path) => /^(https?:|#|docs\/|CHANGELOG\.md)/.test(path);
const inRepository = (label, path) =>
  REPOSITORY ? `[${label}](${site}/blob/v${manifest.version}/${path})` : label;
const linked = (link, label, path) => (isPacked(path) ? link : inRepository(label, path));
try {
  writeFileSync("README.md", readme.replace(/\[([^\]]+)\]\(([^)]+)\)/g, linked));
  writeFileSync("package.json", `${JSON.stringify(packed, null, 2)}\n`);
  rmSync("dist", { recursive: true, force: true });
  const args = [
    "pack",
    "--ignore-scripts=false",
    "--silent",
    "--pack-destination",
    ".",
    ...process.argv.slice(2),
  ];
  process.exitCode = spawnSync("npm", args, { stdio: "inherit" }).status ?? 1;
} finally {
  writeFileSync("README.md", readme);
  writeFileSync("package.json", text);
}

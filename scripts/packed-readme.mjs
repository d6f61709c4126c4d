// Usage: node scripts/packed-readme.mjs [--restore]
// The package has not all files that README.md links: its links to others become links to the repository that package.json names, or
// plain text if it names none, and links to examples are left out. The script prepack calls this, and postpack restores the file.
import { copyFileSync, readFileSync, renameSync, writeFileSync } from "node:fs";

const ORIGINAL = "build/README.md";
const EXAMPLES = /, for \[example\]\([^)]+\)| \(\[examples\]\([^)]+\)\)/g;
const LINK = /\[([^\]]+)\]\((?!https?:|docs\/|CHANGELOG\.md)([^)]+)\)/g;

if (process.argv.includes("--restore")) {
  renameSync(ORIGINAL, "README.md");
} else {
  const { repository, version } = JSON.parse(readFileSync("package.json", "utf8"));
  const files = repository && `${repository.url.replace(/^git\+|\.git$/g, "")}/blob/v${version}/`;
  const text = readFileSync("README.md", "utf8");
  copyFileSync("README.md", ORIGINAL);
  const packed = files ? text : text.replaceAll(EXAMPLES, "");
  writeFileSync(
    "README.md",
    packed.replaceAll(LINK, (_, title, path) => (files ? `[${title}](${files}${path})` : title)),
  );
}

// Usage: node scripts/packed-readme.mjs [--restore]
// The package has not all files that README.md links: its links to others become links to the repository that package.json names, or
// plain text if it names none. The script prepack calls this, and postpack restores the file.
import { copyFileSync, readFileSync, renameSync, writeFileSync } from "node:fs";

const ORIGINAL = "build/README.md";
const LINK = /\[([^\]]+)\]\((?!https?:|docs\/|CHANGELOG\.md)([^)]+)\)/g;

if (process.argv.includes("--restore")) {
  renameSync(ORIGINAL, "README.md");
} else {
  const { repository, version } = JSON.parse(readFileSync("package.json", "utf8"));
  const files = repository && `${repository.url.replace(/^git\+|\.git$/g, "")}/blob/v${version}/`;
  const text = readFileSync("README.md", "utf8");
  copyFileSync("README.md", ORIGINAL);
  writeFileSync(
    "README.md",
    text.replaceAll(LINK, (_, title, path) => (files ? `[${title}](${files}${path})` : title)),
  );
}

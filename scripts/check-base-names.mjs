// Fails if two files of src/ have the same name: `npm run lint:imports`. An index.ts stands for its folder.
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";

const files = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".ts"));
const paths = {};
for (const path of files.sort()) {
  paths[basename(path)] = [...(paths[basename(path)] ?? []), join("src", path)];
}
const duplicates = Object.entries(paths).filter(([name, { length }]) => length > 1 && name !== "index.ts");
for (const [name, where] of duplicates) {
  process.stderr.write(`${name} is the name of several files; give each a name that says what it holds: ${where.join(", ")}\n`);
}
process.exitCode = duplicates.length > 0 ? 1 : 0;

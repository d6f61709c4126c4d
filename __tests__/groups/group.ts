import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const PROJECT = join(__dirname, "../..");
const FOLDERS = ["__tests__", "packages/iam-no-new-access/__tests__"];
const GROUPS = 4;

/**
 * Every fourth unit test file, by size, as one file for Jest, because loading the modules of the
 * project for each file alone takes half as long as the tests themselves. `npm test` without names
 * runs the groups.
 * @param number 0 to 3
 */
export function group(number: number): void {
  const files = FOLDERS.flatMap((folder) =>
    readdirSync(join(PROJECT, folder), { recursive: true, encoding: "utf8" }).map(
      (path) => `${folder}/${path}`,
    ),
  )
    .filter((path) => path.endsWith(".test.ts") && !/__tests__\/(e2e|proofs)\//.test(path))
    .map((path) => ({ path, text: readFileSync(join(PROJECT, path), "utf8") }))
    .sort((a, b) => b.text.length - a.text.length);
  for (const { path } of files.filter((_, index) => index % GROUPS === number)) {
    describe(path, () => {
      require(join(PROJECT, path));
    });
  }
}

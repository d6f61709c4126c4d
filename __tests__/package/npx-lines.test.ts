import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ANYWHERE, npxLines } from "../helpers/npx-lines";
import { PROJECT } from "../helpers/project-root";

/** Runs what is installed and nothing else, or a packed file or version that the command names. */
const SAFE = /^npx (--no|(--\S+ )*--package (\.\/\S+\.tgz|\S+@\d+\.\d+\.\d+)) [a-z]/;

/** Runs what is installed and nothing else, where `.npmrc` has `yes=false`. */
const SAFE_IN_PROJECT = /^npx (dkp-access|cdktf|cdktn)\b/;

describe("npx in documents, templates, examples, review packs and messages", () => {
  it.each([".npmrc", "templates/npmrc"])("downloads nothing in a project: %s has yes=false", (path) => {
    expect(readFileSync(join(PROJECT, path), "utf8").split("\n")).toContain("yes=false");
  });

  it("has --no, or names a file or a version, on the pages that may be read anywhere", () => {
    const lines = npxLines();
    expect(lines.length).toBeGreaterThan(50);
    const isSafe = ({ file, command }: { file: string; command: string }) =>
      SAFE.test(command) || (!ANYWHERE.test(file) && SAFE_IN_PROJECT.test(command)) || command === "npx --no";
    expect(lines.filter((line) => !isSafe(line))).toEqual([]);
  });
});

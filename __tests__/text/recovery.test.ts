import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { recovery } from "../../src/text/recovery";
import { PROJECT } from "../helpers/project-root";

const read = (path: string) => readFileSync(join(PROJECT, path), "utf8");

const filesIn = (folder: string): readonly string[] =>
  readdirSync(join(PROJECT, folder), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .map((path) => join(folder, path));

/** The anchors of the rows of docs/how-to/recover.md. */
const rows = [...read("docs/how-to/recover.md").matchAll(/^\| <a id="([a-z-]+)"><\/a>/gm)].map(([, anchor]) => anchor);

describe("docs/how-to/recover.md", () => {
  it("has a row for each symptom, each with a unique anchor", () => {
    expect(rows.length).toBeGreaterThan(10);
    expect([...new Set(rows)]).toEqual(rows);
  });

  it.each(rows)("has an end-to-end test of its row %s", (anchor) => {
    const tests = filesIn("__tests__/e2e").filter((path) => path.endsWith(".test.ts"));
    const claims = tests.filter((path) => new RegExp(`recover\\.md#${anchor}\\b(?!-)`).test(read(path)));
    expect(claims).not.toEqual([]);
  });

  it("has the rows that messages name", () => {
    const named = filesIn("src").flatMap((path) => [...read(path).matchAll(/recovery\("([a-z-]+)"\)/g)].map(([, row]) => row));
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((row) => !rows.includes(row))).toEqual([]);
    expect(recovery("tainted")).toBe("docs/how-to/recover.md#tainted");
  });
});

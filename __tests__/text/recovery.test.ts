import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { recovery } from "../../src/text/recovery";
import { anchorOf, anchorsOf } from "../helpers/links";
import { PROJECT } from "../helpers/project-root";

const read = (path: string) => readFileSync(join(PROJECT, path), "utf8");

const filesIn = (folder: string): readonly string[] =>
  readdirSync(join(PROJECT, folder), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .map((path) => join(folder, path));

const PAGE = read("docs/how-to/recover.md");

/** The sections of docs/how-to/recover.md that begin with a symptom. */
const symptoms = PAGE.split(/^## /m)
  .filter((section) => /^.+\n\n> /.test(section))
  .map((section) => ({ anchor: anchorOf(section.split("\n")[0] ?? ""), section }));

describe("docs/how-to/recover.md", () => {
  it("has a section for each symptom, with at most five commands", () => {
    expect(symptoms.length).toBeGreaterThan(10);
    const commands = (section: string) => /```shell\n([\s\S]*?)```/.exec(section)?.[1]?.match(/^(?!#).+/gm) ?? [];
    expect(symptoms.filter(({ section }) => commands(section).length > 5)).toEqual([]);
  });

  it.each(symptoms.map(({ anchor }) => anchor))("has an end-to-end test of its section %s", (anchor) => {
    const tests = filesIn("__tests__/e2e").filter((path) => path.endsWith(".test.ts"));
    const claims = tests.filter((path) => new RegExp(`recover\\.md#${anchor}\\b(?!-)`).test(read(path)));
    expect(claims).not.toEqual([]);
  });

  it("has the sections that messages name", () => {
    const named = filesIn("src").flatMap((path) => [...read(path).matchAll(/recovery\("([a-z-]+)"\)/g)].map(([, row]) => row));
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((row) => !anchorsOf(PAGE).includes(row ?? ""))).toEqual([]);
    expect(recovery("tainted")).toBe("docs/how-to/recover.md#tainted");
  });
});

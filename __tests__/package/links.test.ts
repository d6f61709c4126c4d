import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { anchorsOf, deadLinks } from "../helpers/links";
import { PROJECT } from "../helpers/project-root";

const read = (path: string) => readFileSync(join(PROJECT, path), "utf8");
const tracked = spawnSync("git", ["ls-files", "-z"], { cwd: PROJECT, encoding: "utf8" }).stdout.split("\0").filter(Boolean);

/** Their links are those of the pages that are filled in. */
const TEMPLATES = /^(src\/cli|templates)\//;

describe("links in Markdown files", () => {
  it("name files and headings that exist", () => {
    expect(tracked.length).toBeGreaterThan(100);
    expect(
      deadLinks(
        tracked.filter((path) => !TEMPLATES.test(path)),
        read,
      ),
    ).toEqual([]);
  });

  it("in messages name pages and headings that exist", () => {
    const source = tracked
      .filter((path) => /^(src|scripts|templates)\/.*\.(ts|sh|yaml|md)$/.test(path))
      .map(read)
      .join("\n");
    const named = [
      ...source.matchAll(/\bdocs\/((?:how-to|reference|explanation|pipelines)\/[\w.-]+\w(?:#[\w-]+)?)|\bpage\("([^"]+)"\)/g),
    ];
    const pages = named.map(([, path, called]) => `docs/${path ?? called}`);
    expect(pages.length).toBeGreaterThan(10);
    const isDead = (page: string) => {
      const [path = "", anchor] = page.split("#");
      return !tracked.includes(path) || (anchor !== undefined && !anchorsOf(read(path)).includes(anchor));
    };
    expect([...new Set(pages.filter(isDead))]).toEqual([]);
  });
});

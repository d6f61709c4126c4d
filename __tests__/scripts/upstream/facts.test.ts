import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { factsIn, outdatedFacts } from "../../../scripts/upstream/facts";
import { PROJECT } from "../../helpers/project-root";

const FILE = readFileSync(join(PROJECT, "docs/reference/facts.yaml"), "utf8");

describe("the facts about other systems", () => {
  it.each(factsIn(FILE))("%s has a claim, a source and the day it was read", (_, fact) => {
    expect(Object.keys(fact).sort()).toEqual(["claim", "read", "source"]);
    expect(fact.claim).toMatch(/^\S.{20,}[^.]$/);
    expect(fact.source).toMatch(/^https:\/\/\S+$/);
    expect(new Date(fact.read).toISOString().slice(0, 10)).toBe(fact.read);
  });

  it("exist where code or a page refers to one", () => {
    const files = execFileSync("git", ["grep", "-hoE", "facts\\.yaml, [a-z-]+", "--", "src", "docs", ".github"], {
      cwd: PROJECT,
    });
    const named = files
      .toString()
      .trim()
      .split("\n")
      .map((line) => line.replace(/.*, /, ""));
    const known = factsIn(FILE).map(([id]) => id);
    expect(named.length).toBeGreaterThan(1);
    expect(named.filter((id) => !known.includes(id))).toEqual([]);
  });

  it("are outdated when they were read more than 90 days ago", () => {
    const file =
      'one: {read: 2026-01-01, source: "https://a", claim: an old claim}\ntwo: {read: 2026-03-01, source: "https://b", claim: another}';
    expect(outdatedFacts(file, new Date("2026-04-01"))).toEqual([]);
    expect(outdatedFacts(file, new Date("2026-04-02"))).toEqual(["one: read 91 days ago: an old claim\n  https://a"]);
  });
});

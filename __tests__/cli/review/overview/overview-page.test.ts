import { OVERVIEW_MARK, overviewPage, readOverview } from "../../../../src/cli/review/overview/overview-page";
import { type OverviewRow, overviewRow } from "../../../../src/cli/review/overview/overview-row";
import { deployment, SEVERAL_POLICIES } from "../../../helpers/deployment";
import { RSA_KEY } from "../../../helpers/pgp-keys";

const SCOPED = "policy: { mode: scoped }\ncluster: { prefix: dev, layout: Standard }\n";

const row = (stack: string, settings = ""): OverviewRow => ({ ...overviewRow(deployment(settings)), stack });

/** The rows of a page by stack, as they are written. */
const lineOf = (page: string, stack: string) => page.split("\n").find((line) => line.startsWith(`| [${stack}](`));

describe("the overview", () => {
  it("shows account, Region, mode, DKP version, size left, keys and protection of the secret, with a link", () => {
    const page = overviewPage([
      row("a"),
      row("b", `accountId: "123456789012"\npolicy: { mode: scoped }\ncluster: { prefix: dev, dkpVersion: "1.77" }`),
      row("c", `accessKeys: { primary: { pgpKey: ${RSA_KEY} }, secondary: { status: Inactive, pgpKey: ${RSA_KEY} } }`),
      row("d", "accessKeys: none"),
      row("e", "outputs: { secret: false }"),
      row("f", SEVERAL_POLICIES),
    ]);
    expect(lineOf(page, "a")).toMatch(
      /^\| \[a\]\(a\/REVIEW\.md\) \| any \| eu-central-1 \| documented \| any \| \d+ \| primary \| plaintext, in outputs \|$/,
    );
    expect(lineOf(page, "b")).toMatch(/^\| \[b\]\(b\/REVIEW\.md\) \| 123456789012 \| eu-central-1 \| scoped \| 1\.77 \| \d+ \|/);
    expect(lineOf(page, "c")).toContain("| primary, secondary (Inactive) | encrypted |");
    expect(lineOf(page, "d")).toContain("| outside Terraform | none |");
    expect(lineOf(page, "e")).toContain("| primary | plaintext |");
    expect(lineOf(page, "f")).toMatch(/\| \d+, \d+ \| primary \|/);
  });

  it("groups deployments with the same weaker choices, the group with the most first, and counts each choice", () => {
    const page = overviewPage([row("scoped", SCOPED), row("b"), row("a"), row("stated", 'accountId: "123456789012"')]);
    expect(page.match(/^## Group .*$/gm)).toEqual([
      "## Group 1: 8 weaker choices, 1 deployment",
      "## Group 2: 7 weaker choices, 2 deployments",
      "## Group 3: 6 weaker choices, 1 deployment",
    ]);
    expect(page.match(/(?<=^\| \[)\w+/gm)).toEqual(["scoped", "a", "b", "stated"]);
    expect(page).toContain("| `policy.mode` | 4 |\n");
    expect(page).toContain("| `accountId` | 3 |\n");
    expect(page).toContain("4 deployments in 1 account (3 without a stated account).");
  });

  it("has a diagram of modes and secrets with their numbers", () => {
    const page = overviewPage([row("a"), row("b"), row("c", `${SCOPED}outputs: { secret: false }`)]);
    expect(page).toContain(
      [
        "```mermaid",
        "flowchart LR",
        '  all["3 deployments"]',
        '  all -- 2 --> documented["policy mode documented"]',
        '  all -- 1 --> scoped["policy mode scoped"]',
        '  documented -- 2 --> documented_plaintext_in_outputs["secret: plaintext, in outputs"]',
        '  scoped -- 1 --> scoped_plaintext["secret: plaintext"]',
        "```",
      ].join("\n"),
    );
  });

  it("can be read again, and is the same for rows in any order", () => {
    const strongest = { ...row("strongest"), weak: [] };
    const rows = [row("a"), row("b", SCOPED), row("c", "accessKeys: none"), strongest];
    const page = overviewPage(rows);
    expect(page.endsWith(OVERVIEW_MARK)).toBe(true);
    const read = readOverview(page);
    expect([...read].sort((one, other) => (one.stack < other.stack ? -1 : 1))).toEqual(rows);
    expect(overviewPage(read)).toBe(page);
    expect(overviewPage([...rows].reverse())).toBe(page);
  });

  it("remains below the 500 KiB that GitHub shows of a README with 1,000 deployments", () => {
    const name = (index: number) => `a-production-cluster-with-a-long-name-${index}`;
    const { weak, ...example } = row("x", SCOPED);
    const rows = Array.from({ length: 1000 }, (_, index) => ({ ...example, stack: name(index), weak }));
    // Source: GitHub Docs, "About the repository README file".
    expect(overviewPage(rows).length).toBeLessThan(500 * 1024);
  });
});

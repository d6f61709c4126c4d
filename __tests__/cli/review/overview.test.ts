import { OVERVIEW_MARK, type OverviewRow, overviewPage, overviewRow, readOverview } from "../../../src/cli/review/overview";
import { trusted } from "../../../src/text/markdown";
import { deployment, SEVERAL_POLICIES } from "../../helpers/deployment";
import { RSA_KEY } from "../../helpers/pgp-keys";

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
      /^\| \[a\]\(a\/REVIEW\.md\) \| any \| eu-central-1 \| documented \| any \| \d+ \| primary \| plaintext, in outputs \| `policy\.mode`, `user\.allowedNetworks`, .* \|$/,
    );
    expect(lineOf(page, "b")).toMatch(/^\| \[b\]\(b\/REVIEW\.md\) \| 123456789012 \| eu-central-1 \| scoped \| 1\.77 \| \d+ \|/);
    expect(lineOf(page, "c")).toContain("| primary, secondary (Inactive) | encrypted |");
    expect(lineOf(page, "d")).toContain("| outside Terraform | none |");
    expect(lineOf(page, "e")).toContain("| primary | plaintext |");
    expect(lineOf(page, "f")).toMatch(/\| \d+, \d+ \| primary \|/);
  });

  it("has the deployment with the most weaker choices first, and counts each choice", () => {
    const page = overviewPage([row("stated", 'accountId: "123456789012"'), row("scoped", SCOPED), row("b"), row("a")]);
    expect(page.match(/(?<=^\| \[)\w+/gm)).toEqual(["scoped", "a", "b", "stated"]);
    expect(page).toContain("| `policy.mode` | 4 |\n");
    expect(page).toContain("| `accountId` | 3 |\n");
    expect(page).toContain("\n4 deployments. ");
  });

  it("can be read again, and is the same for rows in any order", () => {
    const a = row("a");
    const strongest: OverviewRow = { stack: "strongest", cells: [...a.cells.slice(0, -1), trusted("none")] };
    const rows = [a, row("b", SCOPED), row("c", "accessKeys: none"), strongest];
    const page = overviewPage(rows);
    expect(page.endsWith(OVERVIEW_MARK)).toBe(true);
    const read = readOverview(page);
    expect([...read].sort((one, other) => (one.stack < other.stack ? -1 : 1))).toEqual(rows);
    expect(overviewPage(read)).toBe(page);
    expect(overviewPage([...rows].reverse())).toBe(page);
  });

  it("remains below the 500 KiB that GitHub shows of a README with 1,000 deployments", () => {
    const name = (index: number) => `a-production-cluster-with-a-long-name-${index}`;
    const rows = Array.from({ length: 1000 }, (_, index) => ({ ...row("x", SCOPED), stack: name(index) }));
    // Source: GitHub Docs, "About the repository README file".
    expect(overviewPage(rows).length).toBeLessThan(500 * 1024);
  });
});

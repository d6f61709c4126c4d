import { CASES, findingsOf, preflightIn } from "../../../../__tests__/helpers/preflight";
import { projectFile } from "../../../../__tests__/helpers/project-root";
import type { PreflightFound } from "../../src/account/preflight/check";
import { accountCheck, CHECKS, regionCheck } from "../../src/account/preflight/checks";
import { preflightJson, preflightText } from "../../src/account/preflight/report";

it.each(CASES)("$check: $title", async ({ check, account, expected }) => {
  expect(findingsOf(await preflightIn(account), check)).toMatchObject(expected);
});

it("docs/how-to/preflight.md has a row for each check", () => {
  const ids = [
    ...[accountCheck(false), regionCheck, ...CHECKS].map(({ id }) => id),
    "cluster-access",
  ];
  const rows = projectFile("docs/how-to/preflight.md").matchAll(/^\| `([\w-]+)` \|/gm);
  expect([...rows].map(([, id]) => id)).toEqual(ids);
});

describe("the report", () => {
  const result = (check: string, ...findings: readonly PreflightFound[]) => ({
    check,
    findings,
  });
  const passed = result("region");
  const noted = result("image", { rule: "image-imdsv2", values: { ami: "ami-1\n::error::X" } });
  const unknown = result("prefix-in-use", {
    rule: "timed-out",
    values: { action: "iam:GetUser", reason: "no answer within 5 s" },
  });

  it("as JSON has the rules of each check", () => {
    expect(preflightJson("dev", "eu-central-1", [passed, noted])).toMatchObject({
      exitCode: 0,
      deployments: [
        {
          stack: "dev",
          region: "eu-central-1",
          checks: [{ rules: [] }, { rules: ["image-imdsv2"] }],
        },
      ],
      findings: [{ rule: "image-imdsv2", stack: "dev" }],
    });
  });

  it("as text has the checks that passed, and a line per finding with the remedy below it", () => {
    expect(preflightText("dev: preflight", [passed, noted, unknown])).toBe(
      `dev: preflight
passed: region
note: image: ami-1\\n::error::X accepts only IMDSv2
  -> set cluster.imdsv2: true here and in DKP, or use another image
unverifiable: prefix-in-use: iam:GetUser: no answer within 5 s
  -> try again with a longer --timeout
unverifiable: 1
`,
    );
  });

  it("as text names the checks that require another one once, with the reason", () => {
    const notRun = (check: string) =>
      result(check, { rule: "check-not-run", values: { required: "prefix-in-use" } });
    const text = preflightText("dev: preflight", [unknown, notRun("image"), notRun("names")]);
    expect(text.split("\n").slice(-3)).toEqual([
      "unverifiable: 1",
      "not checked, because the check prefix-in-use did not pass: image, names",
      "",
    ]);
    expect(text).not.toContain("was not run");
  });
});

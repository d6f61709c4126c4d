import type { Result, Verdict } from "../../../../src/cli/account/preflight/check";
import { exitCode, reportJson, reportText } from "../../../../src/cli/account/preflight/report";

const result = (verdict: Verdict, remedy?: string): Result => ({
  check: "region",
  verdict,
  found: "it is so",
  source: "ec2:DescribeRegions in us-east-1",
  remedy,
});

describe("the exit code", () => {
  it.each<[0 | 2 | 3, readonly Verdict[]]>([
    [0, ["ok"]],
    [0, ["ok", "warning", "skipped"]],
    [3, ["ok", "unknown", "warning"]],
    [2, ["unknown", "failed"]],
  ])("is %s for %j", (code, verdicts) => {
    expect(exitCode(verdicts.map((verdict) => result(verdict)))).toBe(code);
  });
});

describe("the report", () => {
  const results = [result("ok"), result("unknown", "try again")];

  it("as text has a line per finding, and below it the remedy", () => {
    expect(reportText("dev: preflight", results)).toBe(
      [
        "dev: preflight",
        "",
        "ok       region  it is so [ec2:DescribeRegions in us-east-1]",
        "unknown  region  it is so [ec2:DescribeRegions in us-east-1]",
        "                 -> try again",
        "",
        "ok: 1, unknown: 1",
        "",
      ].join("\n"),
    );
  });

  it("as text keeps a finding on its line, whatever the settings or AWS contain", () => {
    const { source, ...rest } = result("failed", "rename w\n::add-mask::exit");
    expect(reportText("dev", [{ ...rest, source: `${source}\u009b`, found: "m5\n::error::X \u001b[2J\u202e is no type" }])).toBe(
      [
        "dev",
        "",
        "failed  region  m5\\n::error::X \\u001b[2J\\u202e is no type [ec2:DescribeRegions in us-east-1\\u009b]",
        "                -> rename w\\n::add-mask::exit",
        "",
        "failed: 1",
        "",
      ].join("\n"),
    );
  });

  it("as text names the file that sets the fields of all skipped checks", () => {
    const skipped = [result("skipped", "set cluster.prefix"), result("skipped", "set cluster.layout"), result("skipped")];
    const hint = "2 checks require settings of the cluster: set them, or cluster.configFile to DKP's installation file\n";
    expect(reportText("dev", skipped)).toMatch(new RegExp(`\nskipped: 3\n${hint}$`));
    expect(reportText("dev", skipped.slice(1))).not.toContain("configFile");
  });

  it("as JSON has all fields", () => {
    expect(JSON.parse(reportJson("dev", "eu-central-1", results))).toEqual({
      stack: "dev",
      region: "eu-central-1",
      exitCode: 3,
      results: [
        { check: "region", verdict: "ok", found: "it is so", source: "ec2:DescribeRegions in us-east-1" },
        {
          check: "region",
          verdict: "unknown",
          found: "it is so",
          source: "ec2:DescribeRegions in us-east-1",
          remedy: "try again",
        },
      ],
    });
  });
});

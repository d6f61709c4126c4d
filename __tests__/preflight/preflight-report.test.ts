import { AwsError } from "../../src/aws-api/operations";
import type { Result, Verdict } from "../../src/preflight/check";
import { exitCode, reportJson, reportText } from "../../src/preflight/preflight-report";
import { judgeError } from "../../src/preflight/runner";

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
    [3, ["ok", "cannot tell", "warning"]],
    [2, ["cannot tell", "blocker"]],
  ])("is %s for %j", (code, verdicts) => {
    expect(exitCode(verdicts.map((verdict) => result(verdict)))).toBe(code);
  });
});

describe("the report", () => {
  const results = [result("ok"), result("cannot tell", "ask again")];

  it("for people has a line a finding, and below it what to do", () => {
    expect(reportText("dev: preflight", results)).toBe(
      [
        "dev: preflight",
        "",
        "ok           region  it is so [ec2:DescribeRegions in us-east-1]",
        "cannot tell  region  it is so [ec2:DescribeRegions in us-east-1]",
        "                     -> ask again",
        "",
        "ok: 1, cannot tell: 1",
        "",
      ].join("\n"),
    );
  });

  it("for people keeps a finding on its line, whatever name of the settings or answer of AWS is in it", () => {
    const { source, ...rest } = result("blocker", "rename w\n::add-mask::exit");
    expect(reportText("dev", [{ ...rest, source: `${source}\u009b`, found: "m5\n::error::X \u001b[2J\u202e is no type" }])).toBe(
      [
        "dev",
        "",
        "blocker  region  m5\\n::error::X \\u001b[2J\\u202e is no type [ec2:DescribeRegions in us-east-1\\u009b]",
        "                 -> rename w\\n::add-mask::exit",
        "",
        "blocker: 1",
        "",
      ].join("\n"),
    );
  });

  it("for machines has everything", () => {
    expect(JSON.parse(reportJson("dev", "eu-central-1", results))).toEqual({
      stack: "dev",
      region: "eu-central-1",
      exitCode: 3,
      results: [
        { check: "region", verdict: "ok", found: "it is so", source: "ec2:DescribeRegions in us-east-1" },
        {
          check: "region",
          verdict: "cannot tell",
          found: "it is so",
          source: "ec2:DescribeRegions in us-east-1",
          remedy: "ask again",
        },
      ],
    });
  });
});

describe("an answer that is none", () => {
  it.each([
    [
      "UnauthorizedOperation",
      "ec2:DescribeVpcs is denied to these credentials",
      "allow ec2:DescribeVpcs: npm run preflight -- --permissions prints the whole policy",
    ],
    [
      "RequestLimitExceeded",
      "ec2:DescribeVpcs is throttled (RequestLimitExceeded), after several tries",
      "try again when less goes on in the account",
    ],
    [
      "unreachable",
      "ec2:DescribeVpcs: AWS can't be reached (why)",
      "look at the network, a proxy, and whether the region exists",
    ],
    ["InternalError", "ec2:DescribeVpcs answered InternalError: why", "try again; if it stays, AWS's answer says why"],
  ])("%s can't tell anything", (code, found, remedy) => {
    expect(judgeError(new AwsError("ec2:DescribeVpcs", code, "why"), "existing VPC")).toEqual({
      verdict: "cannot tell",
      found,
      remedy,
    });
  });
});

import { judgeRegion } from "../../../../../src/cli/account/preflight/checks/region";

describe("the region", () => {
  const regions = [
    { name: "eu-central-1", optInStatus: "opt-in-not-required" },
    { name: "eu-central-2", optInStatus: "opted-in" },
    { name: "ap-east-1", optInStatus: "not-opted-in" },
  ];

  it.each([
    ["eu-central-1", { verdict: "ok", found: "eu-central-1 is enabled (opt-in-not-required)" }],
    ["eu-central-2", { verdict: "ok", found: "eu-central-2 is enabled (opted-in)" }],
    [
      "ap-east-1",
      {
        verdict: "failed",
        found: "ap-east-1 is not enabled in this account (not-opted-in)",
        remedy:
          'enable it under "AWS Regions" of the account\'s page, or aws account enable-region --region-name ap-east-1; it takes minutes to hours',
      },
    ],
    [
      "sa-east-9",
      {
        verdict: "failed",
        found: "AWS has no region sa-east-9",
        remedy: 'correct region: did you mean "ap-east-1"?',
      },
    ],
  ])("%s", (region, finding) => {
    expect(judgeRegion(regions, region)).toEqual(finding);
  });
});

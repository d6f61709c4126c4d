import { AwsError } from "../../../src/aws-api/operations";
import { judgeAccount, judgeKey, judgeRefusal } from "../../../src/preflight/checks/account";
import { judgeRegion } from "../../../src/preflight/checks/region";

const ARN = "arn:aws:iam::123456789012:user/admin";
const IDENTITY = { account: "123456789012", arn: ARN };

describe("the account", () => {
  it.each([
    ["is the stated one", "123456789012", "ok", `account 123456789012, as ${ARN}`],
    ["is any, where none is stated", undefined, "ok", `account 123456789012, as ${ARN}; accountId is not stated`],
    [
      "is another than the stated one",
      "111111111111",
      "blocker",
      `the credentials are of account 123456789012 (${ARN}), accountId is 111111111111`,
    ],
  ])("%s", (_, accountId, verdict, found) => {
    expect(judgeAccount(IDENTITY, accountId)).toMatchObject({ verdict, found });
  });

  it.each([
    ["ExpiredToken", "AWS takes no such credentials (ExpiredToken: why)"],
    ["CredentialsProviderError", "AWS takes no such credentials (CredentialsProviderError: why)"],
    ["AccessDenied", undefined],
    ["unreachable", undefined],
  ])("is in question only where AWS refuses the credentials themselves: %s", (code, found) => {
    expect(judgeRefusal(new AwsError("sts:GetCallerIdentity", code, "why"))?.found).toBe(found);
  });

  it("is in question where the role can't be assumed, whatever the reason", () => {
    expect(judgeRefusal(new AwsError("sts:AssumeRole", "AccessDenied", "why"))).toEqual({
      verdict: "blocker",
      found: "provider.assumeRoleArn can't be assumed (AccessDenied: why)",
      remedy: "let the role trust these credentials, or correct provider.assumeRoleArn",
    });
  });
});

describe("the key", () => {
  it("is of the deployment's user, or is another's", () => {
    expect(judgeKey(IDENTITY, ARN)).toEqual({ verdict: "ok", found: `the key is of ${ARN}` });
    expect(judgeKey(IDENTITY, "arn:aws:iam::123456789012:user/deckhouse")).toEqual({
      verdict: "blocker",
      found: `--as-key asks as DKP will, and these credentials are of ${ARN}`,
      remedy: "use the key of arn:aws:iam::123456789012:user/deckhouse: npm run hand-over prints it",
    });
  });
});

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
        verdict: "blocker",
        found: "ap-east-1 is not enabled in this account (not-opted-in)",
        remedy:
          'enable it under "AWS Regions" of the account\'s page, or aws account enable-region --region-name ap-east-1; it takes minutes to hours',
      },
    ],
    [
      "sa-east-9",
      {
        verdict: "blocker",
        found: "AWS knows no region sa-east-9",
        remedy: 'correct region: did you mean "ap-east-1"?',
      },
    ],
  ])("%s", (region, finding) => {
    expect(judgeRegion(regions, region)).toEqual(finding);
  });
});

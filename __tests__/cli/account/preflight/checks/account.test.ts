import { AwsError } from "../../../../../src/cli/account/aws/operations";
import { judgeIdentity, judgeRefusal } from "../../../../../src/cli/account/preflight/checks/account";
import { deployment } from "../../../../helpers/deployment";

const ARN = "arn:aws:iam::123456789012:user/admin";
const IDENTITY = { account: "123456789012", arn: ARN };

describe("the account", () => {
  it.each([
    ["is the one of the settings", 'accountId: "123456789012"', "ok", `account 123456789012, as ${ARN}`],
    ["is any if the settings have none", "", "ok", `account 123456789012, as ${ARN}; accountId is not set`],
    [
      "is another than the one of the settings",
      'accountId: "111111111111"',
      "failed",
      `the credentials belong to account 123456789012 (${ARN}), and accountId is 111111111111`,
    ],
  ])("%s", (_, settings, verdict, found) => {
    expect(judgeIdentity(IDENTITY, deployment(settings), false)).toMatchObject([{ verdict, found }]);
  });

  it.each([
    ["ExpiredToken", "AWS rejects the credentials (ExpiredToken: why)"],
    ["CredentialsProviderError", "AWS rejects the credentials (CredentialsProviderError: why)"],
    ["AccessDenied", undefined],
    ["unreachable", undefined],
  ])("fails only where AWS rejects the credentials themselves: %s", (code, found) => {
    expect(judgeRefusal(new AwsError("sts:GetCallerIdentity", code, "why"))?.found).toBe(found);
  });

  it("fails where the role cannot be assumed, whatever the reason", () => {
    expect(judgeRefusal(new AwsError("sts:AssumeRole", "AccessDenied", "why"))).toEqual({
      verdict: "failed",
      found: "provider.assumeRoleArn cannot be assumed (AccessDenied: why)",
      remedy: "allow these credentials in the trust policy of the role, or correct provider.assumeRoleArn",
    });
  });
});

describe("the key", () => {
  it("belongs to the deployment's user, or fails", () => {
    const key = (name: string) => judgeIdentity(IDENTITY, deployment(`user: { name: ${name} }`), true)[1];
    expect(key("admin")).toEqual({ verdict: "ok", found: `the key belongs to ${ARN}` });
    expect(key("deckhouse")).toEqual({
      verdict: "failed",
      found: `--as-key requires the key of DKP, and these credentials belong to ${ARN}`,
      remedy: "use the key of arn:aws:iam::123456789012:user/deckhouse; npx dkp-access hand-over deckhouse prints it",
    });
  });
});

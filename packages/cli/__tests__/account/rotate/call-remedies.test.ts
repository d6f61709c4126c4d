import { AwsError } from "../../../src/account/aws/operations";
import { withRemedy } from "../../../src/account/rotate/call-remedies";

describe("an error of AWS in rotate", () => {
  it.each([
    ["CredentialsProviderError", "set AWS_PROFILE, "],
    ["ExpiredToken", "sign in again, "],
    ["AccessDenied", "allow what rotator-policy.json "],
    ["unreachable", "check the network; run the command again"],
    ["timed out", "run the command again"],
    ["ServiceFailure", "run the command again, which goes on from there; if the error stays"],
    ["LimitExceeded", "delete the key that nothing needs; npx dkp-access keys "],
  ])("has its call and a remedy where its code is %s", (code, remedy) => {
    const { message } = withRemedy(new AwsError("iam:CreateAccessKey", code, "why")) as Error;
    expect(message).toContain(`iam:CreateAccessKey: why; ${remedy}`);
  });

  it("is the same where it is not one of AWS", () => {
    const error = new Error("why");
    expect(withRemedy(error)).toBe(error);
  });
});

import { judgeDryRun } from "../../../../../src/cli/account/preflight/checks/key-dry-run";

describe("the response to a dry run", () => {
  it.each([
    ["DryRunOperation", "", "ok", "the key may call ec2:CreateVpc"],
    ["UnauthorizedOperation", "You are not authorized", "failed", "the key may not call ec2:CreateVpc"],
    ["UnauthorizedOperation", "an explicit deny in a service control policy", "failed", "an SCP denies ec2:CreateVpc to the key"],
    [
      "UnauthorizedOperation",
      "with an explicit deny in an identity-based policy",
      "failed",
      "a policy of the user denies ec2:CreateVpc to the key",
    ],
    [
      "UnauthorizedOperation",
      "no permissions boundary allows it",
      "failed",
      "the permissions boundary denies ec2:CreateVpc to the key",
    ],
    ["UnsupportedOperation", "", "skipped", "the region does not have ec2:CreateVpc, and DKP does not require it there"],
    ["RequestLimitExceeded", "later", "unknown", "ec2:CreateVpc returned RequestLimitExceeded: later"],
  ])("%s %s", (code, message, verdict, found) => {
    expect(judgeDryRun("CreateVpc", { code, message })).toMatchObject({ verdict, found });
  });
});

import { IDENTITY_CALL } from "../../../src/preflight/checks/account";
import type { LocalAws } from "../support/local-aws";
import { ACCOUNT, createRole, preflight, settings, testAws, testChecks } from "../support/preflight";
import { queryError } from "../support/stub-aws";

/** A role that the local AWS lets anyone assume. */
const createFixtures = (local: LocalAws) => createRole(local, "operator");

const CHECK = { name: "account", calls: [IDENTITY_CALL] };

testChecks([CHECK], createFixtures, [
  {
    verdict: "ok",
    of: "the account of the settings",
    by: "local AWS",
    settings: () => settings("", `accountId: "${ACCOUNT}"\n`),
    expected: () => [`account ${ACCOUNT}, as arn:aws:sts::${ACCOUNT}:user/moto`],
  },
  {
    verdict: "failed",
    of: "another account",
    by: "local AWS",
    settings: () => settings("", 'accountId: "111111111111"\n'),
    expected: () => [
      `the credentials belong to account ${ACCOUNT} (arn:aws:sts::${ACCOUNT}:user/moto), and accountId is 111111111111`,
      "use credentials of 111111111111 (AWS_PROFILE, provider.profile or provider.assumeRoleArn), or correct accountId",
    ],
  },
  {
    verdict: "failed",
    of: "invalid credentials",
    by: "stub",
    settings: () => settings(""),
    answers: {
      GetCallerIdentity: () => queryError(403, "InvalidClientTokenId", "The security token included in the request is invalid."),
    },
    expected: () => [
      "AWS rejects the credentials (InvalidClientTokenId: The security token included in the request is invalid.)",
      "use the credentials that apply the stack: environment, AWS_PROFILE or provider.profile",
    ],
  },
]);

describe("preflight with provider.assumeRoleArn", () => {
  const aws = testAws(createFixtures);
  const role = `provider: { assumeRoleArn: "arn:aws:iam::${ACCOUNT}:role/operator" }\n`;

  it("assumes the role", async () => {
    const { stdout } = await preflight(settings("", role), aws().local.url);
    expect(stdout).toContain(`account ${ACCOUNT}, as arn:aws:sts::${ACCOUNT}:assumed-role/operator/dkp-access; accountId`);
  });

  it("fails if the role cannot be assumed", async () => {
    const { stub } = aws();
    stub.say({ AssumeRole: () => queryError(403, "AccessDenied", "not authorized to perform: sts:AssumeRole") });
    const { status, stdout } = await preflight(settings("", role), stub.url);
    expect(stdout).toContain(
      "failed   account                provider.assumeRoleArn cannot be assumed (AccessDenied: not authorized to perform: sts:AssumeRole)",
    );
    expect(status).toBe(2);
  });
});

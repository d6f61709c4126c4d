import { IDENTITY_CALL } from "../../../../src/cli/account/preflight/checks/account";
import { ACCOUNT, noFixtures, settings, testChecks } from "../../support/preflight";
import { queryError } from "../../support/stub-aws";

const CHECK = { name: "account", calls: [IDENTITY_CALL] };

export const account = testChecks([CHECK], noFixtures, [
  {
    verdict: "ok",
    of: "the account of the settings",
    settings: () => settings("", `accountId: "${ACCOUNT}"\n`),
    expected: () => [`account ${ACCOUNT}, as arn:aws:sts::${ACCOUNT}:user/moto`],
  },
  {
    verdict: "failed",
    of: "another account",
    settings: () => settings("", 'accountId: "111111111111"\n'),
    expected: () => [
      `the credentials belong to account ${ACCOUNT} (arn:aws:sts::${ACCOUNT}:user/moto), and accountId is 111111111111`,
      "use credentials of 111111111111 (AWS_PROFILE, provider.profile or provider.assumeRoleArn), or correct accountId",
    ],
  },
  {
    verdict: "failed",
    of: "invalid credentials",
    answers: {
      GetCallerIdentity: () => queryError(403, "InvalidClientTokenId", "The security token included in the request is invalid."),
    },
    expected: () => [
      "AWS rejects the credentials (InvalidClientTokenId: The security token included in the request is invalid.)",
      "use the credentials that apply the stack: environment, AWS_PROFILE or provider.profile",
    ],
  },
]);

import { regionCheck } from "../../../../src/cli/account/preflight/checks/region";
import { noFixtures, settings, testChecks } from "../../support/preflight";

export const region = testChecks([regionCheck], noFixtures, [
  { verdict: "ok", of: "an enabled region", expected: () => ["eu-central-1 is enabled (opt-in-not-required)"] },
  {
    verdict: "failed",
    of: "a region that is not enabled",
    settings: () => settings("", "", "ap-east-1"),
    expected: () => [
      "ap-east-1 is not enabled in this account (not-opted-in)",
      'enable it under "AWS Regions" of the account\'s page, or aws account enable-region --region-name ap-east-1; it takes minutes to hours',
    ],
  },
  {
    verdict: "failed",
    of: "a region that AWS does not have",
    settings: () => settings("", "", "eu-centrel-1"),
    expected: () => ["AWS has no region eu-centrel-1", 'correct region: did you mean "eu-central-1"?'],
  },
]);

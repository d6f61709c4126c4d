import { alwaysOnRegion } from "../../iam/arns";
import { type PolicyWith, policyWith } from "../../iam/policy-document";
import { awsCommand } from "../text/advice";

/** The inline policy. IAM policy names: letters, digits and `+=,.@-_`. */
export const DENY_POLICY = "DenySessionsFromLeakedKey";

/** GetSessionToken, "DurationSeconds": at most 129,600 seconds for an IAM user. */
export const SESSION_HOURS = 36;

/** AWS's guides for what an attacker left behind. */
export const GUIDES: readonly (readonly [what: string, url: string])[] = [
  [
    "checks of the account",
    "https://docs.aws.amazon.com/guardduty/latest/ug/compromised-creds.html",
  ],
  [
    "calls of the key: CloudTrail event history",
    "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events.html",
  ],
  [
    "calls over a long time: Athena",
    "https://docs.aws.amazon.com/athena/latest/ug/cloudtrail-logs.html",
  ],
  [
    "sessions of roles that the attacker used",
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html",
  ],
];

interface LeakCommands {
  readonly activate: (id: string) => string;
  readonly deactivate: (id: string) => string;
  readonly denySessions: readonly string[];
  readonly deleteKey: (id: string) => string;
  readonly createKey: string;
  readonly removeDenial: string;
}

/**
 * The AWS CLI commands for the keys of a user, and against the sessions of a leaked one.
 * @param region any of the partition: some installations of the AWS CLI require an always-on one
 */
export function leakCommands(userName: string, region: string): LeakCommands {
  const user = { region: alwaysOnRegion(region), "user-name": userName };
  const iam = (command: string, options: Readonly<Record<string, string>> = {}) =>
    awsCommand("iam", command, { ...user, ...options });
  const setStatus = (status: string) => (id: string) =>
    iam("update-access-key", { "access-key-id": id, status });
  return {
    activate: setStatus("Active"),
    deactivate: setStatus("Inactive"),
    // Two lines of a shell: sessions that were issued until now are denied.
    denySessions: [
      "now=$(date -u +%Y-%m-%dT%H:%M:%SZ)",
      // The shell fills in the time between its double quotes.
      `${iam("put-user-policy", { "policy-name": DENY_POLICY })} ` +
        `--policy-document="${JSON.stringify(denial("$now")).replaceAll('"', '\\"')}"`,
    ],
    deleteKey: (id: string) => iam("delete-access-key", { "access-key-id": id }),
    createKey: iam("create-access-key"),
    removeDenial: iam("delete-user-policy", { "policy-name": DENY_POLICY }),
  };
}

/**
 * Denies everything to credentials that were issued before a time. Source: AWS's own
 * `AWSRevokeOlderSessions`.
 */
export const denial = (time: string): PolicyWith<readonly object[]> =>
  policyWith([
    {
      Effect: "Deny",
      Action: "*",
      Resource: "*",
      Condition: { DateLessThan: { "aws:TokenIssueTime": time } },
    },
  ]);

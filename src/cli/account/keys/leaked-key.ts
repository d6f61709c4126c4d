import { shellWord } from "../../text/shell";

/** Name of the inline policy that denies the sessions. IAM policy names: letters, digits and `+=,.@-_`. */
const DENY_POLICY = "DenySessionsFromLeakedKey";

/** GetSessionToken, "DurationSeconds": at most 129,600 seconds for an IAM user. */
export const SESSION_HOURS = 36;

/** AWS's guides for what an attacker left behind. */
export const GUIDES: readonly (readonly [what: string, url: string])[] = [
  ["what to check in the account", "https://docs.aws.amazon.com/guardduty/latest/ug/compromised-creds.html"],
  [
    "what the key did: CloudTrail event history",
    "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events.html",
  ],
  ["the same over a long time: Athena", "https://docs.aws.amazon.com/athena/latest/ug/cloudtrail-logs.html"],
  [
    "sessions of roles that the attacker used",
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html",
  ],
];

/** The AWS CLI commands for the keys of a user, and against the sessions of a leaked one. */
export function leakCommands(userName: string) {
  const user = shellWord(userName);
  const setStatus = (status: string) => (id: string) =>
    `aws iam update-access-key --user-name ${user} --access-key-id ${shellWord(id)} --status ${status}`;
  return {
    activate: setStatus("Active"),
    deactivate: setStatus("Inactive"),
    // Two lines of a shell: what was issued until now is denied.
    denySessions: [
      "now=$(date -u +%Y-%m-%dT%H:%M:%SZ)",
      `aws iam put-user-policy --user-name ${user} --policy-name ${DENY_POLICY} --policy-document "${shellDenial("$now")}"`,
    ],
    deleteKey: (id: string) => `aws iam delete-access-key --user-name ${user} --access-key-id ${shellWord(id)}`,
    createKey: `aws iam create-access-key --user-name ${user}`,
    removeDenial: `aws iam delete-user-policy --user-name ${user} --policy-name ${DENY_POLICY}`,
  };
}

/** The Deny as JSON within double quotes of a shell, so that the shell fills in the time. */
function shellDenial(time: string): string {
  return JSON.stringify(denial(time)).replaceAll('"', '\\"');
}

/** Denies everything to credentials that were issued before a time. Source: AWS's own `AWSRevokeOlderSessions`. */
const denial = (time: string) => ({
  Version: "2012-10-17",
  Statement: [{ Effect: "Deny", Action: "*", Resource: "*", Condition: { DateLessThan: { "aws:TokenIssueTime": time } } }],
});

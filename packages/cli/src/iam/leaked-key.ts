import { alwaysOnRegion } from "../../../../src/iam/arns";
import { type PolicyWith, policyWith } from "../../../../src/iam/policy-document";
import { awsCommand } from "../text/advice";

/** The inline policy. IAM policy names: letters, digits and `+=,.@-_`. */
export const DENY_POLICY = "DenySessionsFromLeakedKey";

interface KeyCommands {
  readonly deactivate: (id: string) => string;
  readonly deleteKey: (id: string) => string;
  readonly removeDenial: string;
}

/**
 * The AWS CLI commands for the keys of a user, and for the Deny of its older sessions.
 * @param region any of the partition: some installations of the AWS CLI require an always-on one
 */
export function keyCommands(userName: string, region: string): KeyCommands {
  const user = { region: alwaysOnRegion(region), "user-name": userName };
  const iam = (command: string, options: Readonly<Record<string, string>> = {}) =>
    awsCommand("iam", command, { ...user, ...options });
  return {
    deactivate: (id: string) =>
      iam("update-access-key", { "access-key-id": id, status: "Inactive" }),
    deleteKey: (id: string) => iam("delete-access-key", { "access-key-id": id }),
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

import { grantedRows, type PolicyOptions } from "../../../iam/policy-statements";
import { roleOf } from "../../../iam/risks";
import { shellWord } from "../../../text/shell";

/** Name of the inline policy that denies the sessions. IAM policy names: letters, digits and `+=,.@-_`. */
const DENY_POLICY = "DenySessionsFromLeakedKey";

/** GetSessionToken, "DurationSeconds": at most 129,600 seconds for an IAM user. */
export const SESSION_HOURS = 36;

/** What an attacker can create that works without the key, by the action that allows it. */
const REMAINS: readonly { readonly action: string; readonly what: string }[] = [
  {
    action: "ec2:RunInstances",
    what: "EC2 instances, in every Region that the key can reach. An instance that was launched with a role keeps getting credentials of that role: stop it, then check the role",
  },
  {
    action: "iam:CreateRole",
    what: "IAM roles: created roles, changed trust policies and inline policies. Sessions of a role remain valid for up to 12 hours: revoke them in the console",
  },
  { action: "iam:CreateInstanceProfile", what: "Instance profiles, and the roles in them" },
  { action: "kms:CreateGrant", what: "KMS grants: `aws kms list-grants` for each key, `aws kms revoke-grant`" },
  { action: "ec2:ImportKeyPair", what: "EC2 key pairs, which give access to the instances that were launched with them" },
  {
    action: "ec2:ModifyInstanceAttribute",
    what: "User data and security groups of existing instances, and replaced disks",
  },
  { action: "ec2:CreateVpcPeeringConnection", what: "VPC peering connections and the routes to them" },
  { action: "ec2:AuthorizeSecurityGroupIngress", what: "Security group rules, routes and Elastic IP addresses" },
  { action: "ec2:CreateSnapshot", what: "Snapshots and volumes with copies of data" },
  {
    action: "elasticloadbalancing:ModifyListener",
    what: "Load balancers, listeners and targets that send traffic elsewhere",
  },
];

/** What can exist after a leak that works without the key, for the permissions of a deployment. Sentences without a final period. */
export function remainsOf(options: PolicyOptions): readonly string[] {
  const granted = new Set(grantedRows(options).map(({ action }) => action));
  return REMAINS.filter(({ action }) => granted.has(action)).map(({ what }) => what);
}

/** The roles that a key can change or launch instances with; undefined for every role of the account. */
export function reachableRoles({ mode, cluster }: PolicyOptions, nodeRole: string | undefined): readonly string[] | undefined {
  return mode === "documented" ? undefined : [roleOf(cluster), ...(nodeRole === undefined ? [] : [nodeRole])];
}

/** The AWS CLI commands of the response to a leaked key. */
export interface LeakCommands {
  activate(id: string): string;
  deactivate(id: string): string;
  /** Two lines of a shell: what was issued until now is denied. */
  readonly denySessions: readonly string[];
  deleteKey(id: string): string;
  readonly createKey: string;
  readonly removeDenial: string;
}

/** The commands for the keys of a user. */
export function leakCommands(userName: string): LeakCommands {
  const user = shellWord(userName);
  const setStatus = (status: string) => (id: string) =>
    `aws iam update-access-key --user-name ${user} --access-key-id ${shellWord(id)} --status ${status}`;
  return {
    activate: setStatus("Active"),
    deactivate: setStatus("Inactive"),
    denySessions: [
      "now=$(date -u +%Y-%m-%dT%H:%M:%SZ)",
      `aws iam put-user-policy --user-name ${user} --policy-name ${DENY_POLICY} --policy-document "${shellDenial("$now")}"`,
    ],
    deleteKey: (id) => `aws iam delete-access-key --user-name ${user} --access-key-id ${shellWord(id)}`,
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

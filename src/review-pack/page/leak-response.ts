import { otherSlot, type Slot } from "../../iam/key-slots";
import { grantedRows, type PolicyOptions } from "../../iam/policy-statements";
import { roleOf } from "../../iam/risks";
import { dkpAccess } from "../../render/command";
import { code, fenced, joined, list, type Markdown, prose, trusted } from "../../render/markdown";
import { quote, shellWord } from "../../render/shell";
import { fillTemplateFile, type TemplateData } from "../../render/template";
import type { Deployment } from "../../settings/deployment";
import { policyOptions } from "../account-placeholder";

/** Name of the inline policy that denies the sessions. IAM policy names: letters, digits and `+=,.@-_`. */
const DENY_POLICY = "DenySessionsFromLeakedKey";

/** GetSessionToken, "DurationSeconds": at most 129,600 seconds for an IAM user. */
const SESSION_HOURS = 36;

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

/** The first command after a leak, and what the other steps are about: the section of REVIEW.md. */
export function leakSummary(deployment: Deployment, options: PolicyOptions): TemplateData {
  return {
    deactivation: code(deactivationOf(deployment)),
    sessionHours: trusted(String(SESSION_HOURS)),
    reachableRoles: reachableRoles(deployment, options),
  };
}

/** after-a-leak.md: the commands and edits after a leak. No step activates the leaked key again. */
export function leakPage(deployment: Deployment): string {
  return fillTemplateFile("src/review-pack/page/leak-page.md", leakSteps(deployment, policyOptions(deployment)));
}

function leakSteps(deployment: Deployment, options: PolicyOptions): TemplateData {
  const { stack, accessKeys } = deployment;
  const user = shellWord(deployment.user.name);
  const keys = accessKeys === "none" ? undefined : accessKeys;
  const leaked = keys?.current ?? "primary";
  const other = otherSlot(leaked);
  return {
    stack: prose(stack),
    deactivation: fenced("shell", deactivationOf(deployment)),
    sessionHours: trusted(String(SESSION_HOURS)),
    sessionDenial: fenced(
      "shell",
      [
        "now=$(date -u +%Y-%m-%dT%H:%M:%SZ)",
        `aws iam put-user-policy --user-name ${user} --policy-name ${DENY_POLICY} --policy-document "${shellDenial("$now")}"`,
      ].join("\n"),
    ),
    keysInTerraform: keys !== undefined,
    settingsFile: code(`deployments/${stack}.yaml`),
    leakEdits: fenced("yaml", edits(leaked, other, keys?.[leaked].pgpKey, keys?.[other].pgpKey)),
    currentSlot: code(leaked),
    otherSlot: code(other),
    deleteOtherKey: code(`aws iam delete-access-key --user-name ${user} --access-key-id OTHER_ID`),
    handOver: code(dkpAccess("hand-over", stack, "--out", "FILE")),
    createKey: code(`aws iam create-access-key --user-name ${user}`),
    userEvents: code(`AttributeKey=Username,AttributeValue=${user}`),
    reachableRoles: reachableRoles(deployment, options),
    remains: remains(options),
    removeDenial: code(`aws iam delete-user-policy --user-name ${user} --policy-name ${DENY_POLICY}`),
    keyStatus: code(dkpAccess("keys", stack)),
  };
}

function deactivationOf({ user }: Deployment): string {
  return `aws iam update-access-key --user-name ${shellWord(user.name)} --access-key-id ID --status Inactive`;
}

function reachableRoles({ nodeRole }: Deployment, { mode, cluster }: PolicyOptions): Markdown {
  if (mode === "documented") {
    return trusted("every role of the account");
  }
  const names = [roleOf(cluster), ...(nodeRole === undefined ? [] : [nodeRole.name])];
  return joined(names.map(code), " and ");
}

function remains(options: PolicyOptions): Markdown {
  const granted = new Set(grantedRows(options).map(({ action }) => action));
  return list(REMAINS.filter(({ action }) => granted.has(action)).map(({ what }) => trusted(`${what}.`)));
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

function edits(leaked: Slot, other: Slot, leakedPgpKey: string | undefined, otherPgpKey: string | undefined): string {
  const unchanged = "    pgpKey: ... # unchanged";
  const added = leakedPgpKey === undefined ? [] : [`    pgpKey: ${quote("PUBLIC KEY, as in the other slot")}`];
  return [
    "accessKeys:",
    `  ${other}:`,
    "    status: Active",
    ...(otherPgpKey === undefined ? added : [unchanged]),
    `  current: ${other}`,
    `  ${leaked}:`,
    "    status: Inactive",
    ...(leakedPgpKey === undefined ? [] : [unchanged]),
  ].join("\n");
}

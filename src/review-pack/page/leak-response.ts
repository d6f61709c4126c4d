import { otherSlot, type Slot } from "../../iam/key-slots";
import { grantedRows, type PolicyOptions } from "../../iam/policy-statements";
import { roleOf } from "../../iam/risks";
import { code, fenced, list } from "../../render/markdown";
import { quote, shellArgument } from "../../render/shell";
import type { Deployment } from "../../settings/deployment";

/** Name of the inline policy that revokes the sessions. IAM policy names: letters, digits and `+=,.@-_`. */
const DENY_POLICY = "DenySessionsFromLeakedKey";

/** GetSessionToken, "DurationSeconds": at most 129,600 seconds for an IAM user. */
const SESSION_HOURS = 36;

/** What an attacker can create that keeps working without the key, by the actions that are required for it. */
const REMAINS: readonly { readonly actions: readonly string[]; readonly what: string }[] = [
  {
    actions: ["ec2:RunInstances"],
    what: "EC2 instances, in every Region that the key reaches. An instance that was launched with a role keeps getting credentials of that role: stop it, then look at the role",
  },
  {
    actions: ["iam:CreateRole"],
    what: "IAM roles: created ones, changed trust policies and inline policies. Who assumed a role before stays in for up to 12 hours: revoke its sessions in the console",
  },
  { actions: ["iam:CreateInstanceProfile"], what: "instance profiles, and the roles in them" },
  { actions: ["kms:CreateGrant"], what: "KMS grants: `aws kms list-grants` for each key, `aws kms revoke-grant`" },
  { actions: ["ec2:ImportKeyPair"], what: "EC2 key pairs: they open the instances that were launched with them" },
  {
    actions: ["ec2:ModifyInstanceAttribute"],
    what: "user data and security groups of existing instances, and disks that were exchanged",
  },
  { actions: ["ec2:CreateVpcPeeringConnection"], what: "VPC peering connections and the routes to them" },
  { actions: ["ec2:AuthorizeSecurityGroupIngress"], what: "security group rules, routes and Elastic IP addresses" },
  { actions: ["ec2:CreateSnapshot"], what: "snapshots and volumes with copies of data" },
  {
    actions: ["elasticloadbalancing:ModifyListener"],
    what: "load balancers, listeners and targets that send traffic elsewhere",
  },
];

/** The response to a leaked key. After the first step, the leaked key is never active again. */
export function leakResponse(deployment: Deployment, options: PolicyOptions): readonly string[] {
  const { stack, nodeRole } = deployment;
  const user = shellArgument(deployment.user.name);
  const role = code(roleOf(options.cluster));
  const roles =
    options.mode === "documented"
      ? "every role of the account"
      : [role, ...(nodeRole === undefined ? [] : [code(nodeRole.name)])].join(" and ");
  const granted = new Set(grantedRows(options).map(({ action }) => action));
  const remains = REMAINS.filter(({ actions }) => actions.every((action) => granted.has(action)));
  return [
    "## When the key has leaked",
    "",
    "`ID` is the id of the leaked key. Do the steps in this order, and let no pipeline apply this deployment between steps 1 and 3: an apply of the settings as they are now makes the key active again.",
    "",
    "**1. Cut the key off.** Deactivate it. DKP can then no longer call AWS; the cluster's instances go on.",
    "",
    ...fenced("shell", `aws iam update-access-key --user-name ${user} --access-key-id ID --status Inactive`),
    `**2. Cut its sessions off.** Whoever has a key can get temporary credentials with \`sts:GetSessionToken\`, which needs no permission. They work for up to ${SESSION_HOURS} hours, also when the key is inactive or deleted, and can't be revoked. AWS evaluates the user's policies at each of their requests, so a Deny ends them (IAM User Guide, "Disabling permissions for temporary security credentials"). Access keys have no \`aws:TokenIssueTime\`: this does not touch the new key. A Deny on the user counts whether the policy is attached to the user or to its group.`,
    "",
    ...fenced(
      "shell",
      [
        "now=$(date -u +%Y-%m-%dT%H:%M:%SZ)",
        `aws iam put-user-policy --user-name ${user} --policy-name ${DENY_POLICY} --policy-document "${shellDenial("$now")}"`,
      ].join("\n"),
    ),
    "Run both lines again five minutes later: until all of AWS knows that the key is inactive, it can still get a session.",
    "",
    ...newKey(deployment),
    `**4. Find what outlives the key.** CloudTrail lists what it did, in each Region: \`aws cloudtrail lookup-events --lookup-attributes AttributeKey=AccessKeyId,AttributeValue=ID --region REGION\`. Calls of its sessions have an \`ASIA\` key id and the user's ARN: search them with ${code(`AttributeKey=Username,AttributeValue=${user}`)}. Check ${roles}: who may assume it, and what it allows. These work without the key:`,
    "",
    ...list(remains.map(({ what }) => `${what}.`)),
    `**5. Clean up, ${SESSION_HOURS} hours after step 2.** ${deployment.accessKeys === "none" ? "Delete the leaked key" : "Set the slot of the leaked key to `absent` and apply: that deletes it"}. Remove the Deny, which would keep Terraform from deleting the user: ${code(`aws iam delete-user-policy --user-name ${user} --policy-name ${DENY_POLICY}`)}. Then run ${code(`npm run keys -- ${stack}`)}.`,
    "",
  ];
}

/** The Deny policy as JSON in double quotes of a shell, so that the shell inserts the time. */
function shellDenial(time: string): string {
  return JSON.stringify(denial(time)).replaceAll('"', '\\"');
}

/** Denies all actions to credentials that were issued before a time. Source: `AWSRevokeOlderSessions` of AWS. */
const denial = (time: string) => ({
  Version: "2012-10-17",
  Statement: [{ Effect: "Deny", Action: "*", Resource: "*", Condition: { DateLessThan: { "aws:TokenIssueTime": time } } }],
});

function newKey({ accessKeys, stack, ...deployment }: Deployment): readonly string[] {
  const user = shellArgument(deployment.user.name);
  if (accessKeys === "none") {
    return [
      `**3. Give DKP a new key.** ${code(`aws iam create-access-key --user-name ${user}`)}, straight into where you keep secrets, then into DKP.`,
      "",
    ];
  }
  const leaked = accessKeys.current;
  const other = otherSlot(leaked);
  return [
    `**3. Give DKP a new key.** Make these edits in ${code(`deployments/${stack}.yaml`)} in one change, and apply once. Never apply a part of them: the usual steps of a rotation would make the leaked key active again.`,
    "",
    ...fenced("yaml", edits(leaked, other, accessKeys[leaked].pgpKey !== undefined)),
    `That is for a leaked key in slot \`${leaked}\`, the current one. For a leaked key in the other slot, its status \`Inactive\` is the only edit; DKP's key is not touched. If slot \`${other}\` holds an older key, that one becomes DKP's: if both have leaked, as with a leaked state, deactivate both in step 1 and delete the one in \`${other}\` before the apply, ${code(`aws iam delete-access-key --user-name ${user} --access-key-id OTHER_ID`)}; the apply then creates a new key there.`,
    "",
    `Then ${code(`npm run --silent hand-over -- ${stack} --out FILE`)}, and give the key to DKP.`,
    "",
  ];
}

function edits(leaked: Slot, other: Slot, isEncrypted: boolean): string {
  const pgpKey = isEncrypted ? [`    pgpKey: ${quote("PUBLIC KEY, as in the other slot")}`] : [];
  return [
    "accessKeys:",
    `  ${other}:`,
    "    status: Active",
    ...pgpKey,
    `  current: ${other}`,
    `  ${leaked}:`,
    "    status: Inactive",
    ...(isEncrypted ? ["    pgpKey: ... # as it is"] : []),
  ].join("\n");
}

import { otherNodeRoles } from "../../iam/cluster";
import { SLOTS } from "../../iam/key-slots";
import { MAX_POLICY_CHARACTERS, policySize } from "../../iam/policy-document";
import { grantedRows, type PolicyOptions, type PolicyStatement } from "../../iam/policy-statements";
import { roleOf } from "../../iam/risks";
import { code, prose, table } from "../../render/markdown";
import type { Deployment } from "../../settings/deployment";
import { stateLocated } from "./state-description";

/** The first paragraph of the review page: what the key can do. */
export function firstSentence({ accessKeys }: Deployment, options: PolicyOptions): readonly string[] {
  const key = accessKeys === "none" ? "a key of this user" : "this key";
  const region = prose(options.environment.region);
  return options.mode === "documented"
    ? [
        `**Whoever holds ${key} is an administrator of the AWS account in all but name.** It may do ${grantedRows(options).length} actions on every resource of the account,`,
        "among them to write the permissions of any role and to start machines with it.",
        "",
      ]
    : [
        `**Whoever holds ${key} can change or delete every network, machine, disk and load balancer of the account in ${region}, and, by way of the role ${code(roleOf(options.cluster))},`,
        "become an administrator of the account** unless the service control policy below is in force.",
        ...otherNodeRoles(options.cluster).map(
          (role) => `It can also do whatever the role ${code(role)} may, which that policy does not limit.`,
        ),
        "",
      ];
}

/** A table that summarizes the deployment. */
export function facts(deployment: Deployment, statements: readonly PolicyStatement[]): readonly string[] {
  const { accountId, region, user, policy, attachment, group, protect } = deployment;
  const supplement = policy.supplement ? "" : ", without the supplement: DKP can neither create nor destroy a cluster with it";
  const attached = {
    user: "to the user",
    "user-and-group": `to the user, and to the group ${code(group.name)} with the user in it`,
    group: `to the group ${code(group.name)} with the user in it`,
  }[attachment];
  const size = policySize(statements);
  const rows: readonly (readonly [string, string])[] = [
    [
      "account",
      accountId === undefined
        ? "whatever account the credentials that apply belong to; `accountId` would pin it"
        : prose(accountId),
    ],
    ["region", prose(region)],
    ["user", `${code(`${user.path}${user.name}`)}${boundary(user.permissionsBoundary)}`],
    [
      "policy",
      `${code(`${policy.path}${policy.name}`)}, mode ${code(policy.mode)}${supplement}; ${size} of ${MAX_POLICY_CHARACTERS} characters`,
    ],
    ["attached", attached],
    ["access keys", keySummary(deployment)],
    ["state", stateLocated(deployment.state)],
    [
      "protected",
      protect
        ? "yes: Terraform refuses plans that delete the user, the policy or a key, unless the slot of the key is made `absent`"
        : "**no**: a plan may delete user, policy and keys",
    ],
  ];
  return table(["", ""], rows);
}

function boundary(arn: string | undefined): string {
  return arn === undefined
    ? ", no permissions boundary"
    : `, permissions boundary ${code(arn)}; it does not limit roles that the user makes`;
}

function keySummary({ accessKeys }: Deployment): string {
  if (accessKeys === "none") {
    return "none here: made outside Terraform";
  }
  return SLOTS.filter((slot) => accessKeys[slot].status !== "absent")
    .map((slot) => `${slot}: ${accessKeys[slot].status}, ${slot === accessKeys.current ? "handed out" : SPARE}`)
    .join("; ");
}

const SPARE = "handed to nobody: make it `absent` unless a rotation is under way";

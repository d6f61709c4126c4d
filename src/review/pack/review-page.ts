import { SLOTS } from "../../iam/access-keys";
import { controlPolicy } from "../../iam/control-policy";
import { grantedRows, type PolicyOptions, type PolicyStatement, policyStatements } from "../../iam/policy";
import { MAX_POLICY_CHARACTERS, policySize } from "../../iam/policy-document";
import { risksOf, roleOf } from "../../iam/risks";
import { findingsOf } from "../../iam/scanner-findings";
import type { Deployment } from "../../settings/deployment";
import { DEPLOYER_NOTES, deployerPolicies } from "./deployer-policy";
import { diagram } from "./diagram";
import { cell, code, fenced, list, table } from "./markdown";
import { conditionsInWords, permissionTables, statementTable } from "./permission-tables";
import { ACCOUNT_ID, policyOptions } from "./policy-options";
import { resourceTable } from "./resource-table";
import { stateInWords } from "./state-in-words";
import type { TerraformJson } from "./terraform-json";

/** The page for a security reviewer: two minutes at the top, twenty below. */
export function reviewPage(deployment: Deployment, terraform: TerraformJson): string {
  const options = policyOptions(deployment);
  const statements = policyStatements(options);
  return [
    `# AWS access of DKP: ${deployment.stack}`,
    "",
    ...firstSentence(deployment, options),
    ...facts(deployment, statements),
    ...fenced("mermaid", diagram(deployment, statements)),
    "Dotted: the way from the key to an administrator.",
    "",
    "## What a thief of the key could do",
    "",
    ...list(risksOf(options).map(({ what, actions }) => `${upperFirst(what)}. (${actions.map(code).join(", ")})`)),
    ...outOfReach(options),
    ...whatClosesIt(deployment, options),
    ...whoSeesTheSecret(deployment, terraform),
    ...whoMayApply(deployment),
    "## What is created",
    "",
    ...resourceTable(terraform),
    ...adoption(terraform),
    "## Permissions",
    "",
    "Everything below is allowed, and nothing else: the policy denies nothing by name. What a statement applies to:",
    "",
    ...statementTable(statements),
    ...permissionTables(options),
    "## Findings of the scanner checkov",
    "",
    ...findings(deployment, terraform),
    "## The files beside this one",
    "",
    ...table(
      ["file", "what it is"],
      FILES.map(([name, what]) => [code(name), what]),
    ),
  ]
    .join("\n")
    .replace(/\n+$/, "\n");
}

/** What of the pack a reader opens next. */
const FILES = [
  ["main.tf.json", "what Terraform applies, without CDKTF's comments; a `local` backend is left out"],
  ["policy.json", "the policy as AWS will store it"],
  ["deployer-policy.json", "what the pipeline that plans and applies this needs"],
  ["cluster-configuration.yaml", "the fields of DKP's `AWSClusterConfiguration` that follow"],
  ["consumer.tf", "how another Terraform workspace reads the outputs"],
  ["aws-cli.sh", "the same access made with the AWS CLI, where Terraform may not be run"],
  ["console.md", "the same access made by hand in the AWS console"],
] as const;

function firstSentence({ accessKeys }: Deployment, options: PolicyOptions): readonly string[] {
  const key = accessKeys === "none" ? "a key of this user" : "this key";
  const region = options.place.region;
  return options.mode === "documented"
    ? [
        `**Whoever holds ${key} is an administrator of the AWS account in all but name.** It may do ${grantedRows(options).length} actions on every resource of the account,`,
        "among them to write the permissions of any role and to start machines with it.",
        "",
      ]
    : [
        `**Whoever holds ${key} can change or delete every network, machine, disk and load balancer of the account in ${region}, and, by way of the role ${code(roleOf(options.cluster))},`,
        "become an administrator of the account**, unless the service control policy below is in force.",
        "",
      ];
}

function facts(deployment: Deployment, statements: readonly PolicyStatement[]): readonly string[] {
  const { accountId, region, user, policy, attachment, group, protect } = deployment;
  const supplement = policy.supplement ? "" : ", without the supplement: DKP can neither create nor destroy a cluster with it";
  const attached = {
    user: "to the user",
    "user-and-group": `to the user, and to the group ${code(group.name)} with the user in it`,
    group: `to the group ${code(group.name)} with the user in it`,
  }[attachment];
  const size = policySize(statements);
  const rows: readonly (readonly [string, string])[] = [
    ["account", accountId ?? "whatever account the credentials that apply belong to; `accountId` would pin it"],
    ["region", region],
    ["user", `${code(`${user.path}${user.name}`)}${boundary(user.permissionsBoundary)}`],
    [
      "policy",
      `${code(`${policy.path}${policy.name}`)}, mode ${code(policy.mode)}${supplement}; ${size} of ${MAX_POLICY_CHARACTERS} characters`,
    ],
    ["attached", attached],
    ["access keys", keysInWords(deployment)],
    ["state", cell(stateInWords(deployment.state))],
    [
      "protected",
      protect
        ? "yes: Terraform refuses plans that delete user, policy or a key"
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

function keysInWords({ accessKeys }: Deployment): string {
  if (accessKeys === "none") {
    return "none here: made outside Terraform";
  }
  return SLOTS.filter((slot) => accessKeys[slot].status !== "absent")
    .map((slot) => `${slot}: ${accessKeys[slot].status}${slot === accessKeys.current ? ", handed out" : ""}`)
    .join("; ");
}

function outOfReach({ mode, place, cluster }: PolicyOptions): readonly string[] {
  return mode === "documented"
    ? [
        "Not allowed directly: users, groups and access keys, managed policies, S3, databases, secrets. Through a role that the key makes, all of it is.",
        "Modes `scoped` and `minimal` limit the key to one region and one role.",
        "",
      ]
    : [
        `Not allowed directly: anything outside ${place.region}, writing roles other than ${code(roleOf(cluster))}, users, groups and access keys, managed policies, S3, databases, secrets.`,
        "",
      ];
}

function whatClosesIt(deployment: Deployment, options: PolicyOptions): readonly string[] {
  const { user, accountId, cluster, additionalRolePolicies } = deployment;
  const { place } = options;
  const policy = controlPolicy({
    ...options,
    place: { ...place, account: accountId ?? ACCOUNT_ID },
    user: `${user.path}${user.name}`,
    additionalRolePolicies,
  });
  return [
    "## What closes it",
    "",
    `DKP itself writes the role ${code(roleOf(cluster))} and gives it no permissions boundary, so no policy of the user can close the way through it. A service control policy`,
    "on the account does: the role then does no more than a node needs, whatever is written into it. It does not hold in an organization's management account.",
    ...(cluster.prefix === undefined ? ["`PREFIX` is the cluster's `cloud.prefix`."] : []),
    ...(accountId === undefined ? [`\`${ACCOUNT_ID}\` is the account.`] : []),
    "",
    ...fenced("json", JSON.stringify(policy, null, 2)),
    "An AWS account for DKP alone keeps the rest of what is listed above from anything else that matters.",
    "",
  ];
}

function whoSeesTheSecret({ accessKeys }: Deployment, { output = {} }: TerraformJson): readonly string[] {
  const clear =
    accessKeys === "none"
      ? []
      : SLOTS.filter((slot) => accessKeys[slot].status !== "absent" && accessKeys[slot].pgpKey === undefined);
  const inState =
    accessKeys === "none"
      ? "Nobody through Terraform: no key is in the state."
      : clear.length === 0
        ? "Whoever has the private OpenPGP key: state and plans hold the secret only encrypted."
        : "Whoever reads the state or a saved plan: both hold the secret in clear.";
  const inOutputs =
    "secret_access_key" in output
      ? [
          "Every workspace that reads one output of this state gets the secret into its own state, in clear; `outputs: { secret: false }` prevents that.",
        ]
      : [];
  return [
    "## Who sees the secret",
    "",
    ...list([inState, ...inOutputs, "Nobody through the settings, these papers or what Terraform prints."]),
  ];
}

function whoMayApply(deployment: Deployment): readonly string[] {
  const { policies, notes } = deployerPolicies(deployment);
  return [
    "## Who may apply this",
    "",
    "Whoever applies can read the state, and with it the secret unless it is encrypted. What planning, applying and destroying this takes, and no more:",
    "",
    ...policies.flatMap(({ file, holder, grants }) => [
      `${code(file)}, for ${holder}:`,
      "",
      ...table(
        ["action", "on", "only if", "why"],
        grants.map(({ action, resources, conditions, why }) => [
          code(action),
          resources.map(code).join(", "),
          conditionsInWords(conditions),
          cell(why),
        ]),
      ),
    ]),
    ...list([...DEPLOYER_NOTES, ...notes.map((note) => `${upperFirst(note)}.`)]),
  ];
}

function adoption({ import: imports = [] }: TerraformJson): readonly string[] {
  return imports.length === 0
    ? []
    : ["Taken over, not made:", "", ...list(imports.map(({ to, id }) => `${code(to)}: ${code(id)}`))];
}

function findings({ policy, attachment }: Deployment, { import: imports = [] }: TerraformJson): readonly string[] {
  if (imports.length > 0) {
    return [
      "checkov can't read the Terraform JSON while `adopt` is set: it does not know `import` blocks. Remove `adopt` once it is applied.",
      "",
    ];
  }
  const rows = findingsOf({ tight: policy.mode !== "documented", userAttachment: attachment !== "group" });
  return [
    "Nothing is suppressed. These stay, for the reasons given:",
    "",
    ...table(
      ["check", "on", "finds", "why it stays"],
      rows.map(({ check, address, finding, reason }) => [check, code(address), cell(finding), cell(reason)]),
    ),
  ];
}

const upperFirst = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

import { fittingStatements } from "../../iam/action-patterns";
import { NODE_ACTIONS } from "../../iam/node-role-permissions";
import { type PolicyOptions, type PolicyStatement, policyStatements } from "../../iam/policy-statements";
import { code, fenced, list, plain, prose, table } from "../../render/markdown";
import type { Deployment } from "../../settings/deployment";
import type { TerraformJson } from "../../terraform/terraform-json";
import { policyOptions } from "../account-placeholder";
import type { DeployerPolicies } from "../deployer-policy-files";
import { diagram } from "./diagram";
import { permissionTables, statementTable, unusedActions } from "./permission-tables";
import { resourceTable } from "./resource-table";
import { findingsOf } from "./scanner-findings";
import { applyPermissions, secretExposure } from "./secret-exposure";
import { facts, firstSentence } from "./summary";
import { threatModel } from "./threat-model";

/** `REVIEW.md` for a security reviewer: a two-minute summary first, then the details for twenty minutes. */
export function reviewPage(deployment: Deployment, terraform: TerraformJson, deployer: DeployerPolicies): string {
  const options = policyOptions(deployment);
  const statements = policyStatements(options);
  return [
    `# AWS access of DKP: ${prose(deployment.stack)}`,
    "",
    ...firstSentence(deployment, options),
    "DKP is the [Deckhouse Kubernetes Platform](https://deckhouse.io), which runs a Kubernetes cluster in this account and region and signs every call with this key.",
    "",
    ...facts(deployment, fittingStatements(options)),
    ...fenced("mermaid", diagram(deployment, statements)),
    "Dotted: what the key can do to roles, and by that become.",
    "",
    ...threatModel(deployment, options),
    ...secretExposure(deployment, terraform),
    ...applyPermissions(deployer),
    ...created(deployment, terraform),
    ...permissions(options, statements),
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

/** The other files of the review pack, and their purpose. */
const FILES = [
  ["main.tf.json", "what Terraform applies, without CDKTF's comments; a `local` backend is left out"],
  ["policy.json", "the policy as AWS will store it"],
  ["deployer-policy.json", "what the pipeline that plans and applies this needs"],
  ["service-control-policy.json", "the service control policy above, as a file"],
  ["cluster-configuration.yaml", "the fields of DKP's `AWSClusterConfiguration` that follow"],
  ["consumer.tf", "how another Terraform workspace reads the outputs"],
  ["aws-cli.sh", "the same access made with the AWS CLI, with one key, where Terraform may not be run"],
  ["console.md", "the same by hand in the AWS console"],
] as const;

function created({ nodeRole }: Deployment, terraform: TerraformJson): readonly string[] {
  const { import: imports = [] } = terraform;
  return [
    "## What is created",
    "",
    ...resourceTable(terraform),
    ...(nodeRole === undefined ? [] : nodeRoleRights(nodeRole)),
    ...(imports.length === 0
      ? []
      : ["Taken over, not made:", "", ...list(imports.map(({ to, id }) => `${code(to)}: ${code(id)}`))]),
  ];
}

function nodeRoleRights({
  name,
  additionalActions,
  managedPolicyArns,
  permissionsBoundary,
}: NonNullable<Deployment["nodeRole"]>) {
  const may = [...NODE_ACTIONS, ...additionalActions].map(code).join(", ");
  const attached = managedPolicyArns.length === 0 ? "" : `, and what is in ${managedPolicyArns.map(code).join(", ")}`;
  const limit =
    permissionsBoundary === undefined ? "no permissions boundary" : `permissions boundary ${code(permissionsBoundary)}`;
  return [
    `The role ${code(name)} may ${may} on every resource${attached}; it has ${limit}. So may every pod that reaches the metadata service of its node.`,
    "",
  ];
}

function permissions(options: PolicyOptions, statements: readonly PolicyStatement[]): readonly string[] {
  return [
    "## Permissions",
    "",
    "All that the policy allows; it has no Deny statements. What a statement applies to:",
    "",
    ...statementTable(statements),
    ...unusedActions(options),
    ...permissionTables(options, statements),
  ];
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
      rows.map(({ check, address, finding, reason }) => [check, code(address), plain(finding), plain(reason)]),
    ),
  ];
}

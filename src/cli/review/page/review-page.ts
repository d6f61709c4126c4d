import { ACCOUNT_ID } from "../../../iam/arns";
import { otherNodeRoles } from "../../../iam/cluster";
import { NODE_ACTIONS } from "../../../iam/node-role-permissions";
import { withAccount } from "../../../iam/policy-statement";
import { grantedRows, policyStatements } from "../../../iam/policy-statements";
import { roleOf } from "../../../iam/risks";
import { type Deployment, policyOptionsOf } from "../../../settings/deployment";
import type { TerraformJson } from "../../../terraform/terraform-json";
import { code, codes, fenced, joined, list, type Markdown, md, plain, prose, table, trusted } from "../../../text/markdown";
import { fillTemplateFile, type TemplateData } from "../../../text/template";
import type { DeployerPolicies } from "../deployer-policy-files";
import { policyFile } from "../file-names";
import { decisionTexts } from "./decision-table";
import { diagram } from "./diagram";
import { leakSummary } from "./leak-response";
import { accessLevels, actionCount, deployerFiles, isRequired, statementTables } from "./permission-tables";
import { resourceTable } from "./resource-table";
import { findingsOf } from "./scanner-findings";
import { secretExposure } from "./secret-exposure";
import { settingFacts } from "./settings-table";
import { strictLimits } from "./strict-limits";
import { controlPolicyNotesOf, controlPolicyOf, controlPolicyTable, riskList } from "./threat-model";
import { dkpVersionFact } from "./verified-versions";

const NONE = trusted("");

/** REVIEW.md, for security reviewers: the data of its template. */
export function reviewPage(deployment: Deployment, terraform: TerraformJson, deployer: DeployerPolicies): string {
  const options = policyOptionsOf(deployment);
  const { cluster } = options;
  const statements = policyStatements(options);
  const policies = deployment.policies.map((policy) => withAccount(policy.statements, deployment.accountId ?? ACCOUNT_ID));
  const rows = grantedRows(options);
  const patterns = policies.flat().flatMap(({ actions }) => actions.filter((action) => /.\*|\*./.test(action)));
  const documented = options.mode === "documented";
  const otherRoles = documented ? [] : otherNodeRoles(cluster);
  const unused = rows.filter((row) => !isRequired(row, cluster));
  const { import: imports = [] } = terraform;
  const controlPolicy = controlPolicyOf(deployment);
  return fillTemplateFile("src/cli/review/page/review-page.md", {
    ...settingFacts(deployment),
    ...secretExposure(deployment, terraform),
    ...leakSummary(deployment, options),
    ...decisionTexts(deployment),
    ...nodeRolePermissions(deployment.nodeRole),
    dkpVersion: dkpVersionFact(cluster),
    accessLevels: accessLevels(rows),
    ...strictLimits(options),
    stack: prose(deployment.stack),
    key: trusted(deployment.accessKeys === "none" ? "a key of this user" : "this key"),
    documented,
    restricted: options.allowedNetworks !== undefined,
    actionCount: trusted(actionCount(rows)),
    nodeRole: code(roleOf(cluster)),
    otherRoles: otherRoles.length > 0,
    otherRoleNames: joined(
      otherRoles.map((role) => md`the role ${code(role)}`),
      " and ",
    ),
    diagram: fenced("mermaid", diagram(deployment, actionCount(rows))),
    risks: riskList(options),
    controlPolicy: controlPolicyTable(controlPolicy),
    controlPolicyNotes: controlPolicyNotesOf(deployment, controlPolicy),
    deployerFiles: deployerFiles(deployer),
    resources: resourceTable(terraform),
    hasImports: imports.length > 0,
    imports: list(imports.map(({ to, id }) => md`${code(to)}: ${code(id)}`)),
    statements: statementTables(policies.length === 1 ? [statements] : policies),
    furtherPolicies: policies.length > 1,
    hasPatterns: patterns.length > 0,
    patterns: codes(patterns),
    furtherPolicyFiles: codes(policies.slice(1).map((_, index) => policyFile(index + 2))),
    hasUnused: unused.length > 0,
    unusedCount: trusted(String(unused.length)),
    byThisCluster: trusted(cluster.layout === undefined ? "" : " in this cluster"),
    findings: findings(deployment),
  });
}

function nodeRolePermissions(nodeRole: Deployment["nodeRole"]): TemplateData {
  const { name = "", additionalActions = [], managedPolicyArns = [], permissionsBoundary } = nodeRole ?? {};
  return {
    hasNodeRole: nodeRole !== undefined,
    nodeRoleName: code(name),
    nodeRoleActions: codes([...NODE_ACTIONS, ...additionalActions]),
    nodeRolePolicies: managedPolicyArns.length === 0 ? NONE : md`, and the permissions of ${codes(managedPolicyArns)}`,
    nodeRoleBoundary:
      permissionsBoundary === undefined
        ? trusted("no permissions boundary")
        : md`the permissions boundary ${code(permissionsBoundary)}`,
  };
}

function findings({ policy, attachment }: Deployment): Markdown {
  const rows = findingsOf({ tight: policy.mode !== "documented", userAttachment: attachment !== "group" });
  return table(
    ["check", "resource", "finding", "reason"],
    rows.map(({ check, address, finding, reason }) => [plain(check), code(address), plain(finding), plain(reason)]),
  );
}

import { ACCOUNT_ID } from "../../../iam/arns";
import { otherNodeRoles } from "../../../iam/cluster";
import { NODE_ACTIONS } from "../../../iam/node-role-permissions";
import { withAccount } from "../../../iam/policy-statement";
import { grantedRows } from "../../../iam/policy-statements";
import { type Deployment, policyOptionsOf } from "../../../settings/deployment";
import type { TerraformJson } from "../../../terraform/terraform-json";
import { roleOf } from "../../iam/risks";
import { code, codes, joined, list, md, prose, table, trusted } from "../../text/markdown";
import { fillTemplateFile, type TemplateData } from "../../text/template";
import type { DeployerPolicies } from "../deployer-policy-files";
import { actionCount, deployerFiles, isRequired, statementTables } from "./permission-tables";
import { resourceTable } from "./resource-table";
import { findingList } from "./scanner-findings";
import { secretExposure } from "./secret-exposure";
import { settingFacts } from "./settings-table";
import { strictLimits } from "./strict-limits";
import { controlPolicyNotesOf, controlPolicyOf, controlPolicyTable, riskList } from "./threat-model";
import { weakChoices } from "./weak-choices";

/** The choice that no setting has. */
const OUTSIDE = [
  "outside the settings",
  "unknown here: who else uses the account, and whether the service control policy is attached",
  "an AWS account that only DKP uses, or the [service control policy](#appendix-b-mitigations)",
  "an account, or administrators of AWS Organizations who attach the policy",
].map(trusted);

/** REVIEW.md, for security reviewers: the data of its template. */
export function reviewPage(deployment: Deployment, terraform: TerraformJson, deployer: DeployerPolicies): string {
  const { accountId = ACCOUNT_ID, region } = deployment;
  const options = policyOptionsOf(deployment);
  const { cluster } = options;
  const policies = deployment.policies.map(({ statements }) => withAccount(statements, accountId));
  const rows = grantedRows(options);
  const patterns = policies.flat().flatMap(({ actions }) => actions.filter((action) => /.\*|\*./.test(action)));
  const documented = options.mode === "documented";
  const otherRoles = documented ? [] : otherNodeRoles(cluster);
  const unused = rows.filter((row) => !isRequired(row, cluster));
  const { import: imports = [] } = terraform;
  const controlPolicy = controlPolicyOf(deployment);
  const choices = weakChoices(deployment).map(({ setting, chosen, stronger, cost }) =>
    [`\`${setting}\``, chosen, stronger, cost].map(trusted),
  );
  return fillTemplateFile("src/cli/review/page/review-page.md", {
    ...settingFacts(deployment),
    ...secretExposure(deployment, terraform),
    ...nodeRolePermissions(deployment.nodeRole),
    ...strictLimits(options),
    ...controlPolicyNotesOf(deployment, controlPolicy),
    weakChoices: table(["setting", "chosen, weaker", "stronger", "cost of the stronger choice"], [...choices, OUTSIDE]),
    stack: prose(deployment.stack),
    key: trusted(deployment.accessKeys === "none" ? "a key of this user" : "this key"),
    documented,
    restricted: options.allowedNetworks !== undefined,
    actionCount: trusted(actionCount(rows)),
    nodeRole: code(roleOf(cluster)),
    otherRoleNames: joined(
      otherRoles.map((role) => md`the role ${code(role)}`),
      " and ",
    ),
    risks: riskList(options),
    controlPolicy: controlPolicyTable(controlPolicy),
    deployerFiles: deployerFiles(deployer),
    resources: resourceTable(deployment, terraform),
    imports: list(imports.map(({ to, id }) => md`${code(to)}: ${code(id)}`)),
    statements: statementTables(policies, { account: accountId, region }),
    patterns: codes(patterns),
    unusedCount: trusted(String(unused.length || "")),
    byThisCluster: trusted(cluster.layout === undefined ? "" : " in this cluster"),
    findings: findingList(deployment),
  });
}

function nodeRolePermissions(nodeRole: Deployment["nodeRole"]): TemplateData {
  const { name = "", additionalActions = [], managedPolicyArns = [], permissionsBoundary } = nodeRole ?? {};
  return {
    nodeRoleName: code(name),
    nodeRoleActions: codes([...NODE_ACTIONS, ...additionalActions]),
    nodeRolePolicies: managedPolicyArns.length === 0 ? trusted("") : md`, and the permissions of ${codes(managedPolicyArns)}`,
    nodeRoleBoundary:
      permissionsBoundary === undefined
        ? trusted("no permissions boundary")
        : md`the permissions boundary ${code(permissionsBoundary)}`,
  };
}

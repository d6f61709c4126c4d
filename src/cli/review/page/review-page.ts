import { NODE_ACTIONS } from "../../../iam/node-role-permissions";
import type { Deployment } from "../../../settings/deployment";
import { code, codes, joined, list, md, prose, trusted } from "../../text/markdown";
import { fillTemplateFile, type TemplateData } from "../../text/template";
import type { Reviewed } from "../reviewed";
import { actionCount, statementTables } from "./actions-page";
import { deployerFiles } from "./deployer-page";
import { findingList, resourceTable } from "./resources";
import { settingFacts } from "./settings-table";
import { controlPolicyNotes, controlPolicyTable, riskList, secretExposure, strictLimits } from "./threat-model";
import { weakChoices } from "./weak-choices";

/** REVIEW.md, for security reviewers: the data of its template. */
export function reviewPage(review: Reviewed): string {
  const { deployment, terraform, options, permissions, policies, otherRoles } = review;
  const { import: imports = [] } = terraform;
  const actions = policies.flatMap(({ statements }) => statements.flatMap((statement) => statement.actions));
  const documented = options.mode === "documented";
  const unused = permissions.filter(({ isRequired }) => !isRequired);
  return fillTemplateFile("src/cli/review/page/review-page.md", {
    ...weakChoices(review),
    ...settingFacts(review),
    ...secretExposure(review),
    ...strictLimits(review),
    ...controlPolicyNotes(review),
    controlPolicy: controlPolicyTable(review),
    risks: riskList(review),
    resources: resourceTable(review),
    findings: findingList(review),
    actionCount: actionCount(review),
    statements: statementTables(review),
    deployerFiles: deployerFiles(review.deployer),
    ...nodeRolePermissions(deployment.nodeRole),
    stack: prose(deployment.stack),
    key: trusted(deployment.accessKeys === "none" ? "a key of this user" : "this key"),
    documented,
    restricted: options.allowedNetworks !== undefined,
    nodeRole: code(review.dkpRole),
    otherRoleNames: joined(documented ? [] : otherRoles.map((role) => md`the role ${code(role)}`), " and "),
    imports: list(imports.map(({ to, id }) => md`${code(to)}: ${code(id)}`)),
    patterns: codes(actions.filter((action) => /.\*|\*./.test(action))),
    unusedCount: trusted(String(unused.length || "")),
    byThisCluster: trusted(options.cluster.layout === undefined ? "" : " in this cluster"),
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

import { grantedRows, policyStatements } from "../../../iam/policy-statements";
import { type Deployment, policyOptionsOf } from "../../../settings/deployment";
import { prose, trusted } from "../../../text/markdown";
import { fillTemplateFile } from "../../../text/template";
import { actionCount, permissionTables } from "./permission-tables";
import { verifiedVersions } from "./verified-versions";

/** actions.md: every action of the policy with its reason. */
export function actionsPage(deployment: Deployment): string {
  const options = policyOptionsOf(deployment);
  const rows = grantedRows(options);
  return fillTemplateFile("src/cli/review/page/actions-page.md", {
    stack: prose(deployment.stack),
    actionCount: trusted(actionCount(rows)),
    permissions: permissionTables(options, policyStatements(options), rows),
    ...verifiedVersions(),
  });
}

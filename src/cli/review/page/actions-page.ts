import { SUPPORTED_VERSIONS, VERIFIED_COMPONENTS } from "../../../iam/dkp-versions";
import { grantedRows, policyStatements } from "../../../iam/policy-statements";
import { type Deployment, policyOptionsOf } from "../../../settings/deployment";
import { plain, prose, table, trusted } from "../../text/markdown";
import { fillTemplateFile } from "../../text/template";
import { actionCount, permissionTables } from "./permission-tables";

/** actions.md: every action of the policy with its reason, and the versions of DKP's components that were read. */
export function actionsPage(deployment: Deployment): string {
  const options = policyOptionsOf(deployment);
  const rows = grantedRows(options);
  return fillTemplateFile("src/cli/review/page/actions-page.md", {
    stack: prose(deployment.stack),
    actionCount: trusted(actionCount(rows)),
    permissions: permissionTables(options, policyStatements(options), rows),
    verifiedVersion: trusted(SUPPORTED_VERSIONS.last),
    verifiedComponents: table(
      ["component", "versions", "compared on", "source"],
      VERIFIED_COMPONENTS.map(({ component, versions, date, source }) => [component, versions, date, source].map(plain)),
    ),
  });
}

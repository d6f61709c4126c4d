import { SUPPORTED_VERSIONS } from "../../../iam/dkp-versions";
import { VERIFIED_COMPONENTS } from "../../iam/verified-components";
import { plain, prose, table, trusted } from "../../text/markdown";
import { fillTemplateFile } from "../../text/template";
import type { Reviewed } from "../reviewed";
import { actionCount, permissionTables } from "./permission-tables";

/** actions.md: every action of the policy with its reason, and the versions of DKP's components that were read. */
export function actionsPage(review: Reviewed): string {
  return fillTemplateFile("src/cli/review/page/actions-page.md", {
    stack: prose(review.deployment.stack),
    actionCount: actionCount(review),
    permissions: permissionTables(review),
    verifiedVersion: trusted(SUPPORTED_VERSIONS.last),
    verifiedComponents: table(
      ["component", "versions", "compared on", "source"],
      VERIFIED_COMPONENTS.map(({ component, versions, date, source }) => [component, versions, date, source].map(plain)),
    ),
  });
}

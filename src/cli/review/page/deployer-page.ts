import { code, codes, joined, list, type Markdown, md, plain, prose, sentence, table } from "../../text/markdown";
import { fillTemplateFile } from "../../text/template";
import type { DeployerPolicies } from "../deployer-policy-files";
import type { Reviewed } from "../reviewed";
import { conditionList } from "./permission-tables";

/** deployer.md: the permissions of whoever applies a deployment, each with its reason, and what they allow. */
export function deployerPage({ deployment, deployer: { policies, notes } }: Reviewed): string {
  return fillTemplateFile("src/cli/review/page/deployer-page.md", {
    stack: prose(deployment.stack),
    deployerPolicies: deployerTables(policies),
    deployerNotes: list(notes.map(sentence)),
  });
}

/** The policies: each action with its resources and its reason. */
function deployerTables(policies: DeployerPolicies["policies"]): Markdown {
  return joined(
    policies.flatMap(({ file, principal, role, grants }) => [
      md`${code(file)}, for ${role === undefined ? plain(principal) : md`the role ${code(role)}`}:`,
      table(
        ["action", "resources", "conditions", "reason"],
        grants.map(({ action, resources, conditions, why }) => [
          code(action),
          codes(resources),
          conditionList(conditions),
          plain(why),
        ]),
      ),
    ]),
    "\n\n",
  );
}

import type { PolicyCondition } from "../../../iam/policy-statement";
import { code, codes, counted, joined, list, md, plain, prose, sentence, table, trusted } from "../../text/markdown";
import { fillTemplateFile } from "../../text/template";
import type { DeployerPolicies, DeployerPolicy } from "../deployer-policy-files";
import type { Reviewed } from "../reviewed";

/** deployer.md: the permissions of whoever applies a deployment, each with its reason, and what they allow. */
export function deployerPage({ deployment, deployer: { policies, notes } }: Reviewed): string {
  return fillTemplateFile("src/cli/review/page/deployer-page.md", {
    deployerPolicies: deployerTables(policies),
    deployerNotes: list(notes.map(sentence)),
    stack: prose(deployment.stack),
  });
}

/** The policies: each action with its resources and its reason. */
function deployerTables(policies: DeployerPolicies["policies"]) {
  const rows = (grants: DeployerPolicy["grants"]) =>
    grants.map(({ action, resources, conditions, why }) => [
      code(action),
      codes(resources),
      conditionList(conditions),
      plain(why),
    ]);
  const tables = policies.flatMap((policy) => [
    md`${code(policy.file)}, for ${principalOf(policy)}:`,
    table(["action", "resources", "conditions", "reason"], rows(policy.grants)),
  ]);
  return joined(tables, "\n\n");
}

/** The files with the policies for whoever applies a deployment. */
export const deployerFiles = ({ policies }: DeployerPolicies) =>
  list(
    policies.map((policy) => {
      const { file, grants } = policy;
      return md`[${code(file)}](${trusted(file)}), for ${principalOf(policy)}: ${counted(grants.length, "action")}`;
    }),
  );

const principalOf = ({ principal, role }: DeployerPolicy) => (role === undefined ? plain(principal) : md`the role ${code(role)}`);

/** Conditions as code. */
export const conditionList = (conditions: readonly PolicyCondition[]) =>
  codes(conditions.map(({ test, variable, values }) => `${variable} ${test} ${values.join(", ")}`));

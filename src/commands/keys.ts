import { iamUser } from "../aws-api/user-keys";
import { type KeyReport, keyReport, keyReportText } from "../operations/key-status";
import type { Deployment } from "../settings/deployment";
import { bothOrAbort } from "../terraform/progress";
import { readState } from "../terraform/state-file";
import { pullState, stackFolder } from "../terraform/terraform-cli";
import { EXIT } from "./exit-codes";
import { STACKS_HELP, selectDeployments } from "./support/select-deployments";
import type { Define, Session } from "./support/session";
import { formatOption, JSON_REPLACED, replacedOptions } from "./support/shared-options";

export const define: Define = (command, session) => {
  command
    .description(
      `Shows the status of the access keys of deployments: slots, age, last use, which key the outputs expose, when an OpenPGP key expires, errors and warnings, what the next apply would do to a key, and the next step of a rotation as the change to make in the settings.

A key that was created or used within the last 24 hours counts as one that DKP may use. Reads the state through Terraform, and calls iam:ListAccessKeys, iam:GetAccessKeyLastUsed and sts:GetCallerIdentity. Changes nothing. A stack must be synthesized and initialized.

With --format json the output is an object for one named stack, otherwise a list.`,
    )
    .argument("[stack...]", STACKS_HELP)
    .addOption(formatOption("text", "json"))
    .action(async (names: readonly string[], { format }: { readonly format: string }) => {
      const { deployments } = selectDeployments(session, names);
      const reports: KeyReport[] = [];
      for (const deployment of deployments) {
        const report = await reportOf(session, deployment, deployments.length > 1);
        if (report !== undefined && format === "text") {
          session.print(`${reports.length === 0 ? "" : "\n"}${keyReportText(report, session.settings)}`);
        }
        reports.push(...(report === undefined ? [] : [report]));
      }
      if (format === "json") {
        session.printJson(names.length === 1 ? reports[0] : reports);
      }
      if (reports.some(({ errors, warnings }) => errors.length + warnings.length > 0)) {
        session.raise(EXIT.attention);
      }
    });
  replacedOptions(command, JSON_REPLACED);
};

/** The report of one deployment. Of several, one that cannot be read does not keep the others from being reported. */
async function reportOf(session: Session, deployment: Deployment, isOneOfSeveral: boolean): Promise<KeyReport | undefined> {
  const { terraform, output, printError } = session;
  try {
    const folder = stackFolder(terraform, output, deployment.stack);
    const [state, iam] = await bothOrAbort(
      (signal) => pullState(terraform, folder, signal),
      (signal) => iamUser(deployment, printError, signal),
    );
    return keyReport(deployment, { folder, state: readState(state), iam, now: new Date() });
  } catch (error) {
    if (!isOneOfSeveral) {
      throw error;
    }
    session.fail(error);
    return undefined;
  }
}

import { withIam } from "../account/aws/iam-reader";
import { DRIFT_RULES, type DriftRules } from "../account/drift/drift-rules";
import { driftPolicy } from "../account/drift/permissions";
import { type DriftReport, driftReport, driftText } from "../account/drift/report";
import { forDeployments, readableState, STACKS_HELP, selectDeployments } from "./support/deployments";
import { type Define, formatOption, timeoutOption } from "./support/session";

interface Options {
  readonly policy?: true;
  readonly timeout: number;
  readonly format: string;
}

export const define: Define = (command, session) => {
  command
    .description(
      `Reports what exists in AWS besides what is managed: each with its risk, and what to ask before anybody changes it. Only reads, and prints no command that takes something away.

What the settings describe and what the state has both count as managed. The state is read through Terraform; where it cannot be read, the exit code is 3. provider.profile and provider.assumeRoleArn count.`,
    )
    .argument("[stack...]", STACKS_HELP)
    .option("--policy", "print the IAM policy that the command requires for these stacks, and end")
    .addOption(timeoutOption("time limit of the calls to AWS for each stack; what has no answer by then is unknown", 120))
    .addOption(formatOption("text", "json"))
    .action(async (names: readonly string[], { policy, timeout, format }: Options) => {
      const { deployments } = selectDeployments(session, names);
      if (policy === true) {
        session.printJson(driftPolicy(deployments));
        return;
      }
      await forDeployments<DriftRules, DriftReport>(session, deployments, {
        rules: DRIFT_RULES,
        report: async (deployment) => {
          const state = await readableState(session, deployment.stack);
          return withIam(deployment, { progress: session.printError, limit: timeout }, (iam) =>
            driftReport(deployment, state, iam),
          );
        },
        text: driftText,
        json: ({ stack, account }) => ({ stack, account }),
        format,
      });
    });
};

import { alwaysOnRegion } from "../../iam/partitions";
import type { Deployment } from "../../settings/deployment";
import { Aws } from "../account/aws/client";
import { IamReader } from "../account/aws/iam-reader";
import { deadline } from "../account/aws/operations";
import { driftPolicy } from "../account/drift/permissions";
import { type DriftReport, driftReport, driftReportText } from "../account/drift/report";
import { withProgress } from "../terraform/progress";
import { EXIT } from "./exit-codes";
import { forDeployments } from "./support/for-deployments";
import { readableState } from "./support/readable-state";
import { STACKS_HELP, selectDeployments } from "./support/select-deployments";
import type { Define, Session } from "./support/session";
import { formatOption, timeoutOption } from "./support/shared-options";

interface Options {
  readonly policy?: true;
  readonly timeout: number;
  readonly format: string;
}

export const define: Define = (command, session) => {
  command
    .description(
      `Reports what exists in AWS beside what Terraform manages, each object with its risk and the remedy. Only reads.

What Terraform manages is read from the state through Terraform; if no state is reachable, from the settings: then no command is printed, and the exit code is 3. provider.profile and provider.assumeRoleArn count.

With --format json the output is an object for one named stack, otherwise a list.`,
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
      await forDeployments<DriftReport>(session, deployments, {
        report: async (deployment) => {
          const report = await reportOf(session, deployment, timeout);
          raise(session, report);
          return report;
        },
        text: driftReportText,
        format,
        isSingle: names.length === 1,
      });
    });
};

/** @param limit how long the calls to AWS may take, in seconds */
async function reportOf(session: Session, deployment: Deployment, limit: number): Promise<DriftReport> {
  const { stack, region, provider } = deployment;
  const iamRegion = alwaysOnRegion(region);
  const state = await readableState(session, stack);
  const { signal, stop } = deadline(limit);
  try {
    const aws = new Aws({ ...provider, alwaysOnRegion: iamRegion, signal, patient: true });
    const reading = driftReport(deployment, state, new IamReader(aws, iamRegion, { signal, limit }));
    return await withProgress(`${stack}: querying IAM`, reading, session.printError, signal);
  } finally {
    stop();
  }
}

function raise(session: Session, { results, managedBy }: DriftReport): void {
  if (managedBy === "settings") {
    session.raise(EXIT.breaking);
  }
  for (const { verdict } of results) {
    session.raise(verdict === "found" ? EXIT.attention : EXIT.breaking);
  }
}

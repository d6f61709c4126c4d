import { withIam } from "../account/aws/iam-reader";
import type { ComparedCluster } from "../account/drift/cluster";
import { DRIFT_RULES, type DriftRules } from "../account/drift/drift-rules";
import { type DriftReport, driftReport, driftText } from "../account/drift/report";
import { readingPolicy } from "../account/reading-policy";
import { dkpVersion, runningCluster } from "../cluster/running-cluster";
import { addClusterOptions, type ClusterOptions, namedCluster } from "./support/cluster";
import {
  forDeployments,
  policyOption,
  readableState,
  STACKS_HELP,
  selectDeployments,
} from "./support/deployments";
import { type Define, formatOption, type Session, timeoutOption } from "./support/session";

interface Options extends ClusterOptions {
  readonly policy?: true;
  readonly timeout: number;
  readonly format: string;
}

export const define: Define = (command, session) => {
  command
    .description(
      "Reports what exists in AWS besides what is managed: each with its risk, " +
        "and what to ask before anybody changes it.\n\n" +
        "What the settings or the state have is managed. " +
        "If the state cannot be read, the exit code is 3.",
    )
    .argument("[stack...]", STACKS_HELP)
    .addOption(policyOption())
    .addOption(timeoutOption(120))
    .addOption(formatOption("text", "json"));
  addClusterOptions(
    command,
    "also compare the settings of one stack with a running cluster",
  ).action(async (names: readonly string[], options: Options) => {
    const { policy, timeout, format } = options;
    const { deployments } = selectDeployments(session, names);
    if (policy === true) {
      session.printJson(readingPolicy(deployments));
      return;
    }
    if (options.cluster === true && deployments.length > 1) {
      throw new Error(
        "--cluster: one cluster is compared with one stack; " +
          `name it: ${deployments.map(({ stack }) => stack).join(", ")}`,
      );
    }
    const cluster = options.cluster === true ? await comparedCluster(session, options) : undefined;
    await forDeployments<DriftRules, DriftReport>(session, deployments, {
      rules: DRIFT_RULES,
      report: async (deployment) => {
        const state = await readableState(session, deployment.stack);
        return await withIam(deployment, session.waiting(timeout), (iam) =>
          driftReport(deployment, state, iam, cluster),
        );
      },
      text: driftText,
      json: ({ stack, account }) => ({ stack, account }),
      format,
    });
  });
};

async function comparedCluster(
  session: Session,
  options: ClusterOptions,
): Promise<ComparedCluster> {
  const access = await namedCluster(session, options);
  return { cluster: await runningCluster(access), version: await dkpVersion(access) };
}

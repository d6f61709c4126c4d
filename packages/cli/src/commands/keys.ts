import { withIam } from "../account/aws/iam-reader";
import { KEY_RULES, type KeyRules } from "../account/keys/key-rules";
import { type KeyReport, keyReport, keyReportText, keysJson } from "../account/keys/report";
import { keySituation } from "../account/keys/situation";
import { readingPolicy } from "../account/reading-policy";
import { runningCluster } from "../cluster/running-cluster";
import { addClusterOptions, type ClusterOptions, namedCluster } from "./support/cluster";
import {
  forDeployments,
  policyOption,
  readableState,
  STACKS_HELP,
  selectDeployments,
  selectOne,
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
      "Shows each access key of the user in state, IAM and, with --cluster, the cluster: " +
        "who has it, what differs, and what rotate does next.",
    )
    .argument("[stack...]", STACKS_HELP);
  addClusterOptions(command, "read which key DKP has")
    .addOption(policyOption())
    .addOption(timeoutOption(120))
    .addOption(formatOption("text", "json"))
    .action((names: readonly string[], options: Options) => keys(session, names, options));
};

async function keys(session: Session, names: readonly string[], options: Options): Promise<void> {
  const { timeout, format, policy, cluster: isClusterRead } = options;
  if (policy === true) {
    session.printJson(readingPolicy(selectDeployments(session, names).deployments));
    return;
  }
  const deployments = isClusterRead
    ? [selectOne(session, names).deployment]
    : selectDeployments(session, names).deployments;
  const cluster = isClusterRead
    ? await runningCluster(await namedCluster(session, options))
    : undefined;
  await forDeployments<KeyRules, KeyReport>(session, deployments, {
    rules: KEY_RULES,
    report: async (deployment) => {
      const state = await readableState(session, deployment.stack);
      return await withIam(deployment, session.waiting(timeout), async (iam) =>
        keyReport(await keySituation(deployment, state, iam, cluster)),
      );
    },
    text: keyReportText,
    json: keysJson,
    format,
  });
}

import type { Deployment } from "../../../../src/settings/deployment";
import { withAws } from "../account/aws/client";
import { clusterAccessCheck } from "../account/preflight/checks/cluster-access";
import { PREFLIGHT_RULES, type PreflightRules } from "../account/preflight/preflight-rules";
import { preflightJson, preflightText, runPreflight } from "../account/preflight/report";
import { readingPolicy } from "../account/reading-policy";
import { exitCodeOf } from "../findings/finding";
import { addClusterOptions, type ClusterOptions, namedCluster } from "./support/cluster";
import { policyOption, readableState, STACK_HELP, selectOne } from "./support/deployments";
import { type Define, formatOption, type Session, timeoutOption } from "./support/session";

interface Options extends ClusterOptions {
  readonly asKey?: true;
  readonly timeout: number;
  readonly policy?: true;
  readonly format: string;
}

export const define: Define = (command, session) => {
  command
    .description(
      "Checks the AWS account for what would fail during the installation of a cluster, " +
        "with the credentials that apply the stack.",
    )
    .argument("[stack]", STACK_HELP)
    .option(
      "--as-key",
      "the credentials are the user's access key: test its permissions with dry runs of EC2 calls",
    )
    .addOption(timeoutOption(60))
    .addOption(policyOption())
    .addOption(formatOption("text", "json"));
  addClusterOptions(
    command,
    "also check that you may read a running cluster and give it a key",
  ).action(async (stack: string | undefined, options: Options) => {
    const { deployment } = selectOne(session, [stack]);
    if (options.policy === true) {
      session.printJson(readingPolicy([deployment]));
      return;
    }
    await preflight(session, deployment, options);
  });
};

async function preflight(
  session: Session,
  deployment: Deployment,
  options: Options,
): Promise<void> {
  const { stack, region, provider } = deployment;
  const asKey = options.asKey === true;
  const access = asKey ? { region } : { region, ...provider };
  const state = () => readableState(session, stack);
  const cluster = options.cluster === true ? await namedCluster(session, options) : undefined;
  const ofAccount = await withAws(access, session.waiting(options.timeout), (aws) =>
    runPreflight(deployment, aws, { asKey, state }),
  );
  const ofCluster = cluster === undefined ? [] : [await clusterAccessCheck(cluster)];
  const results = [...ofAccount, ...ofCluster];
  const findings = results.flatMap((result) => result.findings);
  session.raise(exitCodeOf<PreflightRules>(PREFLIGHT_RULES, findings));
  if (options.format === "json") {
    session.printJson(preflightJson(stack, region, results));
  } else {
    session.print(preflightText(`${stack}: preflight of a cluster in ${region}`, results));
  }
}

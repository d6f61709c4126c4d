import type { Deployment } from "../../settings/deployment";
import { withAws } from "../account/aws/client";
import { adminPolicy } from "../account/preflight/checks";
import { PREFLIGHT_RULES, type PreflightRules } from "../account/preflight/preflight-rules";
import { preflightJson, preflightText, runPreflight } from "../account/preflight/report";
import { exitCodeOf } from "../findings/finding";
import { readableState, STACK_HELP, selectOne } from "./support/deployments";
import { type Define, formatOption, type Session, timeoutOption } from "./support/session";

interface Options {
  readonly asKey?: true;
  readonly timeout: number;
  readonly permissions?: true;
  readonly format: string;
}

export const define: Define = (command, session) => {
  command
    .description(
      `Checks the AWS account for what would fail during the installation of a cluster. Changes nothing.

Run it with the credentials that apply the stack; provider.profile and provider.assumeRoleArn count, except with --as-key.`,
    )
    .argument("[stack]", STACK_HELP)
    .option("--as-key", "the credentials are the user's access key: test its permissions with dry runs of EC2 calls")
    .addOption(timeoutOption("time limit of the calls to AWS; a check without a result by then is unverifiable", 60))
    .option("--permissions", "print the IAM policy that the preflight requires, and end")
    .addOption(formatOption("text", "json"))
    .action(async (stack: string | undefined, options: Options) => {
      if (options.permissions === true) {
        session.printJson(adminPolicy());
        return;
      }
      await preflight(session, selectOne(session, [stack]).deployment, options);
    });
};

async function preflight(session: Session, deployment: Deployment, options: Options): Promise<void> {
  const { stack, region, provider } = deployment;
  const asKey = options.asKey === true;
  const access = asKey ? { region } : { region, ...provider };
  const waiting = { progress: session.printError, limit: options.timeout };
  const state = () => readableState(session, stack);
  const results = await withAws(access, waiting, (aws) => runPreflight(deployment, aws, { asKey, state }));
  const findings = results.flatMap((result) => result.findings);
  session.raise(exitCodeOf<PreflightRules>(PREFLIGHT_RULES, findings));
  if (options.format === "json") {
    session.printJson(preflightJson(stack, region, results));
  } else {
    session.print(preflightText(`${stack}: preflight of a cluster in ${region}`, results));
  }
}

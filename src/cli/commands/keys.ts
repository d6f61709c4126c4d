import type { Deployment } from "../../settings/deployment";
import { bothOrAbort } from "../../terraform/progress";
import { readState } from "../../terraform/state-file";
import { pullState, stackFolder } from "../../terraform/terraform-cli";
import { iamUser } from "../account/aws/user-keys";
import type { KeySources } from "../account/keys/facts";
import { leakReportText } from "../account/keys/leak-report";
import { leakSteps } from "../account/keys/leak-steps";
import { type KeyReport, keyReport, keyReportText } from "../account/keys/status";
import { EXIT } from "./exit-codes";
import { seconds } from "./preflight";
import { forDeployments } from "./support/for-deployments";
import { STACKS_HELP, selectDeployments, selectOne } from "./support/select-deployments";
import type { Define, Session } from "./support/session";
import { formatOption, JSON_REPLACED, replacedOptions } from "./support/shared-options";

interface Options {
  readonly leaked?: true;
  readonly key?: readonly string[];
  readonly timeout: string;
  readonly format: string;
}

export const define: Define = (command, session) => {
  command
    .description(
      `Shows the status of the access keys of deployments: slots, age, last use, which key the outputs expose, when an OpenPGP key expires, errors and warnings, what the next apply would do to a key, and the next step of a rotation as the change to make in the settings.

A key that was created or used within the last 24 hours counts as one that DKP may use. Reads the state through Terraform, and calls iam:ListAccessKeys, iam:GetAccessKeyLastUsed and sts:GetCallerIdentity. Changes nothing. A stack must be synthesized and initialized.

With --leaked it prints what to do after a leak instead, for one deployment: the AWS CLI commands and the changes of the settings in their order.

With --format json the output is an object for one named stack, otherwise a list.`,
    )
    .argument("[stack...]", STACKS_HELP)
    .option("--leaked", "print the steps after a leak of one deployment")
    .option("--key <id...>", "with --leaked: the access keys that leaked (default: the key that the outputs expose)")
    .option("--timeout <seconds>", "time limit of the calls to AWS for each stack; TERRAFORM_TIMEOUT limits Terraform", "120")
    .addOption(formatOption("text", "json"))
    .action(async (names: readonly string[], options: Options) => {
      requireLeaked(options);
      if (options.leaked === true) {
        await leaked(session, names, options);
        return;
      }
      await status(session, names, options);
    });
  replacedOptions(command, JSON_REPLACED);
};

async function status(session: Session, names: readonly string[], { timeout, format }: Options): Promise<void> {
  const limit = seconds(timeout);
  const { deployments } = selectDeployments(session, names);
  await forDeployments<KeyReport>(
    session,
    deployments,
    {
      report: async (deployment) => {
        const report = keyReport(deployment, await sourcesOf(session, deployment, limit));
        if (report.errors.length + report.warnings.length > 0) {
          session.raise(EXIT.attention);
        }
        return report;
      },
      text: (report) => keyReportText(report, session.settings),
      format,
      isSingle: names.length === 1,
    },
    (failed) => endAfter(failed, session),
  );
}

/** Calls of a deployment that timed out would keep the process. */
function endAfter(failed: boolean, { host, exitCode }: Session): void {
  if (failed) {
    host.exit(exitCode);
  }
}

/** IAM API Reference, "AccessKey": 16 to 128 characters; IAM User Guide, "Unique identifiers": `AKIA` for access keys. */
const ACCESS_KEY_ID = /^AKIA\w{12,124}$/;

/** @throws Error if --key has no effect, or names no key */
function requireLeaked({ leaked: isLeaked, key }: Options): void {
  if (isLeaked !== true && key !== undefined) {
    throw new Error("--key: is an option of --leaked; write keys --leaked [stack] --key ...");
  }
  const noKey = key?.find((id) => !ACCESS_KEY_ID.test(id));
  if (noKey !== undefined) {
    throw new Error(`--key: "${noKey}" is not the ID of an access key, such as AKIA...; write the stack before --key`);
  }
}

async function leaked(session: Session, names: readonly string[], options: Options): Promise<void> {
  const [name, ...further] = names;
  if (further.length > 0) {
    throw new Error("--leaked: is for one deployment; name one stack");
  }
  const deployment = selectOne(session, name);
  const { settings } = session;
  const limit = seconds(options.timeout);
  const sources = await sourcesOf(session, deployment, limit).catch((error: Error) => {
    session.fail(new Error(`${error.message}; until then, follow review/${deployment.stack}/REVIEW.md, "After a leak"`));
  });
  if (sources === undefined) {
    session.print("", () => endAfter(true, session));
    return;
  }
  const steps = leakSteps(deployment, sources, options.key ?? [], session.terraform.binary);
  if (options.format === "json") {
    session.printJson(steps);
  } else {
    session.print(leakReportText(steps, settings));
  }
}

/** The state and IAM, read at the same time. @param limit how long the calls to AWS may take, in seconds */
async function sourcesOf({ terraform, output, printError }: Session, deployment: Deployment, limit: number): Promise<KeySources> {
  const folder = stackFolder(terraform, output, deployment.stack);
  const [state, iam] = await bothOrAbort(
    (signal) => pullState(terraform, folder, signal),
    (signal) => iamUser(deployment, { progress: printError, limit, signal }),
  );
  return { folder, state: readState(state), iam, now: new Date() };
}

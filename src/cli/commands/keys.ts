import { Option } from "commander";
import { ACCESS_KEY_ID } from "../../iam/key-slots";
import { contextOf } from "../account/keys/actions";
import { editSettings } from "../account/keys/edit-yaml";
import { isStop, KEY_RULES, type KeyRules } from "../account/keys/key-rules";
import { isUnknown, leakResponse, leakText } from "../account/keys/leak";
import { changesOf } from "../account/keys/next-step";
import { type KeyReport, keyReport, keyReportText, keysJson } from "../account/keys/report";
import type { KeySituation } from "../account/keys/situation";
import { keySituation } from "../account/keys/sources";
import { readingPolicy } from "../account/reading-policy";
import { EXIT, reportJson } from "../findings/finding";
import { dkpAccess } from "../text/advice";
import { inOneStep } from "../text/signals";
import { forDeployments, policyOption, STACKS_HELP, selectDeployments, selectOne } from "./support/deployments";
import { type Define, formatOption, type Session, timeoutOption } from "./support/session";

interface Options {
  readonly write?: true;
  readonly leaked?: true;
  readonly key?: readonly string[];
  readonly policy?: true;
  readonly timeout: number;
  readonly format: string;
}

export const define: Define = (command, session) => {
  command
    .description(
      `Shows the access keys of deployments, what needs attention, and the next step: changes of the settings and what to do after them. Followed to the letter, the steps end with nothing left to do, and DKP's key works throughout. Where something differs that has no step, the command names it and the section of recover.md, and stops with exit code 3.

A key that was created or used within the last 24 hours counts as one that DKP may use. Reads the state through Terraform, and IAM. Changes nothing in AWS. A stack must be synthesized and initialized.

With --write it also makes the changes of the settings that are the next step, for one commit; comments stay. Fails if something else comes first. Where there is nothing left to do, that begins a rotation.

With --leaked it prints what to do after a leak instead, for one deployment: the AWS CLI commands and the changes of the settings in their order.`,
    )
    .argument("[stack...]", STACKS_HELP)
    .addOption(
      new Option("--write", "make the change of the settings that is the next step, for one deployment").conflicts("leaked"),
    )
    .option("--leaked", "print the steps after a leak of one deployment")
    .addOption(
      new Option("--key <id...>", "with --leaked: the keys that leaked (default: the exposed one)").implies({ leaked: true }),
    )
    .addOption(policyOption())
    .addOption(timeoutOption("time limit of the calls to AWS for each stack", 120))
    .addOption(formatOption("text", "json"))
    .action(async (names: readonly string[], options: Options) => {
      if (options.policy === true) {
        session.printJson(readingPolicy(selectDeployments(session, names).deployments));
        return;
      }
      if (options.key?.every((id) => ACCESS_KEY_ID.test(id)) === false) {
        // It may be the secret.
        throw new Error(
          "--key: a value is not the ID of an access key (not shown), such as AKIA...; write the stack before --key",
        );
      }
      const report = options.leaked === true ? leaked : status;
      await report(session, names, options);
    });
};

async function status(session: Session, names: readonly string[], { write, timeout, format }: Options): Promise<void> {
  const deployments = write === true ? [selectOne(session, names).deployment] : selectDeployments(session, names).deployments;
  const { terraform, output } = session;
  const [last] = await forDeployments<KeyRules, KeyReport>(session, deployments, {
    rules: KEY_RULES,
    report: async (deployment) => {
      const report = keyReport(await keySituation(deployment, { terraform, output, limit: timeout }));
      session.raise(isStop(report.next.why) ? EXIT.breaking : EXIT.success);
      return report;
    },
    text: (report) => keyReportText(report, context(session, report.situation)),
    json: (report) => keysJson(report, context(session, report.situation)),
    format,
  });
  if (write === true && last !== undefined) {
    const { file, stack } = context(session, last.situation);
    const changes = changesOf(stack, last.next);
    await inOneStep(() => editSettings(file, changes));
    session.printError(`wrote ${file}: run ${dkpAccess("review", stack)}, commit both, then go on with the step\n`);
  }
}

const context = ({ settings, terraform }: Session, situation: KeySituation) => contextOf(situation, settings, terraform.binary);

async function leaked(session: Session, names: readonly string[], options: Options): Promise<void> {
  const { deployment } = selectOne(session, names);
  const { terraform, output } = session;
  const { timeout: limit, key: named = [] } = options;
  const sources = { terraform, output, limit, isPartial: true, leaked: named };
  const situation = await keySituation(deployment, sources).catch((error: Error) => {
    throw new Error(`${error.message}; until then, follow review/${deployment.stack}/after-a-leak.md`, { cause: error });
  });
  const unread = [situation.unreachable ?? [], situation.unread].flat();
  if (unread.length > 0) {
    session.fail(new Error(`${unread.join("; ")}; these steps are without what could not be read`));
    session.raise(EXIT.breaking);
  }
  const response = leakResponse(situation, named);
  session.raise(isUnknown(situation, response) ? EXIT.attention : EXIT.success);
  session.raise(isStop(response.after.why) ? EXIT.breaking : EXIT.success);
  if (options.format === "json") {
    const { ids, contain, after } = response;
    const stacks = [{ stack: deployment.stack, leak: { ids, contain, after } }];
    session.printJson(reportJson<KeyRules>(KEY_RULES, response.unverifiable, stacks, { exitCode: session.exitCode }));
  } else {
    session.print(leakText(situation, response, context(session, situation)));
  }
}

import { type Command, Option } from "commander";
import { ADDRESSES } from "../../../../src/terraform/addresses";
import { changesExitCode } from "../diff/changes";
import { resourceCounts } from "../diff/render-summary";
import { EXIT } from "../findings/finding";
import { atSignal } from "../process/signals";
import { runToEnd } from "../terraform/terraform-cli";
import { dkpAccess, page } from "../text/advice";
import { FORMATS, type Format } from "./diff";
import { STACK_HELP } from "./support/deployments";
import { type Planned, unwrittenState, withPlan } from "./support/planned";
import { asked, type Define, formatOption, type Session } from "./support/session";

interface Options {
  readonly approved?: string;
  readonly accept: string;
  readonly yes?: boolean;
  readonly autoApprove?: boolean;
  readonly format: Format;
}

export const define: Define = (command, session) => {
  command
    .description(
      "Plans as plan does, and applies that plan after a question, " +
        "or if its digest is the approved one.",
    )
    .argument("[stack]", STACK_HELP)
    .addOption(
      new Option(
        "--approved <digest>",
        "instead of the question: the digest that plan printed",
      ).argParser((text) => {
        if (!/^[0-9a-f]{64}$/.test(text)) {
          throw new Error(
            `--approved: "${text}" is no digest; give the 64 hexadecimal digits that plan printed`,
          );
        }
        return text;
      }),
    )
    .addOption(
      new Option("--accept <exit-code>", "with --approved: the highest exit code that is applied")
        .choices(["0", "2", "3"])
        .default("0"),
    )
    .addOption(unquestioned("--yes"))
    .addOption(unquestioned("--auto-approve"))
    .addOption(formatOption("text", "markdown", "json"))
    .action((name: string | undefined, options: Options) => apply(command, session, name, options));
};

/** An option of other programs that only names the way here. */
function unquestioned(name: string): Option {
  return new Option(name).hideHelp();
}

async function apply(
  command: Command,
  session: Session,
  name: string | undefined,
  options: Options,
): Promise<void> {
  const { approved, format } = options;
  if (options.yes || options.autoApprove) {
    command.error(
      "error: apply applies only what somebody has approved: run plan, " +
        "and give its digest with --approved",
    );
  }
  if (approved === undefined && command.getOptionValueSource("accept") !== "default") {
    command.error("error: --accept belongs to --approved; without it, apply asks");
  }
  if (approved === undefined && session.host.stdin.isTTY !== true) {
    command.error(
      "error: apply asks at a terminal, and this is none: run plan, " +
        "and give its digest with --approved",
    );
  }
  // A pipeline waits for the one before it; a person decides how long to wait.
  const patience = approved === undefined ? [] : ["-lock-timeout=10m"];
  await withPlan(session, name, patience, async (planned) => {
    const { stack, changes } = planned;
    session.print(FORMATS[format](changes));
    if (changes.digest === undefined) {
      session.printError("\nNothing to apply.\n");
      return;
    }
    const refusal =
      approved === undefined
        ? await asked(session, "Apply this plan? Only yes applies it: ")
        : refusalOf(planned, approved, Number(options.accept));
    if (refusal !== undefined) {
      session.printError(`\n${stack}: nothing is applied: ${refusal}\n`);
      session.raise(EXIT.breaking);
      return;
    }
    await applyPlan(session, planned, patience);
    const counts =
      resourceCounts(changes.deployments.flatMap(({ findings }) => findings)) ??
      "no resource changed.";
    const applied = `\n${stack}: applied: ${counts}\n${nextStep(planned)}`;
    // The output of the format json is one object.
    (format === "json" ? session.printError : session.print.bind(session))(applied);
  });
}

function nextStep({ stack, changes }: Planned): string {
  const isKeyCreated = changes.deployments.some(({ findings }) =>
    findings.some(
      ({ rule, address, values }) =>
        rule === "resource" && address === ADDRESSES.accessKey && values.action === "created",
    ),
  );
  return isKeyCreated
    ? `Give DKP the key: ${dkpAccess("hand-over", stack, "--out", "provider.yaml")}\n`
    : "";
}

function refusalOf({ changes }: Planned, approved: string, accepted: number): string | undefined {
  const exitCode = changesExitCode(changes);
  if (changes.digest !== approved) {
    return (
      "the plan is not the approved one, because the settings, the state or AWS have changed; " +
      `its digest is ${changes.digest}`
    );
  }
  return exitCode > accepted
    ? `the exit code of the change summary is ${exitCode}, and --accept allows ${accepted}; ` +
        `the digest is ${changes.digest}`
    : undefined;
}

/** A signal reaches Terraform once. An error names a state that Terraform could not write. */
async function applyPlan(
  session: Session,
  { stack, folder, file }: Planned,
  options: readonly string[],
): Promise<void> {
  const { terraform } = session;
  const args = ["apply", "-input=false", "-no-color", ...options, file];
  const report = () => {
    const unwritten = unwrittenState(stack, folder);
    if (unwritten !== undefined) {
      session.fail(unwritten);
    }
  };
  const code = await atSignal(report, () => runToEnd(terraform, folder, args, "inherit"));
  if (code !== 0) {
    report();
    throw new Error(
      `${stack}: ${terraform.binary} apply ended with ${code}; ` +
        `search ${page("recover")} for the message above`,
    );
  }
}

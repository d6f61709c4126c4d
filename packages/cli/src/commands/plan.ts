import { rmSync } from "node:fs";
import { writeFileAtomically } from "../../../../src/text/files";
import { changesExitCode } from "../diff/changes";
import { FORMATS, type Format } from "./diff";
import { STACK_HELP } from "./support/deployments";
import { withPlan } from "./support/planned";
import { type Define, formatOption } from "./support/session";

interface Options {
  readonly lock: boolean;
  readonly digestFile?: string;
  readonly format: Format;
}

export const define: Define = (command, session) => {
  command
    .description(
      "Plans one deployment: synth, terraform init, terraform plan, and the change summary. " +
        "Applies nothing, and stores no plan. " +
        "Prints the digest of the plan, which apply --approved DIGEST compares with a new plan.",
    )
    .argument("[stack]", STACK_HELP)
    .option("--no-lock", "does not lock the state: for a role that can only read")
    .option("--digest-file <file>", "a file for the digest; removed if nothing is to be applied")
    .addOption(formatOption("text", "markdown", "json"))
    .action(async (name: string | undefined, { lock, digestFile, format }: Options) => {
      if (digestFile !== undefined) {
        rmSync(digestFile, { force: true });
      }
      await withPlan(session, name, lock ? [] : ["-lock=false"], async ({ changes }) => {
        session.print(FORMATS[format]({ ...changes, isOffered: true }));
        if (changes.digest === undefined) {
          session.printError("\nNothing to apply.\n");
        } else if (digestFile !== undefined) {
          writeFileAtomically(digestFile, `${changes.digest}\n`);
        }
        session.raise(changesExitCode(changes));
      });
    });
};

import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { committedLock } from "../../app";
import type { Deployment } from "../../settings/deployment";
import { readRegularFile, writeFileAtomically } from "../../text/files";
import { changesExitCode } from "../diff/changes";
import { atSignal, inOneStep } from "../terraform/signals";
import { page } from "../text/recovery";
import { shellWord } from "../text/shell";
import { FORMATS, type Format, ofPlan, settingsFiles } from "./diff";
import { STACK_HELP, selectOne } from "./support/deployments";
import { type Define, formatOption, type Session } from "./support/session";
import { runToEnd } from "./support/terraform";
import { synthesize } from "./synth";

/** The saved plan, in the stack's folder. Git ignores it. */
const PLAN = "plan";

interface Options {
  readonly synth: boolean;
  readonly lock: boolean;
  readonly format: Format;
}

export const define: Define = (command, session) => {
  command
    .description(
      `Plans one deployment: synth, terraform init, terraform plan, and the change summary of diff --plan. Applies nothing: if there is something to apply, it leaves the plan, and says how to apply it.

A saved plan contains the secret access key once the key exists, unless pgpKey encrypts it. If the plan fails, there is none.`,
    )
    .argument("[stack]", STACK_HELP)
    .option("--no-synth", "plans the files that are in the stack's folder: a pipeline copies the review pack there")
    .option("--no-lock", "does not lock the state: for a role that can only read")
    .addOption(formatOption("text", "markdown", "json", "sarif"))
    .action((name: string | undefined, options: Options) => plan(session, name, options));
};

async function plan(session: Session, name: string | undefined, options: Options): Promise<void> {
  const { deployment, stacks } = selectOne(session, [name]);
  const { terraform, output } = session;
  if (options.synth) {
    await synthesize(session, [deployment], stacks);
  }
  const folder = join(output, "stacks", deployment.stack);
  const file = join(folder, PLAN);
  const remove = () => rmSync(file, { force: true });
  remove();
  // Until its summary is complete, nobody can apply the plan, and no signal leaves it behind. Terraform saves an incomplete plan too.
  const planned = await atSignal(remove, () => saved(session, deployment, folder, options).finally(remove));
  const changes = await ofPlan(session, deployment, { file, content: planned.content });
  const text = FORMATS[options.format](changes, settingsFiles(session));
  if (planned.hasChanges) {
    await inOneStep(() => writeFileAtomically(file, planned.content, { mode: 0o600 }));
  }
  session.print(text);
  session.printError(
    planned.hasChanges
      ? `\nTo apply this plan, and nothing else:\n  ${terraform.binary} ${shellWord(`-chdir=${folder}`)} apply ${PLAN}; rm ${shellWord(file)}\n`
      : "\nNothing to apply.\n",
  );
  session.raise(changesExitCode(changes));
}

/** Saves a plan, and reads it. @throws Error if Terraform fails */
async function saved(session: Session, { stack, state }: Deployment, folder: string, { synth, lock }: Options) {
  const { terraform } = session;
  const run = async (...args: readonly string[]): Promise<number> => {
    session.printError(`${terraform.binary} ${args.join(" ")}\n`);
    const code = await runToEnd(terraform, folder, args);
    if (code === 1) {
      const bucket = args[0] === "init" && state.type === "s3" ? `. If the bucket does not exist: ${page("state-bucket")}` : "";
      throw new Error(`${stack}: ${terraform.binary} ${args[0]} failed, so there is no plan; the reason is above${bucket}`);
    }
    return code;
  };
  const locked = existsSync(committedLock(stack)) ? ["-lockfile=readonly"] : [];
  // In a pipeline, a data folder outside the stack's folder (TF_DATA_DIR) may be that of another stack.
  const reconfigured = synth ? [] : ["-reconfigure"];
  await run("init", "-input=false", "-no-color", ...locked, ...reconfigured);
  const unlocked = lock ? [] : ["-lock=false"];
  // Exit code 2: there are changes.
  const code = await run("plan", "-input=false", "-no-color", "-detailed-exitcode", ...unlocked, `-out=${PLAN}`);
  return { content: readRegularFile(join(folder, PLAN)), hasChanges: code === 2 };
}

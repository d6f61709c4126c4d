import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { AccessApp } from "../../app";
import { DeckhouseAccessStack } from "../../stack";
import { shellWord } from "../../text/shell";
import { changesExitCode } from "../diff/changes";
import { FORMATS, type Format, ofPlan, settingsFiles } from "./diff";
import { runToEnd } from "./support/run-terraform";
import { STACK_HELP, selectDeployments } from "./support/select-deployments";
import type { Define, Session } from "./support/session";
import { formatOption } from "./support/shared-options";

/** The saved plan, in the stack's folder. Git ignores it. */
const PLAN = "plan";

interface Options {
  readonly lock: boolean;
  readonly format: Format;
}

export const define: Define = (command, session) => {
  command
    .description(
      `Plans one deployment: synth, terraform init, terraform plan, and the change summary of diff --plan. Applies nothing: it leaves the plan, and says how to apply it.

A saved plan contains the secret access key once the key exists, unless pgpKey encrypts it. If the plan fails, there is none.`,
    )
    .argument("[stack]", STACK_HELP)
    .option("--no-lock", "does not lock the state: for a role that can only read")
    .addOption(formatOption("text", "markdown", "json", "sarif"))
    .action((name: string | undefined, options: Options) => plan(command, session, name, options));
};

async function plan(command: Command, session: Session, name: string | undefined, { lock, format }: Options): Promise<void> {
  const { deployments, stacks } = selectDeployments(session, name === undefined ? [] : [name]);
  const [deployment, ...others] = deployments;
  if (deployment === undefined || others.length > 0) {
    return command.error(`error: name one stack: ${deployments.map(({ stack }) => stack).join(" or ")}`);
  }
  const { terraform, output: outdir } = session;
  const app = new AccessApp({
    settingsFolder: session.settings,
    outdir,
    stacks,
    print: (line) => session.printError(`${line}\n`),
  });
  new DeckhouseAccessStack(app, deployment);
  app.synth();
  const { stack } = deployment;
  const folder = join(outdir, "stacks", stack);
  const file = join(folder, PLAN);
  rmSync(file, { force: true });
  const run = async (args: readonly string[]): Promise<number> => {
    session.printError(`${terraform.binary} ${args.join(" ")}\n`);
    const code = await runToEnd(terraform, folder, args, session.host.env.FORWARD_SIGNALS !== "false");
    // 2: with -detailed-exitcode, there are changes.
    if (code === 1) {
      rmSync(file, { force: true }); // Terraform saves the incomplete plan too
      throw new Error(`${stack}: ${terraform.binary} ${args[0]} failed, so there is no plan; the reason is above`);
    }
    return code;
  };
  const locked = existsSync(join("locks", `${stack}.terraform.lock.hcl`)) ? ["-lockfile=readonly"] : [];
  await run(["init", "-input=false", "-no-color", ...locked]);
  const code = await run([
    "plan",
    "-input=false",
    "-no-color",
    "-detailed-exitcode",
    ...(lock ? [] : ["-lock=false"]),
    `-out=${PLAN}`,
  ]);
  const changes = await ofPlan(session, deployment, file);
  session.print(FORMATS[format](changes, settingsFiles(session)));
  session.printError(
    code === 0
      ? `\nNothing to apply. Delete the plan: rm ${shellWord(file)}\n`
      : `\nTo apply this plan, and nothing else:\n  ${terraform.binary} ${shellWord(`-chdir=${folder}`)} apply ${PLAN}\n  rm ${shellWord(file)}\n`,
  );
  session.raise(changesExitCode(changes));
}

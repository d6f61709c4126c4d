import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { lockOf } from "../../../../../src/app";
import type { Deployment } from "../../../../../src/settings/deployment";
import { readTextFile, removeAbandoned, temporaryName } from "../../../../../src/text/files";
import { parseJson } from "../../../../../src/text/json";
import type { DiffFound } from "../../diff/change-rules";
import { type Changes, findingsOf, withDigest } from "../../diff/changes";
import { guardsOff } from "../../diff/guards";
import { readPlan } from "../../diff/plan-file";
import { planDigest } from "../../diff/plans/digest";
import { changesOfPlan } from "../../diff/plans/plan-findings";
import { masked, secretsIn } from "../../diff/secrets";
import { gitWith } from "../../process/git";
import { atSignal } from "../../process/signals";
import { reviewedJson } from "../../terraform/configuration";
import {
  configuredDestination,
  destinationDifferences,
  destinationText,
  initializedDestination,
  isMoved,
  locationOf,
  selectedWorkspace,
} from "../../terraform/destination";
import { requireHarmlessArguments } from "../../terraform/harmless-arguments";
import { type ReadLine, runTerraform, runToEnd } from "../../terraform/terraform-cli";
import { page, recovery, shellCommand } from "../../text/advice";
import { synthesize } from "../synth";
import { selectOne } from "./deployments";
import type { Session } from "./session";

export interface Planned {
  readonly stack: string;
  readonly folder: string;
  /** The saved plan, which contains secrets. It is gone when the command ends. */
  readonly file: string;
  readonly changes: Changes;
}

/**
 * Plans one deployment: synth, init, plan, and the findings.
 * @param options of `terraform plan`
 * @param use receives the plan. Afterwards it is removed, also if a signal ends the process
 * @throws Error if the environment could change what is planned, the destination is another one, or
 * Terraform fails
 */
export async function withPlan(
  session: Session,
  name: string | undefined,
  options: readonly string[],
  use: (planned: Planned) => Promise<void>,
): Promise<void> {
  const { deployment, stacks } = selectOne(session, [name]);
  const { stack, settings } = deployment;
  const folder = join(session.output, "stacks", stack);
  requireHarmlessArguments(session.host.env, settings.backend?.partial === true);
  const unwritten = unwrittenState(stack, folder);
  if (unwritten !== undefined) {
    throw unwritten;
  }
  requireUntracked(session);
  await synthesize(session, [deployment], stacks);
  const { destination, additional, configuration, lock } = await initialize(
    session,
    deployment,
    folder,
  );
  removeAbandoned(folder);
  const temporary = join(folder, temporaryName("plan"));
  const remove = () => rmSync(temporary, { recursive: true, force: true });
  const make = async () => {
    mkdirSync(temporary, { mode: 0o700 });
    const file = resolve(temporary, "plan");
    // Exit code 2: there are changes.
    const args = [
      "plan",
      "-input=false",
      "-no-color",
      "-detailed-exitcode",
      ...options,
      `-out=${file}`,
    ];
    const printed: string[] = [];
    // The output of a plan can contain secrets, which its JSON names.
    const hold: ReadLine = (line, stream) =>
      stream === "stdout" ? printed.push(line) : session.printError(`${line}\n`);
    const code = await run(session, stack, folder, [0, 2], args, hold);
    const plan = readPlan(
      stack,
      await runTerraform(session.terraform, folder, ["show", "-json", file]),
    );
    session.printError(masked(planText(printed), secretsIn(plan)));
    const values = { arguments: additional };
    const more: readonly DiffFound[] =
      additional.length === 0 ? [] : [{ rule: "destination-partial", field: "backend", values }];
    const source = `Plan of ${stack}, which writes the state to ${destinationText(destination)}`;
    const changes = changesOfPlan(plan, stack, source, more, deployment);
    const rules = findingsOf(changes).map(({ rule }) => rule);
    const origin = { configuration, lock, destination: locationOf(destination), rules };
    const isApplied = code !== 0 || rules.includes("state-outdated");
    const shown = { ...changes, guardsOff: guardsOff(deployment) };
    await use({
      stack,
      folder,
      file,
      changes: isApplied ? withDigest(shown, planDigest(plan, origin)) : shown,
    });
  };
  await atSignal(remove, () => make().finally(remove));
}

/** Leaves out how to apply the saved file, which is gone when the command ends. */
function planText(lines: readonly string[]): string {
  // Terraform wraps a path that is too long for this line.
  const saved = lines.findIndex((line) => line.startsWith("Saved the plan to:"));
  // A rule and an empty line stand above.
  return (saved === -1 ? lines : lines.slice(0, saved - 2)).map((line) => `${line}\n`).join("");
}

/**
 * The error about a state that an apply could not write: another apply would replace the file, the
 * only record of what exists.
 */
export function unwrittenState(stack: string, folder: string): Error | undefined {
  const file = join(folder, "errored.tfstate");
  const message =
    `holds the state of an apply of ${stack} that could not write it; ` +
    `write it before another apply: ${recovery("errored-state")}`;
  return existsSync(file) ? new Error(`${file}: ${message}`) : undefined;
}

/**
 * Terraform uses a provider that stands in the folder of a stack with its lock, and `locks/` alone
 * is reviewed.
 * @throws Error if Git tracks a file in the output folder, so that a branch could bring one along
 */
function requireUntracked({ host, output }: Session): void {
  const { stdout } = gitWith(host.env)(".", ["ls-files", "-z", "--", output]);
  const [file] = stdout.toString().split("\0");
  if (file) {
    throw new Error(
      `${file}: is tracked by Git, and Terraform could run it unseen; ` +
        `delete the output folder ${output}, and commit that`,
    );
  }
}

/**
 * Initializes the folder of a stack for the destination of its settings.
 * @throws Error if Terraform then has another one
 */
async function initialize(session: Session, { stack, settings }: Deployment, folder: string) {
  const { host, terraform } = session;
  const dataFolder = resolve(folder, terraform.dataFolder);
  const [written, lock] = [readTextFile(join(folder, "cdk.tf.json")), lockOf(stack)];
  const configured = configuredDestination(parseJson(written));
  const { workspace, source } = selectedWorkspace(dataFolder, host.env);
  if (
    workspace !== "default" &&
    configured.workspace !== undefined &&
    workspace !== configured.workspace
  ) {
    throw new Error(
      `${source}: selects the workspace ${workspace}, and the settings ${configured.workspace}; ` +
        "remove it",
    );
  }
  const isPartial = settings.backend?.partial === true;
  const former = initializedDestination(dataFolder, workspace);
  // `init -reconfigure` would forget where the state is.
  if (isMoved(former, configured, isPartial)) {
    const move = shellCommand(terraform.binary, `-chdir=${folder}`, "init", "-migrate-state");
    throw new Error(
      `${folder}: is initialized for ${destinationText(former)}, ` +
        `and the settings send the state to ${destinationText(configured)}; ` +
        `move the state with ${move} (${page("change-and-retire", "move-the-state")}), ` +
        `or delete ${dataFolder} if there is none`,
    );
  }
  const locked = lock === undefined ? [] : ["-lockfile=readonly"];
  // Terraform refuses -reconfigure for HCP Terraform, which it always configures as the settings
  // say. Source: assertSupportedCloudInitOptions,
  // https://github.com/hashicorp/terraform/blob/v1.11.4/internal/command/meta_backend.go
  const reconfigured = configured.type === "cloud" ? [] : ["-reconfigure"];
  await run(
    session,
    stack,
    folder,
    [0],
    ["init", "-input=false", "-no-color", ...reconfigured, ...locked],
  );
  const destination = initializedDestination(
    dataFolder,
    selectedWorkspace(dataFolder, host.env).workspace,
  );
  const { different, additional } = destinationDifferences(destination, configured);
  if (different.length > 0 || (additional.length > 0 && !isPartial)) {
    throw new Error(
      `${folder}: Terraform is initialized for another destination of the state than that of the ` +
        `settings: ${[...different, ...additional].join(", ")}`,
    );
  }
  return { destination, additional, configuration: reviewedJson(written), lock };
}

/**
 * @param success the exit codes of a complete run
 * @param output receives the output, which is printed by default
 */
async function run(
  { terraform, printError }: Session,
  stack: string,
  folder: string,
  success: readonly number[],
  args: readonly string[],
  output?: ReadLine,
): Promise<number> {
  const { binary } = terraform;
  printError(`${binary} ${args.join(" ")}\n`);
  const code = await runToEnd(terraform, folder, args, output);
  if (!success.includes(code)) {
    throw new Error(
      `${stack}: ${binary} ${args[0]} ended with ${code}, so there is no plan; ` +
        `search ${page("recover")} for the message above`,
    );
  }
  return code;
}

import { type ExecFileException, execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify, stripVTControlCharacters } from "node:util";
import { dkpAccess } from "../text/command";
import { type Progress, withProgress } from "../text/progress";
import { shellWord } from "../text/shell";
import { atSignal, endProgram } from "../text/signals";

/** How to run Terraform. */
export interface TerraformCli {
  /** Terraform, or OpenTofu. */
  readonly binary: string;
  /** Terraform's data folder, relative to the stack's folder or absolute. */
  readonly dataFolder: string;
  /** Whether a signal to this program is passed on. */
  readonly forwardsSignals: boolean;
  /** How long one command may take, in seconds. */
  readonly timeout: number;
  /** How much one command may print, in bytes. */
  readonly maxOutput: number;
  /** Receives what a command that takes long waits for. */
  readonly progress: Progress;
}

/**
 * Terraform as the environment describes it: `TERRAFORM_BINARY_NAME`, as CDKTF reads it, `TF_DATA_DIR`, as Terraform does, and
 * `TERRAFORM_TIMEOUT`, in seconds; a state or plan of hundreds of megabytes takes less than a minute. CI systems set the first two
 * to an empty text where they have no value: then the default applies. `FORWARD_SIGNALS=false`: the CI system signals every process
 * itself.
 * @throws Error if TERRAFORM_TIMEOUT is not a positive number of seconds
 */
export function terraformCli(environment: Readonly<Record<string, string | undefined>>, progress: Progress): TerraformCli {
  const { TERRAFORM_TIMEOUT: timeout = "300" } = environment;
  if (!/^[1-9]\d{0,5}$/.test(timeout)) {
    throw new Error(`TERRAFORM_TIMEOUT: ${JSON.stringify(timeout)} is not a number of seconds from 1 to 999999`);
  }
  return {
    binary: environment.TERRAFORM_BINARY_NAME || "terraform",
    dataFolder: environment.TF_DATA_DIR || ".terraform",
    forwardsSignals: environment.FORWARD_SIGNALS !== "false",
    timeout: Number(timeout),
    maxOutput: MAX_OUTPUT,
    progress,
  };
}

/** States of large workspaces have tens of megabytes. Node.js cannot hold 2 ** 29 bytes in a string. */
const MAX_OUTPUT = 2 ** 27;

/** The folder of a synthesized stack. @throws Error if it was not synthesized or never initialized */
export function stackFolder({ binary, dataFolder }: TerraformCli, outputFolder: string, stack: string): string {
  const folder = join(outputFolder, "stacks", stack);
  // `cdktf synth --hcl` writes the second one.
  if (!["cdk.tf.json", "cdk.tf"].some((name) => existsSync(join(folder, name)))) {
    throw new Error(`${folder}: the stack is not synthesized; run ${dkpAccess("synth")} first`);
  }
  if (!existsSync(resolve(folder, dataFolder))) {
    throw new Error(
      `${folder}: ${binary} has not been initialized there; run ${binary} ${shellWord(`-chdir=${folder}`)} init first`,
    );
  }
  return folder;
}

/** A stack's state as the backend keeps it. @param signal ends Terraform */
export function pullState(terraform: TerraformCli, folder: string, signal?: AbortSignal): Promise<string> {
  return runTerraform(terraform, folder, ["state", "pull"], signal);
}

/** Runs a Terraform command that only reads, so that it can be ended at any moment. @returns its standard output */
export function runTerraform(
  terraform: TerraformCli,
  folder: string,
  args: readonly string[],
  signal?: AbortSignal,
): Promise<string> {
  const { binary, timeout, maxOutput, progress } = terraform;
  const limits = { maxBuffer: maxOutput, timeout: timeout * 1000, killSignal: "SIGKILL" } as const;
  const running = promisify(execFile)(binary, args, { cwd: folder, ...limits, ...(signal && { signal }) });
  const result = running.then(
    ({ stdout }) => stdout,
    (error: ExecFileException) => {
      throw new Error(failure(error, terraform, `${binary} ${args.join(" ")}`, folder));
    },
  );
  return atSignal(
    () => endProgram(running.child),
    () => withProgress(`waiting for ${binary} ${args.join(" ")}`, result, progress, signal),
  );
}

/** Why a run of Terraform failed. Not the error's own message: it repeats standard output, where secrets are. */
function failure(error: ExecFileException, terraform: TerraformCli, command: string, folder: string): string {
  const { binary, timeout, maxOutput } = terraform;
  const { code, killed = false, signal } = error;
  const shown = stripVTControlCharacters(error.stderr ?? "").trim();
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: `${binary} is not on the PATH; install 1.10 or newer, or set TERRAFORM_BINARY_NAME`,
    ERR_CHILD_PROCESS_STDIO_MAXBUFFER: `${command} printed more than ${maxOutput / 2 ** 20} MiB in ${folder}; use a state of its own for the deployment`,
  };
  if (killed && code !== "ERR_CHILD_PROCESS_STDIO_MAXBUFFER") {
    return `${command} in ${folder} did not end within ${timeout} s; check the backend, or set TERRAFORM_TIMEOUT (seconds)`;
  }
  const how = signal ? `was killed by ${signal}` : `failed with ${code}`;
  return reasons[String(code)] ?? `${command} in ${folder} ${how}: ${shown || "no message; run it there to see why"}`;
}

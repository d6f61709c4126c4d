import { type ExecFileException, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { promisify, stripVTControlCharacters } from "node:util";
import { type Environment, withoutPackagePrograms } from "../process/environment";
import { type Progress, withProgress } from "../process/progress";
import { atSignal } from "../process/signals";
import { dkpAccess, shellWord } from "../text/advice";

export interface TerraformCli {
  readonly binary: string;
  /** Relative to the stack's folder or absolute. */
  readonly dataFolder: string;
  /** Whether Terraform gets a signal to this program. */
  readonly forwardsSignals: boolean;
  /** Seconds, of a command that only reads. */
  readonly timeout: number;
  /** Without the programs of packages. */
  readonly environment: Environment;
  /** Gets what a long command waits for, and what `runToEnd` prints. */
  readonly progress: Progress;
}

/** States and plans of hundreds of megabytes take less than a minute. */
const TIMEOUT_SECONDS = 300;

/** Large states have tens of megabytes. Node.js cannot hold 2 ** 29 bytes in a string. */
const MAX_OUTPUT_MIB = 128;

/**
 * `TERRAFORM_BINARY_NAME`, as CDKTF reads it, and `TF_DATA_DIR`. CI systems set a variable without
 * a value to an empty text. `FORWARD_SIGNALS=false`: the CI system signals every process itself.
 */
export function terraformCli(environment: Environment, progress: Progress): TerraformCli {
  return {
    binary: environment.TERRAFORM_BINARY_NAME || "terraform",
    dataFolder: environment.TF_DATA_DIR || ".terraform",
    forwardsSignals: environment.FORWARD_SIGNALS !== "false",
    timeout: TIMEOUT_SECONDS,
    environment: withoutPackagePrograms(environment),
    progress,
  };
}

/** @throws Error if the stack was not synthesized or never initialized */
export function stackFolder(
  { binary, dataFolder }: TerraformCli,
  outputFolder: string,
  stack: string,
): string {
  const folder = join(outputFolder, "stacks", stack);
  // `cdktf synth --hcl` writes the second one.
  if (!["cdk.tf.json", "cdk.tf"].some((name) => existsSync(join(folder, name)))) {
    throw new Error(
      `${folder}: the stack is not synthesized, as in a fresh checkout; ` +
        `run ${dkpAccess("synth")} && ${initCommand(binary, folder)}`,
    );
  }
  if (!existsSync(resolve(folder, dataFolder))) {
    throw new Error(
      `${folder}: ${binary} has not been initialized there; run ${initCommand(binary, folder)}`,
    );
  }
  return folder;
}

const initCommand = (binary: string, folder: string, ...options: readonly string[]): string =>
  [binary, shellWord(`-chdir=${folder}`), "init", ...options].join(" ");

/** A signal to a group of processes can arrive after the end of the child, and would be lost. */
const TOGETHER_MS = 20;

/** @param signal ends Terraform */
export function pullState(
  terraform: TerraformCli,
  folder: string,
  signal?: AbortSignal,
): Promise<string> {
  return runTerraform(terraform, folder, ["state", "pull"], signal);
}

/**
 * Runs a command that only reads, so that it can be ended at any moment.
 * @returns its standard output
 */
export function runTerraform(
  terraform: TerraformCli,
  folder: string,
  args: readonly string[],
  signal?: AbortSignal,
): Promise<string> {
  const { binary, timeout, progress, environment: env } = terraform;
  const command = `${binary} ${args.join(" ")}`;
  const limits = {
    maxBuffer: MAX_OUTPUT_MIB * 2 ** 20,
    timeout: timeout * 1000,
    killSignal: "SIGKILL",
  } as const;
  const running = promisify(execFile)(binary, args, {
    cwd: folder,
    env,
    ...limits,
    ...(signal && { signal }),
  });
  const result = running.then(
    ({ stdout }) => stdout,
    // Not the error's own message: it repeats standard output, where secrets are.
    async (error: ExecFileException & NodeJS.ErrnoException) => {
      const { code, killed, signal: by, stderr = "" } = error;
      if (by) {
        await wait(TOGETHER_MS);
      }
      if (error.syscall !== undefined) {
        throw notStarted(binary, error);
      }
      if (code === "ERR_CHILD_PROCESS_STDIO_MAXBUFFER") {
        throw new Error(
          `${command} in ${folder} printed more than ${MAX_OUTPUT_MIB} MiB; ` +
            "give other resources a state of their own",
        );
      }
      if (killed === true && typeof code !== "string") {
        throw new Error(
          `${command} in ${folder} did not end within ${timeout} s; check the backend`,
        );
      }
      if (stderr.includes("Backend initialization required")) {
        throw new Error(
          `${folder} was initialized for another backend than the settings have; ` +
            `run ${initCommand(binary, folder, "-reconfigure")}`,
        );
      }
      const shown = withoutBox(stderr) || "no message; run it there to see why";
      throw new Error(
        `${command} in ${folder} ${by ? `was killed by ${by}` : `failed with ${code}`}: ${shown}`,
      );
    },
  );
  return atSignal(
    () => running.child.kill(),
    () => withProgress(`waiting for ${command}`, result, progress),
  );
}

const withoutBox = (output: string): string =>
  stripVTControlCharacters(output)
    .replaceAll(/^[╷│╵]/gm, "")
    .replaceAll(/\s+/g, " ")
    .trim();

export type ReadLine = (line: string, stream: "stdout" | "stderr") => void;

/**
 * A signal reaches Terraform once, as SIGINT, so that it writes the state and releases the lock: at
 * a second one it would abandon its work. It has a session of its own, because a terminal sends
 * Ctrl-C to every process of a session.
 * @param output receives the output by lines, because a part of one could be a workflow command;
 * `inherit`: Terraform writes the state even if this process is killed, because a closed pipe would
 * end it
 * @returns the exit code
 * @throws Error if the program is missing, or was ended by a signal
 */
export async function runToEnd(
  { binary, progress, forwardsSignals, environment: env }: TerraformCli,
  folder: string,
  args: readonly string[],
  output: ReadLine | "inherit" = (line) => progress(`${line}\n`),
): Promise<number> {
  const stream = output === "inherit" ? 2 : "pipe";
  const child = spawn(binary, args, {
    cwd: folder,
    env,
    stdio: ["ignore", stream, stream],
    detached: true,
  });
  for (const [name, input] of [
    ["stdout", child.stdout] as const,
    ["stderr", child.stderr] as const,
  ]) {
    if (input !== null && output !== "inherit") {
      createInterface({ input }).on("line", (line) => output(line, name));
    }
  }
  const closed = once(child, "close") as Promise<
    [code: number | null, signal: NodeJS.Signals | null]
  >;
  const interrupt = () => {
    if (forwardsSignals) {
      child.kill("SIGINT");
    }
    return closed;
  };
  const ended = async () => {
    const result = await closed;
    await wait(TOGETHER_MS);
    return result;
  };
  const [code, signal] = await atSignal(interrupt, ended).catch((error: NodeJS.ErrnoException) => {
    throw notStarted(binary, error);
  });
  if (code === null) {
    throw new Error(`${binary} ${args[0]} in ${folder} was ended by ${signal}; run it again`);
  }
  return code;
}

function notStarted(binary: string, { code }: NodeJS.ErrnoException): Error {
  const reason = code === "ENOENT" ? "is not on the PATH" : "cannot be run";
  return new Error(
    `${binary} ${reason}; install Terraform 1.10 or newer, or set TERRAFORM_BINARY_NAME`,
  );
}

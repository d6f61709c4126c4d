import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import type { Reading } from "../../account/aws/iam-reader";
import { readState, type StateContents } from "../../terraform/state-file";
import { pullState, stackFolder, type TerraformCli } from "../../terraform/terraform-cli";
import { atSignal } from "../../text/signals";
import type { Session } from "./session";

/** The state of a stack, or why it cannot be read. */
export async function readableState({ terraform, output }: Session, stack: string): Promise<Reading<StateContents>> {
  try {
    const folder = stackFolder(terraform, output, stack);
    return { value: readState(await pullState(terraform, folder)) };
  } catch (error) {
    return { unread: (error as Error).message };
  }
}

/**
 * Runs a Terraform command to its end. A signal reaches Terraform once, as SIGINT, so that it
 * writes the state and releases the lock before this process ends: at a second one it would abandon its work. Terraform is in a session
 * of its own, because a terminal sends Ctrl-C to every process of a session.
 * @param output `lines`: what it prints is passed on by lines, which cannot be workflow commands. `inherit`: it writes to the standard error
 * of this process, so that it also writes the state if this process is killed: a closed pipe would end it
 * @returns the exit code
 * @throws Error if the program is missing, or was ended by a signal
 */
export async function runToEnd(
  { binary, progress, forwardsSignals }: TerraformCli,
  folder: string,
  args: readonly string[],
  output: "lines" | "inherit" = "lines",
): Promise<number> {
  const stream = output === "lines" ? "pipe" : 2;
  const child = spawn(binary, args, { cwd: folder, stdio: ["ignore", stream, stream], detached: true });
  for (const piped of [child.stdout, child.stderr]) {
    passLines(piped, progress);
  }
  const closed = once(child, "close") as Promise<[code: number | null, signal: NodeJS.Signals | null]>;
  const interrupt = () => {
    if (forwardsSignals) {
      child.kill("SIGINT");
    }
    return closed;
  };
  const [code, signal] = await atSignal(interrupt, () => closed).catch((error: NodeJS.ErrnoException) => {
    throw new Error(`${binary}: ${missing(error)}; install Terraform 1.10 or newer, or set TERRAFORM_BINARY_NAME`);
  });
  if (code === null) {
    throw new Error(`${binary} ${args[0]} in ${folder} was ended by ${signal}; run it again`);
  }
  return code;
}

/** Passes on whole lines: what a chunk begins or ends with could be a part of a workflow command. */
function passLines(stream: Readable | null, progress: (lines: string) => void): void {
  let rest = "";
  stream?.setEncoding("utf8").on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    progress(lines.map((line) => `${line}\n`).join(""));
  });
  stream?.on("end", () => progress(rest));
}

const missing = ({ code }: NodeJS.ErrnoException) => (code === "ENOENT" ? "is not on the PATH" : "cannot be run");

import { spawn } from "node:child_process";
import type { TerraformCli } from "../../terraform/terraform-cli";

const SIGNALS = ["SIGHUP", "SIGINT", "SIGTERM"] as const;

/**
 * Runs a Terraform command to its end, and passes on what it prints. A signal reaches Terraform once, as SIGINT, so that it writes
 * the state and releases the lock: at a second one it would abandon its work. Terraform is in a session of its own, because a
 * terminal sends Ctrl-C to every process of a session.
 * @returns the exit code
 * @throws Error if the program is missing, or was ended by a signal
 */
export function runToEnd({ binary, progress }: TerraformCli, folder: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(binary, args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"], detached: true });
    let signalled: NodeJS.Signals | undefined;
    const forward = (signal: NodeJS.Signals) => {
      if (signalled === undefined) {
        child.kill("SIGINT");
      }
      signalled = signal;
    };
    for (const signal of SIGNALS) {
      process.on(signal, forward);
    }
    const done = () => {
      for (const signal of SIGNALS) {
        process.off(signal, forward);
      }
    };
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", progress);
    }
    child.once("error", (error: NodeJS.ErrnoException) => {
      done();
      reject(new Error(`${binary}: ${missing(error)}; install Terraform 1.10 or newer, or set TERRAFORM_BINARY_NAME`));
    });
    child.once("close", (code, signal) => {
      done();
      const end = signalled ?? signal;
      if (end === null || end === undefined) {
        resolve(code ?? 1);
      } else {
        reject(new Error(`${binary} ${args[0]} in ${folder} was ended by ${end}; run it again`));
      }
    });
  });
}

const missing = ({ code }: NodeJS.ErrnoException) => (code === "ENOENT" ? "is not on the PATH" : "cannot be run");

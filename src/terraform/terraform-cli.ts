import { type ExecFileException, execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { withProgress } from "./progress";

/** The binary that CDKTF runs: Terraform, or OpenTofu by `TERRAFORM_BINARY_NAME=tofu`. */
const program = () => process.env.TERRAFORM_BINARY_NAME ?? "terraform";

/** States of large workspaces have tens of megabytes. */
const MAX_OUTPUT = 2 ** 29;

/** The folder of a synthesized stack. @throws Error if it was not synthesized or never initialized */
export function stackFolder(outputFolder: string, stack: string): string {
  const folder = join(outputFolder, "stacks", stack);
  if (!existsSync(join(folder, "cdk.tf.json"))) {
    throw new Error(`${folder}: the stack is not synthesized; run npm run synth first`);
  }
  if (!existsSync(join(folder, ".terraform"))) {
    throw new Error(`${folder}: ${program()} has not been initialized there; run ${program()} -chdir=${folder} init first`);
  }
  return folder;
}

/** A stack's state as the backend keeps it. @param signal ends Terraform */
export function pullState(folder: string, signal?: AbortSignal): Promise<string> {
  return runTerraform(folder, ["state", "pull"], signal);
}

/** The values of a stack's outputs, sensitive ones in clear. */
export async function readOutputs(folder: string): Promise<Readonly<Record<string, unknown>>> {
  const outputs = outputsIn(await runTerraform(folder, ["output", "-json"]));
  if (outputs === undefined) {
    throw new Error(`${program()} output -json in ${folder} printed no outputs as JSON; check what ${program()} is there`);
  }
  return Object.fromEntries(Object.entries(outputs).map(([name, output]) => [name, output?.value]));
}

/** Undefined where it is no JSON object. The parser's own message would quote the content, where secrets are. */
function outputsIn(json: string): Readonly<Record<string, { readonly value?: unknown } | null>> | undefined {
  try {
    const outputs: unknown = JSON.parse(json);
    return typeof outputs === "object" && outputs !== null
      ? (outputs as Readonly<Record<string, { readonly value?: unknown } | null>>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** A saved plan as JSON, the state it was made from included. */
export function showPlan(folder: string, file: string): Promise<string> {
  return runTerraform(folder, ["show", "-json", file]);
}

/** A saved plan is a zip archive. */
const ZIP = "PK\u0003\u0004";

/** Whether the content of a file is a plan as `terraform plan -out` saves it. */
export function isSavedPlan(content: Buffer): boolean {
  return content.subarray(0, ZIP.length).toString("latin1") === ZIP;
}

/** The JSON of a file: of a saved plan what Terraform shows, in the plan's folder; of any other file its content. */
export async function readStateOrPlan(file: string): Promise<string> {
  const content = readFileSync(file);
  return isSavedPlan(content) ? await showPlan(dirname(file), basename(file)) : content.toString("utf8");
}

/** How long Terraform may take, in seconds. A state or plan of hundreds of megabytes takes less than a minute. */
const DEFAULT_TIMEOUT = 300;

/** @throws Error if TERRAFORM_TIMEOUT is no positive number of seconds */
function timeoutSeconds(): number {
  const given = process.env.TERRAFORM_TIMEOUT ?? String(DEFAULT_TIMEOUT);
  if (!/^[1-9]\d{0,5}$/.test(given)) {
    throw new Error(`TERRAFORM_TIMEOUT: ${JSON.stringify(given)} is no number of seconds from 1 to 999999`);
  }
  return Number(given);
}

/** Runs a Terraform command that only reads, so that it can be ended at any moment. @returns its standard output */
async function runTerraform(folder: string, args: readonly string[], signal?: AbortSignal): Promise<string> {
  const command = `${program()} ${args.join(" ")}`;
  const seconds = timeoutSeconds();
  const result = new Promise<string>((resolve, reject) => {
    const child = execFile(program(), args, { cwd: folder, maxBuffer: MAX_OUTPUT }, (error, stdout, stderr) => {
      clearTimeout(timer);
      if (error === null) {
        resolve(stdout);
      } else {
        reject(new Error(failure(command, folder, error, stderr)));
      }
    });
    const end = (reason: string) => {
      child.kill("SIGKILL");
      // A process that Terraform started may hold its output open.
      child.stdout?.destroy();
      child.stderr?.destroy();
      reject(new Error(reason));
    };
    const timer = setTimeout(
      () => end(`${command} in ${folder} did not end within ${seconds} s; check the backend, or set TERRAFORM_TIMEOUT (seconds)`),
      seconds * 1000,
    );
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      end(`${command} was aborted`);
    });
  });
  return withProgress(`waiting for ${command}`, result, signal);
}

/** Why a run of Terraform failed. Not the error's own message: it repeats standard output, where secrets are. */
function failure(command: string, folder: string, error: ExecFileException, stderr: string): string {
  const shown = stripVTControlCharacters(stderr).trim();
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: `${program()} is not on the PATH; install 1.10 or newer, or set TERRAFORM_BINARY_NAME`,
    EACCES: `${program()} is not executable; install 1.10 or newer, or set TERRAFORM_BINARY_NAME`,
    ERR_CHILD_PROCESS_STDIO_MAXBUFFER: `${command} printed more than ${MAX_OUTPUT / 2 ** 20} MiB in ${folder}; use a state of its own for the deployment`,
  };
  const known = reasons[String(error.code)];
  if (known !== undefined) {
    return known;
  }
  if (error.signal !== undefined && error.signal !== null) {
    return `${command} in ${folder} was killed by ${error.signal}; run it again${shown === "" ? "" : `: ${shown}`}`;
  }
  return shown === ""
    ? `${command} failed in ${folder} with exit code ${error.code} and no message; run it there to see why`
    : `${command} failed in ${folder}: ${shown}`;
}

import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
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

/** A stack's state as the backend keeps it. */
export function pullState(folder: string): Promise<string> {
  return runTerraform(folder, "state", "pull");
}

/** The values of a stack's outputs, sensitive ones in clear. */
export async function readOutputs(folder: string): Promise<Readonly<Record<string, unknown>>> {
  const outputs = JSON.parse(await runTerraform(folder, "output", "-json")) as Readonly<Record<string, { value: unknown }>>;
  return Object.fromEntries(Object.entries(outputs).map(([name, { value }]) => [name, value]));
}

/** A saved plan as JSON, the state it was made from included. */
export function showPlan(folder: string, file: string): Promise<string> {
  return runTerraform(folder, "show", "-json", file);
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

function runTerraform(folder: string, ...args: readonly string[]): Promise<string> {
  const command = `${program()} ${args.join(" ")}`;
  const result = new Promise<string>((resolve, reject) => {
    execFile(program(), [...args], { cwd: folder, maxBuffer: MAX_OUTPUT }, (error, stdout, stderr) => {
      if (error === null) {
        resolve(stdout);
      } else {
        // Not the error's own message: it repeats standard output, where secrets are.
        reject(new Error(`${command} failed in ${folder}: ${stderr.trim() || (error as NodeJS.ErrnoException).code}`));
      }
    });
  });
  return withProgress(`waiting for ${command}`, result);
}

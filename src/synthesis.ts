// First, because it is for the import of cdktf.
import "./terraform/without-archiver";

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { App, type AppConfig } from "cdktf";
import type { Deployment } from "./settings/deployment";
import { DeckhouseAccessStack } from "./stack";
import { copyLockFile } from "./terraform/provider-lock";
import { reviewedJson, type TerraformJson } from "./terraform/terraform-json";
import { fileErrorMessage, readRegularFile, requireRealFolder, writeFileAtomically } from "./text/files";

/** What CDKTF writes into a stack's folder: JSON, or HCL with its metadata. */
const CDKTF_FILES: readonly string[] = ["cdk.tf.json", "cdk.tf", "metadata.json"];

/**
 * The required Terraform version: the `s3` backend has `use_lockfile` since 1.10. It is in a file of its own, because checkov
 * reads nothing of `cdk.tf.json` if `required_version` is there.
 */
const VERSIONS = { name: "versions.tf", content: 'terraform {\n  required_version = ">= 1.10.0"\n}\n' };

/** What this app writes into a stack's folder. */
export const STACK_FILES: readonly string[] = [...CDKTF_FILES, VERSIONS.name];

/** CDKTF's list of stacks, relative to the output folder. */
const MANIFEST = "manifest.json";

/** Settings folder of each stack whose folder this app wrote, relative to the output folder. */
export type Origins = Readonly<Record<string, string>>;

/**
 * Synthesizes deployments into a temporary folder, which is removed when the function returns.
 * @param outputFolder the folder that the files are for; the temporary folder is inside it, so that files can be moved
 */
export function synthesized<Result>(
  deployments: readonly Deployment[],
  use: (folder: string) => Result,
  { outputFolder, ...options }: Pick<AppConfig, "hclOutput"> & { readonly outputFolder?: string } = {},
): Result {
  const outdir = mkdtempSync(join(outputFolder ?? tmpdir(), ".synth-"));
  try {
    withoutStackTraces(() => {
      const app = new App({ ...options, outdir, stackTraces: false });
      for (const deployment of deployments) {
        new DeckhouseAccessStack(app, deployment, { outputFolder, crossStackReferences: false });
      }
      writing(outdir, () => app.synth());
    });
    return use(outdir);
  } finally {
    rmSync(outdir, { recursive: true });
  }
}

/**
 * Runs code that captures the stack trace of each token that it creates, as CDKTF does, without the capture: it takes a tenth of a
 * synth. Exceptions have their stack traces, because JavaScript captures those itself.
 */
function withoutStackTraces(run: () => void): void {
  const { captureStackTrace } = Error;
  Error.captureStackTrace = () => {};
  try {
    run();
  } finally {
    Error.captureStackTrace = captureStackTrace;
  }
}

/** Runs code that writes to a path. A write that fails, on a full disk for one, names no path in Node.js. */
function writing(target: string, run: () => void): void {
  try {
    run();
  } catch (error) {
    const { code, path = target } = error as NodeJS.ErrnoException;
    const message = fileErrorMessage({ code, path });
    throw message === undefined ? error : new Error(message, { cause: error });
  }
}

/**
 * Writes the stacks' folders: the Terraform configuration in one format, since Terraform would read both and find everything
 * twice, and the committed provider lock. Each file is complete, or is not written.
 *
 * @param output CDKTF's output folder
 * @param settings the folder of the settings files
 * @throws Error if a stack's folder holds a file that Terraform would read and this app did not write; nothing is written then
 */
export function synthesize(deployments: readonly Deployment[], output: string, settings: string): void {
  if (resolve(output) === resolve(settings)) {
    throw new Error(`CDKTF_OUTDIR: "${output}" is the folder of the settings; name another folder`);
  }
  const stacks = join(output, "stacks");
  requireRealFolder(stacks);
  const unexpected = deployments.flatMap(({ stack }) => unexpectedFiles(join(stacks, stack)));
  if (unexpected.length > 0) {
    throw new Error(unexpected.join("\n"));
  }
  mkdirSync(stacks, { recursive: true });
  const write = (folder: string) => {
    for (const { stack } of deployments) {
      const [from, to] = [join(folder, "stacks", stack), join(stacks, stack)];
      const versions = join(from, VERSIONS.name);
      writing(versions, () => writeFileSync(versions, VERSIONS.content));
      moveFolder(from, to);
      copyLockFile(join("locks", `${stack}.terraform.lock.hcl`), to);
    }
    writeManifest(join(folder, MANIFEST), output, settings, deployments);
  };
  synthesized(deployments, write, { outputFolder: output });
}

/** Moves a stack's folder. */
function moveFolder(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    // An earlier synth wrote this stack, or another one at this moment.
    if (!existsSync(to)) {
      throw error;
    }
    moveFiles(from, to);
  }
}

/** Moves the files of a stack's folder, and removes what an earlier synth wrote in another format. */
function moveFiles(from: string, to: string): void {
  const written = readdirSync(from);
  for (const name of written) {
    renameSync(join(from, name), join(to, name));
  }
  for (const name of readdirSync(to).filter((file) => STACK_FILES.includes(file) && !written.includes(file))) {
    rmSync(join(to, name), { force: true });
  }
}

/**
 * Files that Terraform or OpenTofu read from a stack's folder, but for those that synth writes. With one of them, such as
 * `override.tf.json`, what is applied is not what the settings say.
 */
function unexpectedFiles(folder: string): readonly string[] {
  requireRealFolder(folder);
  return existsSync(folder)
    ? readdirSync(folder, { withFileTypes: true })
        // Configuration, and values of variables: https://developer.hashicorp.com/terraform/language/files and
        // https://opentofu.org/docs/language/files/. Terraform reads hidden *.auto.tfvars too.
        .filter((entry) => /\.(tf|tofu|tfvars)(\.json)?$/i.test(entry.name) && !entry.isDirectory())
        .filter(({ name }) => !STACK_FILES.includes(name))
        .map(
          ({ name }) =>
            `${join(folder, name)}: synth did not write this file, and Terraform would apply it; delete it, or move it out of the folder`,
        )
    : [];
}

/** CDKTF's manifest, with the settings folder of each stack that is in the output folder, earlier ones included. */
function writeManifest(from: string, output: string, settings: string, deployments: readonly Deployment[]): void {
  const origin = originOf(output, settings);
  const earlier = Object.entries(readOrigins(output)).filter(([stack]) => existsSync(join(output, "stacks", stack)));
  const origins: Origins = {
    ...Object.fromEntries(earlier),
    ...Object.fromEntries(deployments.map(({ stack }) => [stack, origin])),
  };
  const manifest = { ...(JSON.parse(readFileSync(from, "utf8")) as object), deployments: origins };
  writeFileAtomically(join(output, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** A settings folder as seen from an output folder: another one where the output folder is a link to another project's. */
export function originOf(output: string, settings: string): string {
  return relative(realpathSync(output), realpathSync(settings)).replaceAll("\\", "/");
}

/** The stacks that this app wrote into an output folder. None where the manifest is another app's, or damaged. */
export function readOrigins(output: string): Origins {
  try {
    const { deployments = {} } = JSON.parse(readRegularFile(join(output, MANIFEST)).toString("utf8")) as {
      readonly deployments?: Origins;
    };
    return deployments;
  } catch {
    return {};
  }
}

/** The Terraform JSON of deployments by stack, without comments: the same JSON that `synthesize` writes. */
export function terraformJson(deployments: readonly Deployment[]): Readonly<Record<string, TerraformJson>> {
  return synthesized(
    deployments,
    (folder) =>
      Object.fromEntries(
        deployments.map(({ stack }) => [stack, reviewedJson(readFileSync(join(folder, "stacks", stack, "cdk.tf.json"), "utf8"))]),
      ),
    { hclOutput: false },
  );
}

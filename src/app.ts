import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Annotations, App, type AppConfig, TerraformStack } from "cdktf";
import { deploymentsFolder, outputFolder } from "./settings/paths";
import { DeckhouseAccessStack } from "./stack";
import { fileErrorMessage, isRealFile, makeFolder, readRegularFile, requireRealFolder } from "./text/files";
import { printable } from "./text/printable";
import { ReportedError } from "./text/reported-error";

const JSON_FILES = ["cdk.tf.json"] as const;
/** With `cdktf synth --hcl`. */
const HCL_FILES = ["cdk.tf", "metadata.json"] as const;
/**
 * The required Terraform version: the `s3` backend has `use_lockfile` since 1.10. It is in a file of its own, because checkov
 * reads nothing of `cdk.tf.json` if `required_version` is there.
 */
export const VERSIONS = { name: "versions.tf", content: 'terraform {\n  required_version = ">= 1.10.0"\n}\n' };
const STACK_FILES: readonly string[] = [...JSON_FILES, ...HCL_FILES, VERSIONS.name];

const LOCK_FILE = ".terraform.lock.hcl";

/** What is written into a stack's folder besides Terraform configuration. */
const WRITTEN: readonly string[] = ["metadata.json", LOCK_FILE];

/** The committed provider lock of a stack, which may be missing. */
export const committedLock = (stack: string) => join("locks", `${stack}${LOCK_FILE}`);

export interface AccessAppConfig extends AppConfig {
  /** The folder of the settings files. @default CDKTF's context key `deployments`, else the folder `deployments` */
  readonly settingsFolder?: string;
  /** The names of all stacks, where the app has only some of them: `synth` names the folders that belong to none. @default the app's */
  readonly stacks?: readonly string[];
  /** Receives the notes and warnings, a line each. @default standard error */
  readonly print?: (line: string) => void;
}

/**
 * CDKTF's `App` for deployments. Next to each stack it writes `versions.tf` and the provider
 * lock of `locks/`; it prints the notes of the stacks once, and names the folders of removed deployments.
 *
 * @throws Error if the settings are in the output folder, or if a stack's folder holds Terraform files that synth did not write
 */
export class AccessApp extends App {
  /** The folder of the settings files, relative to the working directory. */
  readonly settingsFolder: string;
  private readonly print: (line: string) => void;
  private readonly stacks: readonly string[];

  constructor(config: AccessAppConfig = {}) {
    const { print = printToStandardError, settingsFolder, outdir = outputFolder(process.env), stacks = [], ...rest } = config;
    const settings = settingsFolder ?? deploymentsFolder(process.env);
    if (resolve(outdir) === resolve(settings)) {
      throw new ReportedError(`CDKTF_OUTDIR: "${outdir}" is the folder of the settings; name another folder`);
    }
    requireRealFolder(join(outdir, "stacks"));
    makeFolder(join(outdir, "stacks"));
    super({ stackTraces: false, ...rest, outdir });
    this.settingsFolder = settings;
    this.print = print;
    this.stacks = stacks;
  }

  /** @throws Error if a stack's folder has Terraform files that synth did not write; nothing is written then */
  override synth(): void {
    const stacks = this.node.findAll().filter(TerraformStack.isStack);
    const names = stacks.map(({ node }) => node.id);
    const unexpected = names.flatMap((name) => unexpectedFiles(this.folder(name)));
    if (unexpected.length > 0) {
      throw new ReportedError(unexpected.join("\n"));
    }
    for (const file of ["manifest.json", ...names.flatMap((name) => WRITTEN.map((written) => join("stacks", name, written)))]) {
      isRealFile(join(this.outdir, file));
    }
    for (const stack of stacks.filter((each) => each instanceof DeckhouseAccessStack)) {
      // Validations run after aspects, which may be what changes the stack. This one finds no error.
      const validate = () => {
        if (stack.isChanged()) {
          Annotations.of(stack).addWarning(
            "the program changes this stack; review, plan and diff of dkp-access know its settings only",
          );
        }
        return [];
      };
      stack.node.addValidation({ validate });
    }
    try {
      super.synth();
      for (const stack of stacks) {
        this.complete(stack);
      }
    } catch (error) {
      // A write that fails, for example on a full disk, names no path in Node.js.
      const { errno, path = this.outdir } = error as NodeJS.ErrnoException;
      const message = fileErrorMessage({ errno, path });
      throw message === undefined ? error : new ReportedError(message, { cause: error });
    }
    this.printNotes([...names, ...this.stacks]);
  }

  /** Adds the files of a stack that are not CDKTF's. */
  private complete(stack: TerraformStack): void {
    const { id } = stack.node;
    const folder = this.folder(id);
    const lock = committedLock(id);
    // Terraform would read both formats, and find everything twice.
    for (const file of this.hclOutput ? JSON_FILES : HCL_FILES) {
      rmSync(join(folder, file), { force: true });
    }
    writeFileSync(join(folder, VERSIONS.name), VERSIONS.content);
    if (existsSync(lock)) {
      writeFileSync(join(folder, LOCK_FILE), readRegularFile(lock));
    }
  }

  private folder(stack: string): string {
    return join(this.outdir, "stacks", stack);
  }

  private printNotes(stacks: readonly string[]): void {
    // The CDKTF command sets this variable, and prints the annotations itself.
    const annotations =
      process.env.CDKTF_CONTINUE_SYNTH_ON_ERROR_ANNOTATIONS === undefined ? Object.values(this.manifest.stacks) : [];
    const notes = annotations.flatMap((stack) => stack.annotations);
    for (const message of new Set(notes.map((note) => note.message))) {
      const same = notes.filter((note) => note.message === message);
      const level = same[0]?.level.replace(/^@.*\//, "");
      this.print(`${level}: ${same.map(({ constructPath }) => constructPath).join(", ")}: ${message}`);
    }
    const folders = readdirSync(join(this.outdir, "stacks"), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    for (const { name } of folders.filter((folder) => !stacks.includes(folder.name))) {
      this.print(
        `note: ${this.folder(name)}: no deployment has this name; if it was applied, restore its settings and destroy it, then delete the folder`,
      );
    }
  }
}

function printToStandardError(line: string): void {
  process.stderr.write(printable(`${line}\n`));
}

/**
 * Files that Terraform or OpenTofu read from a stack's folder, except those that synth writes. With one of them, such as
 * `override.tf.json`, what is applied is not what the settings say. A link in place of a file of synth's would be written through.
 */
function unexpectedFiles(folder: string): readonly string[] {
  requireRealFolder(folder);
  // Configuration, and values of variables: https://developer.hashicorp.com/terraform/language/files and
  // https://opentofu.org/docs/language/files/. Terraform reads hidden *.auto.tfvars too.
  return (existsSync(folder) ? readdirSync(folder, { withFileTypes: true }) : [])
    .filter((entry) => /\.(tf|tofu|tfvars)(\.json)?$/i.test(entry.name) && !entry.isDirectory())
    .filter((entry) => !STACK_FILES.includes(entry.name) || !entry.isFile())
    .map(
      ({ name }) =>
        `${join(folder, name)}: synth did not write this file, and Terraform would apply it; delete it, or move it out of the folder`,
    );
}

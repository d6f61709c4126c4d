import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { App, type AppConfig, Manifest, TerraformStack } from "cdktf";
import { deploymentsFolder, outputFolder } from "./settings/paths";
import { makeFolder, readTextFile, requireNoLinks, withPath } from "./text/files";
import { grouped } from "./text/grouped";
import { anyOf } from "./text/patterns";
import { printable, ReportedError } from "./text/printable";

const JSON_FILE = "cdk.tf.json";
const HCL_FILE = "cdk.tf";
/**
 * The required Terraform version: the `s3` backend has `use_lockfile` since 1.10. It is in a file
 * of its own, because checkov reads nothing of `cdk.tf.json` if `required_version` is there.
 */
export const VERSIONS = {
  name: "versions.tf",
  content: 'terraform {\n  required_version = ">= 1.10.0"\n}\n',
};

const LOCK_FILE = ".terraform.lock.hcl";

/** The committed provider lock of a stack; undefined if there is none. */
export function lockOf(stack: string): string | undefined {
  const file = join("locks", `${stack}${LOCK_FILE}`);
  return existsSync(file) ? readTextFile(file) : undefined;
}

export interface AccessAppConfig extends AppConfig {
  /**
   * The folder of the settings files.
   * @default CDKTF's context key `deployments`, else the folder `deployments`
   */
  readonly settingsFolder?: string;
  /**
   * The names of all stacks, where the app has only some of them: `synth` names the folders that
   * belong to none.
   * @default the app's
   */
  readonly stacks?: readonly string[];
  /**
   * Receives the notes and warnings, a line each.
   * @default standard error
   */
  readonly print?: (line: string) => void;
}

/**
 * CDKTF's `App` for deployments. Next to each stack it writes `versions.tf` and the provider
 * lock of `locks/`; it prints the notes of the stacks once, and names the folders of removed
 * deployments.
 *
 * @throws Error if a stack's folder has anything that neither synth nor Terraform creates there
 */
export class AccessApp extends App {
  /** The folder of the settings files, relative to the working directory. */
  readonly settingsFolder: string;
  private readonly print: (line: string) => void;
  private readonly stacks: readonly string[];

  constructor(config: AccessAppConfig = {}) {
    const {
      settingsFolder = deploymentsFolder(process.env),
      outdir = outputFolder(process.env),
      print = printToStandardError,
      stacks = [],
      ...rest
    } = config;
    makeFolder(join(outdir, "stacks"));
    super({ stackTraces: false, ...rest, outdir });
    this.settingsFolder = settingsFolder;
    this.print = print;
    this.stacks = stacks;
  }

  /**
   * @throws Error if a stack's folder has anything that neither synth nor Terraform creates there;
   * nothing is written then
   */
  override synth(): void {
    const stacks = this.node.findAll().filter(TerraformStack.isStack);
    const names = stacks.map(({ node }) => node.id);
    requireNoLinks([
      ...[Manifest.fileName, "stacks"].map((name) => join(this.outdir, name)),
      ...names.map((name) => this.folder(name)),
    ]);
    const unexpected = names.flatMap((name) => unexpectedFiles(this.folder(name)));
    if (unexpected.length > 0) {
      throw new ReportedError(unexpected.join("\n"));
    }
    try {
      // CDKTF does so in two steps, and another run of synth can come between them.
      for (const name of names) {
        makeFolder(this.folder(name));
      }
      super.synth();
      for (const stack of stacks) {
        this.complete(stack);
      }
    } catch (error) {
      // A write that fails, for example on a full disk, names no path in Node.js.
      throw withPath(error, (error as NodeJS.ErrnoException).path ?? this.outdir);
    }
    this.printNotes([...names, ...this.stacks]);
  }

  private complete(stack: TerraformStack): void {
    const { id } = stack.node;
    const folder = this.folder(id);
    const lock = lockOf(id);
    // Terraform would read both formats, and find everything twice.
    rmSync(join(folder, this.hclOutput ? JSON_FILE : HCL_FILE), { force: true });
    writeFileSync(join(folder, VERSIONS.name), VERSIONS.content);
    if (lock !== undefined) {
      writeFileSync(join(folder, LOCK_FILE), lock);
    }
  }

  private folder(stack: string): string {
    return join(this.outdir, "stacks", stack);
  }

  private printNotes(stacks: readonly string[]): void {
    // The CDKTF command sets this variable, and prints the annotations itself.
    const annotations =
      process.env.CDKTF_CONTINUE_SYNTH_ON_ERROR_ANNOTATIONS === undefined
        ? Object.values(this.manifest.stacks)
        : [];
    const notes = annotations.flatMap((stack) => stack.annotations);
    for (const [message, same] of grouped(notes, (note) => note.message)) {
      const level = same[0]?.level.replace(/^@.*\//, "").replace(/^warn$/, "warning");
      this.print(
        `${level}: ${same.map(({ constructPath }) => constructPath).join(", ")}: ${message}`,
      );
    }
    const folders = readdirSync(join(this.outdir, "stacks"), { withFileTypes: true }).filter(
      (entry) => entry.isDirectory(),
    );
    for (const { name } of folders.filter((folder) => !stacks.includes(folder.name))) {
      this.print(
        `note: ${this.folder(name)}: no deployment has this name; ` +
          "if it was applied, restore its settings and destroy it, then delete the folder",
      );
    }
  }
}

const printToStandardError = (line: string) => process.stderr.write(printable(`${line}\n`));

/**
 * What synth, CDKTF, Terraform, OpenTofu and this program create in a stack's folder, and Atlantis,
 * which keeps a plan and its JSON there; folders end with a slash. Source: `GetPlanFilename` and
 * `GetShowResultFileName`, https://github.com/runatlantis/atlantis
 */
const CREATED = anyOf(
  /^(cdk\.tf(\.json)?|versions\.tf|\.terraform\.lock\.hcl)$/,
  /^(errored\.tfstate|terraform\.tfstate\.\d+\.backup)$/,
  /^(plan|.+\.tfplan|[\w:-]+\.json)$/,
  /^(\.terraform|assets|\.plan\..+\.tmp)\/$/,
);

/**
 * Anything else, such as `override.tf.json` or a provider in `terraform.d`, which Terraform would
 * use; and links.
 */
function unexpectedFiles(folder: string): readonly string[] {
  return (existsSync(folder) ? readdirSync(folder, { withFileTypes: true }) : [])
    .filter(
      (entry) =>
        entry.isSymbolicLink() || !CREATED.test(`${entry.name}${entry.isDirectory() ? "/" : ""}`),
    )
    .filter(({ name }) => name !== process.env.TF_DATA_DIR)
    .map(({ name }) => {
      const what = /\.tfstate(\.|$)/.test(name)
        ? "is a state, which may be the only record of what exists; move it out of the folder"
        : "neither synth nor Terraform creates this; move it out of the folder, or delete it";
      return `${join(folder, name)}: ${what}`;
    });
}

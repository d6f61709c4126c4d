import { type Dirent, lstatSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { originOf, readOrigins, STACK_FILES } from "../../../synthesis";

export interface SynthesizedStack {
  readonly name: string;
  /** Its Terraform JSON, relative to the output folder. */
  readonly path: string;
  readonly annotations: readonly { readonly stack: string; readonly level: string; readonly message: string }[];
}

interface Manifest {
  readonly stacks: Readonly<
    Record<
      string,
      { synthesizedStackPath: string; annotations: readonly { constructPath: string; level: string; message: string }[] }
    >
  >;
}

/** What CDKTF wrote into its output folder, from its manifest. */
export function readManifest(folder: string): readonly SynthesizedStack[] {
  const { stacks } = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")) as Manifest;
  return Object.entries(stacks).map(([name, { synthesizedStackPath, annotations }]) => ({
    name,
    path: synthesizedStackPath,
    annotations: annotations.map(({ constructPath, level, message }) => ({
      stack: constructPath,
      level: level.replace(/^@.*\//, ""),
      message,
    })),
  }));
}

export interface Pruned {
  readonly removed: readonly string[];
  /** Folders with something in them that synth did not write: a Terraform state, which may be the only record of what exists, or any other file. */
  readonly kept: readonly { readonly stack: string; readonly file: string; readonly isState: boolean }[];
}

/** What synth, `terraform init` and the CDKTF command write into a stack's folder, and write again when it is missing. */
const GENERATED: readonly string[] = [
  ...STACK_FILES,
  ".terraform.lock.hcl",
  ".terraform.lock.hcl.copied",
  ".terraform",
  ".terraform/environment",
  ".terraform/modules",
  ".terraform/providers",
  // Notes which backend is in use, and is not a state.
  ".terraform/terraform.tfstate",
];

/**
 * Removes the folders of removed deployments: those that an earlier synth wrote for the same settings folder, and that hold
 * nothing but generated files.
 */
export function pruneStacks(output: string, stacks: readonly SynthesizedStack[], settings: string): Pruned {
  const names = new Set(stacks.map(({ name }) => name));
  const origin = originOf(output, settings);
  const orphans = Object.entries(readOrigins(output))
    .filter(([stack, from]) => from === origin && !names.has(stack) && isFolder(join(output, "stacks", stack)))
    .map(([stack]) => ({ stack, files: otherFiles(join(output, "stacks", stack)) }));
  const kept = orphans.flatMap(({ stack, files }) => {
    const state = files.find((file) => STATE.test(file));
    const file = state ?? files[0];
    return file === undefined ? [] : [{ stack, file, isState: state !== undefined }];
  });
  const removed = orphans.filter(({ files }) => files.length === 0).map(({ stack }) => stack);
  for (const stack of removed) {
    rmSync(join(output, "stacks", stack), { recursive: true, force: true });
  }
  return { removed, kept };
}

/** A Terraform state: the folder's own, a backup, one of a workspace, or one that could not be sent (`errored.tfstate`). */
const STATE = /\.tfstate(\.\d+)?(\.backup)?$/;

/** A folder itself: what a symbolic link points to belongs to somebody else. */
function isFolder(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** Everything below a folder that is not generated, empty folders included. Symbolic links are not followed. */
function otherFiles(folder: string, below = ""): readonly string[] {
  return entriesOf(join(folder, below)).flatMap((entry) => {
    const path = below === "" ? entry.name : `${below}/${entry.name}`;
    const inside = entry.isDirectory() && (path === ".terraform" || !GENERATED.includes(path)) ? otherFiles(folder, path) : [];
    return inside.length > 0 || GENERATED.includes(path) ? inside : [path];
  });
}

/** What is in a folder. Nothing if another synth, which runs at the same time, has just removed it. */
function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      return [];
    }
    throw error;
  }
}

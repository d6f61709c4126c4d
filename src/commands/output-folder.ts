import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

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
  /** Folders that hold a Terraform state, which may be the only record of what exists. */
  readonly kept: readonly { readonly stack: string; readonly state: string }[];
}

/** Removes the folders of stacks that are no more, but never one with a Terraform state in it. */
export function pruneStacks(folder: string, stacks: readonly SynthesizedStack[]): Pruned {
  const names = new Set(stacks.map(({ name }) => name));
  const orphans = readdirSync(join(folder, "stacks"), { withFileTypes: true })
    // Only folders that CDKTF made: whatever else lies there is somebody's.
    .filter((entry) => entry.isDirectory() && !names.has(entry.name) && isStackFolder(join(folder, "stacks", entry.name)))
    .map(({ name }) => ({ stack: name, state: stateIn(join(folder, "stacks", name)) }));
  const kept = orphans.flatMap(({ stack, state }) => (state === undefined ? [] : [{ stack, state }]));
  const removed = orphans.filter(({ state }) => state === undefined).map(({ stack }) => stack);
  for (const stack of removed) {
    rmSync(join(folder, "stacks", stack), { recursive: true });
  }
  return { removed, kept };
}

function isStackFolder(path: string): boolean {
  return ["cdk.tf.json", "cdk.tf"].some((name) => existsSync(join(path, name)));
}

/** The first Terraform state in a folder: its own, a backup, one of a workspace, or one that could not be sent (`errored.tfstate`). */
function stateIn(folder: string): string | undefined {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).find(
    // Inside `.terraform`, `terraform.tfstate` only notes which backend is in use.
    (name) => /\.tfstate(\.\d+)?(\.backup)?$/.test(name) && !name.startsWith(".terraform"),
  );
}

import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Pack } from "./pack";

/** A file that differs from what the settings say now. */
export interface StaleFile {
  /** Path as a person would give it. */
  readonly path: string;
  readonly what: "missing" | "outdated" | "left over";
}

/** Every file that a pack may have; whatever else lies in its folder is somebody's. */
const OURS: readonly string[] = [
  "REVIEW.md",
  "aws-cli.sh",
  "cluster-configuration.yaml",
  "console.md",
  "consumer.tf",
  "deployer-policy.json",
  "deployer-role-policy.json",
  "deployer-state-role-policy.json",
  "main.tf.json",
  "policy.json",
  "service-control-policy.json",
];

type Packs = Readonly<Record<string, Pack>>;

/**
 * Files of a folder of packs that are not what the packs say, those of deployments that are no more included.
 * @param packs packs by stack
 * @param all names of all deployments
 */
export function staleFiles(folder: string, packs: Packs, all: readonly string[]): readonly StaleFile[] {
  const gone = packFolders(folder).filter((stack) => !all.includes(stack));
  const wanted: Packs = { ...packs, ...Object.fromEntries(gone.map((stack) => [stack, {}])) };
  return Object.entries(wanted).flatMap(([stack, pack]) =>
    OURS.flatMap((name) => {
      const path = join(folder, stack, name);
      const what = difference(path, pack[name]);
      return what === undefined ? [] : [{ path, what }];
    }),
  );
}

/** Makes a folder of packs what the packs say, and tells what it changed. */
export function writePacks(folder: string, packs: Packs, all: readonly string[]): readonly StaleFile[] {
  const stale = staleFiles(folder, packs, all);
  for (const { path, what } of stale) {
    if (what === "left over") {
      rmSync(path);
      removeIfEmpty(dirname(path));
    } else {
      mkdirSync(dirname(path), { recursive: true });
      const text = packs[basename(dirname(path))]?.[basename(path)] ?? "";
      writeFileSync(path, text, path.endsWith(".sh") ? { mode: 0o755 } : {});
    }
  }
  return stale;
}

/** Stacks that have a pack in a folder. */
function packFolders(folder: string): readonly string[] {
  return existsSync(folder)
    ? readdirSync(folder).filter((stack) => ["REVIEW.md", "main.tf.json"].every((name) => existsSync(join(folder, stack, name))))
    : [];
}

function difference(path: string, text: string | undefined): StaleFile["what"] | undefined {
  const found = existsSync(path) ? readFileSync(path, "utf8") : undefined;
  if (found === text) {
    return undefined;
  }
  if (text === undefined) {
    return "left over";
  }
  return found === undefined ? "missing" : "outdated";
}

function removeIfEmpty(folder: string): void {
  if (readdirSync(folder).length === 0) {
    rmdirSync(folder);
  }
}

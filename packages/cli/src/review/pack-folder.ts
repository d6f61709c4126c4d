import { existsSync, lstatSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileErrorMessage, makeFolder, requireRealFolder } from "../../../../src/text/files";
import { objectOf, parseJson, sortedKeys } from "../../../../src/text/json";
import { dkpAccess } from "../text/advice";
import { effectiveSettings, PACK_FILES, type Pack } from "./contents";

interface StaleFile {
  readonly path: string;
  readonly what: "missing" | "outdated" | "left over";
  readonly text: string;
  /** Whether JSON differs in more than order and the version of the program. */
  readonly isOtherMeaning: boolean;
}

/**
 * The files that differ from these packs, or that a pack does not have.
 * @throws Error if something else than a file or folder, such as a symbolic link, has the path of
 * one
 */
export function staleFiles(
  folder: string,
  packs: Readonly<Record<string, Pack>>,
): readonly StaleFile[] {
  for (const path of [folder, ...Object.keys(packs).map((stack) => join(folder, stack))]) {
    requireRealFolder(path);
  }
  const current = Object.entries(packs).flatMap(([stack, pack]) =>
    PACK_FILES.flatMap((name): readonly StaleFile[] => {
      const path = join(folder, stack, name);
      const what = difference(path, pack[name]);
      const text = pack[name] ?? "";
      return what ? [{ path, what, text, isOtherMeaning: isOtherMeaning(path, what, text) }] : [];
    }),
  );
  return current;
}

const entriesOf = (folder: string) =>
  existsSync(folder) ? readdirSync(folder, { withFileTypes: true }) : [];

/**
 * The folders with files of review packs, of none of these stacks. Symbolic links are not followed.
 */
export function unknownPacks(folder: string, stacks: readonly string[]): readonly string[] {
  return entriesOf(folder)
    .filter((entry) => entry.isDirectory() && !stacks.includes(entry.name))
    .map(({ name }) => join(folder, name))
    .filter((path) => readdirSync(path).some((name) => PACK_FILES.some((file) => file === name)));
}

export function linksIn(folder: string, end: string): readonly string[] {
  return entriesOf(folder)
    .filter((entry) => entry.isSymbolicLink() && entry.name.endsWith(end))
    .map(({ name }) => join(folder, name));
}

/**
 * The next run completes an interrupted one.
 * @throws Error that says so, if packs are incomplete
 */
export function writePacks(stale: readonly StaleFile[]): void {
  for (const [index, { path, what, text }] of stale.entries()) {
    try {
      if (what === "left over") {
        rmSync(path);
      } else {
        makeFolder(dirname(path));
        writeFileSync(path, text, path.endsWith(".sh") ? { mode: 0o777 } : {});
      }
    } catch (error) {
      const reason =
        fileErrorMessage({ path, ...(error as NodeJS.ErrnoException) }) ?? (error as Error).message;
      const incomplete =
        `; ${index} of ${stale.length} files are up to date, ` +
        `and the review packs are incomplete: run ${dkpAccess("review")} again`;
      throw new Error(`${reason}${index === 0 ? "" : incomplete}`, { cause: error });
    }
  }
}

/** @throws Error for anything but a file: commands read, write and delete files only */
function difference(path: string, text: string | undefined): StaleFile["what"] | undefined {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats !== undefined && !stats.isFile()) {
    const what = stats.isSymbolicLink() ? "a symbolic link" : "not a file";
    throw new Error(`${path}: is ${what}; remove it and run the command again`);
  }
  if (text === undefined) {
    return stats && "left over";
  }
  if (stats === undefined) {
    return "missing";
  }
  return readFileSync(path).equals(Buffer.from(text)) ? undefined : "outdated";
}

/** A missing file means what the others do that refer to it. */
function isOtherMeaning(path: string, what: StaleFile["what"], text: string): boolean {
  const isCompared = path.endsWith(".json") && what !== "missing";
  return (
    isCompared && (what === "left over" || meaning(readFileSync(path, "utf8")) !== meaning(text))
  );
}

/** CDKTF's version is in a comment of its JSON. */
function meaning(text: string): string {
  const { version: _version, "//": _comment, settings, ...content } = objectOf(parseJson(text));
  return JSON.stringify(
    { ...content, settings: effectiveSettings(objectOf(settings)) },
    sortedKeys,
  );
}

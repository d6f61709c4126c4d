import { randomBytes } from "node:crypto";
import { existsSync, linkSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, parse, resolve } from "node:path";
import { type Environment, gitWith } from "../../git";

/**
 * Refuses a path for a secret that cannot be written or that a commit could pick up: `git add -A` takes every file of a work tree
 * that Git does not ignore.
 * @param environment of Git
 * @throws Error with the remedy
 */
export function checkSecretFile(file: string, environment: Environment): void {
  const git = gitWith(environment);
  if (existsSync(file)) {
    throw new Error(`${file}: exists already, and others may be able to read it; remove it or write another file`);
  }
  const folder = dirname(resolve(file));
  if (!existsSync(folder)) {
    throw new Error(`${file}: the folder ${folder} does not exist; create it or write another file`);
  }
  if (basename(file) === "" || file.endsWith("/")) {
    throw new Error(`${file}: is not the name of a file; write for example --out provider.yaml`);
  }
  // Git does not look behind symbolic links.
  const real = realpathSync(folder);
  const inside = git(real, ["rev-parse", "--is-inside-work-tree"]);
  if (inside.error?.code === "ENOENT") {
    return;
  }
  if (inside.status !== 0) {
    if (inRepository(real)) {
      throw new Error(
        `${file}: lies in a Git repository that Git does not read (${inside.message}), so that a commit could contain the secret; write a file outside of it`,
      );
    }
    return;
  }
  const isIgnored = (name: string) => git(real, ["check-ignore", "--quiet", "--", join(real, name)]).status === 0;
  if (inside.stdout.toString("utf8").trim() !== "true") {
    return;
  }
  if (!isIgnored(basename(file))) {
    throw new Error(
      `${file}: lies in a Git work tree and Git does not ignore it, so that a commit could contain the secret; write a file outside, or one that .gitignore covers, for example provider.yaml in the project's root`,
    );
  }
  const unfinished = unfinishedName(basename(file), "0".repeat(12));
  if (!isIgnored(unfinished)) {
    throw new Error(
      `${file}: is written first under a name that Git does not ignore (${unfinished}), so that a commit could contain the secret if the command is killed; add *.unfinished.* to .gitignore`,
    );
  }
}

/** The name under which a file is written before it is complete: one that the patterns for the file itself usually cover. */
function unfinishedName(name: string, unique: string): string {
  const { name: stem, ext } = parse(name);
  return `${stem}.${unique}.unfinished${ext}`;
}

/** Removes what killed runs left of the same file. */
function removeUnfinished(path: string): void {
  const { name, ext } = parse(path);
  const isUnfinished = (other: string) =>
    other.startsWith(`${name}.`) &&
    /^[0-9a-f]{12}\.unfinished$/.test(other.slice(name.length + 1, other.length - ext.length)) &&
    other.endsWith(ext);
  for (const other of readdirSync(dirname(path)).filter(isUnfinished)) {
    rmSync(join(dirname(path), other), { force: true });
  }
}

/**
 * Writes a secret to a new file that only its owner can read (mode 0600) and returns the file's full path. The file appears complete
 * or not at all, and an existing one is never replaced. What killed runs left of it is removed.
 * @throws Error if the file exists or cannot be written; then nothing is left behind
 */
export function writeSecretFile(file: string, text: string): string {
  const path = resolve(file);
  const unfinished = join(dirname(path), unfinishedName(basename(path), randomBytes(6).toString("hex")));
  try {
    removeUnfinished(path);
    writeFileSync(unfinished, text, { mode: 0o600, flag: "wx", flush: true });
    // Unlike a rename, a link fails where the file exists by now.
    linkSync(unfinished, path);
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    const reason = code === "EEXIST" ? "exists already" : `cannot be written (${code})`;
    throw new Error(`${path}: ${reason}; nothing was written, write another file`);
  } finally {
    rmSync(unfinished, { force: true });
  }
  return path;
}

function inRepository(folder: string): boolean {
  return existsSync(join(folder, ".git")) || (dirname(folder) !== folder && inRepository(dirname(folder)));
}

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
  const refusal = pathRefusal(file) ?? gitRefusal(file, environment);
  if (refusal !== undefined) {
    throw new Error(`${file}: ${refusal}`);
  }
}

function pathRefusal(file: string): string | undefined {
  const folder = dirname(resolve(file));
  if (existsSync(file)) {
    return "exists already, and others may be able to read it; remove it or write another file";
  }
  if (!existsSync(folder)) {
    return `the folder ${folder} does not exist; create it or write another file`;
  }
  return basename(file) === "" || file.endsWith("/")
    ? "is not the name of a file; write for example --out provider.yaml"
    : undefined;
}

function gitRefusal(file: string, environment: Environment): string | undefined {
  const git = gitWith(environment);
  // Git does not look behind symbolic links.
  const real = realpathSync(dirname(resolve(file)));
  const inside = git(real, ["rev-parse", "--is-inside-work-tree"]);
  if (inside.error?.code !== "ENOENT" && inside.status !== 0 && inRepository(real)) {
    return `lies in a Git repository that Git does not read (${inside.message}), so that a commit could contain the secret; write a file outside of it`;
  }
  if (inside.status !== 0 || inside.stdout.toString("utf8").trim() !== "true") {
    return undefined;
  }
  const isIgnored = (name: string) => git(real, ["check-ignore", "--quiet", "--", join(real, name)]).status === 0;
  if (!isIgnored(basename(file))) {
    return "lies in a Git work tree and Git does not ignore it, so that a commit could contain the secret; write a file outside, or one that .gitignore covers, for example provider.yaml in the project's root";
  }
  const unfinished = unfinishedName(basename(file), "0".repeat(12));
  return isIgnored(unfinished)
    ? undefined
    : `is written first under a name that Git does not ignore (${unfinished}), so that a commit could contain the secret if the command is killed; add *.unfinished.* to .gitignore`;
}

/** The name under which a file is written before it is complete: one that the patterns for the file itself usually cover. */
function unfinishedName(name: string, unique: string): string {
  const { name: stem, ext } = parse(name);
  return `${stem}.${unique}.unfinished${ext}`;
}

/** Removes what killed runs left of the same file. */
function removeUnfinished(path: string): void {
  const [start, end] = unfinishedName(basename(path), "/").split("/") as [string, string];
  const isUnfinished = (other: string) =>
    other.startsWith(start) && other.endsWith(end) && /^[0-9a-f]{12}$/.test(other.slice(start.length, -end.length));
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

import { randomBytes } from "node:crypto";
import { existsSync, linkSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
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
  const inside = git(real, "rev-parse", "--is-inside-work-tree");
  if (inside.error?.code === "ENOENT") {
    return;
  }
  if (inside.status !== 0) {
    if (inRepository(real)) {
      throw new Error(
        `${file}: lies in a Git repository that Git does not read (${inside.stderr.trim()}), so that a commit could contain the secret; write a file outside of it`,
      );
    }
    return;
  }
  if (inside.stdout.trim() === "true" && git(real, "check-ignore", "--quiet", "--", join(real, basename(file))).status !== 0) {
    throw new Error(
      `${file}: lies in a Git work tree and Git does not ignore it, so that a commit could contain the secret; write a file outside, or one that .gitignore covers, for example provider.yaml in the project's root`,
    );
  }
}

/**
 * Writes a secret to a new file that only its owner can read (mode 0600) and returns the file's full path. The file appears complete
 * or not at all, and an existing one is never replaced.
 * @throws Error if the file exists or cannot be written; then nothing is left behind
 */
export function writeSecretFile(file: string, text: string): string {
  const path = resolve(file);
  const unfinished = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString("hex")}.unfinished`);
  try {
    writeFileSync(unfinished, text, { mode: 0o600, flag: "wx", flush: true });
    // Unlike a rename, a link fails where the file exists by now.
    linkSync(unfinished, path);
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    throw new Error(`${path}: ${WRITE_ERRORS[code] ?? `cannot be written (${code})`}; nothing was written, write another file`);
  } finally {
    rmSync(unfinished, { force: true });
  }
  return path;
}

const WRITE_ERRORS: Readonly<Record<string, string>> = {
  EACCES: "you may not create files in this folder",
  EEXIST: "exists already",
  ENOSPC: "no space is left on the disk",
  ENOTSUP: "this file system has no links, and likely no file modes",
  EPERM: "this file system has no links, and likely no file modes",
  EROFS: "the file system is read-only",
};

function inRepository(folder: string): boolean {
  return existsSync(join(folder, ".git")) || (dirname(folder) !== folder && inRepository(dirname(folder)));
}

import { existsSync, lstatSync, realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { temporaryName, writeFileAtomically } from "../../../../../src/text/files";
import type { Environment } from "../../process/environment";
import { gitWith } from "../../process/git";

/**
 * Refuses a path for a secret that cannot be written or that a commit could pick up: `git add -A`
 * takes every file of a work tree that Git does not ignore.
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
  // Also a symbolic link to nothing.
  if (lstatSync(file, { throwIfNoEntry: false }) !== undefined) {
    return "exists already; remove it, or write another file";
  }
  return existsSync(folder)
    ? undefined
    : `the folder ${folder} does not exist; create it or write another file`;
}

function gitRefusal(file: string, environment: Environment): string | undefined {
  const git = gitWith(environment);
  // Git does not look behind symbolic links.
  const real = realpathSync(dirname(resolve(file)));
  const inside = git(real, ["rev-parse", "--is-inside-work-tree"]);
  if (inside.error?.code !== "ENOENT" && inside.status !== 0 && inRepository(real)) {
    return (
      `lies in a Git repository that Git does not read (${inside.message}), ` +
      "so that a commit could contain the secret; write a file outside of it"
    );
  }
  if (inside.status !== 0 || inside.stdout.toString("utf8").trim() !== "true") {
    return undefined;
  }
  const isIgnored = (name: string) =>
    git(real, ["check-ignore", "--quiet", "--", join(real, name)]).status === 0;
  if (!isIgnored(basename(file))) {
    return (
      "lies in a Git work tree and Git does not ignore it, " +
      "so that a commit could contain the secret; " +
      "write a file outside, or one that .gitignore covers, " +
      "for example provider.yaml in the project's root"
    );
  }
  return isIgnored(temporaryName(basename(file)))
    ? undefined
    : "is written first under a name that Git does not ignore, " +
        "so that a commit could contain the secret if the command is killed; " +
        "add .*.tmp to .gitignore";
}

/**
 * Writes a secret to a new file that only its owner can read (mode 0600), and returns the full
 * path. The file appears complete or not at all. Temporary files of killed runs are removed.
 * @throws Error if the file exists or cannot be written; then nothing is left behind
 */
export function writeSecretFile(file: string, text: string, environment: Environment): string {
  // Somebody can have created it since the last check.
  checkSecretFile(file, environment);
  writeFileAtomically(resolve(file), text, { mode: 0o600 });
  return resolve(file);
}

function inRepository(folder: string): boolean {
  return (
    existsSync(join(folder, ".git")) ||
    (dirname(folder) !== folder && inRepository(dirname(folder)))
  );
}

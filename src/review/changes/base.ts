import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import type { Packs } from "./changes";
import { type JsonObject, objectOf } from "./json";

/** The file of a pack that tells what is applied. */
const MAIN = "main.tf.json";

const MAX_OUTPUT = 2 ** 29;

export interface Base {
  readonly packs: Packs;
  /** Which of both was taken: `git ref main (1a2b3c4d)`, `folder old`. */
  readonly source: string;
}

/**
 * What a change is held against: the packs in a folder, or those that a git ref has in `review/`. A name that is both is refused.
 * @param name a folder with `<stack>/main.tf.json`, or whatever git takes as a commit
 * @param review the folder of the packs, relative to the project's root
 * @param root the project's root, which may lie anywhere in a git checkout
 * @throws Error in words if it is neither
 */
export function readBase(name: string, review = "review", root = "."): Base {
  const folder = resolve(root, name);
  const stacks = stacksIn(folder);
  if (stacks.length > 0) {
    // Else somebody's folder "main" would stand for the branch without a word.
    if (/^[^./\\][^/\\]*$/.test(name) && commitOf(name, root).status === 0) {
      throw new Error(
        `--against ${name}: is both a folder with packs and a git ref; write ./${name} for the folder, or the ref's full name, such as refs/heads/${name}`,
      );
    }
    const packs = stacks.map((stack) => {
      const file = join(folder, stack, MAIN);
      return [stack, parse(join(name, stack, MAIN), readFileSync(file, "utf8"))];
    });
    return { packs: Object.fromEntries(packs), source: `folder ${name}` };
  }
  // As git names it: without "./" and without a slash at the end.
  const inGit = relative(resolve(root), resolve(root, review)).replaceAll("\\", "/");
  return packsOfRef(name, inGit, root, existsSync(folder));
}

function stacksIn(folder: string): readonly string[] {
  if (!existsSync(folder)) {
    return [];
  }
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(folder, entry.name, MAIN)))
    .map(({ name }) => name)
    .sort();
}

function packsOfRef(name: string, review: string, root: string, folderExists: boolean): Base {
  const notPacks = folderExists ? `the folder ${name} has no packs (<stack>/${MAIN})` : `there is no folder ${name}`;
  if (git(root, "rev-parse", "--is-inside-work-tree").status !== 0) {
    throw new Error(`--against ${name}: ${notPacks}, and this is no git checkout; name a folder with packs`);
  }
  const resolved = commitOf(name, root);
  if (resolved.status !== 0) {
    throw new Error(
      `--against ${name}: ${notPacks}, and git knows no such ref here; in a pipeline fetch it first, with fetch-depth: 0 or git fetch origin ${name}`,
    );
  }
  const commit = resolved.stdout.trim();
  const blobs = [...git(root, "ls-tree", "-r", "-z", commit, `${review}/`).stdout.matchAll(/ blob ([0-9a-f]+)\t([^\0]+)/g)]
    .map(([, id = "", path = ""]) => ({ id, path, stack: path.slice(review.length + 1, -MAIN.length - 1) }))
    .filter(({ path, stack }) => path === `${review}/${stack}/${MAIN}` && !stack.includes("/"));
  if (blobs.length === 0) {
    throw new Error(
      `--against ${name}: ${commit.slice(0, 8)} has no packs in ${review}/; commit them there first: npm run review`,
    );
  }
  const contents = blobContents(
    root,
    blobs.map(({ id }) => id),
  );
  const packs = blobs.map(({ path, stack }, at) => [stack, parse(`${name}:${path}`, contents[at] ?? "")]);
  return { packs: Object.fromEntries(packs), source: `git ref ${name} (${commit.slice(0, 8)})` };
}

function commitOf(name: string, root: string): ReturnType<typeof git> {
  return git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", `${name}^{commit}`);
}

/** The contents of blobs, asked for at once: a process each would take seconds with many deployments. */
function blobContents(root: string, ids: readonly string[]): readonly string[] {
  const { stdout } = spawnSync("git", ["cat-file", "--batch"], { cwd: root, input: ids.join("\n"), maxBuffer: MAX_OUTPUT });
  let rest = stdout;
  return ids.map(() => {
    // "<id> blob <size>\n<content>\n"
    const start = rest.indexOf("\n") + 1;
    const size = Number(rest.toString("latin1", 0, start).split(" ")[2]);
    const content = rest.toString("utf8", start, start + size);
    rest = rest.subarray(start + size + 1);
    return content;
  });
}

function git(root: string, ...args: readonly string[]): { readonly status: number; readonly stdout: string } {
  const { status, stdout, error } = spawnSync("git", args, { cwd: root, encoding: "utf8", maxBuffer: MAX_OUTPUT });
  return error === undefined ? { status: status ?? 1, stdout } : { status: 1, stdout: "" };
}

function parse(place: string, text: string): JsonObject {
  try {
    return objectOf(JSON.parse(text));
  } catch {
    throw new Error(`${place}: is no JSON; make the packs anew with npm run review`);
  }
}

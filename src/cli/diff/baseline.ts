import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { dkpAccess } from "../../text/command";
import { readRegularFile } from "../../text/files";
import { grouped } from "../../text/grouped";
import { parseJson } from "../../text/json";
import { DEPLOYMENT_FILE } from "../review/file-names";
import { MAIN_FILE, type Packs } from "./compare";
import { POLICY_FILES } from "./pack-policies";

const MAX_OUTPUT = 2 ** 29;

/** The files of a review pack that are compared. */
export const COMPARED_FILES: readonly string[] = [MAIN_FILE, DEPLOYMENT_FILE, ...POLICY_FILES];

export interface Base {
  readonly packs: Packs;
  /** The one that is read: `git ref main (1a2b3c4d)`, `folder ./old`. */
  readonly source: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** A name that is a folder: any other name is a Git ref. */
const PATH = /^(?:\.{1,2}|)(?:[/\\]|$)|^[A-Za-z]:[/\\]/;

/**
 * What a change is compared with: the review packs in a folder, or those that a Git ref has in `review/`.
 * @param name a folder with `<stack>/main.tf.json`, written as a path (`./`, `../` or `/` at its start), or what Git takes as a commit
 * @param review the folder of the review packs, relative to the project's root
 * @param root the project's root, any folder of a Git work tree
 * @param environment of Git
 * @throws Error with the remedy if there is no review pack
 */
export function readBase(name: string, review: string, root: string, environment: Environment): Base {
  if (PATH.test(name)) {
    return reviewPacksOfFolder(name, root);
  }
  // As git names it: without "./" and without a slash at the end.
  return reviewPacksOfRef(
    name,
    relative(resolve(root), resolve(root, review)).replaceAll("\\", "/"),
    root,
    gitIn(root, environment),
  );
}

function reviewPacksOfFolder(name: string, root: string): Base {
  const folder = resolve(root, name);
  const stacks = stacksIn(folder);
  if (stacks.length === 0) {
    const what = existsSync(folder) ? `the folder has no review packs (<stack>/${MAIN_FILE})` : "there is no such folder";
    throw new Error(
      `--against ${name}: ${what}; name a folder that ${dkpAccess("review")} wrote, or a Git ref without ./ before it`,
    );
  }
  const contents = stacks.flatMap((stack) =>
    COMPARED_FILES.filter((file) => existsSync(join(folder, stack, file))).map((file) => ({
      stack,
      file,
      path: join(name, stack, file),
      text: readRegularFile(join(folder, stack, file)).toString("utf8"),
    })),
  );
  return { packs: packsOf(contents), source: `folder ${name}` };
}

function stacksIn(folder: string): readonly string[] {
  if (!existsSync(folder)) {
    return [];
  }
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(folder, entry.name, MAIN_FILE)))
    .map(({ name }) => name)
    .sort();
}

function reviewPacksOfRef(name: string, review: string, root: string, git: Git): Base {
  const folder = stacksIn(resolve(root, name)).length > 0 ? `; for the folder of that name write ./${name}` : "";
  const inside = git("rev-parse", "--is-inside-work-tree");
  if (inside.status !== 0) {
    // Git's own message where git is missing, or the checkout belongs to another user.
    const why = inside.stderr.includes("not a git repository") ? "this is not a Git checkout" : inside.stderr;
    throw new Error(`--against ${name}: ${why}; name a folder with review packs, such as ./old${folder}`);
  }
  const resolved = commitOf(name, git);
  if (resolved.status !== 0) {
    throw new Error(
      `--against ${name}: git has no such ref here; in a pipeline fetch it first, with fetch-depth: 0 or git fetch origin ${name}${folder}`,
    );
  }
  const refs = [`refs/heads/${name}`, `refs/tags/${name}`];
  if (refs.every((ref) => commitOf(ref, git).status === 0)) {
    throw new Error(`--against ${name}: is both a branch and a tag; write ${refs.join(" or ")}`);
  }
  const commit = resolved.stdout.trim();
  const blobs = [...git("ls-tree", "-r", "-z", commit, `${review}/`).stdout.matchAll(/ blob ([0-9a-f]+)\t([^\0]+)/g)]
    .map(([, id = "", path = ""]) => ({ id, path, parts: path.slice(review.length + 1).split("/") }))
    .map(({ id, path, parts: [stack = "", file = "", ...deeper] }) => ({ id, path, stack, file, deeper }))
    .filter(({ path, file, deeper }) => path.startsWith(`${review}/`) && COMPARED_FILES.includes(file) && deeper.length === 0);
  if (!blobs.some(({ file }) => file === MAIN_FILE)) {
    throw new Error(
      `--against ${name}: ${commit.slice(0, 8)} has no review packs in ${review}/; commit them there first: ${dkpAccess("review")}${folder}`,
    );
  }
  const texts = blobContents(
    root,
    blobs.map(({ id }) => id),
  );
  const contents = blobs.map((blob, at) => ({ ...blob, path: `${name}:${blob.path}`, text: texts[at] ?? "" }));
  return { packs: packsOf(contents), source: `git ref ${name} (${commit.slice(0, 8)})` };
}

/** A file of a review pack, and the path by which messages name it. */
interface PackContent {
  readonly stack: string;
  readonly file: string;
  readonly path: string;
  readonly text: string;
}

/** Review packs by stack. Terraform JSON and settings are read here once, so that a damaged one is named. */
function packsOf(contents: readonly PackContent[]): Packs {
  for (const { path, text } of contents.filter(({ file }) => file === MAIN_FILE || file === DEPLOYMENT_FILE)) {
    requireObject(path, text);
  }
  const stacks = [...grouped(contents, ({ stack }) => stack)];
  return Object.fromEntries(
    stacks
      .filter(([, files]) => files.some(({ file }) => file === MAIN_FILE))
      .map(([stack, files]) => [stack, Object.fromEntries(files.map(({ file, text }) => [file, text]))]),
  );
}

function commitOf(name: string, git: Git): GitResult {
  return git("rev-parse", "--verify", "--quiet", "--end-of-options", `${name}^{commit}`);
}

/** The contents of blobs, read by one process: one for each would take seconds with many deployments. */
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

interface GitResult {
  readonly status: number;
  readonly stdout: string;
  /** One line. */
  readonly stderr: string;
}

type Git = (...args: readonly string[]) => GitResult;

function gitIn(root: string, environment: Environment): Git {
  const env = { ...environment, LC_ALL: "C" };
  return (...args) => {
    const { status, stdout, stderr, error } = spawnSync("git", args, { cwd: root, encoding: "utf8", maxBuffer: MAX_OUTPUT, env });
    const message = error?.message ?? stderr;
    return { status: status ?? 1, stdout, stderr: message.trim().replaceAll(/\s*\n\s*/g, " ") };
  };
}

function requireObject(path: string, text: string): void {
  if (!text.trimStart().startsWith("{") || parseJson(text) === undefined) {
    throw new Error(`${path}: is not JSON; create the review packs again with ${dkpAccess("review")}`);
  }
}

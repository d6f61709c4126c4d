import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { readTextFile, textIn } from "../../../../../src/text/files";
import { grouped } from "../../../../../src/text/grouped";
import { isObject, parseJson } from "../../../../../src/text/json";
import type { Environment } from "../../process/environment";
import { type GitResult, gitWith } from "../../process/git";
import { DEPLOYMENT_FILE, type PackFile } from "../../review/contents";
import { dkpAccess } from "../../text/advice";
import type { Packs } from "./compare";
import { COMPARED_POLICIES } from "./pack-policies";
import { LOCK_FILE, MAIN_FILE } from "./pack-side";

const REQUIRED_FILES: readonly PackFile[] = [MAIN_FILE, DEPLOYMENT_FILE];

const COMPARED_FILES: readonly PackFile[] = [...REQUIRED_FILES, ...COMPARED_POLICIES];

/** Any other name is a Git ref. */
const PATH = /^(?:\.{1,2}|)(?:[/\\]|$)|^[A-Za-z]:[/\\]/;

interface Base {
  readonly packs: Packs;
  readonly source: string;
  /** Those of a commit are. */
  readonly hasLocks: boolean;
}

/**
 * The review packs in a folder, or those that a Git ref has in `review/`.
 * @param name a path to a folder of packs, such as `./old`, or what Git takes as a commit
 * @param root any folder of a Git work tree
 * @throws Error with the remedy if there is no review pack
 */
export function readBase(name: string, root: string, environment: Environment): Base {
  const isFolder = PATH.test(name);
  const [source, folder, texts] = isFolder
    ? ([`folder ${name}`, name, textsIn(resolve(root, name))] as const)
    : textsOfRef(name, root, environment);
  const packs = packsOf(texts, folder);
  if (Object.keys(packs).length === 0) {
    const remedy =
      `${dkpAccess("review")} writes them; ` +
      "a folder is written as a path, such as ./old, and a Git ref is not";
    throw new Error(
      `--against ${name}: ${source} has no review packs, ${join(folder, "<stack>", MAIN_FILE)}; ` +
        remedy,
    );
  }
  return { packs, source, hasLocks: !isFolder };
}

type Texts = readonly (readonly [stack: string, file: string, text: string])[];

function textsIn(folder: string): Texts {
  return (existsSync(folder) ? readdirSync(folder) : []).flatMap((stack) => {
    const files = COMPARED_FILES.filter((file) => existsSync(join(folder, stack, file)));
    return files.map((file) => [stack, file, readTextFile(join(folder, stack, file))] as const);
  });
}

const REVIEW = "review";

/** Plumbing shows the committed bytes, whatever attributes, filters and settings of Git say. */
function textsOfRef(name: string, root: string, environment: Environment) {
  const git = (args: readonly string[], input?: string) => gitWith(environment)(root, args, input);
  const id = commitOf(name, git(["rev-parse", "--verify", "--end-of-options", `${name}^{commit}`]));
  const listed = git(["ls-tree", "-r", "-z", id, "--", `${REVIEW}/`, "locks/"]);
  const files = listed.stdout
    .toString("utf8")
    .split("\0")
    .flatMap((entry): readonly (readonly [string, string, string])[] => {
      const [, mode = "", object = "", path = ""] =
        /^(\d+) \w+ ([0-9a-f]+)\t(.*)$/s.exec(entry) ?? [];
      const [, locked] = /^locks\/([^/]+)\.terraform\.lock\.hcl$/.exec(path) ?? [];
      const [stack = "", file = ""] =
        locked === undefined ? path.slice(REVIEW.length + 1).split(/\/(.*)/s) : [locked, LOCK_FILE];
      const isInPack = path.startsWith(`${REVIEW}/`);
      const isRead =
        locked !== undefined || (isInPack && COMPARED_FILES.some((compared) => compared === file));
      const isFile = mode.startsWith("100");
      // A link or a submodule can also be in place of a whole review pack.
      if (!isFile && (isRead || (isInPack && file === ""))) {
        throw new Error(
          `--against ${name}: ${path}: is a link or a submodule there, not a file; ` +
            "compare with a commit where it is one",
        );
      }
      return isFile && isRead ? [[object, stack, file]] : [];
    });
  const contents = git(["cat-file", "--batch"], files.map(([object]) => `${object}\n`).join(""));
  const failed = [listed, contents].find(({ status }) => status !== 0);
  if (failed !== undefined) {
    throw new Error(`--against ${name}: ${failed.message}`);
  }
  const blobs = blobsIn(contents.stdout);
  const textAt = (object: string, path: string) =>
    textIn(blobs.get(object) ?? Buffer.alloc(0), path);
  const texts = files.map(
    ([object, stack, file]) => [stack, file, textAt(object, join(REVIEW, stack, file))] as const,
  );
  return [`git ref ${name} (${id.slice(0, 8)})`, REVIEW, texts] as const;
}

function commitOf(name: string, { status, stdout, message }: GitResult): string {
  if (status !== 0) {
    const fetch =
      "git has no such ref here; in a pipeline fetch it first, " +
      `with fetch-depth: 0 or git fetch origin ${name}`;
    const reasons = {
      "Needed a single revision": fetch,
      "not a git repository": "this is not a Git checkout",
    };
    const reason = Object.entries(reasons).find(([part]) => message.includes(part))?.[1] ?? message;
    throw new Error(
      `--against ${name}: ${reason}; write a folder of review packs as a path: ./old`,
    );
  }
  if (message.includes("is ambiguous")) {
    throw new Error(
      `--against ${name}: is both a branch and a tag; ` +
        `write refs/heads/${name} or refs/tags/${name}`,
    );
  }
  return stdout.toString("utf8").trim();
}

/** By object: "OBJECT blob SIZE", the content, and a line feed. */
function blobsIn(output: Buffer): ReadonlyMap<string, Buffer> {
  const blobs = new Map<string, Buffer>();
  for (let at = 0; at < output.length; ) {
    const start = output.indexOf("\n", at) + 1;
    const [object = "", type, size] = output.subarray(at, start).toString("latin1").split(" ");
    if (type !== "blob") {
      throw new Error(`git has no object ${object}; fetch the whole commit`);
    }
    blobs.set(object, output.subarray(start, start + Number(size)));
    at = start + Number(size) + 1;
  }
  return blobs;
}

/** Parsed here, so that an error names a damaged file. */
function packsOf(texts: Texts, folder: string): Packs {
  const packs = [...grouped(texts, ([stack]) => stack)]
    .map(
      ([stack, own]) =>
        [stack, Object.fromEntries(own.map(([, file, text]) => [file, text]))] as const,
    )
    .filter(([, own]) => own[MAIN_FILE] !== undefined);
  for (const [stack, own] of packs) {
    const damaged = REQUIRED_FILES.find((file) => !isObject(parseJson(own[file] ?? "")));
    if (damaged !== undefined) {
      const remedy = `create the review packs again with ${dkpAccess("review")}`;
      throw new Error(`${join(folder, stack, damaged)}: is missing or not JSON; ${remedy}`);
    }
  }
  return Object.fromEntries(packs);
}

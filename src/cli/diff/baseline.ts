import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { strFromU8, unzipSync } from "fflate";
import { MAX_POLICIES } from "../../iam/limits";
import { readRegularFile } from "../../text/files";
import { grouped } from "../../text/grouped";
import { isObject, parseJson } from "../../text/json";
import { DEPLOYMENT_FILE, policyFile } from "../review/file-names";
import { dkpAccess } from "../text/command";
import { MAIN_FILE, type Packs } from "./compare";
import { POLICY_FILES } from "./pack-policies";

const MAX_OUTPUT = 2 ** 29;

/** The files of a review pack that are compared. */
export const COMPARED_FILES: readonly string[] = [
  MAIN_FILE,
  DEPLOYMENT_FILE,
  ...Array.from({ length: MAX_POLICIES }, (_, index) => policyFile(index + 1)),
  ...POLICY_FILES,
];

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
export function readBase(
  name: string,
  review: string,
  root: string,
  environment: NodeJS.ProcessEnv,
): { readonly packs: Packs; readonly source: string } {
  const [source, folder, texts] = PATH.test(name)
    ? ([`folder ${name}`, name, textsIn(resolve(root, name))] as const)
    : textsOfRef(name, review, root, environment);
  const packs = packsOf(texts, folder);
  if (Object.keys(packs).length === 0) {
    const remedy = `${dkpAccess("review")} writes them; a folder is written as a path, such as ./old, and a Git ref is not`;
    throw new Error(`--against ${name}: ${source} has no review packs, ${join(folder, "<stack>", MAIN_FILE)}; ${remedy}`);
  }
  return { packs, source };
}

/** The files of review packs: text by path, `<stack>/<file>`. */
type Texts = readonly (readonly [path: string, text: string])[];

function textsIn(folder: string): Texts {
  const paths = existsSync(folder)
    ? readdirSync(folder).flatMap((stack) => COMPARED_FILES.map((file) => `${stack}/${file}`))
    : [];
  return paths
    .filter((path) => existsSync(join(folder, path)))
    .map((path) => [path, readRegularFile(join(folder, path)).toString("utf8")]);
}

function textsOfRef(name: string, review: string, root: string, environment: NodeJS.ProcessEnv) {
  const git = (...args: readonly string[]) => {
    const options = { cwd: root, maxBuffer: MAX_OUTPUT, env: { ...environment, LC_ALL: "C" } };
    const { status, stdout, stderr, error } = spawnSync("git", args, options);
    return { status, stdout, message: (error?.message ?? String(stderr)).trim().replaceAll(/\s*\n\s*/g, " ") };
  };
  const commit = git("rev-parse", "--verify", "--end-of-options", `${name}^{commit}`);
  if (commit.status !== 0) {
    const fetch = `git has no such ref here; in a pipeline fetch it first, with fetch-depth: 0 or git fetch origin ${name}`;
    const reasons = { "Needed a single revision": fetch, "not a git repository": "this is not a Git checkout" };
    const reason = Object.entries(reasons).find(([message]) => commit.message.includes(message))?.[1] ?? commit.message;
    throw new Error(`--against ${name}: ${reason}; write a folder of review packs as a path: ./old`);
  }
  if (commit.message.includes("is ambiguous")) {
    throw new Error(`--against ${name}: is both a branch and a tag; write refs/heads/${name} or refs/tags/${name}`);
  }
  const id = String(commit.stdout).trim();
  // As git names it: without "./" and without a slash at the end.
  const folder = relative(resolve(root), resolve(root, review)).replaceAll("\\", "/");
  const archive = git("-c", "core.autocrlf=false", "archive", "--format=zip", "-0", id, "--", `:(glob)${folder}/*/*.json`);
  if (archive.status !== 0 && !archive.message.includes("did not match any files")) {
    throw new Error(`--against ${name}: ${archive.message}`);
  }
  const files = archive.status === 0 ? unzipSync(archive.stdout) : {};
  const texts = Object.entries(files).map(([path, text]) => [path.slice(folder.length + 1), strFromU8(text)] as const);
  return [`git ref ${name} (${id.slice(0, 8)})`, folder, texts] as const;
}

/** Review packs by stack. Terraform JSON and settings are read here once, so that a damaged one is named. */
function packsOf(texts: Texts, folder: string): Packs {
  const files = texts
    .map(([path, text]) => ({ path, text, stack: path.slice(0, path.indexOf("/")), file: path.slice(path.indexOf("/") + 1) }))
    .filter(({ file }) => COMPARED_FILES.includes(file));
  const damaged = files.find(({ file, text }) => [MAIN_FILE, DEPLOYMENT_FILE].includes(file) && !isObject(parseJson(text)));
  if (damaged !== undefined) {
    throw new Error(`${join(folder, damaged.path)}: is not JSON; create the review packs again with ${dkpAccess("review")}`);
  }
  const stacks = [...grouped(files, ({ stack }) => stack)];
  return Object.fromEntries(
    stacks
      .filter(([, own]) => own.some(({ file }) => file === MAIN_FILE))
      .map(([stack, own]) => [stack, Object.fromEntries(own.map(({ file, text }) => [file, text]))]),
  );
}

import { isUtf8 } from "node:buffer";
import { randomBytes } from "node:crypto";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, isAbsolute, join, relative, resolve } from "node:path";
import { getSystemErrorMap } from "node:util";
import { ReportedError } from "./printable";

/**
 * The message of a file system error, on one line: path, the operating system's message, code.
 * Node.js names no path in some of them, and a temporary file in others. Undefined for any other
 * error.
 */
export function fileErrorMessage(error: unknown): string | undefined {
  const {
    errno = 0,
    path,
    dest = path,
    syscall = "",
  } = error as NodeJS.ErrnoException & { readonly dest?: string };
  const [code, message] = getSystemErrorMap().get(errno) ?? [];
  return code === undefined || dest === undefined || syscall.startsWith("spawn")
    ? undefined
    : `${dest}: ${message} (${code})${code === "ENOENT" ? "; check the path" : ""}`;
}

/**
 * Writes a file so that its path holds the old content or the new one, never a part: into a
 * temporary file in the same folder, which then takes the path. A symbolic link at the path is
 * replaced, and the file it points to stays as it is. What killed processes left in the folder is
 * removed.
 *
 * @param path in a folder that exists
 * @throws Error in one line that names the path, if it cannot be written; no temporary file is left
 * then
 */
export function writeFileAtomically(
  path: string,
  content: string | Uint8Array,
  { mode = 0o666 }: { readonly mode?: number } = {},
): void {
  const temporary = join(dirname(path), temporaryName(basename(path)));
  try {
    removeAbandoned(dirname(path));
    writeFileSync(temporary, content, { mode, flag: "wx" });
    renameSync(temporary, path);
  } catch (error) {
    if (existsSync(temporary)) {
      rmSync(temporary);
    }
    throw withPath(error, path);
  }
}

/**
 * Creates a folder and those above it, one at a time: Node.js reports a read-only file system only
 * then, and else a missing path.
 */
export function makeFolder(path: string): void {
  if (existsSync(path)) {
    return;
  }
  makeFolder(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") {
      throw error;
    }
  }
}

/** The name of a temporary file or folder. It has the process that writes it. */
export function temporaryName(name: string): string {
  return `.${name}.${randomBytes(6).toString("hex")}.${process.pid}.tmp`;
}

/** Removes what killed processes of this user left in a folder, as far as that is possible. */
export function removeAbandoned(folder: string): void {
  attempt(() => {
    for (const name of readdirSync(folder)) {
      attempt(() => removeIfAbandoned(join(folder, name)));
    }
  });
}

function removeIfAbandoned(path: string): void {
  const [, id] = /^\..+\.[0-9a-f]{12}\.(\d+)\.tmp$/.exec(basename(path)) ?? [];
  const owner = lstatSync(path).uid;
  // Windows has no IDs of users.
  if (id !== undefined && !isRunning(Number(id)) && owner === (process.getuid?.() ?? owner)) {
    rmSync(path, { recursive: true, force: true });
  }
}

/** Whether there is a process, also of another user. */
function isRunning(id: number): boolean {
  try {
    return process.kill(id, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/** Tidying is never a reason to fail. */
function attempt(tidy: () => void): void {
  try {
    tidy();
  } catch {
    // What cannot be removed stays.
  }
}

/**
 * A folder that a command writes into or deletes from.
 * @throws Error if it is there and is a symbolic link or a file
 */
export function requireRealFolder(path: string): void {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats !== undefined && !stats.isDirectory()) {
    const what = stats.isSymbolicLink() ? "a symbolic link" : "a file";
    throw new Error(`${path}: is ${what}, not a folder; remove it, or name another path`);
  }
}

/**
 * Paths that a command writes, each after the folders that it is in.
 * @throws Error if one is a symbolic link: what it points to would be overwritten
 */
export function requireNoLinks(paths: readonly string[]): void {
  const link = paths.find((path) => lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink());
  if (link !== undefined) {
    throw new ReportedError(`${link}: is a symbolic link; remove it and run the command again`);
  }
}

/**
 * A path without symbolic links, as far as it exists: what the operating system takes `..` from.
 */
export function physicalPath(path: string): string {
  const absolute = resolve(path);
  const above = dirname(absolute);
  return existsSync(absolute) || above === absolute
    ? realpathSync(absolute)
    : join(physicalPath(above), basename(absolute));
}

/** Whether a path is a folder, or lies in it. */
export function isInside(path: string, folder: string): boolean {
  const from = relative(folder, path);
  return !isAbsolute(from) && !/^\.\.(?:[/\\]|$)/.test(from);
}

/**
 * Reads a file.
 * @throws Error in one line that names the path, which Node.js does not if it is a folder
 */
export function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw withPath(error, path);
  }
}

/**
 * Reads a file as text.
 * @throws Error in one line that names the path, if it cannot be read or is not UTF-8
 */
export function readTextFile(path: string): string {
  return textIn(readBytes(path), path);
}

/**
 * What UTF-8 encodes. Other bytes would all be read as the same character, and so be equal.
 * @throws Error that has the name
 */
export function textIn(bytes: Buffer, name: string): string {
  if (!isUtf8(bytes)) {
    throw new Error(`${name}: is not encoded in UTF-8; save it in UTF-8`);
  }
  return bytes.toString("utf8");
}

/** An error of the file system as one about a path; any other error as it is. */
export function withPath(error: unknown, path: string): unknown {
  const { errno } = error as NodeJS.ErrnoException;
  return errno === undefined
    ? error
    : new Error(fileErrorMessage({ errno, path }), { cause: error });
}

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
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, isAbsolute, join, relative, resolve } from "node:path";
import { getSystemErrorMap } from "node:util";
import { isOwnUser, isRunning, processId } from "./processes";

/**
 * The message of a file system error, on one line: path, the operating system's message, code. Node.js names no path in some of them,
 * and a temporary file in others. Undefined for any other error.
 */
export function fileErrorMessage(error: unknown): string | undefined {
  const { errno = 0, path, dest = path, syscall = "" } = error as NodeJS.ErrnoException & { readonly dest?: string };
  const [code, message] = getSystemErrorMap().get(errno) ?? [];
  return code === undefined || dest === undefined || syscall.startsWith("spawn")
    ? undefined
    : `${dest}: ${message} (${code})${code === "ENOENT" ? "; check the path" : ""}`;
}

/**
 * Writes a file so that its path holds the old content or the new one, never a part: into a temporary file in the same folder,
 * which then takes the path. A symbolic link at the path is replaced, and the file it points to stays as it is. What killed processes
 * left in the folder is removed.
 *
 * @param path in a folder that exists
 * @throws Error in one line that names the path, if it cannot be written; no temporary file is left then
 */
export function writeFileAtomically(path: string, content: string | Uint8Array, { mode = 0o666 } = {}): void {
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

/** Creates a folder and those above it, one at a time: Node.js reports a read-only file system only then, and else a missing path. */
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
  return `.${name}.${randomBytes(6).toString("hex")}.${processId()}.tmp`;
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
  if (id !== undefined && !isRunning(Number(id)) && isOwnUser(lstatSync(path).uid)) {
    rmSync(path, { recursive: true, force: true });
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

/** A folder that a command writes into or deletes from. @throws Error if it is there and is a symbolic link or a file */
export function requireRealFolder(path: string): void {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats !== undefined && !stats.isDirectory()) {
    throw new Error(
      `${path}: is ${stats.isSymbolicLink() ? "a symbolic link" : "a file"}, not a folder; remove it, or name another path`,
    );
  }
}

/** Whether there is a file. @throws Error if there is something else, for example a symbolic link: commands read, write and delete files only */
export function isRealFile(path: string): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats !== undefined && !stats.isFile()) {
    throw new Error(
      `${path}: is ${stats.isSymbolicLink() ? "a symbolic link" : "not a file"}; remove it and run the command again`,
    );
  }
  return stats !== undefined;
}

/** A path without symbolic links, as far as it exists: what the operating system takes `..` from. */
export function physicalPath(path: string): string {
  const absolute = resolve(path);
  const above = dirname(absolute);
  return existsSync(absolute) || above === absolute ? realpathSync(absolute) : join(physicalPath(above), basename(absolute));
}

/** Whether a path is a folder, or lies in it. */
export function isInside(path: string, folder: string): boolean {
  const from = relative(folder, path);
  return !isAbsolute(from) && !/^\.\.(?:[/\\]|$)/.test(from);
}

/** Files of this project have less: the largest one, a review page, has some hundred KiB. */
const MAX_BYTES = 2 ** 24;

/**
 * Reads a regular file. Never waits for a FIFO, and never reads a device.
 * @param limit in bytes
 * @throws Error in one line that names the path, if it is something else, is larger or cannot be read
 */
export function readRegularFile(path: string, limit = MAX_BYTES): Buffer {
  try {
    const stats = statSync(path);
    if (!stats.isFile()) {
      throw new Error(`${path}: is not a regular file; replace it with one`);
    }
    if (stats.size > limit) {
      throw new Error(`${path}: is larger than ${limit / 2 ** 20} MiB, the limit; make it smaller`);
    }
    return readFileSync(path);
  } catch (error) {
    throw withPath(error, path);
  }
}

/** Reads a regular file as text. @throws Error in one line that names the path, as for the file, or if it is not UTF-8 */
export function readTextFile(path: string, limit = MAX_BYTES): string {
  return textIn(readRegularFile(path, limit), path);
}

/** What UTF-8 encodes. Other bytes would all be read as the same character, and so be equal. @throws Error that has the name */
export function textIn(bytes: Buffer, name: string): string {
  if (!isUtf8(bytes)) {
    throw new Error(`${name}: is not encoded in UTF-8; save it in UTF-8`);
  }
  return bytes.toString("utf8");
}

/** An error of the file system as one about a path. */
function withPath(error: unknown, path: string): unknown {
  const { errno } = error as NodeJS.ErrnoException;
  return errno === undefined ? error : new Error(fileErrorMessage({ errno, path }), { cause: error });
}

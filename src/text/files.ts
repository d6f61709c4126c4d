import { randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, isAbsolute, join, relative, resolve } from "node:path";

/** What the error codes of the operating system mean for a path, and the remedy. */
const FILE_ERRORS: Readonly<Record<string, string>> = {
  EACCES: "permission denied; change the permissions, or name another path",
  EDQUOT: "the disk quota is used up; free some space and run the command again",
  EEXIST: "exists already; remove it, or name another path",
  EFBIG: "the file is larger than this process may write; raise the limit (ulimit -f) and run the command again",
  EISDIR: "is a folder, not a file; remove it, or name another path",
  ELOOP: "too many symbolic links; name another path",
  ENAMETOOLONG: "the path is too long; name a shorter one",
  ENOENT: "no such file or folder; create it, or check the path",
  ENOSPC: "no space left on the device; free some space and run the command again",
  ENOTDIR: "a part of this path is not a folder; remove it, or name another path",
  ENOTEMPTY: "is a folder that is not empty; remove it, or name another path",
  EPERM: "operation not permitted; change the permissions, or name another path",
  EROFS: "the file system is read-only; name another path",
  ERR_FS_EISDIR: "is a folder, not a file; remove it, or name another path",
};

/** The message of a file system error, on one line: path, reason, code and remedy. `undefined` for any other error. */
export function fileErrorMessage(error: unknown): string | undefined {
  const { code = "", path, dest, syscall = "" } = error as NodeJS.ErrnoException & { readonly dest?: string };
  const reason = FILE_ERRORS[code];
  const file = dest ?? path;
  if (reason === undefined || file === undefined || syscall.startsWith("spawn")) {
    return undefined;
  }
  return `${file}: ${reason.replace(";", ` (${code});`)}`;
}

/**
 * Writes a file so that its path holds the old content or the new one, never a part: into a temporary file in the same folder,
 * which then takes the path. A symbolic link at the path is replaced, and the file it points to stays as it is.
 * A signal does not interrupt the write where the process handles signals, as every command does.
 *
 * @param path in a folder that exists
 * @throws Error in one line that names the path, if it cannot be written; no temporary file is left then
 */
export function writeFileAtomically(path: string, content: string | Uint8Array, { mode = 0o666 } = {}): void {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString("hex")}.tmp`);
  try {
    writeFileSync(temporary, content, { mode, flag: "wx" });
    renameSync(temporary, path);
  } catch (error) {
    if (existsSync(temporary)) {
      rmSync(temporary);
    }
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(fileErrorMessage({ code, path }) ?? `${path}: cannot be written (${code})`, { cause: error });
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

/** Whether there is a file. @throws Error if there is something else, a symbolic link for one: commands read, write and delete files only */
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

/** The content of a file, or why there is none: the code of a system error, or a rule that the file breaks, with the remedy. */
export type Content = { readonly bytes: Buffer } | { readonly code: string } | { readonly rule: string };

/** Reads a regular file of at most `limit` bytes. Never waits for a FIFO, and never reads a device. */
export function readContent(path: string, limit: number): Content {
  let file: number | undefined;
  try {
    // Without O_NONBLOCK, opening a FIFO waits for somebody who writes to it.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = fstatSync(file);
    if (stats.isDirectory()) {
      return { code: "EISDIR" };
    }
    if (!stats.isFile()) {
      return { rule: "is not a regular file; replace it with one" };
    }
    return stats.size > limit
      ? { rule: `is larger than ${inMiB(limit)}, the limit; make it smaller` }
      : { bytes: readFileSync(file) };
  } catch (error) {
    return { code: (error as NodeJS.ErrnoException).code ?? "unknown error" };
  } finally {
    if (file !== undefined) {
      closeSync(file);
    }
  }
}

/** Files of this project have less: the largest one, a review page, has some hundred KiB. */
const MAX_BYTES = 2 ** 24;

/**
 * Reads a regular file.
 * @param limit in bytes
 * @throws Error in one line that names the path, if it is something else, is larger or cannot be read
 */
export function readRegularFile(path: string, limit = MAX_BYTES): Buffer {
  const content = readContent(path, limit);
  if ("bytes" in content) {
    return content.bytes;
  }
  throw new Error(
    "rule" in content
      ? `${path}: ${content.rule}`
      : (fileErrorMessage({ code: content.code, path }) ?? `${path}: cannot be read (${content.code})`),
  );
}

const inMiB = (bytes: number) => `${bytes / 2 ** 20} MiB`;

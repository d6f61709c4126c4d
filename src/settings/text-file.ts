import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";

/** The largest settings file or DKP installation file that is read. Real ones have a few KiB. */
const MAX_BYTES = 1024 * 1024;

/** The text of a file, or why there is none: the code of a system error, or a rule that the file breaks, with the remedy. */
export type TextFile = { readonly text: string } | { readonly code: string } | { readonly rule: string };

/**
 * Reads a regular file of at most 1 MiB as UTF-8. Never waits for a FIFO, never reads a device or more than the limit,
 * and never replaces bytes that are not UTF-8.
 */
export function readTextFile(path: string): TextFile {
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
    const bytes = readAtMost(file, MAX_BYTES + 1);
    return bytes.length > MAX_BYTES ? { rule: "is larger than 1 MiB, the limit; make it smaller" } : decode(bytes);
  } catch (error) {
    return { code: (error as NodeJS.ErrnoException).code ?? "unknown error" };
  } finally {
    if (file !== undefined) {
      closeSync(file);
    }
  }
}

/** Reads until the end or the limit: what the file system says of a file's size is not always true, in `/proc` for one. */
function readAtMost(file: number, limit: number): Buffer {
  const buffer = Buffer.alloc(limit);
  let length = 0;
  let read: number;
  do {
    read = readSync(file, buffer, length, limit - length, null);
    length += read;
  } while (read > 0 && length < limit);
  return buffer.subarray(0, length);
}

function decode(bytes: Buffer): TextFile {
  const [first, second] = bytes;
  const byteOrderMark = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  if (byteOrderMark || first === 0 || second === 0) {
    return { rule: "is encoded in UTF-16; save it in UTF-8" };
  }
  try {
    return { text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { rule: "is not encoded in UTF-8; save it in UTF-8" };
  }
}

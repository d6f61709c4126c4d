import { isUtf8 } from "node:buffer";
import { readContent } from "../text/files";

/** The largest settings file or DKP installation file that is read. Real ones have a few KiB. */
const MAX_BYTES = 1024 * 1024;

/** The text of a file, or why there is none: the code of a system error, or a rule that the file breaks, with the remedy. */
export type TextFile = { readonly text: string } | { readonly code: string } | { readonly rule: string };

/**
 * Reads a regular file of at most 1 MiB as UTF-8. Never waits for a FIFO, never reads a device or more than the limit,
 * and never replaces bytes that are not UTF-8.
 */
export function readTextFile(path: string): TextFile {
  const content = readContent(path, MAX_BYTES);
  return "bytes" in content ? decode(content.bytes) : content;
}

function decode(bytes: Buffer): TextFile {
  const [first, second] = bytes;
  const byteOrderMark = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  if (byteOrderMark || first === 0 || second === 0) {
    return { rule: "is encoded in UTF-16; save it in UTF-8" };
  }
  return isUtf8(bytes) ? { text: bytes.toString("utf8") } : { rule: "is not encoded in UTF-8; save it in UTF-8" };
}

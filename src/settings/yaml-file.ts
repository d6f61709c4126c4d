import { isUtf8 } from "node:buffer";
import { type Document, isMap, isScalar, isSeq, LineCounter, type Node, parseAllDocuments } from "yaml";
import { readRegularFile } from "../text/files";
import type { FieldError } from "./errors";

/** A settings file: its plain value, and the line of each field. */
export interface YamlFile {
  readonly value: unknown;
  /** The line of a field, or of the nearest field above it that exists. */
  lineOf(path: readonly string[]): number | undefined;
}

const EMPTY = 'is empty; write at least "region" and "backend", the README shows a first file';

/** Reads YAML 1.2 text that holds exactly one document. */
export function parseYaml(text: string): { file: YamlFile } | { errors: readonly FieldError[] } {
  const parsed = parseDocuments(text);
  if ("errors" in parsed) {
    return parsed;
  }
  const [file, ...more] = parsed.files;
  if (file === undefined) {
    return { errors: [{ path: [], message: EMPTY }] };
  }
  return more.length === 0
    ? { file }
    : { errors: [{ path: [], message: `holds ${more.length + 1} YAML documents; write one deployment per file` }] };
}

/** Reads YAML 1.2 text of any number of documents; empty ones are passed over. */
export function parseDocuments(text: string): { files: readonly YamlFile[] } | { errors: readonly FieldError[] } {
  const lines = new LineCounter();
  const options = { lineCounter: lines, prettyErrors: false, stringKeys: true, resolveKnownTags: false };
  try {
    const documents: readonly Document[] = [...parseAllDocuments(text, options)];
    const errors = documents.flatMap((document) => [...document.errors, ...document.warnings]);
    if (errors.length > 0) {
      return { errors: errors.slice(0, MAX_YAML_ERRORS).map((error) => yamlError(error, lines)) };
    }
    const files = documents.map((document) => ({ value: plainValue(document), lineOf: lineFinder(document, lines) }));
    return { files: files.filter(({ value }) => value !== null && value !== undefined) };
  } catch {
    // The library's message about an alias quotes it.
    return { errors: [{ path: [], message: NOT_A_TREE }] };
  }
}

const NOT_A_TREE =
  "is nested too deeply, or has an alias without an anchor, one that holds itself, or aliases that grow too large; write the values out";

/** @throws Error if an alias has no anchor, holds itself or grows too large */
function plainValue(document: Document): unknown {
  const value: unknown = document.toJS();
  JSON.stringify(value);
  return value;
}

/** The largest settings file or installation file of DKP, in bytes. Real ones have a few KiB. */
const MAX_BYTES = 2 ** 20;

/** The text of a regular file in UTF-8. @throws Error in one line that begins with the path */
export function readText(path: string): string {
  const bytes = readRegularFile(path, MAX_BYTES);
  if (!isUtf8(bytes)) {
    throw new Error(`${path}: is not encoded in UTF-8; save it in UTF-8`);
  }
  return bytes.toString("utf8");
}

/** One error causes others after it, so only the first ones are reported. */
const MAX_YAML_ERRORS = 5;

/** Errors whose message from the library does not quote the file, where a secret may stand next to the error. */
const HARMLESS_MESSAGES: readonly string[] = [
  "BAD_INDENT",
  "BLOCK_AS_IMPLICIT_KEY",
  "DUPLICATE_KEY",
  "MISSING_CHAR",
  "MULTILINE_IMPLICIT_KEY",
  "NON_STRING_KEY",
  "TAB_AS_INDENT",
];

interface YamlError {
  readonly code: string;
  readonly message: string;
  readonly pos: readonly [number, ...number[]];
}

function yamlError({ code, message, pos }: YamlError, lines: LineCounter): FieldError {
  const why = HARMLESS_MESSAGES.includes(code)
    ? message
    : `${code.toLowerCase().replaceAll("_", " ")}; quote the value if it is a string`;
  return { line: lines.linePos(pos[0]).line, path: [], message: `is not valid YAML: ${why}` };
}

function lineFinder(document: Document, lines: LineCounter): YamlFile["lineOf"] {
  const lineOfNode = (node: Node | null | undefined) =>
    node?.range === undefined || node.range === null ? undefined : lines.linePos(node.range[0]).line;
  return (path) => {
    let node: unknown = document.contents;
    let line: number | undefined;
    for (const segment of path) {
      if (isMap(node)) {
        const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === segment);
        if (pair === undefined) {
          return line;
        }
        line = lineOfNode(pair.key as Node) ?? line;
        node = pair.value;
      } else if (isSeq(node)) {
        node = node.items[Number(segment)];
        line = lineOfNode(node as Node | undefined) ?? line;
      }
    }
    return line;
  };
}

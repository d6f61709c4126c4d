import {
  type Document,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  type YAMLError,
} from "yaml";
import { readTextFile } from "../text/files";
import { errorAt, type FieldError, showSegment } from "./errors";

/** A settings file: its plain value, and the line of each field. */
export interface YamlFile {
  readonly value: unknown;
  /** The line of a field, or of the nearest field above it that exists. */
  lineOf(path: readonly string[]): number | undefined;
  /** The file of a field, if it is another one than that of the deployment. */
  fileOf?(path: readonly string[]): string | undefined;
  /** Whether a field is in the file of the deployment, if fields can be elsewhere. */
  isOwn?(path: readonly string[]): boolean;
  /** A field without a value is not `null`. */
  isNull(path: readonly string[]): boolean;
  /**
   * The lines that end with the comment that `dkp-access init` marks values with, as `line 3, 5`.
   */
  readonly marked: readonly string[];
}

export interface Errors {
  readonly errors: readonly FieldError[];
}

const EMPTY = 'is empty; write at least "region" and "backend"';

/**
 * Reads YAML 1.2 text that holds exactly one document.
 * @param empty the error if it holds none
 */
export function parseYaml(text: string, empty: string = EMPTY): { file: YamlFile } | Errors {
  const parsed = parseDocuments(text);
  if ("errors" in parsed) {
    return parsed;
  }
  const [file, ...more] = parsed.files;
  if (file === undefined || more.length > 0) {
    const message =
      file === undefined ? empty : `holds ${more.length + 1} YAML documents; write one per file`;
    return { errors: [errorAt("", message)] };
  }
  return { file };
}

/** Reads YAML 1.2 text of any number of documents; empty ones are passed over. */
export function parseDocuments(text: string): { files: readonly YamlFile[] } | Errors {
  const lines = new LineCounter();
  const options = {
    lineCounter: lines,
    prettyErrors: false,
    stringKeys: true,
    resolveKnownTags: false,
  };
  try {
    const documents: readonly Document[] = [...parseAllDocuments(text, options)];
    // One error causes others after it, so only the first ones are reported.
    const errors = documents
      .flatMap((document) => [...document.errors, ...document.warnings])
      .slice(0, 5);
    if (errors.length > 0) {
      return {
        errors: errors.map((error) => ({
          ...errorAt("", yamlError(error, text)),
          line: lines.linePos(error.pos[0]).line,
        })),
      };
    }
    const marks = text
      .split(/\r?\n/)
      .flatMap((line, index) => (/[^#]# CHANGE *$/.test(line) ? [index + 1] : []));
    const marked = marks.length === 0 ? [] : [`line ${marks.join(", ")}`];
    const files = documents.map((document) => ({
      value: document.toJS() as unknown,
      lineOf: (path: readonly string[]) => lineIn(document, lines, path),
      isNull: (path: readonly string[]) => isWrittenNull(document.getIn(path, true)),
      marked,
    }));
    // Fails if an alias holds itself.
    JSON.stringify(files);
    return { files: files.filter(({ value }) => value !== null && value !== undefined) };
  } catch {
    // The library's message about an alias quotes it.
    const message =
      "is nested too deeply, or has an alias without an anchor, one that holds itself, " +
      "or aliases that grow too large; write the values out";
    return { errors: [errorAt("", message)] };
  }
}

function isWrittenNull(node: unknown): boolean {
  return isScalar(node) && node.value === null && node.source !== "";
}

/** Reads a file in UTF-8 with `parse`. */
export function readYaml<Parsed>(
  path: string,
  parse: (text: string) => Parsed | Errors,
): Parsed | Errors {
  try {
    return parse(readTextFile(path));
  } catch (error) {
    return { errors: [errorAt("", (error as Error).message.replace(`${path}: `, ""))] };
  }
}

/**
 * Errors whose message from the library does not quote the file, where a secret may stand next to
 * the error.
 */
const HARMLESS: readonly string[] = [
  "BAD_INDENT",
  "BLOCK_AS_IMPLICIT_KEY",
  "MISSING_CHAR",
  "MULTILINE_IMPLICIT_KEY",
  "NON_STRING_KEY",
  "TAB_AS_INDENT",
];

function yamlError({ code, message, pos: [start] }: YAMLError, text: string): string {
  if (code === "DUPLICATE_KEY") {
    const [key = ""] = /^[^\s:]*/.exec(text.slice(start)) ?? [];
    return `has the key ${showSegment(key)} twice; keep one of them`;
  }
  const why = `${code.toLowerCase().replaceAll("_", " ")}; quote the value if it is a string`;
  const remedy = code === "TAB_AS_INDENT" ? "; indent with spaces" : "";
  return `is not valid YAML: ${HARMLESS.includes(code) ? message : why}${remedy}`;
}

function lineIn(
  document: Document,
  lines: LineCounter,
  path: readonly string[],
): number | undefined {
  const nodes = path.map((_, index) => nodeAt(document, path.slice(0, index + 1)));
  const range = nodes.findLast((node) => isNode(node))?.range;
  return range === undefined || range === null ? undefined : lines.linePos(range[0]).line;
}

function nodeAt(document: Document, path: readonly string[]) {
  const above: unknown =
    path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  const key = path.at(-1);
  const node: unknown = isMap(above)
    ? above.items.find((pair) => String(pair.key) === key)?.key
    : isSeq(above) && above.get(Number(key), true);
  return isNode(node) ? node : undefined;
}

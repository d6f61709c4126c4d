import { Composer, type CST, type Document, isMap, isScalar, isSeq, LineCounter, type Node, Parser, visit } from "yaml";
import type { FieldError } from "./errors";
import { showSegment } from "./message-parts";
import { bidiControl } from "./rules/forbidden-characters";
import { secretIn } from "./secrets";
import { type Comment, scanYaml } from "./yaml-scan";

/** A settings file: its plain value, and the line of each field. */
export interface YamlFile {
  readonly value: unknown;
  /** The line of a field, or of the nearest field above it that exists. */
  lineOf(path: readonly string[]): number | undefined;
}

/** Reads YAML 1.2 text that holds exactly one document. */
export function parseYaml(text: string): { file: YamlFile } | { errors: readonly FieldError[] } {
  const parsed = parseDocuments(text);
  if ("errors" in parsed) {
    return parsed;
  }
  const inComments = parsed.comments.flatMap(commentErrors);
  if (inComments.length > 0) {
    return { errors: inComments.slice(0, MAX_YAML_ERRORS) };
  }
  const [file, ...more] = parsed.files;
  if (file === undefined) {
    return { errors: [{ path: [], message: EMPTY }] };
  }
  if (more.length > 0) {
    return { errors: [{ path: [], message: `holds ${more.length + 1} YAML documents; write one deployment per file` }] };
  }
  if (isDeeperThan(file.value, DEEPEST)) {
    return { errors: [{ path: [], message: TOO_DEEP }] };
  }
  return isLargerThan(file.value, MOST_VALUES) ? { errors: [{ path: [], message: tooMany() }] } : { file };
}

/** Comments are committed and read like everything else. */
function commentErrors({ line, text }: Comment): readonly FieldError[] {
  const secret = secretIn(text);
  const bidi = bidiControl(text);
  return [
    ...(secret === undefined
      ? []
      : [{ line, path: [], message: `the comment looks like ${secret} (not shown) and settings are committed; remove it` }]),
    ...(bidi === undefined
      ? []
      : [
          {
            line,
            path: [],
            message: `the comment has the character ${bidi}, which changes the order of what is shown; remove it`,
          },
        ]),
  ];
}

const EMPTY = 'is empty; write at least "region" and "backend", the README shows a first file';

/** Reads YAML 1.2 text of any number of documents; empty ones are passed over. */
export function parseDocuments(
  text: string,
): { files: readonly YamlFile[]; comments: readonly Comment[] } | { errors: readonly FieldError[] } {
  const { limit, comments, tokens } = scanYaml(text);
  if (limit !== undefined) {
    return { errors: [{ path: [], message: limit }] };
  }
  const lines = new LineCounter();
  const options = { lineCounter: lines, prettyErrors: false, stringKeys: true, resolveKnownTags: false };
  const parsed: readonly Document[] = [...new Composer(options).compose(parseTokens(tokens, lines))];
  const errors = parsed.flatMap((document) =>
    [...document.errors, ...document.warnings].map((error) => ({ ...error, message: error.message, document })),
  );
  if (errors.length > 0) {
    return {
      errors: errors
        .slice(0, MAX_YAML_ERRORS)
        .map((error) =>
          error.code === "DUPLICATE_KEY"
            ? { ...yamlError(error, lines), message: duplicateKey(error.document, error.pos[0]) }
            : yamlError(error, lines),
        ),
    };
  }
  const lost = text.includes("*") ? parsed.flatMap(aliasesWithoutAnchor) : [];
  if (lost.length > 0) {
    return {
      errors: lost.slice(0, MAX_YAML_ERRORS).map(({ range }) => yamlError({ code: "UNRESOLVED_ALIAS", pos: range }, lines)),
    };
  }
  let files: readonly YamlFile[];
  try {
    files = parsed.map((document) => ({ value: document.toJS(), lineOf: lineFinder(document, lines) }));
  } catch {
    return { errors: [{ path: [], message: "has aliases that grow too large; write the values out" }] };
  }
  return { files: files.filter(({ value }) => value !== null && value !== undefined), comments };
}

/** What the library's `Parser.parse` does, without its lexer: it has read the text already. */
function* parseTokens(tokens: readonly string[], lines: LineCounter): Generator<CST.Token> {
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  for (const token of tokens) {
    yield* parser.next(token);
  }
  yield* parser.end();
}

/** The library's message does not name the key. */
function duplicateKey(document: Document, offset: number): string {
  let key = "a key";
  visit(document, {
    Scalar: (_, { range, value }) => {
      if (range?.[0] === offset) {
        key = `the key ${showSegment(String(value))}`;
        return visit.BREAK;
      }
      return undefined;
    },
  });
  return `is not valid YAML: ${key} is duplicated; remove one`;
}

/** The library reports these only on conversion, without a position. */
function aliasesWithoutAnchor(document: Document): readonly { readonly range: readonly [number, ...number[]] }[] {
  const lost: { readonly range: readonly [number, ...number[]] }[] = [];
  visit(document, {
    Alias: (_, alias) => {
      if (alias.resolve(document) === undefined) {
        lost.push({ range: alias.range ?? [0] });
      }
    },
  });
  return lost;
}

/** One error causes others after it, so only the first ones are reported. */
const MAX_YAML_ERRORS = 5;
/** No setting is half as deep. */
const DEEPEST = 30;
const TOO_DEEP = `is nested more than ${DEEPEST} levels deep, or an alias holds itself; write it flatter`;

/** Values that a settings file may hold, each use of an alias counted. */
const MOST_VALUES = 5_000;
// Not a constant: the first use of a locale takes 15 ms of each start.
const tooMany = () => `holds more than ${MOST_VALUES.toLocaleString("en")} values; make it shorter`;

function isLargerThan(value: unknown, limit: number): boolean {
  let count = 0;
  const exceeds = (inner: unknown): boolean => {
    count += 1;
    return count > limit || (typeof inner === "object" && inner !== null && Object.values(inner).some(exceeds));
  };
  return exceeds(value);
}

function isDeeperThan(value: unknown, levels: number): boolean {
  return (
    typeof value === "object" &&
    value !== null &&
    (levels === 0 || Object.values(value).some((inner) => isDeeperThan(inner, levels - 1)))
  );
}

/** Errors whose message from the library does not quote the file, where a secret may stand next to the error. */
const HARMLESS_MESSAGES: readonly string[] = [
  "BAD_INDENT",
  "BLOCK_AS_IMPLICIT_KEY",
  "MISSING_CHAR",
  "MULTILINE_IMPLICIT_KEY",
  "NON_STRING_KEY",
  "TAB_AS_INDENT",
];

interface YamlError {
  readonly code: string;
  readonly message?: string;
  readonly pos: readonly [number, ...number[]];
}

function yamlError(error: YamlError, lines: LineCounter): FieldError {
  const why = HARMLESS_MESSAGES.includes(error.code)
    ? error.message
    : `${error.code.toLowerCase().replaceAll("_", " ")}; quote the value if it is a string`;
  return { line: lines.linePos(error.pos[0]).line, path: [], message: `is not valid YAML: ${why}` };
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

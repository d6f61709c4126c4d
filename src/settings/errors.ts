import { distance } from "fastest-levenshtein";
import { grouped } from "../text/grouped";
import { ReportedError, visible } from "../text/printable";
import { secretIn } from "./rules/forbidden-strings";

export interface FieldError {
  /** The file that has the value, if it is not that of the deployment. */
  readonly file?: string | undefined;
  /** Line in the file, counted from 1, if it is known. */
  readonly line?: number | undefined;
  /** Path of the field; empty for the file as a whole. */
  readonly path: readonly string[];
  /** The value received, the rule and the remedy; follows "FIELD: ". */
  readonly message: string;
}

/** @param field `user.name`; empty for the file as a whole */
export function errorAt(field: string, message: string): FieldError {
  return { path: field === "" ? [] : field.split("."), message };
}

/** The first error of each field. */
export function firstErrors(errors: readonly FieldError[]): readonly FieldError[] {
  return [
    ...new Map(errors.toReversed().map((error) => [JSON.stringify(error.path), error])).values(),
  ].toReversed();
}

/**
 * Settings that cannot be used. The message lists every error of every file, ready to be printed.
 */
export class SettingsError extends ReportedError {
  constructor(errors: ReadonlyMap<string, readonly FieldError[]>) {
    const found = [...errors].flatMap(([source, list]) => list.map((error) => ({ source, error })));
    const byFile = grouped(found, ({ source, error }) => error.file ?? source);
    super([...byFile].map(([file, inFile]) => describeFile(file, inFile)).join("\n"));
  }
}

interface Found {
  readonly source: string;
  readonly error: FieldError;
}

function describeFile(file: string, found: readonly Found[]): string {
  const same = grouped(found, ({ error: { line, path, message } }) =>
    JSON.stringify([line, path, message]),
  );
  const errors = [...same.values()].flatMap((each) => withSources(file, each));
  const count = errors.length === 1 ? "1 error" : `${errors.length} errors`;
  const lines = errors
    .sort((a, b) => (a.line ?? 0) - (b.line ?? 0))
    .map((error) => `  ${visible(describe(error))}`);
  return [`${visible(file)} has ${count}:`, ...lines].join("\n");
}

/** One error that several sources may have, with their names. */
function withSources(file: string, [first, ...more]: readonly Found[]): readonly FieldError[] {
  if (first === undefined) {
    return [];
  }
  const sources = [first, ...more].map(({ source }) => source).filter((source) => source !== file);
  const names = sources.length === 0 ? "" : ` (for ${listed(sources)})`;
  return [{ ...first.error, message: `${first.error.message}${names}` }];
}

/**
 * An error on one line.
 * @param file stands before the line and the path
 */
export function describe({ line, path, message }: FieldError, file = ""): string {
  const location = [file, line === undefined ? "" : `line ${line}`, path.join(".")]
    .filter((part) => part !== "")
    .join(", ");
  return location === "" ? message : `${location}: ${message}`;
}

export const EMPTY = "is empty; write a value or remove it";

const LONGEST_ECHO = 80;
const LONGEST_LIST = 12;

/**
 * A value for a message: a string in quotes, cut when long; of lists and objects only the type.
 * Fields of secrets never use it.
 */
export function show(value: unknown): string {
  if (value === null || value === undefined) {
    return "nothing";
  }
  if (typeof value === "object") {
    return Array.isArray(value) ? "a list" : "an object";
  }
  const text = typeof value === "string" ? visible(JSON.stringify(value)) : String(value);
  return text.length <= LONGEST_ECHO
    ? text
    : `${text.slice(0, LONGEST_ECHO)}... (${String(value).length} characters)`;
}

/** A key for the path of a message: somebody may have written a secret as a key. */
export function showSegment(segment: string): string {
  if (secretIn(segment) !== undefined) {
    return "(a secret)";
  }
  return /^[\x21-\x7e]{1,80}$/.test(segment) ? segment : show(segment);
}

/** The known word that a misspelt one most likely means; undefined if none is near. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  // People confuse case and separators without misspelling.
  const plain = (text: string) => text.toLowerCase().replaceAll(/[-_]/g, "");
  const [best] = known
    .map((candidate) => ({ candidate, edits: distance(plain(word), plain(candidate)) }))
    .sort((one, other) => one.edits - other.edits);
  return best !== undefined && best.edits <= Math.ceil(word.length / 3)
    ? best.candidate
    : undefined;
}

/** `did you mean "X"?` if a known word is near, else the list of them. */
export function suggest(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  return near === undefined ? `known are ${listed(known)}` : `did you mean "${near}"?`;
}

/** The first names of a list, and how many there are. */
export function listed(names: readonly string[]): string {
  const more = names.length > LONGEST_LIST ? `, ... (${names.length} in all)` : "";
  return `${names.slice(0, LONGEST_LIST).join(", ")}${more}`;
}

import { ReportedError, visible } from "../text/printable";

/** One thing wrong in the settings. */
export interface FieldError {
  /** Line in the file, counted from 1, where it is known. */
  readonly line?: number | undefined;
  /** Path of the field; empty for the file as a whole. */
  readonly path: readonly string[];
  /** The value received, the rule and the remedy; follows "FIELD: ". */
  readonly message: string;
}

/** An error of a field. @param field `user.name`; empty for the file as a whole */
export function errorAt(field: string, message: string): FieldError {
  return { path: field === "" ? [] : field.split("."), message };
}

/** The first error of each field. */
export function firstErrors(errors: readonly FieldError[]): readonly FieldError[] {
  return [...new Map(errors.toReversed().map((error) => [JSON.stringify(error.path), error])).values()].toReversed();
}

/** Settings that cannot be used. The message lists every error of every file and is meant to be printed as it is. */
export class SettingsError extends ReportedError {
  constructor(errors: ReadonlyMap<string, readonly FieldError[]>) {
    super([...errors].map(([file, list]) => describeFile(file, list)).join("\n"));
  }
}

function describeFile(file: string, errors: readonly FieldError[]): string {
  const count = errors.length === 1 ? "1 error" : `${errors.length} errors`;
  const lines = [...errors].sort((a, b) => (a.line ?? 0) - (b.line ?? 0)).map((error) => `  ${visible(describe(error))}`);
  return [`${visible(file)} has ${count}:`, ...lines].join("\n");
}

/** An error on one line. @param file stands before the line and the path */
export function describe({ line, path, message }: FieldError, file = ""): string {
  const location = [file, line === undefined ? "" : `line ${line}`, path.join(".")].filter((part) => part !== "").join(", ");
  return location === "" ? message : `${location}: ${message}`;
}

import { visible } from "../text/printable";

/** One thing wrong in the settings. */
export interface FieldError {
  /** Line in the file, counted from 1, where it is known. */
  readonly line?: number | undefined;
  /** Path of the field; empty for the file as a whole. */
  readonly path: readonly string[];
  /** The value received, the rule and the remedy; follows "FIELD: ". */
  readonly message: string;
}

/** The first error of each field, and errors of other kinds where neither the field nor what it lies in has one. */
export function firstErrors(errors: readonly FieldError[], others: readonly FieldError[]): readonly FieldError[] {
  const paths = new Set<string>();
  const isFirst = ({ path }: FieldError) => {
    const key = JSON.stringify(path);
    return !paths.has(key) && paths.add(key) !== undefined;
  };
  const first = errors.filter(isFirst);
  const isAlone = ({ path }: FieldError) => path.every((_, index) => !paths.has(JSON.stringify(path.slice(0, index + 1))));
  return [...first, ...others.filter(isAlone)];
}

/** Settings that can't be used. The message lists every error of every file and is meant to be printed as it is. */
export class SettingsError extends Error {
  constructor(readonly errors: ReadonlyMap<string, readonly FieldError[]>) {
    super([...errors].map(([file, list]) => describeFile(file, list)).join("\n"));
    this.name = "SettingsError";
  }
}

function describeFile(file: string, errors: readonly FieldError[]): string {
  const count = errors.length === 1 ? "1 error" : `${errors.length} errors`;
  const lines = [...errors].sort((a, b) => (a.line ?? 0) - (b.line ?? 0)).map((error) => `  ${describe(error)}`);
  return [`${visible(file)} has ${count}:`, ...lines].join("\n");
}

function describe({ line, path, message }: FieldError): string {
  const location = [line === undefined ? "" : `line ${line}`, path.join(".")].filter((part) => part !== "").join(", ");
  return location === "" ? message : `${location}: ${message}`;
}

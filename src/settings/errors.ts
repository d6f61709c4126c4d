import { visible } from "../render/printable";

/** One thing wrong in the settings. */
export interface Problem {
  /** Line in the file, counted from 1, where it is known. */
  readonly line?: number | undefined;
  /** Path of the field; empty for the file as a whole. */
  readonly path: readonly string[];
  /** The value received, the rule and the remedy, in words that follow "FIELD: ". */
  readonly message: string;
}

/** The first problem of each field, and problems of other kinds where neither the field nor what it lies in has one. */
export function firstProblems(problems: readonly Problem[], others: readonly Problem[]): readonly Problem[] {
  const paths = new Set<string>();
  const isFirst = ({ path }: Problem) => {
    const key = JSON.stringify(path);
    return !paths.has(key) && paths.add(key) !== undefined;
  };
  const first = problems.filter(isFirst);
  const isAlone = ({ path }: Problem) => path.every((_, index) => !paths.has(JSON.stringify(path.slice(0, index + 1))));
  return [...first, ...others.filter(isAlone)];
}

/** Settings that can't be used. The message lists every problem of every file and is meant to be printed as it is. */
export class SettingsError extends Error {
  constructor(readonly problems: ReadonlyMap<string, readonly Problem[]>) {
    super([...problems].map(([file, list]) => describeFile(file, list)).join("\n"));
    this.name = "SettingsError";
  }
}

function describeFile(file: string, problems: readonly Problem[]): string {
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  const lines = [...problems].sort((a, b) => (a.line ?? 0) - (b.line ?? 0)).map((problem) => `  ${describe(problem)}`);
  return [`${visible(file)} has ${count}:`, ...lines].join("\n");
}

function describe({ line, path, message }: Problem): string {
  const place = [line === undefined ? "" : `line ${line}`, path.join(".")].filter((part) => part !== "").join(", ");
  return place === "" ? message : `${place}: ${message}`;
}

import { parseRange } from "./address-ranges";
import type { Test } from "./model";

/**
 * Every `${...}` but `${*}`, `${?}` and `${$}`, which stand for the character. A default in quotes may contain a brace:
 * `${aws:PrincipalTag/team, 'a}b'}`. One that is not closed reaches to the end.
 */
export const VARIABLES = /\$\{(?![*?$]\})(?:[^}']|'[^']*')*(?:\}|[\s\S]*$)/g;

/** A string with the names of its variables in lower case, because IAM ignores their case. Defaults keep theirs. */
export function withFoldedVariables(text: string): string {
  const folded = (variable: string) => variable.replace(/^[^',]*/, (name) => name.toLowerCase());
  return text.replaceAll(VARIABLES, (variable) => (variable.endsWith("}") ? folded(variable) : variable));
}

/** Whether a string has a policy variable. Source: IAM user guide, "IAM policy elements: Variables and tags". */
export function hasVariable(text: string): boolean {
  return text.search(VARIABLES) >= 0;
}

/** Whether a value of a condition is understood, so that its operator can be decided. */
export function isDecidableValue(test: Test, value: string, variables: boolean): boolean {
  switch (test) {
    case "equals":
    case "like":
      return !(variables && hasVariable(value));
    case "equals-ignore-case":
      // How IAM folds other letters is not documented.
      return !(variables && hasVariable(value)) && /^[\x20-\x7e]*$/.test(value);
    case "arn":
      return !(variables && hasVariable(value)) && /^arn(?::[^:]*){4}:/.test(value);
    case "bool":
    case "null":
      return /^(?:true|false)$/i.test(value);
    case "address":
      return parseRange(value) !== undefined;
    default:
      return (test.startsWith("date-") ? parseDate(value) : parseNumber(value)) !== undefined;
  }
}

/**
 * Reads an integer or decimal of at most 15 digits, which a double holds exactly enough to be ordered. AWS does not document how IAM compares
 * longer ones, so that they are not read.
 */
export function parseNumber(text: string): number | undefined {
  return /^-?(?=(?:\d\.?){1,15}$)\d+(?:\.\d+)?$/.test(text) ? Number(text) : undefined;
}

/**
 * Reads a date in UTC, `2026-11-25` or `2026-11-25T12:00:00Z`, or seconds since 1970, as seconds since 1970. Four digits can be a year, and
 * days that no month has are not read.
 */
export function parseDate(text: string): number | undefined {
  if (/^(?!\d{4}$)\d{1,10}$/.test(text)) {
    return Number(text);
  }
  const seconds = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\dZ)?$/.test(text) ? Date.parse(text) / 1000 : Number.NaN;
  return !Number.isNaN(seconds) && formatDate(seconds).startsWith(text) ? seconds : undefined;
}

/** Writes seconds since 1970 as a date in UTC. */
export function formatDate(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
}

import { recovery } from "../../../text/recovery";
import { shellWord } from "../../../text/shell";
import type { Reading } from "../aws/iam-reader";

/** Something that exists beside what Terraform manages. */
export interface DriftFinding {
  readonly verdict: "found";
  /** The object that it belongs to: "user deckhouse". */
  readonly object: string;
  /** What is there. */
  readonly found: string;
  /** What it allows or breaks, in one sentence. */
  readonly risk: string;
  /** Alternatives: a change of the settings, or a command. */
  readonly remedies: readonly string[];
}

/** Something that could not be read. */
export interface DriftUnknown {
  readonly verdict: "unknown";
  readonly object: string;
  /** What could not be read, and why. */
  readonly found: string;
}

export type DriftResult = DriftFinding | DriftUnknown;

export function finding(object: string, found: string, risk: string, ...remedies: readonly string[]): DriftFinding {
  return { verdict: "found", object, found, risk, remedies };
}

/** What follows from what was read, or that it is unknown. @param what a part of the object: "its groups" */
export function compared<T>(
  object: string,
  what: string,
  reading: Reading<T>,
  compare: (value: T) => readonly DriftFinding[],
): readonly DriftResult[] {
  return "value" in reading
    ? compare(reading.value)
    : [{ verdict: "unknown", object, found: `${what} cannot be read: ${reading.unread}` }];
}

/** One finding per item that is not among the managed ones. */
export function unmanaged<T>(items: readonly T[], managed: readonly T[], describe: (item: T) => DriftFinding) {
  return items.filter((item) => !managed.includes(item)).map(describe);
}

/** A command of the AWS CLI that a person copies: `aws iam delete-user-policy --user-name deckhouse --policy-name extra`. */
export function awsIam(command: string, options: Readonly<Record<string, string>>): string {
  const words = Object.entries(options).flatMap(([name, value]) => [`--${name}`, shellWord(value)]);
  return ["aws iam", command, ...words].join(" ");
}

/** The remedy that changes a setting. */
export const set = (stack: string, setting: string) => `set ${setting} in the settings of ${stack}, and apply`;

/** The remedy for a managed property that was changed. */
export const APPLY = `apply: Terraform restores it (${recovery("manual-changes")})`;

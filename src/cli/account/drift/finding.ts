import { dkpAccess } from "../../text/command";
import { recovery } from "../../text/recovery";
import { shellWord } from "../../text/shell";
import type { Reading } from "../aws/iam-reader";

/** Something that exists beside what Terraform manages, or that could not be read. */
export interface DriftResult {
  readonly verdict: "found" | "unknown";
  /** The object that it belongs to: "user deckhouse". */
  readonly object: string;
  /** What is there, or why that is unknown. */
  readonly found: string;
  /** What it allows or breaks, in one sentence. */
  readonly risk?: string;
  /** Alternatives: a change of the settings, or a command. */
  readonly remedies?: readonly string[];
}

/** A finding about an object. */
export type Found = readonly [found: string, risk: string, ...remedies: readonly string[]];

/** A part of an object: what is read, such as "its groups", and what of it Terraform does not manage. */
export type Part = readonly [what: string, findings: Promise<Reading<readonly Found[] | "missing">>];

/** A part of an object. */
export function part<T>(what: string, reading: Promise<Reading<T>>, judge: (value: T) => readonly Found[] | "missing"): Part {
  return [what, reading.then((read) => ("value" in read ? { value: judge(read.value) } : read))];
}

/** A part that is a list: one finding for each item that is not among the managed ones. */
export function others(
  what: string,
  reading: Promise<Reading<readonly string[]>>,
  managed: readonly string[],
  describe: (item: string) => Found,
): Part {
  return part(what, reading, (items) => items.filter((item) => !managed.includes(item)).map(describe));
}

/** What was found about an object. */
export interface ObjectDrift {
  readonly object: string;
  /** Whether IAM does not have the object. */
  readonly missing: boolean;
  readonly results: readonly DriftResult[];
}

/** What the parts of an object have beside what Terraform manages, in their order. */
export async function driftOf(object: string, parts: readonly Part[]): Promise<ObjectDrift> {
  const read = await Promise.all(parts.map(async ([what, findings]) => ({ what, findings: await findings })));
  return {
    object,
    missing: read.some(({ findings }) => "value" in findings && findings.value === "missing"),
    results: read.flatMap(({ what, findings }): readonly DriftResult[] => {
      if ("unread" in findings) {
        return [{ verdict: "unknown", object, found: `${what} cannot be read: ${findings.unread}` }];
      }
      const all = findings.value === "missing" ? [] : findings.value;
      return all.map(([found, risk, ...remedies]) => ({ verdict: "found", object, found, risk, remedies }));
    }),
  };
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

/** The remedy where no state is reachable: what the settings do not describe may be what is deployed. */
export const removeNothing = (stack: string) =>
  `remove nothing: make the state readable (terraform init), and run ${dkpAccess("drift", stack)} again`;

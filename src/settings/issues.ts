import * as v from "valibot";
import type { Problem } from "./problems";
import { deploymentSchema } from "./schema";
import { EMPTY } from "./schema-parts";
import { show, suggest } from "./words";

/** Settings of what is designed and not built: named in the message instead of "unknown". */
const LATER = ["attachment", "group", "accessKeys", "nodeRole", "preflight", "adopt"];

/** A fault that the schema found, in words. */
export function issueProblem(issue: v.BaseIssue<unknown>): Problem {
  const path = (issue.path ?? []).map(({ key }) => String(key));
  return { path, message: issueMessage(issue, path) };
}

/** The message of a fault of shape; rules of the schema bring their own. */
function issueMessage(issue: v.BaseIssue<unknown>, path: readonly string[]): string {
  const key = path.at(-1) ?? "";
  if (issue.input === null) {
    return EMPTY;
  }
  if (issue.kind !== "schema" || issue.type === "picklist" || issue.type === "custom") {
    return issue.message;
  }
  if (issue.type === "never") {
    const known = knownKeys(path.slice(0, -1));
    return path.length === 1 && LATER.includes(key) ? "is not built yet; remove it" : `unknown setting, ${suggest(key, known)}`;
  }
  if (issue.input === undefined) {
    return `missing; ${MISSING[path.join(".")] ?? descriptionOf(path)}`;
  }
  return issue.message.startsWith("Invalid type")
    ? `${show(issue.input)} is not ${EXPECTED[issue.type] ?? issue.expected}`
    : issue.message;
}

/** What to write where a required field is missing. */
const MISSING: Readonly<Record<string, string>> = {
  region: 'write the region DKP will run in, for example "eu-central-1"',
};

const EXPECTED: Readonly<Record<string, string>> = {
  string: "a text; write one value in quotes",
  boolean: "true or false",
  array: "a list; write one item per line, each after a dash",
  loose_object: "an object; write KEY: VALUE lines below it",
  record: "an object; write KEY: VALUE lines below it",
  object_with_rest: "an object; write KEY: VALUE lines below it",
};

type Entries = Readonly<Record<string, v.GenericSchema>>;

function knownKeys(path: readonly string[]): readonly string[] {
  return Object.keys(entriesAt(path));
}

/** The fields of the schema's object at a path; none where there is no such object. */
function entriesAt(path: readonly string[]): Entries {
  return path.reduce<Entries>((entries, key) => {
    const field = entries[key];
    return field === undefined ? {} : ((unwrap(field) as { entries?: Entries }).entries ?? {});
  }, deploymentSchema.entries);
}

function unwrap(schema: v.GenericSchema): v.GenericSchema {
  return schema.type === "optional" ? (schema as unknown as { wrapped: v.GenericSchema }).wrapped : schema;
}

function descriptionOf(path: readonly string[]): string {
  const field = entriesAt(path.slice(0, -1))[path.at(-1) ?? ""];
  return field === undefined ? "write it" : (v.getDescription(unwrap(field) as never) ?? "write it");
}

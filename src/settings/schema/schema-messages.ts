import type * as v from "valibot";
import { isObject } from "../../text/json";
import type { FieldError } from "../errors";
import { EMPTY, show, suggest } from "../message-parts";
import { unknownArgument } from "./backend-schema";
import { knownKeys, pathsOfKey } from "./fields";

/** The errors of one issue that the schema found: several if the value matches neither shape of a union. */
export function issueErrors(issue: v.BaseIssue<unknown>, above: readonly string[] = []): readonly FieldError[] {
  const path = [...above, ...(issue.path ?? []).map(({ key }) => String(key))];
  // A union of an object and a literal: an object is reported as the object it is meant to be.
  if (issue.type === "union" && isObject(issue.input)) {
    return (issue.issues ?? []).filter(({ type }) => type !== "literal").flatMap((inner) => issueErrors(inner, path));
  }
  return [{ path, message: issueMessage(issue, path) }];
}

/** The message of an error of shape. Rules of the schema have their own. */
function issueMessage(issue: v.BaseIssue<unknown>, path: readonly string[]): string {
  const key = path.at(-1) ?? "";
  if (issue.input === null) {
    return EMPTY;
  }
  if (issue.kind !== "schema" || ["picklist", "custom", "union"].includes(issue.type)) {
    return issue.message;
  }
  if (issue.type === "never") {
    const known = knownKeys(path.slice(0, -1));
    return path[0] === "backend" || path[0] === "cloud"
      ? unknownArgument(path, known)
      : `unknown setting, ${elsewhere(path) ?? suggest(key, known)}`;
  }
  if (issue.input === undefined) {
    return `missing; ${MISSING[path.join(".")] ?? "write it"}`;
  }
  return issue.message.startsWith("Invalid type")
    ? `${show(issue.input)} is not ${EXPECTED[issue.type] ?? issue.expected}`
    : issue.message;
}

/** What to write where a required field is missing. */
const MISSING: Readonly<Record<string, string>> = {
  region: 'write the region DKP will run in, for example "eu-central-1"',
  "nodeRole.name": 'write the name of the role, for example "deckhouse-nodes"',
};

const EXPECTED: Readonly<Record<string, string>> = {
  string: "a string; write one value in quotes",
  number: "a number; write it without quotes",
  boolean: "true or false",
  array: "a list; write one item per line, each after a dash",
};

/** Where a key of the top level belongs; undefined where it is a misspelt one, or belongs nowhere. */
function elsewhere([key = "", ...inner]: readonly string[]): string | undefined {
  const paths = inner.length > 0 ? [] : pathsOfKey(key);
  return paths.length === 0 ? undefined : `did you mean ${paths.map((path) => `"${path}"`).join(" or ")}?`;
}

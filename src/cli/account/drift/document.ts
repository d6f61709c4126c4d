import { canonical, isObject, listOf } from "../../../text/json";
import { denial } from "../../iam/leaked-key";
import type { StoredDocument } from "../aws/iam-reader";

/** Whether two policies have the same statements. IAM ignores order and the case of actions; statement IDs grant nothing. */
export function sameDocument(one: StoredDocument, other: StoredDocument): boolean {
  return canonical(comparable(one)) === canonical(comparable(other));
}

/** Whether a document is the one that denies the sessions of a leaked key, whatever its time: it denies nothing to a key. */
export function isOwnDenial(document: StoredDocument): boolean {
  const [, time = ""] = /"aws:TokenIssueTime":"([^"]*)"/.exec(JSON.stringify(document)) ?? [];
  return sameDocument(document, denial(time));
}

/**
 * What a policy grants beyond a list of actions: each action that is not listed, and `NotAction` as a whole.
 * @returns actions as they are written in the policy, sorted
 */
export function actionsBeyond(document: StoredDocument, expected: readonly string[]): readonly string[] {
  const listed = new Set(expected.map((action) => action.toLowerCase()));
  const granted = statements(document)
    .filter(({ Effect }) => Effect !== "Deny")
    .flatMap(({ Action, NotAction }) => [
      ...listOf(Action).map(String),
      ...(NotAction === undefined ? [] : [`all except ${listOf(NotAction).join(", ")}`]),
    ]);
  return [...new Set(granted.filter((action) => !listed.has(action.toLowerCase())))].sort();
}

/** All actions that a policy lists. */
export function actionsOf(document: StoredDocument): readonly string[] {
  return statements(document).flatMap(({ Action }) => listOf(Action).map(String));
}

const statements = ({ Statement }: StoredDocument) => listOf(Statement) as readonly Readonly<Record<string, unknown>>[];

const comparable = (document: StoredDocument) =>
  statements(document).map(({ Sid, Action, NotAction, ...rest }) => ({
    ...(asLists(rest) as object),
    Action: lowerCase(Action),
    NotAction: lowerCase(NotAction),
  }));

const lowerCase = (value: unknown) => listOf(value).map((action) => String(action).toLowerCase());

/** A single value is a list of one. */
function asLists(value: unknown): unknown {
  return isObject(value)
    ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, asLists(inner)]))
    : listOf(value).map(String);
}

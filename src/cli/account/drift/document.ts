import { isObject } from "../../../text/json";
import { listOf } from "../../text/json";
import type { StoredDocument } from "../aws/iam-reader";

/** Whether two policies have the same statements. IAM ignores order and the case of actions; statement IDs grant nothing. */
export function sameDocument(one: StoredDocument, other: StoredDocument): boolean {
  return canonical(one) === canonical(other);
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

function canonical(document: StoredDocument): string {
  const rows = statements(document).map(({ Sid, Action, NotAction, ...rest }) =>
    JSON.stringify(sorted({ ...rest, Action: lowerCase(Action), NotAction: lowerCase(NotAction) })),
  );
  return JSON.stringify([...new Set(rows)].sort());
}

const statements = ({ Statement }: StoredDocument) => listOf(Statement) as readonly Readonly<Record<string, unknown>>[];

const lowerCase = (value: unknown) => listOf(value).map((action) => String(action).toLowerCase());

/** A value with sorted keys and lists; a single value is a list of one. */
function sorted(value: unknown): unknown {
  if (isObject(value)) {
    const entries = Object.entries(value).map(([key, inner]) => [key, sorted(inner)] as const);
    return Object.fromEntries(entries.sort(([one], [other]) => (one < other ? -1 : 1)));
  }
  return listOf(value).map(String).sort();
}

import { matchesAction } from "../../../../../src/iam/action-patterns";
import { canonical, isObject, type JsonObject, listOf } from "../../../../../src/text/json";
import { denial } from "../../iam/leaked-key";
import type { StoredDocument } from "../aws/iam-reader";

/**
 * Whether two policies have the same statements. IAM ignores order and the case of actions;
 * statement IDs grant nothing.
 */
export function sameDocument(one: StoredDocument, other: StoredDocument): boolean {
  return canonical(comparable(one)) === canonical(comparable(other));
}

/**
 * Whether a document is the one that denies the sessions of a leaked key, whatever its time. It
 * denies nothing to a key.
 */
export function isOwnDenial(document: StoredDocument): boolean {
  const [, time = ""] = /"aws:TokenIssueTime":"([^"]*)"/.exec(JSON.stringify(document)) ?? [];
  return sameDocument(document, denial(time));
}

/**
 * The actions, and `NotAction` as a whole, that a policy grants beyond a list.
 * @returns actions as the policy has them, sorted
 */
export function actionsBeyond(
  document: StoredDocument,
  expected: readonly string[],
): readonly string[] {
  const listed = new Set(expected.map((action) => action.toLowerCase()));
  const granted = statements(document)
    .filter(({ Effect }) => Effect !== "Deny")
    .flatMap(({ Action, NotAction }) => [
      ...listOf(Action).map(String),
      ...(NotAction === undefined ? [] : [`all except ${listOf(NotAction).join(", ")}`]),
    ]);
  return [...new Set(granted.filter((action) => !listed.has(action.toLowerCase())))].sort();
}

/**
 * The actions of the list that a policy denies, whatever its resources and conditions.
 * @returns `isLimited`: each statement that denies one has conditions, or not all resources
 */
export function deniedActions(
  document: StoredDocument,
  required: readonly string[],
): { readonly actions: readonly string[]; readonly isLimited: boolean } {
  const denies = ({ Effect, Action, NotAction }: JsonObject, action: string) => {
    const patterns = listOf(Action ?? NotAction).map((pattern) => String(pattern).toLowerCase());
    const isListed = patterns.some((pattern) => matchesAction(pattern, action.toLowerCase()));
    return Effect === "Deny" && isListed === (NotAction === undefined);
  };
  const denying = statements(document).filter((statement) =>
    required.some((action) => denies(statement, action)),
  );
  const isWhole = ({ Resource, Condition }: JsonObject) =>
    Condition === undefined && listOf(Resource).includes("*");
  const actions = required.filter((action) =>
    denying.some((statement) => denies(statement, action)),
  );
  return { actions: [...new Set(actions)].sort(), isLimited: !denying.some(isWhole) };
}

/** All actions that a policy grants. */
export const actionsOf = (document: StoredDocument): readonly string[] =>
  actionsBeyond(document, []);

const statements = ({ Statement }: StoredDocument) => listOf(Statement) as readonly JsonObject[];

const comparable = (document: StoredDocument) =>
  statements(document).map(({ Sid, Action, NotAction, ...rest }) => ({
    ...(asLists(rest) as object),
    Action: lowerCase(Action),
    NotAction: lowerCase(NotAction),
  }));

const lowerCase = (value: unknown) => listOf(value).map((action) => String(action).toLowerCase());

function asLists(value: unknown): unknown {
  return isObject(value)
    ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, asLists(inner)]))
    : listOf(value).map(String);
}

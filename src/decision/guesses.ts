import { multiplicity } from "./context-keys";
import type { ConditionGuard, DecisionRequest, Guard, Policies, Side, Statement, Test } from "./model";
import { statementText } from "./read";
import { hasVariable, VARIABLES } from "./values";

/** Statements can have thousands of combinations of actions and resources. */
const MAX_OF_STATEMENT = 20;

const ACCOUNT = "123456789012";

/**
 * Requests that are likely to match one Allow statement of a side: its wildcards, conditions and policy variables are filled in, those
 * that the other side does not have come first. A guess proves nothing: the caller evaluates it on both sides.
 * @param variables values of the policy variables that were filled in, which requests must have
 */
export function* guesses(
  { identity }: Policies,
  other: Policies,
  variables: DecisionRequest["context"],
): Generator<DecisionRequest> {
  const known = new Set(other.identity.map(statementText));
  const isKnown = (statement: Statement) => known.has(statementText(statement));
  const allows = identity.filter(({ effect }) => effect === "Allow");
  const tested = [...identity, ...other.identity].flatMap(({ guards }) => conditionsOf(guards));
  const tests = new Map(tested.flatMap(({ key, operator: { test } }) => (test === "null" ? [] : [[key, test] as const])));
  for (const statement of [...allows.filter((each) => !isKnown(each)), ...allows.filter(isKnown)]) {
    yield* requestsOf(statement, variables, tests);
  }
}

/** How conditions test each key, so that a value has the same type. */
type Tests = ReadonlyMap<string, Test>;

function* requestsOf({ guards }: Statement, variables: DecisionRequest["context"], tests: Tests): Generator<DecisionRequest> {
  const conditions = conditionsOf(guards);
  // A condition without a set operator on several values: see `search.ts`.
  if (conditions.some(({ key, operator }) => operator.set === "single" && multiplicity(key) === "several")) {
    return;
  }
  const context = contextOf(conditions, variables, tests);
  const resources = patternsOf(guards, "resource", "*").slice(0, MAX_OF_STATEMENT);
  const actions = patternsOf(guards, "action", "example:action").slice(0, MAX_OF_STATEMENT);
  const pairs = actions.flatMap((pattern) =>
    resources.map((resource) => ({ action: pattern.replaceAll(/[*?]+/g, "x"), resource })),
  );
  for (const { action, resource } of pairs.slice(0, MAX_OF_STATEMENT)) {
    yield { action, resource: arnOf(resource === "*" ? `arn:*:${action.split(":")[0]}:*:*:*` : resource), context };
  }
}

/** Values for which conditions hold, and those of policy variables. A key has one value, whichever case its name is written in. */
function contextOf(
  conditions: readonly ConditionGuard[],
  variables: DecisionRequest["context"],
  tests: Tests,
): DecisionRequest["context"] {
  // What must match decides the value of a key, before what must not.
  const ordered = conditions.toSorted((one, next) => Number(next.operator.negated) - Number(one.operator.negated));
  const byKey = new Map(
    ordered
      .flatMap((condition) => valueFor(condition, tests))
      .map(([name, value]) => [name.toLowerCase(), [name, value] as const]),
  );
  for (const [key, value] of Object.entries(variables)) {
    byKey.set(key, [byKey.get(key)?.[0] ?? key, value]);
  }
  return Object.fromEntries(byKey.values());
}

function conditionsOf(guards: readonly Guard[]): readonly ConditionGuard[] {
  return guards.flatMap((guard) => (guard.kind === "condition" ? [guard.condition] : []));
}

function patternsOf(guards: readonly Guard[], kind: "action" | "resource", other: string): readonly string[] {
  const patterns = guards.flatMap((guard) => (guard.kind === kind && !guard.negated ? guard.patterns : []));
  return patterns.length === 0 ? [other] : patterns;
}

const COMPONENTS = ["arn", "aws", "example", "us-east-1", ACCOUNT];

function arnOf(pattern: string): string {
  return pattern
    .split(":")
    .map((part, at) => filledIn(part, COMPONENTS[at]))
    .join(":");
}

function filledIn(pattern: string, value = "example"): string {
  return (pattern === "*" ? value : pattern).replaceAll(/\$\{([*?$])\}|[*?]/g, (wildcard, escaped: string | undefined) =>
    wildcard === "*" ? "example" : (escaped ?? "x"),
  );
}

/** Values of keys that must have another one than those of the policy, by the beginning of the test. */
const OTHER_VALUES: Readonly<Record<string, string>> = {
  number: "7",
  date: "2020-01-01T00:00:00Z",
  address: "192.0.2.1",
  arn: `arn:aws:iam::${ACCOUNT}:user/example`,
  bool: "true",
};

function valueFor(
  { operator, key, name, values }: ConditionGuard,
  tests: Tests,
): readonly (readonly [string, string | readonly string[]])[] {
  const [value = ""] = values;
  if (operator.test === "null" && value.toLowerCase() === "true") {
    return [];
  }
  const other = OTHER_VALUES[tests.get(key)?.split("-")[0] ?? ""] ?? "example";
  const given = operator.negated || operator.test === "null" ? other : matching(operator.test, value);
  return [[name, operator.set === "single" ? given : [given]]];
}

function matching(test: Test, value: string): string {
  if (test.startsWith("date") && !test.endsWith("equal") && !test.endsWith("equals")) {
    return test.endsWith("less") ? "2000-01-01T00:00:00Z" : "2100-01-01T00:00:00Z";
  }
  if (test === "number-less" || test === "number-greater") {
    return String(Number(value) + (test === "number-less" ? -1 : 1));
  }
  return test === "address" ? (value.split("/")[0] ?? value) : filledIn(value);
}

/** Both sides without policy variables, and the values that stand for them. */
export interface FilledSides {
  readonly after: Side;
  readonly before: Side;
  readonly values: Readonly<Record<string, string>>;
}

/**
 * Both sides with the same values for their policy variables: a request with these values is allowed the same by them. Undefined where a
 * variable may mean something else: it has a default, stands in the name of a key, or in a policy of version 2008-10-17.
 */
export function withoutVariables(after: Side, before: Side): FilledSides | undefined {
  const text = JSON.stringify([after, before]);
  const documents = [after, before].flatMap(({ identity, boundary = [], controlPolicies = [] }) =>
    [...identity, boundary, controlPolicies].flat(2),
  );
  const areCurrent = documents.every((document) => (document as { Version?: unknown } | null)?.Version === "2012-10-17");
  const names = [...new Set((text.match(VARIABLES) ?? []).map(nameOf))];
  const keys = text.match(/"(?:[^"\\]|\\.)*":/g) ?? [];
  const isPlain = names.every((name) => /^[a-z0-9:/_-]+$/.test(name)) && !keys.some(hasVariable);
  if (names.length > 0 && !(isPlain && areCurrent)) {
    return undefined;
  }
  const values = Object.fromEntries(names.map((name) => [name, name.includes("account") ? ACCOUNT : "example"]));
  const filled = (side: Side) =>
    JSON.parse(JSON.stringify(side).replaceAll(VARIABLES, (variable) => values[nameOf(variable)] ?? variable)) as Side;
  return { after: filled(after), before: filled(before), values };
}

function nameOf(variable: string): string {
  return variable.slice(2, -1).toLowerCase();
}

import type { Side } from "./model";
import { hasVariable, VARIABLES } from "./values";

/**
 * Both sides with the same values for their policy variables: a request with these values is allowed the same by them. Undefined where a
 * variable may mean something else: it has a default, is in the name of a key, or in a policy of version 2008-10-17.
 * @returns also the values, by key
 */
export function withoutVariables(one: Side, other: Side) {
  const text = JSON.stringify([one, other]);
  const documents = [one, other].flatMap(({ identity, boundary = [], controlPolicies = [] }) =>
    [...identity, boundary, controlPolicies].flat(2),
  );
  const areCurrent = documents.every((document) => (document as { Version?: unknown } | null)?.Version === "2012-10-17");
  // IAM ignores the case of names.
  const names = new Map((text.match(VARIABLES) ?? []).map(nameOf).map((name) => [name.toLowerCase(), name]));
  const keys = text.match(/"(?:[^"\\]|\\.)*":/g) ?? [];
  const isPlain = [...names.keys()].every((name) => /^[a-z0-9:/_-]+$/.test(name)) && !keys.some(hasVariable);
  if (names.size > 0 && !(isPlain && areCurrent)) {
    return undefined;
  }
  const filled = (side: Side) =>
    JSON.parse(JSON.stringify(side).replaceAll(VARIABLES, (variable) => exampleOf(nameOf(variable)))) as Side;
  const values = Object.fromEntries([...names.values()].map((name) => [name, exampleOf(name)]));
  return { one: filled(one), other: filled(other), values };
}

function nameOf(variable: string): string {
  return variable.slice(2, -1);
}

function exampleOf(name: string): string {
  return /account/i.test(name) ? "123456789012" : "example";
}

/** A JSON object as it was read: nothing is known of its shape. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a value is an object with keys: neither null nor a list. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What is inside an object at a path; undefined where there is nothing. */
export function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, key) => (isObject(inner) ? inner[key] : undefined), value);
}

/**
 * A JSON document; undefined where the text is none. The parser's own message quotes the text, in
 * which secrets may be.
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What is an object, as one; anything else as an empty one. */
export function objectOf(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

/**
 * A list as it is, nothing as an empty one, and anything else as a list of one: IAM and Terraform
 * let people leave the brackets out.
 */
export function listOf(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) {
    return [];
  }
  return Array.isArray(value) ? value : [value];
}

/** A string that is not empty: the provider writes `""` for what is not set. */
export function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/**
 * JSON in which the order of keys and of lists does not count: equal texts mean the same to IAM.
 */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) {
    return `[${[...new Set(value.map(canonical))].sort().join(",")}]`;
  }
  if (typeof value === "object" && value !== null) {
    const members = sorted(value).map(
      ([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`,
    );
    return `{${members.join(",")}}`;
  }
  return JSON.stringify(value) ?? "null";
}

/**
 * Replacer of `JSON.stringify`: keys of objects in ascending order, as CDKTF writes them. The order
 * of lists is kept.
 */
export function sortedKeys(_: string, value: unknown): unknown {
  return isObject(value) ? Object.fromEntries(sorted(value)) : value;
}

const sorted = (object: object): readonly (readonly [string, unknown])[] =>
  Object.entries(object).sort(([one], [other]) => (one < other ? -1 : 1));

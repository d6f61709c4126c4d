import { canonical, isObject, type JsonObject, textOf } from "../../../../src/text/json";

/** A name for a message. Only a string is shown: an edit may have moved a secret there. */
export function nameOf(value: unknown): string {
  return textOf(value) ?? "of an unknown name";
}

/** With other strings, the names of keys included. */
export function mapStrings(value: unknown, map: (string: string) => string): unknown {
  if (typeof value === "string") {
    return map(value);
  }
  if (Array.isArray(value)) {
    return value.map((item) => mapStrings(item, map));
  }
  return isObject(value)
    ? Object.fromEntries(
        Object.entries(value).map(([key, inner]) => [map(key), mapStrings(inner, map)]),
      )
    : value;
}

interface Difference {
  readonly field: string;
  readonly path: readonly string[];
  readonly before: unknown;
  readonly after: unknown;
}

/**
 * What differs between two JSON objects, as deep as both are objects.
 * @param blocks depth of the blocks that count one by one even if only one side has them
 */
export function differences(
  before: unknown,
  after: unknown,
  blocks = 0,
  path: readonly string[] = [],
): readonly Difference[] {
  const [one, other] = path.length < blocks ? [before ?? {}, after ?? {}] : [before, after];
  if (canonical(one) === canonical(other)) {
    return [];
  }
  const isBlock = blocks > 0 && path.length === blocks;
  if (isBlock || !isObject(one) || !isObject(other)) {
    return [{ field: path.join("."), path, before, after }];
  }
  // A key may be called `toString`.
  const ownValue = (object: JsonObject, name: string) =>
    Object.hasOwn(object, name) ? object[name] : undefined;
  return Object.keys({ ...one, ...other }).flatMap((name) =>
    differences(ownValue(one, name), ownValue(other, name), blocks, [...path, name]),
  );
}

const MAX_CHARACTERS = 200;

export function valueText(value: unknown): string {
  const given = value ?? "none";
  const text = typeof given === "string" ? given : JSON.stringify(given);
  return text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}...` : text;
}

/**
 * "team: a -> b".
 * @param prefix of the field that is not shown
 */
export function changeText({ field, before, after }: Difference, prefix = ""): string {
  const name = field === "" ? "" : `${field.replace(prefix, "")}: `;
  return `${name}${valueText(before)} -> ${valueText(after)}`;
}

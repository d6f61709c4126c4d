import { chmodSync, realpathSync, statSync } from "node:fs";
import { basename, dirname } from "node:path";
import { isDeepStrictEqual } from "node:util";
import {
  Document,
  isCollection,
  isMap,
  isPair,
  isScalar,
  type Node,
  type Pair,
  parseDocument,
  type YAMLMap,
} from "yaml";
import { readDefaults } from "../../../settings/defaults";
import { SettingsError } from "../../../settings/errors";
import { fileErrors, readFileOf } from "../../../settings/read-settings";
import { parseYaml } from "../../../settings/yaml-file";
import { readTextFile, writeFileAtomically } from "../../../text/files";
import { valueAt } from "../../../text/json";

/** A new value of one setting. */
export interface Change {
  /** Such as `accessKeys.current`. */
  readonly setting: string;
  /** Undefined: remove the setting. */
  readonly value: string | boolean | undefined;
}

/**
 * Changes settings in their file, `<stack>.yaml`, or in the file that it links to. The mode of the
 * file stays.
 * @throws SettingsError if the result would be invalid; Error as `editedYaml`, and for a value of
 * the defaults. The file then is as it was
 */
export function editSettings(file: string, changes: readonly Change[]): void {
  const text = changes.reduce(editedYaml, readTextFile(file));
  const reading = readFileOf(
    file,
    basename(file, ".yaml"),
    parseYaml(text),
    readDefaults(dirname(file)),
  );
  const errors = fileErrors([reading]);
  if (errors.size > 0) {
    throw new SettingsError(errors);
  }
  for (const { setting } of changes.filter(({ value }) => value === undefined)) {
    const path = setting.split(".");
    const shared = reading.yaml?.fileOf?.(path);
    if (shared !== undefined && valueAt(reading.yaml?.value, path) !== undefined) {
      throw new Error(
        `${setting}: is in ${shared}, for all deployments; write it into the files that need it, and remove it there`,
      );
    }
  }
  const target = realpathSync(file);
  const { mode } = statSync(target);
  writeFileAtomically(target, text, { mode: mode & 0o777 });
  chmodSync(target, mode & 0o777);
}

/** What some editors begin a file with. */
const BYTE_ORDER_MARK = "\uFEFF";

/**
 * The text of a settings file with one setting changed. Everything else stays as it is: comments,
 * order, spacing. The document of the YAML library would change indentation, fold long texts and
 * move comments. With a setting, the comment above it is removed, and with the last setting of a
 * group, the group.
 * @throws Error if that is not possible, because the file has an alias or an anchor there, or a
 * group without fields
 */
export function editedYaml(text: string, { setting, value }: Change): string {
  if (text.startsWith(BYTE_ORDER_MARK)) {
    return BYTE_ORDER_MARK + editedYaml(text.slice(BYTE_ORDER_MARK.length), { setting, value });
  }
  const path = setting.split(".");
  const before = parseDocument(text);
  // Without the objects that aliases share.
  const expected = new Document(withoutEmpty(before.toJS()));
  if (value !== undefined) {
    expected.setIn(path, value);
  } else if (expected.hasIn(path)) {
    expected.deleteIn(path);
  }
  const { from, to, by } = spliceOf(text, before.contents, path, value);
  const edited = text.slice(0, from) + by + text.slice(to);
  if (
    !isDeepStrictEqual(withoutEmpty(parseDocument(edited).toJS()), withoutEmpty(expected.toJS()))
  ) {
    throw new Error(
      `${setting}: has an alias, an anchor or a group without fields in the file; make the change yourself`,
    );
  }
  return edited;
}

/** A copy of a value without groups that have no fields. */
function withoutEmpty(value: unknown): unknown {
  const copy = JSON.stringify(value ?? {});
  return (
    JSON.parse(copy, (_, inner) =>
      inner === null || isDeepStrictEqual(inner, {}) ? undefined : inner,
    ) ?? {}
  );
}

/** What replaces a part of a text. */
interface Splice {
  readonly from: number;
  readonly to: number;
  readonly by: string;
}

const NO_CHANGE: Splice = { from: 0, to: 0, by: "" };

type Group = YAMLMap<Node, Node>;

/**
 * The change of the text that sets or removes a setting of a node; none where the node is no group.
 */
function spliceOf(
  text: string,
  node: Node | null | undefined,
  [name = "", ...rest]: readonly string[],
  value: Change["value"],
): Splice {
  if (!isMap(node)) {
    return NO_CHANGE;
  }
  const group = node as Group;
  const pair = group.items.find(({ key }) => isScalar(key) && key.value === name);
  const isRemoved =
    value === undefined &&
    (rest.length === 0 || (isMap(pair?.value) && pair.value.items.length === 1));
  if (pair !== undefined && rest.length > 0 && !isRemoved) {
    return spliceOf(text, pair.value, rest, value);
  }
  if (value === undefined) {
    return pair === undefined ? NO_CHANGE : removal(text, group, pair);
  }
  if (pair !== undefined) {
    const [from = 0, to = 0] = pair.value?.range ?? [];
    const former = text.slice(from, to);
    const [quote = ""] = typeof value === "string" ? (/^["']/.exec(former) ?? []) : [];
    // A block ends with its line.
    return { from, to, by: `${quote}${value}${quote}${former.endsWith("\n") ? "\n" : ""}` };
  }
  return insertion(
    text,
    group,
    name,
    rest.toReversed().reduce((inner, part) => `{ ${part}: ${inner} }`, String(value)),
  );
}

const startOf = ({ key }: Pair<Node, Node>) => key.range?.[0] ?? 0;

/** Behind the line that has an offset. */
const nextLine = (text: string, offset: number) =>
  text.indexOf("\n", offset) + 1 || text.length + 1;

/**
 * Removes a setting: in brackets with a comma, otherwise with its lines and the comment above them.
 */
function removal(text: string, group: Group, pair: Pair<Node, Node>): Splice {
  const at = group.items.indexOf(pair);
  const [previous, next] = [group.items[at - 1], group.items[at + 1]];
  const end = endOf(pair.value ?? pair.key);
  if (group.flow === true) {
    return previous === undefined
      ? { from: startOf(pair), to: next === undefined ? end : startOf(next), by: "" }
      : { from: endOf(previous.value ?? previous.key), to: end, by: "" };
  }
  const lines = text.slice(0, startOf(pair)).split("\n").slice(0, -1);
  const isComment = (line: string) => /^\s*#/.test(line);
  const kept = lines.slice(0, lines.findLastIndex((line) => !isComment(line)) + 1);
  return {
    from: kept.map((line) => `${line}\n`).join("").length,
    to: nextLine(text, end - 1),
    by: "",
  };
}

/** Adds a setting after the last one of a group: before the comments that follow it. */
function insertion(text: string, group: Group, name: string, below: string): Splice {
  const [first, last] = [group.items[0], group.items.at(-1)];
  const start = group.range?.[0] ?? 0;
  if (group.flow === true) {
    const at = last === undefined ? start + 1 : endOf(last.value ?? last.key);
    return {
      from: at,
      to: at,
      by: last === undefined ? ` ${name}: ${below} ` : `, ${name}: ${below}`,
    };
  }
  const lineEnd = text.includes("\r\n") ? "\r\n" : "\n";
  const of = first === undefined ? start : startOf(first);
  const indent = " ".repeat(of - text.lastIndexOf("\n", of) - 1);
  const at = nextLine(text, endOf(group) - 1);
  return {
    from: at,
    to: at,
    by: `${at > text.length ? lineEnd : ""}${indent}${name}: ${below}${lineEnd}`,
  };
}

/** Where a node ends: in brackets, with the closing one. */
function endOf(node: Node): number {
  const last = isCollection(node) && node.flow !== true ? node.items.at(-1) : undefined;
  const value = isPair(last) ? (last.value ?? last.key) : last;
  return value === undefined ? (node.range?.[1] ?? 0) : endOf(value as Node);
}

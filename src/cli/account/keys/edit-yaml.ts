import { chmodSync, realpathSync, statSync } from "node:fs";
import { basename } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { Composer, CST, Document, isCollection, isMap, isPair, isScalar, type Node, Parser, type YAMLMap } from "yaml";
import { SettingsError } from "../../../settings/errors";
import { readFileOf } from "../../../settings/read-settings";
import { parseYaml } from "../../../settings/yaml-file";
import { readTextFile, writeFileAtomically } from "../../../text/files";

/** A new value of one setting. */
export interface Change {
  /** Such as `accessKeys.current`. */
  readonly setting: string;
  /** Undefined: remove the setting. */
  readonly value: string | boolean | undefined;
}

/**
 * Changes settings in their file, `<stack>.yaml`, or in the file that it links to. The mode of the file stays.
 * @throws SettingsError if the result would be invalid; Error as `editedYaml`. The file then is as it was
 */
export function editSettings(file: string, changes: readonly Change[]): void {
  const text = changes.reduce(editedYaml, readTextFile(file));
  const { errors } = readFileOf(file, basename(file, ".yaml"), parseYaml(text));
  if (errors.length > 0) {
    throw new SettingsError(new Map([[file, errors]]));
  }
  const target = realpathSync(file);
  const { mode } = statSync(target);
  writeFileAtomically(target, text, { mode: mode & 0o777 });
  chmodSync(target, mode & 0o777);
}

/**
 * The text of a settings file with one setting changed. Everything else stays as it is: comments, order, spacing. With the last
 * setting of a group, the group is removed.
 * @throws Error if that is not possible, because the file has an alias or an anchor there, or a group without fields
 */
export function editedYaml(text: string, { setting, value }: Change): string {
  const path = setting.split(".");
  const tokens = [...new Parser().parse(text)];
  const before = [...new Composer({ keepSourceTokens: true }).compose(tokens)][0];
  // Without the objects that aliases share.
  const expected = new Document(withoutEmpty(before?.toJS()));
  if (value === undefined) {
    expected.deleteIn(path);
  } else {
    expected.setIn(path, value);
  }
  const insertion = edit(before?.contents, path, value);
  const edited = insertion === undefined ? tokens.map((token) => CST.stringify(token)).join("") : inserted(text, insertion);
  const after = [...new Composer().compose(new Parser().parse(edited))][0];
  if (!isDeepStrictEqual(withoutEmpty(after?.toJS()), withoutEmpty(expected.toJS()))) {
    throw new Error(`${setting}: has an alias, an anchor or a group without fields in the file; make the change yourself`);
  }
  return edited;
}

/** A copy of a value without groups that have no fields. */
function withoutEmpty(value: unknown): unknown {
  const copy = JSON.stringify(value ?? {});
  return JSON.parse(copy, (_, inner) => (inner === null || isDeepStrictEqual(inner, {}) ? undefined : inner)) ?? {};
}

/** A setting that is added to a group. */
interface Insertion {
  readonly group: YAMLMap<Node, Node>;
  readonly name: string;
  /** The value as YAML. */
  readonly below: string;
}

/** Changes the tokens of a node; none where it cannot. @returns what is to be inserted into the text instead */
function edit(
  node: Node | null | undefined,
  [name = "", ...rest]: readonly string[],
  value: Change["value"],
): Insertion | undefined {
  const tokens = node?.srcToken;
  if (!isMap(node) || (tokens?.type !== "block-map" && tokens?.type !== "flow-collection")) {
    return undefined;
  }
  const group = node as YAMLMap<Node, Node>;
  const pair = group.items.find(({ key }) => isScalar(key) && key.value === name);
  const isLast = rest.length === 0 || (isMap(pair?.value) && pair.value.items.length === 1);
  if (value === undefined && isLast) {
    remove(tokens, pair?.srcToken);
  } else if (pair !== undefined && rest.length > 0) {
    return edit(pair.value, rest, value);
  } else if (value !== undefined && pair !== undefined) {
    CST.setScalarValue(pair.value?.srcToken as CST.Token, String(value));
  } else if (value !== undefined) {
    return { group, name, below: rest.toReversed().reduce((inner, part) => `{ ${part}: ${inner} }`, String(value)) };
  }
  return undefined;
}

function remove({ items }: CST.BlockMap | CST.FlowCollection, item: CST.CollectionItem | undefined): void {
  const at = (items as readonly unknown[]).indexOf(item);
  if (at === 0) {
    // The first item follows what the group begins with: no comma, no indentation.
    items[1]?.start.shift();
  }
  if (at >= 0) {
    items.splice(at, 1);
  }
}

/** The text with a setting after the last one of a group: before the comments that follow it. */
function inserted(text: string, { group, name, below }: Insertion): string {
  const [start = 0] = group.range ?? [];
  const first = group.items[0]?.key.range?.[0] ?? start;
  const end = endOf(group);
  if (group.flow === true) {
    const setting = group.items.length === 0 ? ` ${name}: ${below} ` : `, ${name}: ${below}`;
    return text.slice(0, end) + setting + text.slice(end);
  }
  const lineEnd = text.includes("\r\n") ? "\r\n" : "\n";
  const indent = " ".repeat(first - text.lastIndexOf("\n", first) - 1);
  const newline = text.indexOf("\n", end - 1);
  const at = newline === -1 ? text.length : newline + 1;
  return `${text.slice(0, at)}${newline === -1 ? lineEnd : ""}${indent}${name}: ${below}${lineEnd}${text.slice(at)}`;
}

/** Where the last value of a node ends; in an empty group, behind the bracket. */
function endOf(node: Node): number {
  const last = isCollection(node) ? node.items.at(-1) : undefined;
  const value = isPair(last) ? ((last.value ?? last.key) as Node) : (last as Node | undefined);
  const [start = 0, end = 0] = node.range ?? [];
  if (value === undefined) {
    return isCollection(node) ? start + 1 : end;
  }
  // In brackets, it ends with the closing one.
  return isCollection(value) && value.flow === true ? (value.range?.[1] ?? end) : endOf(value);
}

import { basename } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { Composer, CST, Document, isMap, isScalar, type Node, Parser, type YAMLMap } from "yaml";
import { SettingsError } from "../../../settings/errors";
import { readFileOf } from "../../../settings/read-settings";
import { parseYaml } from "../../../settings/yaml-file";
import { readRegularFile, writeFileAtomically } from "../../../text/files";

/** A new value of one setting. */
export interface Change {
  /** Such as `accessKeys.current`. */
  readonly setting: string;
  /** Undefined: remove the setting. */
  readonly value: string | boolean | undefined;
}

/**
 * Changes settings in their file, `<stack>.yaml`.
 * @throws SettingsError if the result would be invalid; Error as `editedYaml`. The file then is as it was
 */
export function editSettings(file: string, changes: readonly Change[]): void {
  const text = changes.reduce(editedYaml, readRegularFile(file).toString("utf8"));
  const { errors } = readFileOf(file, basename(file, ".yaml"), parseYaml(text));
  if (errors.length > 0) {
    throw new SettingsError(new Map([[file, errors]]));
  }
  writeFileAtomically(file, text);
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
  const wanted = new Document(withoutEmpty(before?.toJS()));
  if (value === undefined) {
    wanted.deleteIn(path);
  } else {
    wanted.setIn(path, value);
  }
  edit(before?.contents, path, value);
  const edited = tokens.map((token) => CST.stringify(token)).join("");
  const after = [...new Composer().compose(new Parser().parse(edited))][0];
  if (!isDeepStrictEqual(withoutEmpty(after?.toJS()), withoutEmpty(wanted.toJS()))) {
    throw new Error(`${setting}: has an alias, an anchor or a group without fields in the file; make the change yourself`);
  }
  return edited;
}

/** A copy of a value without groups that have no fields. */
function withoutEmpty(value: unknown): unknown {
  const copy = JSON.stringify(value ?? {});
  return JSON.parse(copy, (_, inner) => (inner === null || isDeepStrictEqual(inner, {}) ? undefined : inner)) ?? {};
}

/** Changes the tokens of a node; none where it cannot. */
function edit(node: Node | null | undefined, [name = "", ...rest]: readonly string[], value: Change["value"]): void {
  const tokens = node?.srcToken;
  if (!isMap(node) || (tokens?.type !== "block-map" && tokens?.type !== "flow-collection")) {
    return;
  }
  const pair = (node as YAMLMap<Node, Node>).items.find(({ key }) => isScalar(key) && key.value === name);
  const isLast = rest.length === 0 || (isMap(pair?.value) && pair.value.items.length === 1);
  if (value === undefined && isLast) {
    remove(tokens, pair?.srcToken);
  } else if (pair !== undefined && rest.length > 0) {
    edit(pair.value, rest, value);
  } else if (value !== undefined && pair !== undefined) {
    CST.setScalarValue(pair.value?.srcToken as CST.Token, String(value));
  } else if (value !== undefined) {
    insert(tokens, name, rest, value);
  }
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

/** Adds a setting at the end of a group. */
function insert(group: CST.BlockMap | CST.FlowCollection, name: string, rest: readonly string[], value: string | boolean): void {
  const scalar = (source: string): CST.FlowScalar => ({ type: "scalar", offset: 0, indent: 0, source });
  const source = (type: CST.SourceToken["type"], text: string): CST.SourceToken => ({ type, offset: 0, indent: 0, source: text });
  const isBlock = group.type === "block-map";
  const first = group.items.length === 0 ? source("space", " ") : source("comma", ", ");
  const open = CST.stringify(group).endsWith("\n") ? "" : "\n";
  const start = isBlock ? source("space", `${open}${" ".repeat(group.indent)}`) : first;
  const below = rest.toReversed().reduce((inner, part) => `{ ${part}: ${inner} }`, String(value));
  const sep = [source("map-value-ind", ": ")];
  const item = { start: [start], key: scalar(name), sep, value: scalar(isBlock ? `${below}\n` : below) };
  group.items.push(item);
}

import { isDeepStrictEqual } from "node:util";
import { Composer, CST, isMap, isScalar, type Node, Parser, type YAMLMap } from "yaml";

/** A new value of one setting. */
export interface Change {
  /** Such as `accessKeys.current`. */
  readonly setting: string;
  /** Undefined: remove the setting. */
  readonly value: string | boolean | undefined;
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
  const wanted = JSON.parse(JSON.stringify(before?.toJS() ?? {})) as Tree;
  changeIn(wanted, path, value);
  edit(before?.contents, path, value);
  const edited = tokens.map((token) => CST.stringify(token)).join("");
  const after = [...new Composer().compose(new Parser().parse(edited))][0];
  if (!isDeepStrictEqual(after?.toJS(), wanted)) {
    throw new Error(`${setting}: has an alias, an anchor or a group without fields in the file; make the change yourself`);
  }
  return edited;
}

interface Tree {
  [name: string]: unknown;
}

function changeIn(tree: Tree, [name = "", ...rest]: readonly string[], value: Change["value"]): void {
  if (rest.length > 0) {
    const group = (tree[name] ?? {}) as Tree;
    changeIn(group, rest, value);
    changeIn(tree, [name], Object.keys(group).length === 0 ? undefined : (group as never));
  } else if (value === undefined) {
    delete tree[name];
  } else {
    tree[name] = value;
  }
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

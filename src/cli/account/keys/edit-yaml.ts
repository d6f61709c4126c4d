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
  parseDocument,
  type YAMLMap,
} from "yaml";
import { readDefaults } from "../../../settings/defaults";
import { SettingsError } from "../../../settings/errors";
import { fileErrors, readFileOf } from "../../../settings/read-settings";
import { parseYaml } from "../../../settings/yaml-file";
import { readTextFile, writeFileAtomically } from "../../../text/files";

export interface Change {
  readonly setting: string;
  readonly value: string | boolean;
}

/**
 * Changes settings in their file, or in the file that it links to. The mode of the file stays.
 * @throws SettingsError if the result would be invalid; Error without changes, or as `editedYaml`.
 * The file then is as it was
 */
export function editSettings(file: string, changes: readonly Change[]): void {
  if (changes.length === 0) {
    throw new Error(
      `${file}: nothing was written: the next step is not a change of the settings; ` +
        "follow it first",
    );
  }
  const text = changes.reduce(editedYaml, readTextFile(file));
  const stack = basename(file, ".yaml");
  const reading = readFileOf(file, stack, parseYaml(text), readDefaults(dirname(file)));
  const errors = fileErrors([reading]);
  if (errors.size > 0) {
    throw new SettingsError(errors);
  }
  const target = realpathSync(file);
  const mode = statSync(target).mode & 0o777;
  writeFileAtomically(target, text, { mode });
  chmodSync(target, mode);
}

/**
 * The text of a settings file with one setting changed, and everything else as it was. The YAML
 * library would change indentation, fold long texts and move comments.
 * @throws Error if the file has an alias or an anchor there, or a group without fields
 */
export function editedYaml(text: string, { setting, value }: Change): string {
  const path = setting.split(".");
  const before = parseDocument(text);
  const expected = new Document(valuesIn(before));
  expected.setIn(path, value);
  const edited = withSetting(text, before.contents, path, value);
  if (!isDeepStrictEqual(valuesIn(parseDocument(edited)), valuesIn(expected))) {
    throw new Error(
      `${setting}: has an alias, an anchor or a group without fields in the file; ` +
        "make the change yourself",
    );
  }
  return edited;
}

/** The values of a document, without those that are null and the objects that aliases share. */
const valuesIn = (document: Pick<Document, "toJS">): unknown =>
  JSON.parse(JSON.stringify(document.toJS() ?? {}), (_, inner) => inner ?? undefined);

type Group = YAMLMap<Node, Node>;

function withSetting(
  text: string,
  node: Node | null | undefined,
  [name = "", ...rest]: readonly string[],
  value: Change["value"],
): string {
  if (!isMap(node)) {
    return text;
  }
  const group = node as Group;
  const pair = group.items.find(({ key }) => isScalar(key) && key.value === name);
  if (pair === undefined) {
    const below = rest.reduceRight((inner, part) => `{ ${part}: ${inner} }`, String(value));
    return withField(text, group, `${name}: ${below}`);
  }
  if (rest.length > 0) {
    return withSetting(text, pair.value, rest, value);
  }
  const [from = 0, to = 0] = pair.value?.range ?? [];
  const former = text.slice(from, to);
  const [quote = ""] = typeof value === "string" ? (/^["']/.exec(former) ?? []) : [];
  const end = former.endsWith("\n") ? "\n" : "";
  return text.slice(0, from) + quote + value + quote + end + text.slice(to);
}

/** A field after the last one of a group, before the comments that follow it. */
function withField(text: string, group: Group, field: string): string {
  const [first, last] = [group.items[0], group.items.at(-1)];
  const start = group.range?.[0] ?? 0;
  if (group.flow === true) {
    const at = last === undefined ? start + 1 : endOf(last.value ?? last.key);
    return text.slice(0, at) + (last ? `, ${field}` : ` ${field} `) + text.slice(at);
  }
  const lineEnd = text.includes("\r\n") ? "\r\n" : "\n";
  const of = first?.key.range?.[0] ?? start;
  const indent = " ".repeat(of - text.lastIndexOf("\n", of) - 1);
  const at = text.indexOf("\n", endOf(group) - 1) + 1;
  return at === 0
    ? text + lineEnd + indent + field + lineEnd
    : text.slice(0, at) + indent + field + lineEnd + text.slice(at);
}

function endOf(node: Node): number {
  const last = isCollection(node) && node.flow !== true ? node.items.at(-1) : undefined;
  const value = isPair(last) ? (last.value ?? last.key) : last;
  return value === undefined ? (node.range?.[1] ?? 0) : endOf(value as Node);
}

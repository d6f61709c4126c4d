import { chmodSync, realpathSync, statSync } from "node:fs";
import { basename } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { Document, isMap, parse, parseDocument } from "yaml";
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
 * The text of a settings file with one setting changed. Only the lines of its group at the top level change: the YAML library prints
 * them, with their comments. Of a whole file it would also change spacing, and move comments between groups.
 * @throws Error if an alias or an anchor has the group, or its layout is unusual
 */
export function editedYaml(text: string, change: Change): string {
  const expected = new Document(parse(text), { aliasDuplicateObjects: false });
  apply(expected, change);
  const lines = text.split(/\r?\n/);
  const [from, to] = groupIn(lines, change);
  const group = parseDocument(lines.slice(from, to).join("\n"));
  apply(group, change);
  const isLeft = group.errors.length === 0 && !isEmptyMap(group.contents);
  const printed = isLeft ? group.toString({ lineWidth: 0 }).trimEnd().split("\n") : [];
  const edited = [...lines.slice(0, from), ...printed, ...lines.slice(to)].join(text.includes("\r\n") ? "\r\n" : "\n");
  const document = parseDocument(edited);
  if (document.errors.length > 0 || !isDeepStrictEqual(document.toJS(), expected.toJS())) {
    throw new Error(`${change.setting}: the file has an alias, an anchor or an unusual layout there; make the change yourself`);
  }
  return edited;
}

/** Changes a setting. With the last setting of a group, the group is removed. */
function apply(document: Document, { setting, value }: Change): void {
  const path = setting.split(".");
  const group = path.slice(0, -1);
  if (value !== undefined) {
    document.setIn(path, value);
  } else if (document.deleteIn(path) && isEmptyMap(document.getIn(group))) {
    document.deleteIn(group);
  }
}

const isEmptyMap = (node: unknown) => isMap(node) && node.items.length === 0;

/** Where the lines of a setting's group at the top level begin and end, without comments behind it; the end of the file if it has none. */
function groupIn(lines: readonly string[], { setting }: Change): readonly [from: number, to: number] {
  const [name = ""] = setting.split(".");
  const from = lines.findIndex((line) => line.startsWith(`${name}:`));
  const next = lines.findIndex((line, index) => index > from && /^[^\s#]/.test(line));
  const to =
    lines.slice(0, from === -1 || next === -1 ? lines.length : next).findLastIndex((line) => /^\s*[^\s#]/.test(line)) + 1;
  return [from === -1 ? to : from, to];
}

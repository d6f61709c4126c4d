import { basename } from "node:path";
import { readRegularFile, writeFileAtomically } from "../text/files";
import { type Change, editedYaml } from "./edit-yaml";
import { SettingsError } from "./errors";
import { readSettings } from "./read-settings";
import type { RuleContext } from "./rules/rule";
import { parseYaml } from "./yaml-file";

/**
 * Changes settings in their file, `<stack>.yaml`.
 * @throws SettingsError if the result would be invalid; Error as `editedYaml`. The file then is as it was
 */
export function editSettings(file: string, changes: readonly Change[], context: RuleContext): void {
  const text = changes.reduce(editedYaml, readRegularFile(file).toString("utf8"));
  const parsed = parseYaml(text);
  const given = { source: file, stack: basename(file, ".yaml"), context };
  const errors =
    "errors" in parsed ? parsed.errors : readSettings({ ...given, value: parsed.file.value, yaml: parsed.file }).errors;
  if (errors.length > 0) {
    throw new SettingsError(new Map([[file, errors]]));
  }
  writeFileAtomically(file, text);
}

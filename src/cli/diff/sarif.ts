import { createHash } from "node:crypto";
import { ADDRESSES, KEY_ADDRESSES } from "../../terraform/addresses";
import { ascii } from "../../text/printable";
import { adviceLines, type Level, levelOf, textOf } from "../findings/finding";
import { type Changes, changesExitCode, findingsOf } from "./changes";
import { RULES } from "./rules";
import type { SettingsPath } from "./settings-path";

/** Where the settings of deployments are. */
export interface SettingsFiles {
  /** Path of the settings file of a stack, relative to the project's root, with `/`. */
  readonly path: (stack: string) => string;
  /** Line of a field, or of the nearest field above it that the file states; undefined if there is neither. */
  readonly lineOf: (stack: string, field: readonly string[]) => number | undefined;
}

/** The settings of permissions and resources, for findings that name no setting: those of a plan follow from what is planned. */
const SETTINGS: Readonly<Record<string, SettingsPath>> = {
  user: "policy.mode",
  "node role": "nodeRole",
  [ADDRESSES.user]: "user",
  [ADDRESSES.policy]: "policy.mode",
  [ADDRESSES.userAttachment]: "attachment",
  [ADDRESSES.group]: "attachment",
  [ADDRESSES.membership]: "attachment",
  [ADDRESSES.groupAttachment]: "attachment",
  [ADDRESSES.nodeRole]: "nodeRole",
  [ADDRESSES.nodePolicy]: "nodeRole",
  [KEY_ADDRESSES.primary]: "accessKeys.primary",
  [KEY_ADDRESSES.secondary]: "accessKeys.secondary",
};

/** The levels of SARIF. */
const SARIF_LEVEL: Readonly<Record<Level, string>> = {
  note: "note",
  attention: "warning",
  unverifiable: "error",
  breaking: "error",
};

/**
 * What makes the exit code of a change other than 0, in the Static Analysis Results Interchange Format 2.1.0, for code scanners. Each
 * result is on the line of the setting of its finding.
 */
export function changesSarif(changes: Changes, files: SettingsFiles): string {
  const rules = Object.entries(RULES).map(([id, { templates, level }]) => ({
    id,
    shortDescription: { text: templates.text.replaceAll(/[[\]{}]/g, "") },
    defaultConfiguration: { level: SARIF_LEVEL[level] },
  }));
  const serious = findingsOf(changes).filter((finding) => levelOf(RULES, finding) !== "note");
  const results = serious.map((finding) => {
    const { rule, stack, principal = "", address = "", values } = finding;
    const field = finding.field ?? SETTINGS[principal] ?? SETTINGS[address];
    // A file that is deleted has no lines; code scanners expect one.
    const startLine = (field === undefined ? undefined : files.lineOf(stack, field.split("."))) ?? 1;
    const print = createHash("sha256").update(JSON.stringify([rule, stack, values]));
    return {
      ruleId: rule,
      level: SARIF_LEVEL[levelOf(RULES, finding)],
      message: { text: [`${ascii(stack)}: ${textOf(RULES, finding)}`, ...adviceLines(RULES, finding)].join("\n") },
      locations: [{ physicalLocation: { artifactLocation: { uri: encodeURI(files.path(stack)) }, region: { startLine } } }],
      partialFingerprints: { "dkpAccessDiff/v1": print.digest("hex") },
    };
  });
  const tool = { driver: { name: "dkp-access diff", rules } };
  const properties = { exitCode: changesExitCode(changes), source: changes.source };
  const $schema = "https://json.schemastore.org/sarif-2.1.0.json";
  return `${JSON.stringify({ $schema, version: "2.1.0", runs: [{ tool, properties, results }] }, null, 2)}\n`;
}

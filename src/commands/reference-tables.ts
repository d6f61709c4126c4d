import { DOCUMENTED_FINDINGS } from "../review-pack/page/scanner-findings";
import { jsonSchema } from "../settings/schema/json-schema";
import { OUTPUTS } from "../terraform/outputs";

/** The part of a JSON schema that the tables are made from. */
interface Field {
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Field>>;
  /** Where an object or a single word may stand. */
  readonly anyOf?: readonly Field[];
}

/** The documents with generated tables, and the tables of each. */
export const DOCUMENTS: Readonly<Record<string, Readonly<Record<string, () => string>>>> = {
  "README.md": { settings: settingsTable, outputs: outputsTable },
  "docs/security.md": { findings: findingsTable },
};

/** A document with its generated tables brought up to date. @throws Error if the marks of a table are missing */
export function withTables(name: string, text: string): string {
  return Object.entries(DOCUMENTS[name] ?? {}).reduce((result, [table, make]) => replaceTable(result, name, table, make()), text);
}

function replaceTable(text: string, document: string, name: string, table: string): string {
  const begin = `<!-- ${name}: made by \`npm run generate\` -->`;
  const end = `<!-- end of ${name} -->`;
  const [before, rest] = split(text, document, begin);
  const [, after] = split(rest, document, end);
  return `${before}${begin}\n${table}${end}${after}`;
}

function split(text: string, document: string, mark: string): readonly [string, string] {
  const at = text.indexOf(mark);
  if (at < 0) {
    throw new Error(`${document}: the line ${mark} is missing; put it back where the table belongs`);
  }
  return [text.slice(0, at), text.slice(at + mark.length)];
}

function settingsTable(): string {
  const { properties = {} } = JSON.parse(jsonSchema()) as Field;
  const rows = settingRows(properties).map(
    ({ path, field }) => `| \`${path}\` | ${field.description ?? ""} |${defaultOf(field)} |`,
  );
  return ["| setting | meaning | default |", "| --- | --- | --- |", ...rows, ""].join("\n");
}

function settingRows(properties: Readonly<Record<string, Field>>, prefix = ""): readonly { path: string; field: Field }[] {
  return Object.entries(properties).flatMap(([key, field]) => {
    const inner = field.properties ?? field.anyOf?.find((option) => option.properties !== undefined)?.properties;
    const row = { path: `${prefix}${key}`, field };
    // What a backend takes is Terraform's to document, what DKP's objects take is DKP's.
    if (inner === undefined || ["backend", "cloud", "withNAT", "masterNodeGroup"].includes(key)) {
      return [row];
    }
    return [...(field.anyOf === undefined ? [] : [row]), ...settingRows(inner, `${prefix}${key}.`)];
  });
}

function defaultOf(field: Field): string {
  return field.default === undefined || typeof field.default === "object" ? "" : ` \`${String(field.default)}\``;
}

function outputsTable(): string {
  const rows = Object.entries(OUTPUTS).map(([name, description]) => `| \`${name}\` | ${description} |`);
  return ["| output | what it is |", "| --- | --- |", ...rows, ""].join("\n");
}

function findingsTable(): string {
  const rows = DOCUMENTED_FINDINGS.map(
    ({ check, address, finding, reason }) => `| ${check} | \`${address}\` | ${finding} | ${reason} |`,
  );
  return ["| check | on | finds | why it stays |", "| --- | --- | --- | --- |", ...rows, ""].join("\n");
}

import { toJsonSchema } from "@valibot/to-json-schema";
import { DOCUMENTED_FINDINGS } from "../review-pack/page/scanner-findings";
import { BACKEND_NAMES } from "../settings/schema/backend-schema";
import { deploymentSchema } from "../settings/schema/deployment-schema";
import { BACKEND_TYPES, type BackendType } from "../terraform/backends";
import { OUTPUTS } from "../terraform/outputs";

/** The part of a JSON schema that the tables are made from. */
interface Field {
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Field>>;
  /** Where an object or a single word may stand. */
  readonly anyOf?: readonly Field[];
}

/** The JSON schema of a settings file, for editors. It knows shapes; rules between fields are checked at synth. */
export function jsonSchema(): string {
  const { properties, ...schema } = toJsonSchema(deploymentSchema, {
    errorMode: "ignore",
    typeMode: "input",
    overrideSchema: ({ valibotSchema, jsonSchema }) => OVERRIDES[valibotSchema.type]?.(jsonSchema) ?? jsonSchema,
  });
  const contents = {
    backend: backendSchema(),
    cloud: argumentsSchema(BACKEND_TYPES.cloud),
    tags: { additionalProperties: { type: "string" } },
  };
  const filled = Object.entries(properties ?? {}).map(([name, field]) => [
    name,
    { ...(field as object), ...(contents as Readonly<Record<string, object>>)[name] },
  ]);
  return `${JSON.stringify({ title: "DKP deployment on AWS", ...schema, properties: Object.fromEntries(filled) }, null, 2)}\n`;
}

const OVERRIDES: Readonly<Record<string, (schema: object) => object>> = {
  // Objects whose contents plain functions check.
  custom: () => ({ type: "object" }),
  object_with_rest: (schema) => ({ ...schema, additionalProperties: false }),
};

function backendSchema(): object {
  const types = BACKEND_NAMES.map((name) => [name, argumentsSchema(BACKEND_TYPES[name] ?? { args: {} })]);
  return { properties: { ...Object.fromEntries(types), partial: { type: "boolean" } }, additionalProperties: false };
}

function argumentsSchema({ args }: Pick<BackendType, "args">): object {
  const properties = Object.entries(args).map(([name, inner]) => [
    name,
    inner === true
      ? {}
      : { type: "object", properties: Object.fromEntries(inner.map((argument) => [argument, {}])), additionalProperties: false },
  ]);
  return { type: "object", properties: Object.fromEntries(properties), additionalProperties: false };
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

import { toJsonSchema } from "@valibot/to-json-schema";
import { BACKEND_TYPES, type BackendType } from "../remote-state/backend-types";
import { OUTPUTS } from "../remote-state/outputs";
import { BACKEND_NAMES } from "./backend";
import { deploymentSchema } from "./schema";

/** The part of a JSON schema that the tables are made from. */
interface Field {
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Field>>;
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

/** The README with its generated tables brought up to date. */
export function readmeWithTables(readme: string): string {
  const tables: Readonly<Record<string, string>> = { settings: settingsTable(), outputs: outputsTable() };
  return Object.entries(tables).reduce((text, [name, table]) => replaceTable(text, name, table), readme);
}

function replaceTable(text: string, name: string, table: string): string {
  const begin = `<!-- ${name}: made by \`npm run generate\` -->`;
  const end = `<!-- end of ${name} -->`;
  const [before, rest] = split(text, begin);
  const [, after] = split(rest, end);
  return `${before}${begin}\n${table}${end}${after}`;
}

function split(text: string, mark: string): readonly [string, string] {
  const at = text.indexOf(mark);
  if (at < 0) {
    throw new Error(`README.md: the line ${mark} is missing; put it back where the table belongs`);
  }
  return [text.slice(0, at), text.slice(at + mark.length)];
}

function settingsTable(): string {
  const { properties = {} } = JSON.parse(jsonSchema()) as Field;
  const rows = settingRows(properties).map(
    ({ path, field }) => `| \`${path}\` | ${field.description ?? ""} | ${defaultOf(field)} |`,
  );
  return ["| setting | meaning | default |", "|---|---|---|", ...rows, ""].join("\n");
}

function settingRows(properties: Readonly<Record<string, Field>>, prefix = ""): readonly { path: string; field: Field }[] {
  return Object.entries(properties).flatMap(([key, field]) =>
    // What a backend takes is Terraform's to document.
    field.properties === undefined || ["backend", "cloud"].includes(key)
      ? [{ path: `${prefix}${key}`, field }]
      : settingRows(field.properties, `${prefix}${key}.`),
  );
}

function defaultOf(field: Field): string {
  return field.default === undefined ? "" : `\`${String(field.default)}\``;
}

function outputsTable(): string {
  const rows = Object.entries(OUTPUTS).map(([name, description]) => `| \`${name}\` | ${description} |`);
  return ["| output | what it is |", "|---|---|", ...rows, ""].join("\n");
}

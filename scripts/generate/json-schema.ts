import { toJsonSchema } from "@valibot/to-json-schema";
import { BACKEND_NAMES } from "../../src/settings/schema/backend-schema";
import { deploymentSchema } from "../../src/settings/schema/deployment-schema";
import { BACKEND_TYPES, type BackendType } from "../../src/terraform/backends";

/** The JSON schema of a settings file, for editors. It knows shapes; rules between fields are checked at synth. */
export function jsonSchema(): string {
  const { properties, ...schema } = toJsonSchema(deploymentSchema, {
    errorMode: "ignore",
    // What a change means is no part of a JSON schema.
    ignoreActions: ["metadata"],
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

import { type JsonSchema, toJsonSchema } from "@valibot/to-json-schema";
import { deploymentSchema } from "../../src/settings/schema/deployment-schema";

/**
 * The JSON schema of a settings file, also of `defaults.yaml`, for editors. It knows shapes; what
 * is missing in both files, and rules between fields are reported at synth.
 */
export function jsonSchema(): string {
  const schema = toJsonSchema(deploymentSchema, {
    errorMode: "ignore",
    // What a change means is no part of a JSON schema.
    ignoreActions: ["metadata"],
    overrideSchema: ({ valibotSchema, jsonSchema }) =>
      OVERRIDES[valibotSchema.type]?.(jsonSchema) ?? jsonSchema,
  });
  return `${JSON.stringify({ title: "DKP deployment on AWS", ...schema }, null, 2)}\n`;
}

/**
 * In a deployment, `null` removes a value of `defaults.yaml`. A key without a value, which synth
 * rejects, is the same to an editor.
 */
function orNull(node: JsonSchema | boolean): JsonSchema | boolean {
  if (typeof node === "boolean") {
    return node;
  }
  const { const: only, ...others } = node;
  if (only !== undefined) {
    return { ...others, enum: [only, null] };
  }
  const { type, enum: choices, anyOf } = others;
  if (anyOf !== undefined) {
    const options = anyOf.filter((each) => typeof each === "boolean" || each.type !== "null");
    return { ...others, anyOf: [...options, { type: "null" }] };
  }
  if (type === undefined) {
    return others;
  }
  const nullable: JsonSchema = { ...others, type: [type, "null" as const].flat() };
  return choices === undefined ? nullable : { ...nullable, enum: [...choices, null] };
}

const OVERRIDES: Readonly<Record<string, (node: JsonSchema) => JsonSchema>> = {
  // Terraform knows the types of the arguments of a backend.
  custom: () => ({}),
  // Schemas of the settings have no other keys.
  object: ({ required: _, properties = {}, ...schema }) => ({
    ...schema,
    properties: Object.fromEntries(
      Object.entries(properties).map(([key, node]) => [key, orNull(node)]),
    ),
    additionalProperties: false,
  }),
};

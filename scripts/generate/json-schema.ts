import { toJsonSchema } from "@valibot/to-json-schema";
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

const OVERRIDES: Readonly<Record<string, (schema: { readonly required?: unknown }) => object>> = {
  // Terraform knows the types of the arguments of a backend.
  custom: () => ({}),
  // Schemas of the settings have no other keys.
  object: ({ required: _, ...schema }) => ({ ...schema, additionalProperties: false }),
};

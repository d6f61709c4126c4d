import Ajv from "ajv";

// The library knows no meta schema of draft 2020-12. The used keywords have the same meaning in
// older drafts.
const ajv = new Ajv({ allErrors: true, strictKeywords: true }).addKeyword("$defs", {});

/**
 * Where a value does not match a JSON schema, as paths with the reason; of an unknown property, the
 * path of its object.
 */
export function schemaErrors(
  value: unknown,
  { $schema: _, ...schema }: { readonly $schema: string },
): readonly string[] {
  ajv.validate(schema, value);
  return (ajv.errors ?? []).map(({ dataPath, message }) => `$${dataPath} ${message}`);
}

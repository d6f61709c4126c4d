type Schema = Readonly<Record<string, unknown>>;

const KEYWORDS = [
  "$schema",
  "$id",
  "$defs",
  "$ref",
  "title",
  "description",
  "type",
  "properties",
  "required",
  "additionalProperties",
  "items",
  "enum",
  "const",
  "oneOf",
];

/**
 * Where a value does not match a JSON schema, as paths with the reason. Knows the keywords that the schemas of this project use.
 * @throws Error if the schema has another keyword
 */
export function schemaErrors(value: unknown, schema: Schema, root: Schema = schema, path = "$"): readonly string[] {
  const unknown = Object.keys(schema).find((keyword) => !KEYWORDS.includes(keyword));
  if (unknown !== undefined) {
    throw new Error(`${path}: the keyword ${unknown} is not checked`);
  }
  if (typeof schema.$ref === "string") {
    const name = schema.$ref.replace("#/$defs/", "");
    return schemaErrors(value, (root.$defs as Readonly<Record<string, Schema>>)[name] ?? { enum: [] }, root, path);
  }
  if (schema.oneOf !== undefined) {
    const matching = (schema.oneOf as readonly Schema[]).filter((one) => schemaErrors(value, one, root, path).length === 0);
    return matching.length === 1 ? [] : [`${path}: matches ${matching.length} alternatives`];
  }
  return [
    ...(schema.enum !== undefined && !(schema.enum as readonly unknown[]).includes(value)
      ? [`${path}: not one of the values`]
      : []),
    ...(schema.const !== undefined && schema.const !== value ? [`${path}: not ${String(schema.const)}`] : []),
    ...(schema.type !== undefined && !hasType(value, String(schema.type)) ? [`${path}: not of type ${String(schema.type)}`] : []),
    ...(Array.isArray(value) && schema.items !== undefined
      ? value.flatMap((item, at) => schemaErrors(item, schema.items as Schema, root, `${path}[${at}]`))
      : []),
    ...(hasType(value, "object") ? propertyErrors(value as Schema, schema, root, path) : []),
  ];
}

function propertyErrors(value: Schema, schema: Schema, root: Schema, path: string): readonly string[] {
  const properties = (schema.properties ?? {}) as Readonly<Record<string, Schema>>;
  const missing = ((schema.required ?? []) as readonly string[]).filter((name) => !(name in value));
  return [
    ...missing.map((name) => `${path}.${name}: missing`),
    ...Object.entries(value).flatMap(([name, content]) => {
      const known = properties[name] ?? schema.additionalProperties;
      if (known === false) {
        return [`${path}.${name}: not known`];
      }
      return typeof known === "object" && known !== null ? schemaErrors(content, known as Schema, root, `${path}.${name}`) : [];
    }),
  ];
}

function hasType(value: unknown, type: string): boolean {
  switch (type) {
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value);
    case "array":
      return Array.isArray(value);
    case "integer":
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}

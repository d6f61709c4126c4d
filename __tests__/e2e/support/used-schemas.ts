/**
 * Types whose schemas remain. Terraform reports any other one: "does not support resource type".
 */
const USED_TYPES = /^aws_(iam_|caller_identity$|ami$|regions?$|secretsmanager_|ssm_parameter$)/;
/**
 * Fields of GetProviderSchema.Response that map types to schemas: of resources, data sources and
 * ephemeral resources.
 */
const MAPS_OF_SCHEMAS = [2, 3, 8];

/**
 * A GetProviderSchema.Response with the schemas of the types that the tests use, byte by byte, and
 * without the about 2,100 others: each run of Terraform needs 0.9 s of CPU time to decode them
 * (measured). All fields are length-delimited. Source: tfplugin5.9.proto,
 * https://github.com/hashicorp/terraform/tree/main/docs/plugin-protocol
 */
export function usedSchemas(message: Buffer): Buffer {
  const kept: Buffer[] = [];
  for (let start = 0; start < message.length; ) {
    const field = fieldAt(message, start);
    // An entry of a map is a message whose first field is the key.
    if (!MAPS_OF_SCHEMAS.includes(field.number) || USED_TYPES.test(textAt(message, field.start))) {
      kept.push(message.subarray(start, field.end));
    }
    start = field.end;
  }
  return Buffer.concat(kept);
}

function textAt(message: Buffer, at: number) {
  const { start, end } = fieldAt(message, at);
  return message.toString("utf8", start, end);
}

function fieldAt(message: Buffer, at: number) {
  const tag = varintAt(message, at);
  const length = varintAt(message, tag.end);
  return { number: tag.value >> 3, start: length.end, end: length.end + length.value };
}

function varintAt(message: Buffer, at: number): { readonly value: number; readonly end: number } {
  const byte = message.readUInt8(at);
  if (byte < 0x80) {
    return { value: byte, end: at + 1 };
  }
  const rest = varintAt(message, at + 1);
  return { value: byte - 0x80 + rest.value * 0x80, end: rest.end };
}

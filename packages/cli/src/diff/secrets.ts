import { ADDRESSES } from "../../../../src/terraform/addresses";
import { canonical, type JsonObject } from "../../../../src/text/json";
import type { DiffFound } from "./change-rules";
import { mapStrings } from "./json-values";
import type { Plan } from "./plan-file";
import type { Snapshot } from "./snapshot";

const SECRET_ATTRIBUTES: readonly string[] = ["secret", "ses_smtp_password_v4"];

const SECRET_OUTPUT = "secret_access_key";

/** Shorter strings are no secret of a key. */
const MIN_LENGTH = 16;

/** In every spelling that is searched: as they are, in base64 and in a URL. */
export function secretsIn(plan: JsonObject): readonly string[] {
  const secrets = new Set<string>();
  JSON.stringify(plan, (name, value: unknown) => {
    const isSecret = SECRET_ATTRIBUTES.includes(name) && typeof value === "string";
    if (isSecret && value.length >= MIN_LENGTH) {
      secrets.add(value);
    }
    return value;
  });
  return [...secrets].flatMap((secret) => [
    secret,
    Buffer.from(secret).toString("base64"),
    encodeURIComponent(secret),
  ]);
}

/** With a placeholder for each secret, so that no output contains one. */
export function masked<Value>(given: Value, secrets: readonly string[]): Value {
  return mapStrings(given, (text) =>
    secrets.reduce((rest, secret) => rest.replaceAll(secret, "(secret)"), text),
  ) as Value;
}

/** Where a plan has a secret after the change, outside the access key and the output for it. */
export function secretFindings(
  { changes, outputs }: Plan,
  secrets: readonly string[],
): readonly DiffFound[] {
  const holds = (value: unknown) =>
    secrets.some((secret) => JSON.stringify(value ?? null).includes(secret));
  const isKeySecret = (type: string, name: string) =>
    type === "aws_iam_access_key" && SECRET_ATTRIBUTES.includes(name);
  const inAttributes = changes.flatMap(({ type, address, after = {} }) =>
    Object.entries(after)
      .filter(([name, value]) => !isKeySecret(type, name) && holds([name, value, address]))
      .map(([name]) => `${name} of ${address}`),
  );
  const inOutputs = outputs
    .filter(({ name, after }) => name !== SECRET_OUTPUT && holds([name, after.value]))
    .map(({ name }) => `the output ${name}`);
  const locations = new Set(masked([...inAttributes, ...inOutputs], secrets));
  return [...locations].map((where) => ({ rule: "secret-in-value", values: { where } }));
}

export function exposureFindings(before: Snapshot, after: Snapshot): readonly DiffFound[] {
  const found = [...after.outputs].flatMap(([output, { sensitive }]): DiffFound[] => {
    const isSecret = output === SECRET_OUTPUT;
    const known = before.outputs.get(output);
    if (!(isSecret || sensitive) || known?.sensitive === sensitive) {
      return [];
    }
    const marked = sensitive ? "now sensitive" : "no longer sensitive";
    const values = { output, how: known === undefined ? "new" : marked };
    return [{ rule: "secret-output", field: isSecret ? "outputs.secret" : undefined, values }];
  });
  const address = ADDRESSES.accessKey;
  const wasPlaintext = before.resources.has(address);
  const isPlaintext = after.resources.has(address) && !after.forgotten.includes(address);
  if (!wasPlaintext && isPlaintext) {
    found.push({ rule: "plaintext-in-state", address, values: {} });
  }
  if (wasPlaintext && !isPlaintext) {
    found.push({ rule: "plaintext-gone", values: {} });
  }
  return found;
}

/** Those of a deployment that exists. */
export function outputFindings(before: Snapshot, after: Snapshot): readonly DiffFound[] {
  const valueIn = (side: Snapshot, name: string) => canonical(side.outputs.get(name)?.value ?? "");
  const outputs = [...new Set([...before.outputs.keys(), ...after.outputs.keys()])].filter(
    (name) => before.outputs.size > 0 && valueIn(before, name) !== valueIn(after, name),
  );
  return outputs.length === 0
    ? []
    : [{ rule: "outputs-changed", values: { outputs: outputs.sort() } }];
}

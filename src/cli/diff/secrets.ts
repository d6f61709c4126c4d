import { type JsonObject, listOf, objectOf, textOf } from "./json-values";
import type { DiffFound } from "./rules";

const KEY = "aws_iam_access_key";

/** Attributes of an access key that are secret in plaintext. */
const SECRET_ATTRIBUTES = ["secret", "ses_smtp_password_v4"] as const;

/** The output that is made to hold the secret. */
const SECRET_OUTPUT = "secret_access_key";

/** Shorter strings are no secret of a key. */
const MIN_LENGTH = 16;

/** The secrets of the access keys that a plan knows, in every spelling that is searched: as they are, in base64 and in a URL. */
export function secretsIn(plan: JsonObject): readonly string[] {
  const prior = resourcesOfModule(objectOf(objectOf(objectOf(plan.prior_state).values).root_module)).map(({ type, values }) => ({
    type,
    values,
  }));
  const changes = [...listOf(plan.resource_changes), ...listOf(plan.resource_drift)]
    .map(objectOf)
    .flatMap(({ type, change }) => [objectOf(change).before, objectOf(change).after].map((values) => ({ type, values })));
  const planned = resourcesOfModule(objectOf(objectOf(plan.planned_values).root_module)).map(({ type, values }) => ({
    type,
    values,
  }));
  const secrets = [...prior, ...changes, ...planned]
    .filter(({ type }) => type === KEY)
    .flatMap(({ values }) => SECRET_ATTRIBUTES.flatMap((name) => textOf(objectOf(values)[name]) ?? []))
    .filter((secret) => secret.length >= MIN_LENGTH);
  return [...new Set(secrets.flatMap((secret) => [secret, Buffer.from(secret).toString("base64"), encodeURIComponent(secret)]))];
}

/** The resources of a module of a state and of all modules in it. */
function resourcesOfModule(module: JsonObject): readonly JsonObject[] {
  return [...listOf(module.resources).map(objectOf), ...listOf(module.child_modules).map(objectOf).flatMap(resourcesOfModule)];
}

/** A plan with a placeholder for each secret: whatever is printed of it, no secret is. */
export function masked(plan: JsonObject, secrets: readonly string[]): JsonObject {
  return secrets.length === 0 ? plan : objectOf(mapStrings(plan, (text) => withoutSecrets(text, secrets)));
}

function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets.reduce((rest, secret) => rest.replaceAll(secret, "(secret)"), text);
}

function mapStrings(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === "string") {
    return map(value);
  }
  if (Array.isArray(value)) {
    return value.map((item) => mapStrings(item, map));
  }
  return typeof value === "object" && value !== null
    ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [map(key), mapStrings(inner, map)]))
    : value;
}

/** Where a plan has a secret after the change, outside the access key itself and the output for it. */
export function secretFindings(plan: JsonObject, secrets: readonly string[]): readonly DiffFound[] {
  const holds = (value: unknown) => {
    const text = JSON.stringify(value ?? null);
    return secrets.some((secret) => text.includes(secret));
  };
  const attributes = listOf(plan.resource_changes)
    .map(objectOf)
    .filter(({ type, address }) => type !== KEY || holds(address))
    .flatMap(({ address, change }) => {
      const after = Object.entries(objectOf(objectOf(change).after));
      const named = after.filter(([name, value]) => holds([name, value])).map(([name]) => withoutSecrets(name, secrets));
      return named.map((name) => `${name} of ${withoutSecrets(String(address), secrets)}`);
    });
  const keys = listOf(plan.resource_changes)
    .map(objectOf)
    .filter(({ type }) => type === KEY)
    .flatMap(({ address, change }) =>
      Object.entries(objectOf(objectOf(change).after))
        .filter(([name, value]) => !SECRET_ATTRIBUTES.some((secret) => secret === name) && holds(value))
        .map(([name]) => `${name} of ${address}`),
    );
  const outputs = Object.entries(objectOf(plan.output_changes))
    .filter(([name, change]) => name !== SECRET_OUTPUT && holds([name, objectOf(change).after]))
    .map(([name]) => `the output ${withoutSecrets(name, secrets)}`);
  return [...new Set([...attributes, ...keys, ...outputs])].map((where) => ({ rule: "secret-in-value", values: { where } }));
}

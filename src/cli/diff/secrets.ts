import { type JsonObject, listOf, objectOf, textOf } from "./json-values";
import type { DiffFound } from "./rules";

const KEY = "aws_iam_access_key";

/** Attributes of an access key that are secret in plaintext. */
const SECRET_ATTRIBUTES: readonly string[] = ["secret", "ses_smtp_password_v4"];

/** The output that is made to hold the secret. */
const SECRET_OUTPUT = "secret_access_key";

/** Shorter strings are no secret of a key. */
const MIN_LENGTH = 16;

/** The secrets of the access keys that a plan knows, in every spelling that is searched: as they are, in base64 and in a URL. */
export function secretsIn(plan: JsonObject): readonly string[] {
  const ofModules = [objectOf(objectOf(plan.prior_state).values).root_module, objectOf(plan.planned_values).root_module];
  const states = ofModules.flatMap((module) => resourcesOfModule(objectOf(module)));
  const changes = [...listOf(plan.resource_changes), ...listOf(plan.resource_drift)]
    .map(objectOf)
    .flatMap(({ type, change }) => [objectOf(change).before, objectOf(change).after].map((values) => ({ type, values })));
  const secrets = [...states, ...changes]
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
  const holds = (value: unknown) => secrets.some((secret) => JSON.stringify(value ?? null).includes(secret));
  const attributes = listOf(plan.resource_changes)
    .map(objectOf)
    .flatMap(({ type, address, change }) =>
      Object.entries(objectOf(objectOf(change).after))
        .filter(([name, value]) => !(type === KEY && SECRET_ATTRIBUTES.includes(name)) && holds([name, value, address]))
        .map(([name]) => `${name} of ${String(address)}`),
    );
  const outputs = Object.entries(objectOf(plan.output_changes))
    .filter(([name, change]) => name !== SECRET_OUTPUT && holds([name, objectOf(change).after]))
    .map(([name]) => `the output ${name}`);
  const locations = [...attributes, ...outputs].map((where) => withoutSecrets(where, secrets));
  return [...new Set(locations)].map((where) => ({ rule: "secret-in-value", values: { where } }));
}

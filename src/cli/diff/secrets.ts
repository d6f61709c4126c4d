import { createHash } from "node:crypto";
import { pgpKeyOf } from "../../iam/openpgp-key";
import { KEY_ADDRESSES } from "../../terraform/addresses";
import { isObject } from "../../text/json";
import { type JsonObject, listOf, nameOf, objectOf } from "./json-values";
import type { DiffFound } from "./rules";
import { keyIn, type Snapshot, slotsOf } from "./snapshot";

/** Attributes of an access key that are secret in plaintext. */
const SECRET_ATTRIBUTES: readonly string[] = ["secret", "ses_smtp_password_v4"];

/** The output that is made to hold the secret. */
const SECRET_OUTPUT = "secret_access_key";

/** Shorter strings are no secret of a key. */
const MIN_LENGTH = 16;

/** The secrets that a plan has anywhere, in every spelling that is searched: as they are, in base64 and in a URL. */
export function secretsIn(plan: JsonObject): readonly string[] {
  const secrets = new Set<string>();
  JSON.stringify(plan, (name, value: unknown) => {
    if (SECRET_ATTRIBUTES.includes(name) && typeof value === "string" && value.length >= MIN_LENGTH) {
      secrets.add(value);
    }
    return value;
  });
  return [...secrets].flatMap((secret) => [secret, Buffer.from(secret).toString("base64"), encodeURIComponent(secret)]);
}

/** A plan with a placeholder for each secret: whatever is printed of it, no secret is. */
export function masked(plan: JsonObject, secrets: readonly string[]): JsonObject {
  return JSON.parse(JSON.stringify(plan), (_, value: unknown) => {
    if (isObject(value)) {
      return Object.fromEntries(Object.entries(value).map(([name, inner]) => [withoutSecrets(name, secrets), inner]));
    }
    return typeof value === "string" ? withoutSecrets(value, secrets) : value;
  });
}

function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets.reduce((rest, secret) => rest.replaceAll(secret, "(secret)"), text);
}

/** Where a plan has a secret after the change, outside the access key itself and the output for it. */
export function secretFindings(plan: JsonObject, secrets: readonly string[]): readonly DiffFound[] {
  const holds = (value: unknown) => secrets.some((secret) => JSON.stringify(value ?? null).includes(secret));
  const attributes = listOf(plan.resource_changes)
    .map(objectOf)
    .flatMap(({ type, address, change }) =>
      Object.entries(objectOf(objectOf(change).after))
        .filter(
          ([name, value]) =>
            !(type === "aws_iam_access_key" && SECRET_ATTRIBUTES.includes(name)) && holds([name, value, address]),
        )
        .map(([name]) => `${name} of ${nameOf(address)}`),
    );
  const outputs = Object.entries(objectOf(plan.output_changes))
    .filter(([name, change]) => name !== SECRET_OUTPUT && holds([name, objectOf(change).after]))
    .map(([name]) => `the output ${name}`);
  const locations = [...attributes, ...outputs].map((where) => withoutSecrets(where, secrets));
  return [...new Set(locations)].map((where) => ({ rule: "secret-in-value", values: { where } }));
}

/** Where a secret is newly in plaintext. @param imported addresses of which Terraform does not know the secret */
export function exposureFindings(before: Snapshot, after: Snapshot, imported: readonly string[]): readonly DiffFound[] {
  const found = [...after.outputs].flatMap(([output, { sensitive, stays }]): DiffFound[] => {
    const had = before.outputs.get(output);
    if (output !== SECRET_OUTPUT) {
      const mayHold = sensitive && !stays && had?.sensitive !== true;
      return mayHold ? [{ rule: "output-may-hold-secret", values: { output } }] : [];
    }
    const isUnmarked = !sensitive && had?.sensitive !== false;
    return [
      ...(had === undefined ? [{ rule: "secret-output", values: { output } } as const] : []),
      ...(isUnmarked ? [{ rule: "secret-unmarked", values: { output } } as const] : []),
    ];
  });
  const [hadPlaintext, hasPlaintext] = [inPlaintext(before, []), inPlaintext(after, imported)];
  if (!hadPlaintext && hasPlaintext) {
    found.push({ rule: "plaintext-in-state", values: {} });
  }
  if (hadPlaintext && !inPlaintext(after, [])) {
    found.push({ rule: "plaintext-gone", values: {} });
  }
  return found;
}

/** Whether the state contains the secret of a key in plaintext. It has no secret of an imported key. */
function inPlaintext(snapshot: Snapshot, imported: readonly string[]): boolean {
  return slotsOf(snapshot).some((slot) => !keyIn(snapshot, slot)?.pgpKey && !imported.includes(KEY_ADDRESSES[slot]));
}

/** OpenPGP keys by slot. */
export type PgpKeys = readonly (readonly [slot: string, key: string | undefined])[];

/** OpenPGP keys that were in no slot before: their owners are new readers of a secret. */
export function pgpKeyFindings(before: PgpKeys, after: PgpKeys): readonly DiffFound[] {
  const known = before.flatMap(([, key]) => (key === undefined ? [] : [fingerprintOf(key)]));
  return after.flatMap(([slot, key]): readonly DiffFound[] => {
    if (key === undefined || known.includes(fingerprintOf(key))) {
      return [];
    }
    const users = pgpKeyOf(key)?.userIds.join(", ");
    const values = { slot, fingerprint: fingerprintOf(key), users, former: [...new Set(known)].join(", ") };
    return [{ rule: "pgp-key-new", field: `accessKeys.${slot}.pgpKey`, values }];
  });
}

/** A key that cannot be read has the digest of its text. */
function fingerprintOf(text: string): string {
  return pgpKeyOf(text)?.fingerprint.toUpperCase() ?? `with the SHA-256 ${createHash("sha256").update(text).digest("hex")}`;
}

/** Outputs that other workspaces can newly read, or no longer. */
export function outputFindings(before: Snapshot, after: Snapshot): readonly DiffFound[] {
  const only = (one: Snapshot, other: Snapshot) => [...one.outputs.keys()].filter((name) => !other.outputs.has(name)).sort();
  const rows = [
    ["outputs-new", only(after, before)],
    ["outputs-removed", only(before, after)],
  ] as const;
  return rows.filter(([, outputs]) => outputs.length > 0).map(([rule, outputs]) => ({ rule, values: { outputs } }));
}

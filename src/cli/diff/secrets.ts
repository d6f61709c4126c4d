import { createHash } from "node:crypto";
import type { Slot } from "../../iam/key-slots";
import { pgpKeyOf } from "../../iam/openpgp-key";
import { KEY_ADDRESSES } from "../../terraform/addresses";
import type { JsonObject } from "../../text/json";
import type { DiffFound } from "./change-rules";
import { mapStrings } from "./json-values";
import type { Plan } from "./plan-file";
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

/** A plan, or findings, with a placeholder for each secret: whatever is printed of it, no secret is. */
export function masked<Value>(given: Value, secrets: readonly string[]): Value {
  return mapStrings(given, (text) => secrets.reduce((rest, secret) => rest.replaceAll(secret, "(secret)"), text)) as Value;
}

/** Where a plan has a secret after the change, outside the access key itself and the output for it. */
export function secretFindings({ changes, outputs }: Plan, secrets: readonly string[]): readonly DiffFound[] {
  const holds = (value: unknown) => secrets.some((secret) => JSON.stringify(value ?? null).includes(secret));
  const isKeySecret = (type: string, name: string) => type === "aws_iam_access_key" && SECRET_ATTRIBUTES.includes(name);
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

/** Where a secret is newly in plaintext. @param withoutSecret addresses before and after of which the state does not have the secret */
export function exposureFindings(
  before: Snapshot,
  after: Snapshot,
  withoutSecret: readonly [before: readonly string[], after: readonly string[]],
): readonly DiffFound[] {
  const found = [...after.outputs].flatMap(([output, { sensitive }]): DiffFound[] => {
    const isSecret = output === SECRET_OUTPUT;
    const isNew = (isSecret || sensitive) && before.outputs.get(output)?.sensitive !== sensitive;
    return isNew ? [{ rule: "secret-output", field: isSecret ? "outputs.secret" : undefined, values: { output } }] : [];
  });
  const wasPlaintext = plaintextSlot(before, withoutSecret[0]) !== undefined;
  const slot = plaintextSlot(after, withoutSecret[1]);
  if (!wasPlaintext && slot !== undefined) {
    found.push({ rule: "plaintext-in-state", address: KEY_ADDRESSES[slot], values: {} });
  }
  if (wasPlaintext && slot === undefined) {
    found.push({ rule: "plaintext-gone", values: {} });
  }
  return found;
}

/** The slot of a key whose secret is in plaintext in the state, which has no secret of an imported key. */
function plaintextSlot(snapshot: Snapshot, withoutSecret: readonly string[]): Slot | undefined {
  return slotsOf(snapshot).find((slot) => !keyIn(snapshot, slot)?.pgpKey && !withoutSecret.includes(KEY_ADDRESSES[slot]));
}

/** OpenPGP keys by slot. */
export type PgpKeys = readonly (readonly [slot: string, key: string | undefined])[];

/**
 * OpenPGP keys whose text was in no slot before. Their owners are new readers of a secret, also where the fingerprint is known: nobody
 * has reviewed this text.
 */
export function pgpKeyFindings(before: PgpKeys, after: PgpKeys): readonly DiffFound[] {
  const texts = before.flatMap(([, key]) => key ?? []);
  const fingerprints = [...new Set(texts.map(fingerprintOf))];
  return after.flatMap(([slot, key]): readonly DiffFound[] => {
    if (key === undefined || texts.includes(key)) {
      return [];
    }
    const fingerprint = fingerprintOf(key);
    const known = fingerprints.includes(fingerprint) ? "known" : undefined;
    const users = pgpKeyOf(key)?.userIds.join(", ");
    const values = { slot, fingerprint, users, known, former: fingerprints.join(", ") };
    return [{ rule: "pgp-key-new", field: `accessKeys.${slot}.pgpKey`, values }];
  });
}

/** Keys of a state whose secret the AWS provider encrypted for another OpenPGP key than the one that is in `pgp_key`. */
export function recordedKeyFindings(state: Snapshot): readonly DiffFound[] {
  return slotsOf(state).flatMap((slot): readonly DiffFound[] => {
    const { pgpKey, recorded = "" } = keyIn(state, slot) ?? {};
    const fingerprint = pgpKey && fingerprintOf(pgpKey);
    const isRecorded = /^[0-9A-F]{40}$/.test(recorded);
    return fingerprint === undefined || !isRecorded || recorded === fingerprint
      ? []
      : [{ rule: "pgp-key-differs", address: KEY_ADDRESSES[slot], values: { slot, recorded, fingerprint } }];
  });
}

/** A key that cannot be read has the digest of its text. */
function fingerprintOf(text: string): string {
  return pgpKeyOf(text)?.fingerprint.toUpperCase() ?? `with the SHA-256 ${createHash("sha256").update(text).digest("hex")}`;
}

/** Outputs that other workspaces can no longer read. */
export function outputFindings(before: Snapshot, after: Snapshot): readonly DiffFound[] {
  const outputs = [...before.outputs.keys()].filter((name) => !after.outputs.has(name)).sort();
  return outputs.length === 0 ? [] : [{ rule: "outputs-removed", values: { outputs } }];
}

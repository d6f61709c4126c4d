import { createHash } from "node:crypto";
import { SLOTS } from "../../iam/key-slots";
import { pgpKeyOf } from "../../iam/openpgp-key";
import { meaningOf } from "../../settings/schema/fields";
import { isObject } from "../../text/json";
import { canonical, type JsonObject, objectOf, textOf } from "./json-values";
import type { DiffFound, RuleId } from "./rules";

/** A field of the settings that differs. */
export interface ChangedField {
  /** `policy.mode`. */
  readonly field: string;
  readonly from: unknown;
  readonly to: unknown;
}

/** The fields that differ between two normalized settings. What is an object on one side only counts as one field. */
export function changedFields(before: unknown, after: unknown, path: readonly string[] = []): readonly ChangedField[] {
  if (canonical(before) === canonical(after)) {
    return [];
  }
  if (!isObject(before) || !isObject(after)) {
    return [{ field: path.join("."), from: before, to: after }];
  }
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((name) =>
    changedFields(before[name], after[name], [...path, name]),
  );
}

/** By the meaning of a field, the rule that reports its change. */
const RULE_OF = {
  permissions: "setting-permissions",
  exposure: "setting-exposure",
  identity: "setting-identity",
  breaking: "setting-breaking",
  harmless: "setting-harmless",
  attention: "setting-changed",
} as const satisfies Readonly<Record<string, RuleId>>;

const DESTINATIONS: readonly string[] = ["backend", "cloud"];

/** What the changes of the settings mean, as the schema declares it. */
export function settingsFindings(changed: readonly ChangedField[]): readonly DiffFound[] {
  const isIn = (names: readonly string[]) => (change: ChangedField) => names.includes(change.field.split(".")[0] ?? "");
  const destination = changed.filter(isIn(DESTINATIONS));
  return [
    ...(destination.length === 0
      ? []
      : [
          {
            rule: "destination-changed",
            field: destination[0]?.field,
            values: { changes: destination.map(({ field, from, to }) => `${field}: ${shown(from)} -> ${shown(to)}`) },
          } as const,
        ]),
    ...changed
      .filter((change) => !isIn(DESTINATIONS)(change) && !change.field.endsWith(".pgpKey"))
      .map(
        ({ field, from, to }): DiffFound => ({
          rule: RULE_OF[meaningOf(field.split("."))],
          field,
          values: { field, from: shown(from), to: shown(to) },
        }),
      ),
  ];
}

const MAX_SHOWN = 200;

/** A value as people read it; long ones are cut off. */
function shown(value: unknown): string {
  const text = value === undefined || value === null ? "none" : typeof value === "string" ? value : JSON.stringify(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}...` : text;
}

/** The OpenPGP keys of all slots of normalized settings, also of absent ones. */
export function pgpKeysOf(settings: JsonObject): ReadonlyMap<string, string> {
  const slots = objectOf(settings.accessKeys);
  return new Map(
    SLOTS.flatMap((slot) => {
      const key = textOf(objectOf(slots[slot]).pgpKey);
      return key === undefined ? [] : [[slot, key] as const];
    }),
  );
}

/** OpenPGP keys that were in no slot before: their owners are new readers of a secret. */
export function pgpKeyFindings(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): readonly DiffFound[] {
  const known = new Set([...before.values()].map(fingerprintOf));
  return [...after]
    .filter(([, key]) => !known.has(fingerprintOf(key)))
    .map(([slot, key]) => ({
      rule: "pgp-key-new",
      field: `accessKeys.${slot}.pgpKey`,
      values: {
        slot,
        fingerprint: fingerprintOf(key),
        users: pgpKeyOf(key)?.userIds.join(", ") ?? "",
        former: [...known].join(", "),
      },
    }));
}

/** A key that cannot be read has the digest of its text. */
function fingerprintOf(text: string): string {
  return pgpKeyOf(text)?.fingerprint.toUpperCase() ?? `with the SHA-256 ${createHash("sha256").update(text).digest("hex")}`;
}

import { pgpKeyOf } from "../../../iam/openpgp-key";
import { type Finding, type Found, levelOf } from "../../findings/finding";
import type { IamKey } from "../aws/iam-reader";
import type { LackingObject } from "../ownership";
import { effectsOf, hazardOf } from "./effects";
import { KEY_RULES, type KeyRules } from "./key-rules";
import { isQuarantine } from "./permissions";
import {
  exposedSlot,
  isRecent,
  isStateLost,
  type KeySituation,
  type KeySlot,
  mismatches,
  missingImports,
  pendingImport,
  renamedObjects,
  slotSettings,
  slotsOf,
  taintedAddresses,
  unlistedKeys,
  unmanagedKeys,
  unmanagedObjects,
} from "./situation";

/** Most rules limit the age of keys to 90 days: CIS AWS Foundations Benchmark 1.14. Leaves two weeks to rotate. */
const WARN_AT_DAYS = 75;
const MAX_DAYS = 90;
const PGP_WARN_DAYS = 30;
const DAY_MS = 86_400_000;

type KeyFinding = Found<KeyRules>;

/** What is to be reported about the keys of a deployment. */
export function keyFindings(situation: KeySituation): readonly Finding<KeyRules>[] {
  const { stack } = situation.settings;
  const mismatch = [...mismatchFindings(situation), ...movedFindings(situation)];
  const found = [
    ...stateFindings(situation),
    ...effectFindings(situation),
    ...slotsOf(situation).flatMap((slot) => slotFindings(slot, situation)),
    ...useFindings(situation),
  ];
  return (mismatch.length > 0 ? mismatch : found).map((finding) => ({ ...finding, stack }));
}

/** What differs from everything that has a step. */
export const unverifiableFindings = (situation: KeySituation) =>
  keyFindings(situation).filter((finding) => ["breaking", "unverifiable"].includes(levelOf<KeyRules>(KEY_RULES, finding)));

/** Settings, state and credentials that do not belong together. */
export function mismatchFindings({ settings, state, iam, folder }: KeySituation): readonly KeyFinding[] {
  const { user, stateAccount, settingsAccount } = mismatches(settings, state.user, iam.account);
  const account = iam.account ?? "";
  const findings: KeyFinding[] = [];
  if (user !== undefined) {
    findings.push({
      rule: "key-user-differs",
      field: "user.name",
      values: { settings: settings.user.name, state: user, folder },
    });
  }
  if (stateAccount !== undefined) {
    const of = "the user in the state belongs to account";
    findings.push({ rule: "key-account-differs", values: { of, expected: stateAccount, account } });
  }
  if (settingsAccount !== undefined) {
    const values = { of: "accountId is", expected: settingsAccount, account };
    findings.push({ rule: "key-account-differs", field: "accountId", values });
  }
  return findings;
}

/** Keys of state or settings that another user has: it was renamed, and nothing else about the keys is reliable, either. */
function movedFindings(situation: KeySituation): readonly KeyFinding[] {
  const { iam, settings, state } = situation;
  const pending = pendingImport(situation);
  const known = new Set([...state.keys.map(({ id }) => id), state.exposed.id, pending]);
  return [...known].flatMap((key = "") => {
    const owner = iam.owners[key];
    const imported = key === pending ? "import.accessKeyId" : undefined;
    const values = { key, owner: owner ?? "", user: settings.user.name, imported };
    return owner === undefined ? [] : [{ rule: "key-of-another-user", field: "user.name", values } as const];
  });
}

/** What has no step. */
function stopFindings(situation: KeySituation): readonly KeyFinding[] {
  const { state, permissions } = situation;
  return [
    ...state.resources.deposed.map(({ address, attributes: { name, id } }): KeyFinding => {
      return { rule: "key-left-over", address, values: { address, name: String(name ?? id) } };
    }),
    ...renamedObjects(situation).map((values): KeyFinding => ({ rule: "key-object-renamed", address: values.address, values })),
    ...permissions.denials.map((denial): KeyFinding => {
      return { rule: isQuarantine(denial) ? "key-quarantined" : "key-denied", values: { ...denial } };
    }),
    ...permissions.unlinked.map((policy): KeyFinding => ({ rule: "key-policy-attached", values: { ...policy } })),
    ...(permissions.unread.length === 0
      ? []
      : [{ rule: "key-permissions-unread", values: { unread: permissions.unread } } as const]),
  ];
}

function stateFindings(situation: KeySituation): readonly KeyFinding[] {
  const { state, iam, settings, folder, erroredState, permissions } = situation;
  const findings: KeyFinding[] = [...stopFindings(situation)];
  if (erroredState !== undefined) {
    findings.push({ rule: `key-${erroredState}`, values: { folder } });
  }
  if (isStateLost(situation)) {
    const values = { user: settings.user.name, keys: iam.keys.map(keyText) };
    findings.push({ rule: "key-state-lost", field: "user.name", values });
  }
  findings.push(...unmanagedObjects(situation).flatMap((object) => objectFindings(object, isStateLost(situation))));
  for (const imported of missingImports(situation)) {
    const field = `import.${imported}`;
    findings.push({ rule: "key-import-missing", field, values: { field } });
  }
  // A user that IAM does not list yet, or no longer, has nothing attached. What the state lacks can be new in the settings.
  for (const { address, lost } of iam.exists ? permissions.lost : []) {
    if (!permissions.lacking.includes(address)) {
      findings.push({ rule: "key-permissions-lost", address, values: { address, lost } });
    }
  }
  const exposed = exposedSlot(situation);
  const { id, slot } = state.exposed;
  if (id !== undefined && exposed === undefined) {
    const key = iam.keys.find((candidate) => candidate.id === id);
    findings.push({ rule: "key-exposed-lost", values: { slot: slot ?? "", key: key === undefined ? id : keyText(key) } });
  }
  if (state.user !== undefined && !iam.exists && unlistedKeys(situation).length === 0) {
    findings.push({ rule: "key-user-deleted", values: { user: settings.user.name } });
  }
  if (state.keys.length > 0 && id === undefined) {
    findings.push({ rule: "key-no-outputs", values: {} });
  }
  for (const address of taintedAddresses(situation)) {
    findings.push({ rule: "key-tainted", address, values: { address } });
  }
  return findings;
}

/** An object of the settings that the state lacks; without the user, only what another deployment has. */
function objectFindings({ setting, owner, ...object }: LackingObject, isLost: boolean): readonly KeyFinding[] {
  const { kind, name, by, isImported } = object;
  const field = `${setting}.name`;
  if (owner === "another") {
    const imported = isImported ? `import.${object.imports}` : undefined;
    return [{ rule: "key-object-of-another", field, values: { kind, name, field, by, imported } }];
  }
  const values = { kind, name, owner: owner === "unknown" ? owner : undefined };
  return isLost ? [] : [{ rule: "key-object-lost", field, values }];
}

function effectFindings(situation: KeySituation): readonly KeyFinding[] {
  const { id, slot } = situation.state.exposed;
  const effects = effectsOf(situation);
  return effects.flatMap((effect): readonly KeyFinding[] => {
    const isExposure = effect.verb === "expose";
    const rule = hazardOf(effect, effects, situation) ?? (isExposure ? "key-current-differs" : undefined);
    const field = isExposure ? "accessKeys.current" : `accessKeys.${effect.slot}`;
    const values = { verb: effect.verb, slot: effect.slot, key: effect.id ?? "", exposed: `${id} (${slot})` };
    return rule === undefined ? [] : [{ rule, field, values }];
  });
}

function slotFindings({ slot, inState, inIam, inSettings }: KeySlot, situation: KeySituation): readonly KeyFinding[] {
  const { iam, state, settings } = situation;
  const findings: KeyFinding[] = [];
  const key = inState?.id ?? "";
  if (inState !== undefined && inIam === undefined) {
    if (unlistedKeys(situation).some((unlisted) => unlisted.slot === slot)) {
      findings.push({ rule: "key-not-listed", values: { slot, key } });
    } else if (iam.exists && key === state.exposed.id) {
      findings.push({ rule: "key-exposed-deleted", values: { slot, key } });
    }
  }
  const days = inIam?.created === undefined ? 0 : daysBetween(inIam.created, iam.now);
  if (days >= WARN_AT_DAYS && inIam?.status === "Active") {
    findings.push({ rule: "key-old", values: { slot, days, limit: MAX_DAYS } });
  }
  // The settings of an absent slot can have the OpenPGP key of the next access key.
  const own = inSettings === "absent" ? undefined : pgpKeyOf(slotSettings(settings)[slot].pgpKey);
  const recorded = inState?.keyFingerprint;
  if (own !== undefined && recorded !== undefined && recorded !== own.fingerprint) {
    const fingerprint = own.fingerprint.toUpperCase();
    const values = { slot, key, recorded: recorded.toUpperCase(), fingerprint, stack: settings.stack };
    findings.push({ rule: "key-encrypted-otherwise", field: `accessKeys.${slot}.pgpKey`, values });
  }
  const expires = slotPgpKey({ inState, slot }, settings)?.expires;
  if (expires !== undefined && daysBetween(iam.now, expires) <= PGP_WARN_DAYS && inSettings !== "absent") {
    const values = { slot, day: expires.toISOString().slice(0, 10) };
    findings.push({ rule: "pgp-key-expires", field: `accessKeys.${slot}.pgpKey`, values });
  }
  return findings;
}

const daysBetween = (from: Date, to: Date) => Math.floor((to.getTime() - from.getTime()) / DAY_MS);

/** The OpenPGP key of a slot: that of its access key, or that of the settings for the next one. */
export const slotPgpKey = ({ inState, slot }: Pick<KeySlot, "inState" | "slot">, settings: KeySituation["settings"]) =>
  pgpKeyOf((inState ?? slotSettings(settings)[slot]).pgpKey);

/** Keys outside the state, and no key at all. */
function useFindings(situation: KeySituation): readonly KeyFinding[] {
  const { settings, state, iam } = situation;
  const named = [pendingImport(situation), state.exposed.id];
  const unmanaged = isStateLost(situation) ? [] : unmanagedKeys(situation).filter(({ id }) => !named.includes(id));
  const isNone = settings.accessKeys === "none";
  const findings = unmanaged.map((key): KeyFinding => {
    const values = { key: keyText(key), id: key.id, stack: settings.stack };
    const recently = isRecent(key, iam.now) ? "created or used" : undefined;
    return isNone && state.keys.length === 0
      ? { rule: "key-external", values }
      : { rule: "key-unmanaged", values: { ...values, recently } };
  });
  if (isNone && iam.exists && iam.keys.every(({ status }) => status !== "Active")) {
    findings.push({ rule: "key-none-active", field: "accessKeys", values: { user: settings.user.name } });
  }
  return findings;
}

/** A key of IAM as text: `AKIA... (Active, created TIME, last used TIME)`. */
export function keyText({ id, status, created, lastUsed }: IamKey): string {
  const parts = [status];
  if (created !== undefined) {
    parts.push(`created ${created.toISOString()}`);
  }
  parts.push(lastUsed === undefined ? "no use reported" : `last used ${lastUsed.at.toISOString()}`);
  return `${id} (${parts.join(", ")})`;
}

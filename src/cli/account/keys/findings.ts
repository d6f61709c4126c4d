import { pgpKeyOf } from "../../../iam/openpgp-key";
import { KEY_ADDRESSES } from "../../../terraform/addresses";
import type { Finding, Found } from "../../findings/finding";
import type { IamKey } from "../aws/user-keys";
import type { KeyRules } from "./rules";
import {
  breakOf,
  canBeGiven,
  effectsOf,
  exposedSlot,
  isInUse,
  isRecent,
  type KeySituation,
  type KeySlot,
  mismatches,
  pendingImport,
  secretKnown,
  slotSettings,
  slotsOf,
  taintedAddresses,
  unlistedKeys,
  unmanagedKeys,
} from "./situation";

/** Most rules limit the age of keys to 90 days: CIS AWS Foundations Benchmark 1.14. Leaves two weeks to rotate. */
const WARN_AT_DAYS = 75;
const MAX_DAYS = 90;
const PGP_WARN_DAYS = 30;
const DAY_MS = 86_400_000;
/** AWS rejects signatures that are older: "Signature Version 4", 5 minutes for most services. */
const MAX_SKEW_MINUTES = 5;

type KeyFinding = Found<KeyRules>;

/** What is to be reported about the keys of a deployment. */
export function keyFindings(situation: KeySituation): readonly Finding<KeyRules>[] {
  const { stack } = situation.settings;
  const mismatch = mismatchFindings(situation);
  const found = [
    ...clockFindings(situation),
    ...(mismatch.length > 0
      ? mismatch
      : [
          ...stateFindings(situation),
          ...effectFindings(situation),
          ...slotsOf(situation).flatMap((slot) => slotFindings(slot, situation)),
          ...useFindings(situation),
        ]),
  ];
  return found.map((finding) => ({ ...finding, stack }));
}

function clockFindings({ clock, iam }: KeySituation): readonly KeyFinding[] {
  const minutes = Math.round((clock.getTime() - iam.now.getTime()) / 60_000);
  return Math.abs(minutes) > MAX_SKEW_MINUTES ? [{ rule: "key-clock", values: { minutes } }] : [];
}

/** Settings, state and credentials that do not belong together. */
export function mismatchFindings({ settings, state, iam, folder }: KeySituation): readonly KeyFinding[] {
  const { user, stateAccount, settingsAccount } = mismatches({ settings, state, iam });
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
    const of = "the state's user belongs to account";
    findings.push({ rule: "key-account-differs", values: { of, expected: stateAccount, account } });
  }
  if (settingsAccount !== undefined) {
    const values = { of: "accountId is", expected: settingsAccount, account };
    findings.push({ rule: "key-account-differs", field: "accountId", values });
  }
  return findings;
}

/** Whether IAM has the user and the state has nothing of it, nor do the settings import it. */
export const isStateLost = ({ state, iam, settings }: KeySituation) =>
  state.user === undefined && iam.exists && settings.import?.user !== true;

function stateFindings(situation: KeySituation): readonly KeyFinding[] {
  const { state, iam, settings, folder, unsent, unmanagedObjects } = situation;
  const findings: KeyFinding[] = [];
  if (unsent !== undefined) {
    findings.push({ rule: "key-state-unsent", values: { folder, newer: unsent === "newer" } });
  }
  if (isStateLost(situation)) {
    const keys = iam.keys.map(keyText).join(" and ");
    findings.push({ rule: "key-state-lost", values: { user: settings.user.name, keys } });
  } else {
    findings.push(...unmanagedObjects.map((object): KeyFinding => ({ rule: "key-object-lost", values: { object } })));
  }
  const exposed = exposedSlot(situation);
  const { id, slot } = state.exposed;
  if (id !== undefined && exposed === undefined) {
    findings.push({ rule: "key-exposed-lost", values: { slot: slot ?? "", key: id } });
  }
  if (state.user !== undefined && !iam.exists) {
    findings.push({ rule: "key-user-deleted", values: { user: settings.user.name } });
  }
  if (state.keys.length > 0 && id === undefined) {
    findings.push({ rule: "key-no-outputs", values: {} });
  }
  for (const address of taintedAddresses(situation)) {
    const key = state.keys.find((candidate) => KEY_ADDRESSES[candidate.slot] === address);
    findings.push({ rule: "key-tainted", address, values: { address, lost: key !== undefined && !secretKnown(key) } });
  }
  return findings;
}

function effectFindings(situation: KeySituation): readonly KeyFinding[] {
  const { id, slot } = situation.state.exposed;
  const exposed = `${id} (${slot})`;
  const effects = effectsOf(situation);
  return effects.flatMap((effect): readonly KeyFinding[] => {
    const breaks = breakOf(effect, effects, situation);
    const field = effect.verb === "expose" ? "accessKeys.current" : `accessKeys.${effect.slot}`;
    const values = { verb: effect.verb, slot: effect.slot, key: effect.id ?? "", exposed };
    if (breaks !== undefined) {
      return [{ rule: "key-breaking", field, values: { ...values, breaks } }];
    }
    return effect.verb === "expose" ? [{ rule: "key-current-differs", field, values }] : [];
  });
}

function slotFindings({ slot, managed, found, wanted }: KeySlot, situation: KeySituation): readonly KeyFinding[] {
  const { iam, state, settings } = situation;
  const findings: KeyFinding[] = [];
  const key = managed?.id ?? "";
  if (managed !== undefined && found === undefined && iam.exists) {
    if (unlistedKeys(situation).some((unlisted) => unlisted.slot === slot)) {
      findings.push({ rule: "key-not-listed", values: { slot, key } });
    } else if (key === state.exposed.id) {
      findings.push({ rule: "key-exposed-deleted", values: { slot, key } });
    } else if (wanted !== "absent") {
      findings.push({ rule: "key-deleted", field: `accessKeys.${slot}.status`, values: { slot, key } });
    }
  }
  const days = found?.created === undefined ? 0 : daysBetween(found.created, iam.now);
  if (days >= WARN_AT_DAYS && found?.status === "Active") {
    findings.push({ rule: "key-old", values: { slot, days, limit: MAX_DAYS } });
  }
  const expires = slotPgpKey({ managed, slot }, settings)?.expires;
  const left = expires === undefined ? undefined : daysBetween(iam.now, expires);
  if (left !== undefined && left <= PGP_WARN_DAYS && wanted !== "absent") {
    findings.push({ rule: "pgp-key-expires", field: `accessKeys.${slot}.pgpKey`, values: { slot, days: left } });
  }
  return findings;
}

export const daysBetween = (from: Date, to: Date) => Math.floor((to.getTime() - from.getTime()) / DAY_MS);

/** The OpenPGP key of a slot: that of its access key, or that of the settings for the next one. */
export const slotPgpKey = ({ managed, slot }: Pick<KeySlot, "managed" | "slot">, settings: KeySituation["settings"]) =>
  pgpKeyOf((managed ?? slotSettings(settings)[slot]).pgpKey);

/** Keys beside the state, and the exposed key that nothing uses. */
function useFindings(situation: KeySituation): readonly KeyFinding[] {
  const { settings, state, iam } = situation;
  const unmanaged = isStateLost(situation) ? [] : unmanagedKeys(situation).filter(({ id }) => id !== pendingImport(situation));
  const isNone = settings.accessKeys === "none" && state.keys.length === 0;
  const findings = unmanaged.map(
    (key): KeyFinding =>
      isNone
        ? { rule: "key-external", values: { key: keyText(key) } }
        : { rule: "key-unmanaged", values: { key: keyText(key), recent: isRecent(key, iam.now) } },
  );
  const imported = settings.import?.accessKeyId;
  const primary = state.keys.find(({ slot }) => slot === "primary")?.id;
  if (imported !== undefined && primary !== undefined && primary !== imported) {
    findings.push({ rule: "key-import-ignored", field: "import.accessKeyId", values: { key: imported, primary } });
  }
  const exposed = exposedSlot(situation);
  if (exposed?.found?.status === "Active" && !isInUse(exposed.found, iam.now)) {
    const values = { slot: exposed.slot, key: exposed.found.id, known: canBeGiven(exposed) };
    findings.push({ rule: "key-unused", values });
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

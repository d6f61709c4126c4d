import { alwaysOnRegion } from "../../../iam/arns";
import { type PgpKey, pgpKeyOf } from "../../../iam/openpgp-key";
import { KEY_ADDRESSES } from "../../../terraform/addresses";
import type { Finding, Found } from "../../findings/finding";
import { leakCommands } from "../../iam/leaked-key";
import { dkpAccess } from "../../text/advice";
import { dayText, timeText } from "../../text/time";
import type { IamKey } from "../aws/iam-reader";
import { endingOf, isInUse, type KeyUses } from "../key-judge";
import { mismatches } from "../state-match";
import type { KeyRules } from "./key-rules";
import { dkpKeyOf, type KeySituation, type KeySlot, slotsOf, unmanagedKeys } from "./situation";

/** Two weeks to rotate. */
const WARN_DAYS = 15;
const PGP_WARN_DAYS = 30;
export const DAY_MS = 86_400_000;

/**
 * IAM is eventually consistent: a new key can be missing from ListAccessKeys. Seconds in practice,
 * no limit is documented.
 */
const LISTED_AFTER_MS = 600_000;

type KeyFinding = Found<KeyRules>;

/** Where settings, state, IAM and cluster differ, and what is due soon. */
export function keyFindings(situation: KeySituation): readonly Finding<KeyRules>[] {
  const mismatch = [...mismatchFindings(situation), ...userFindings(situation)];
  const found =
    mismatch.length > 0
      ? mismatch
      : [
          ...stateFindings(situation),
          ...slotsOf(situation).flatMap((slot) => slotFindings(slot, situation)),
          ...userKeyFindings(situation),
        ];
  return found.map((finding) => ({ ...finding, stack: situation.settings.stack }));
}

/**
 * Settings, state, credentials and cluster that do not belong together: nothing else about the keys
 * is reliable.
 */
function mismatchFindings({ settings, state, iam, cluster }: KeySituation): readonly KeyFinding[] {
  const { user, stateAccount, settingsAccount } = mismatches(settings, state.user, iam.account);
  const account = iam.account ?? "";
  const found: KeyFinding[] = [];
  if (user !== undefined) {
    found.push({
      rule: "key-user-differs",
      field: "user.name",
      values: { settings: settings.user.name, state: user },
    });
  }
  if (stateAccount !== undefined) {
    const values = { of: "the user in the state is of account", expected: stateAccount, account };
    found.push({ rule: "key-account-differs", values });
  }
  if (settingsAccount !== undefined) {
    const values = { of: "accountId is", expected: settingsAccount, account };
    found.push({ rule: "key-account-differs", field: "accountId", values });
  }
  const { region, prefix = settings.cluster.prefix } = {
    ...cluster?.configuration,
    prefix: cluster?.prefix,
  };
  const ofCluster = [
    ["region", settings.region, region],
    ["cluster.prefix", settings.cluster.prefix ?? prefix, prefix],
  ] as const;
  for (const [field, own = "", other = ""] of cluster === undefined ? [] : ofCluster) {
    if (own !== other) {
      const values = { field, settings: own, cluster: other, context: cluster?.context ?? "" };
      found.push({ rule: "key-cluster-differs", field, values });
    }
  }
  return found;
}

/**
 * A user that only the state or only IAM has. Minutes after its creation, IAM may not list it yet.
 */
function userFindings({ settings, state, iam }: KeySituation): readonly KeyFinding[] {
  const user = settings.user.name;
  const isNew = state.keys.some(
    ({ created }) => created !== undefined && isNewAt(created, iam.now),
  );
  if (state.user !== undefined && !iam.exists && !isNew) {
    const [owner] = state.keys.flatMap(({ id }) => iam.owners[id] ?? []);
    return [{ rule: "key-user-deleted", field: "user.name", values: { user, owner } }];
  }
  if (state.user === undefined && iam.exists && settings.import?.user !== true) {
    return [
      { rule: "key-state-lost", field: "user.name", values: { user, keys: iam.keys.map(keyText) } },
    ];
  }
  return [];
}

const isNewAt = (created: Date, now: Date) => now.getTime() - created.getTime() < LISTED_AFTER_MS;

function stateFindings({
  settings,
  state,
  iam,
  erroredState,
}: KeySituation): readonly KeyFinding[] {
  const found: KeyFinding[] = [];
  if (erroredState !== undefined) {
    found.push({ rule: "key-errored-state", values: { file: erroredState } });
  }
  const { id } = state.exposed;
  if (id !== undefined && state.keys.every((key) => key.id !== id)) {
    const known = iam.keys.find((key) => key.id === id);
    found.push({
      rule: "key-old-state",
      values: { key: known === undefined ? id : keyText(known) },
    });
  }
  for (const { slot } of state.keys.filter(({ tainted }) => tainted)) {
    found.push({
      rule: "key-tainted",
      address: KEY_ADDRESSES[slot],
      values: { address: KEY_ADDRESSES[slot] },
    });
  }
  if (iam.quarantine !== undefined) {
    found.push({
      rule: "key-quarantined",
      values: { user: settings.user.name, policy: iam.quarantine },
    });
  }
  if (iam.unread.length > 0) {
    found.push({ rule: "key-unread", values: { unread: iam.unread } });
  }
  return found;
}

function slotFindings(slot: KeySlot, situation: KeySituation): readonly KeyFinding[] {
  const found = [...differenceOf(slot, situation)];
  const { iam, settings } = situation;
  const { inState, inIam, inSettings, slot: name } = slot;
  const field = `accessKeys.${name}.pgpKey`;
  const days = inIam?.created === undefined ? 0 : daysBetween(inIam.created, iam.now);
  const { maxAge: limit } = settings;
  if (limit !== undefined && days >= limit - WARN_DAYS && inIam?.status === "Active") {
    found.push({ rule: "key-old", values: { slot: name, days, limit } });
  }
  // The settings of an absent slot can have the OpenPGP key of the next access key.
  const own = inSettings === "absent" ? undefined : pgpKeyOf(pgpKeyIn(settings, slot));
  const recorded = inState?.keyFingerprint?.toUpperCase();
  const fingerprint = own?.fingerprint.toUpperCase();
  if (fingerprint !== undefined && recorded !== undefined && recorded !== fingerprint) {
    const values = {
      slot: name,
      key: inState?.id ?? "",
      recorded,
      fingerprint,
      stack: settings.stack,
    };
    found.push({ rule: "key-encrypted-otherwise", field, values });
  }
  const expires = slotPgpKey(slot, settings)?.expires;
  if (
    expires !== undefined &&
    daysBetween(iam.now, expires) <= PGP_WARN_DAYS &&
    inSettings !== "absent"
  ) {
    found.push({
      rule: "pgp-key-expires",
      field,
      values: { slot: name, day: dayText(expires) },
    });
  }
  return found;
}

/** How a slot differs between the sources, and what the next apply does to its key. */
function differenceOf(
  { slot, inSettings, inState, inIam }: KeySlot,
  situation: KeySituation,
): readonly KeyFinding[] {
  const { settings, state, iam, cluster, dkpKey } = situation;
  if (inState === undefined || settings.accessKeys === "none") {
    return [];
  }
  const { stack, region, user } = settings;
  const { id: key, created, pgpKey } = inState;
  if (inIam === undefined) {
    const isNew = created !== undefined && isNewAt(created, iam.now);
    const values = { slot, key, dkp: key === state.exposed.id ? "it" : undefined };
    return [isNew ? { rule: "key-not-listed", values } : { rule: "key-deleted", values }];
  }
  if (inSettings !== "absent" && pgpKeyIn(settings, { slot }) !== pgpKey) {
    return [{ rule: "key-replaced", field: `accessKeys.${slot}.pgpKey`, values: { slot, key } }];
  }
  const isCurrent = key === state.exposed.id;
  if (inSettings === "Active" && inIam.status === "Inactive") {
    const activate = leakCommands(user.name, alwaysOnRegion(region)).activate(key);
    const values = {
      slot,
      key,
      stack,
      other: isCurrent || slot === settings.accessKeys.current ? undefined : slot,
      activate,
    };
    return [{ rule: "key-deactivated", field: `accessKeys.${slot}.status`, values }];
  }
  if (inSettings === "absent" || inSettings !== inIam.status) {
    const verb = inSettings === "absent" ? "deletes" : "deactivates";
    const isOfDkp = key === (cluster?.configuration.keyId ?? dkpKey);
    const whose = isCurrent ? "the current" : isOfDkp && "DKP's";
    const ended = {
      slot,
      verb,
      id: key,
      current: state.exposed.id,
      whose: whose || undefined,
    } as const;
    return [{ ...endingOf(ended, usesIn(situation)), field: `accessKeys.${slot}.status` }];
  }
  return [];
}

/** The last uses that are known. Where one could not be read, none counts as known. */
export const usesIn = ({ iam: { now, keys, unread } }: KeySituation): KeyUses => ({
  now,
  keys: unread.some((reason) => reason.startsWith("iam:GetAccessKeyLastUsed")) ? [] : keys,
});

export const daysBetween = (from: Date, to: Date): number =>
  Math.floor((to.getTime() - from.getTime()) / DAY_MS);

const pgpKeyIn = ({ accessKeys }: KeySituation["settings"], { slot }: Pick<KeySlot, "slot">) =>
  accessKeys === "none" ? undefined : accessKeys[slot].pgpKey;

/** The OpenPGP key of a slot: that of its access key, or that of the settings for the next one. */
export const slotPgpKey = (
  { inState, slot }: Pick<KeySlot, "inState" | "slot">,
  settings: KeySituation["settings"],
): PgpKey | undefined =>
  pgpKeyOf(inState === undefined ? pgpKeyIn(settings, { slot }) : inState.pgpKey);

/** Keys outside the state, no key at all, and a key of DKP that does not work. */
function userKeyFindings(situation: KeySituation): readonly KeyFinding[] {
  const { settings, state, iam } = situation;
  const { stack, accessKeys, user } = settings;
  const isNone = accessKeys === "none";
  const found = unmanagedKeys(situation).map((key): KeyFinding => {
    const values = { key: keyText(key), id: key.id, stack };
    if (!isNone || state.keys.length > 0) {
      return { rule: "key-unmanaged", values };
    }
    const by =
      settings.managedBy === "rotate"
        ? dkpAccess("rotate", stack, "--cluster")
        : "your own commands";
    return { rule: "key-external", values: { ...values, by } };
  });
  if (isNone && iam.exists && iam.keys.every(({ status }) => status !== "Active")) {
    found.push({ rule: "key-none-active", field: "accessKeys", values: { user: user.name } });
  }
  const dkp = dkpKeyOf(situation)?.id;
  const current = iam.keys.find(({ id }) => id === state.exposed.id);
  if (dkp === undefined && !isNone && current?.lastUsed !== undefined) {
    const unusedSince = iam.keys.every(({ lastUsed }) => !isInUse({ lastUsed }, iam.now));
    const values = { key: current.id, used: timeText(current.lastUsed.at), stack };
    found.push(...(unusedSince ? [{ rule: "key-unused", values } as const] : []));
  }
  const key = iam.keys.find(({ id }) => id === dkp);
  if (dkp !== undefined && key?.status !== "Active") {
    found.push({
      rule: "key-dkp-dead",
      values: { key: dkp, status: key?.status, user: user.name, owner: iam.owners[dkp] },
    });
  }
  return found;
}

/** A key of IAM as text: `AKIA... (Active, created TIME, last used TIME)`. */
export function keyText({ id, status, created, lastUsed }: IamKey): string {
  const parts = [status];
  if (created !== undefined) {
    parts.push(`created ${timeText(created)}`);
  }
  parts.push(lastUsed === undefined ? "no use reported" : `last used ${timeText(lastUsed.at)}`);
  return `${id} (${parts.join(", ")})`;
}

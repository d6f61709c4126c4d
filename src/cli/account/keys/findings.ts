import type { Finding, Found } from "../../findings/finding";
import { leakCommands } from "../../iam/leaked-key";
import { dayText, timeText } from "../../text/time";
import type { IamKey } from "../aws/iam-reader";
import { dkpKeyFindings, otherCluster } from "../dkp-key";
import { ageInDays, createdOf, DAY, endingOf, isInUse, type KeyUses } from "../key-judge";
import { rotatedFindings } from "../rotated-keys";
import { mismatches } from "../state-match";
import type { KeyRules } from "./key-rules";
import {
  currentKeyOf,
  dkpKeyOf,
  formerKeyOf,
  type KeySituation,
  type KeySlot,
  saidKeyOf,
  slotsOf,
} from "./situation";

/** Two weeks to rotate. */
const WARN_DAYS = 15;

/** A new key can be missing from ListAccessKeys: seconds in practice, no limit is documented. */
const LISTED_AFTER_MS = 600_000;

type KeyFinding = Found<KeyRules>;

/** Where settings, state, IAM and cluster differ, and what is due soon. */
export function keyFindings(situation: KeySituation): readonly Finding<KeyRules>[] {
  const mismatch = mismatchFindings(situation);
  const found =
    mismatch.length > 0
      ? mismatch
      : [...stateFindings(situation), ...slotFindings(situation), ...userKeyFindings(situation)];
  return found.map((finding) => ({ ...finding, stack: situation.settings.stack }));
}

/**
 * If these do not belong together, or if only the state or only IAM has the user, nothing else
 * about the keys is reliable.
 */
function mismatchFindings(situation: KeySituation): readonly KeyFinding[] {
  const { settings, state, iam, cluster } = situation;
  const { user, stateAccount, settingsAccount } = mismatches(settings, state.user, iam.account);
  const { account = "" } = iam;
  const { name } = settings.user;
  const found: KeyFinding[] = [];
  if (user !== undefined) {
    const values = { settings: name, state: user };
    found.push({ rule: "key-user-differs", field: "user.name", values });
  }
  const accounts = [
    ["the user in the state is of account", stateAccount],
    ["accountId is", settingsAccount],
  ] as const;
  for (const [of, expected] of accounts) {
    if (expected !== undefined) {
      found.push({ rule: "key-account-differs", values: { of, expected, account } });
    }
  }
  const dkpKey = saidKeyOf(situation);
  // Without its user, the key can be that of the same user under another name.
  const owner = dkpKey !== undefined && iam.exists ? iam.owners[dkpKey] : undefined;
  found.push(...otherCluster(settings, { cluster, dkpKey, owner }));
  const isNew = state.keys.some((key) => isNewAt(key.created, iam.now));
  if (state.user !== undefined && !iam.exists && !isNew) {
    const [owner] = state.keys.flatMap(({ id }) => iam.owners[id] ?? []);
    found.push({ rule: "key-user-deleted", field: "user.name", values: { user: name, owner } });
  }
  if (state.user === undefined && iam.exists && settings.import?.user !== true) {
    const values = { user: name, keys: iam.keys.map(keyText) };
    found.push({ rule: "key-state-lost", field: "user.name", values });
  }
  return found;
}

const isNewAt = (created: Date | undefined, now: Date) =>
  created !== undefined && Number(now) - Number(created) < LISTED_AFTER_MS;

function stateFindings({ state, iam, erroredState: file }: KeySituation): readonly KeyFinding[] {
  const found: KeyFinding[] = [];
  if (file !== undefined) {
    found.push({ rule: "key-errored-state", values: { file } });
  }
  const { id } = state.current;
  if (id !== undefined && state.keys.every((key) => key.id !== id)) {
    found.push({ rule: "key-old-state", values: { key: id } });
  }
  if (iam.quarantine !== undefined) {
    found.push({ rule: "key-quarantined", values: { id: iam.quarantine } });
  }
  if (iam.unread.length > 0) {
    found.push({ rule: "key-unread", values: { unread: iam.unread } });
  }
  return found;
}

function slotFindings(situation: KeySituation): readonly KeyFinding[] {
  const { settings, iam } = situation;
  const slots = slotsOf(situation);
  const found = slots.flatMap((slot) => differenceOf(slot, situation));
  const ending = found.find(({ rule }) => rule === "key-settings-differ");
  const due: KeyFinding[] = [];
  for (const { slot, inIam } of slots) {
    const limit = settings.maxAge;
    const isKnown = inIam?.status === "Active" && inIam.created !== undefined;
    const days = isKnown ? Math.floor(ageInDays(inIam, iam.now)) : 0;
    if (limit !== undefined && isKnown && days >= limit - WARN_DAYS) {
      due.push({ rule: "key-old", values: { slot, days, limit } });
    }
  }
  return [...(ending ? [ending] : found), ...due];
}

function differenceOf(
  { slot, inSettings, inState, inIam }: KeySlot,
  situation: KeySituation,
): readonly KeyFinding[] {
  const { settings, iam, cluster, dkpKey } = situation;
  const currentKey = situation.state.current;
  if (inState === undefined || settings.accessKeys === "none") {
    return [];
  }
  const { stack, region, user } = settings;
  const { id: key, created } = inState;
  const isCurrent = key === currentKey.id;
  const field = `accessKeys.${slot}.status`;
  if (inIam === undefined) {
    const rule = isNewAt(created, iam.now) ? "key-not-listed" : "key-deleted";
    return [{ rule, values: { slot, key } }];
  }
  if (inSettings === inIam.status) {
    return [];
  }
  const isSelected = slot === settings.accessKeys.current;
  const isReplacement = isSelected && currentKeyOf(situation)?.status === "Active";
  if (inSettings === "Active" && !isReplacement) {
    const activate = leakCommands(user.name, region).activate(key);
    const other = isCurrent || isSelected ? undefined : slot;
    return [{ rule: "key-deactivated", field, values: { slot, key, stack, other, activate } }];
  }
  if (isCurrent || isReplacement) {
    const deployed = slotsOf(situation).map((each) => {
      const status = each.inState?.id === currentKey.id ? "Active" : each.inIam?.status;
      return `${each.slot}.status: ${status ?? "absent"}`;
    });
    const values = { key: currentKey.id ?? "", slot: currentKey.slot ?? slot, deployed };
    return [{ rule: "key-settings-differ", field: "accessKeys", values }];
  }
  const verb = inSettings === "absent" ? "deletes" : "deactivates";
  const whose = key === (cluster?.configuration.keyId ?? dkpKey) ? "DKP's" : undefined;
  const ended = { slot, verb, id: key, current: currentKey.id, whose } as const;
  return [{ ...endingOf(ended, usesIn(situation)), field }];
}

/** The last uses that are known. Where one could not be read, none counts as known. */
export const usesIn = ({ iam: { now, keys, unread } }: KeySituation): KeyUses => ({
  now,
  keys: unread.some((reason) => reason.startsWith("iam:GetAccessKeyLastUsed")) ? [] : keys,
});

function userKeyFindings(situation: KeySituation): readonly KeyFinding[] {
  const { settings, state, iam, cluster } = situation;
  const { stack, managedBy, maxAge } = settings;
  const isNone = settings.accessKeys === "none";
  const { id: dkp, usedAt } = dkpKeyOf(situation) ?? {};
  const isInferred = usedAt !== undefined;
  const found: KeyFinding[] = [];
  // What the next apply imports.
  const id = state.keys.every(({ slot }) => slot !== "primary") && settings.import?.accessKeyId;
  if (id && iam.exists && iam.keys.every((key) => key.id !== id)) {
    found.push({ rule: "key-import-left", field: "import.accessKeyId", values: { id } });
  }
  const isRotated = managedBy === "rotate" && maxAge !== undefined;
  const ofDkp = { dkpKey: dkp, isInferred, lastWrite: cluster?.lastWrite };
  const rotated = isRotated ? rotatedFindings({ stack, maxAge, ...ofDkp, ...iam }) : [];
  const judged = rotated.flatMap(({ rule, values }) =>
    rule === "rotated-key-unmanaged" ? [values.id] : [],
  );
  const managed = [id, ...state.keys.map((key) => key.id), ...judged];
  const unmanaged = iam.keys.filter((each) => !managed.includes(each.id));
  found.push(...unmanaged.map((key) => unmanagedFinding(key, situation)));
  found.push(...rotated);
  const current = currentKeyOf(situation);
  const isIdle = iam.keys.every((key) => !isInUse(key, iam.now));
  if (dkp === undefined && !isNone && isIdle && current?.lastUsed !== undefined) {
    const values = { key: current.id, used: timeText(current.lastUsed.at), stack };
    found.push({ rule: "key-unused", values });
  }
  const said = saidKeyOf(situation);
  if (said !== undefined) {
    const keys = { dkpKey: said, keys: iam.keys, exists: iam.exists, current: state.current.id };
    found.push(...dkpKeyFindings({ settings, cluster, ...keys }));
  }
  return found;
}

/** Whose a key is that neither the settings nor the state have. */
function unmanagedFinding(key: IamKey, situation: KeySituation): KeyFinding {
  const { settings, state, iam, cluster } = situation;
  const { stack, managedBy, maxAge } = settings;
  const values = { key: keyText(key), stack };
  const said = saidKeyOf(situation);
  if (key.id === said) {
    const isRotated = managedBy === "rotate" && key.status === "Active";
    const due = isRotated && maxAge && new Date(+createdOf(key) + maxAge * DAY);
    return { rule: "key-of-dkp", values: { ...values, due: due ? dayText(due) : undefined } };
  }
  if (settings.accessKeys !== "none" || state.keys.length > 0) {
    // Back from rotate, Terraform's first key is the younger one.
    const isFirst = state.keys.length === 0 && state.current.id === undefined;
    const isFormer = isFirst || key.id === formerKeyOf(situation)?.id;
    return { rule: isFormer ? "key-former" : "key-unmanaged", values };
  }
  const own = iam.keys.find(({ id, status }) => id === said && status === "Active");
  if (managedBy === "rotate" && own !== undefined && createdOf(key) < createdOf(own)) {
    return { rule: "key-replaced", values };
  }
  return { rule: cluster === undefined ? "key-external" : "key-of-nobody", values };
}

/** A key of IAM as text: `AKIA... (Active, created TIME, last used TIME)`. */
export function keyText({ id, status, created, lastUsed }: IamKey): string {
  const use = lastUsed ? `last used ${timeText(lastUsed.at)}` : "no use reported";
  const parts = [status, created && `created ${timeText(created)}`, use];
  return `${id} (${parts.filter((part) => part !== undefined).join(", ")})`;
}

import { SLOTS, type Slot } from "../../../iam/key-slots";
import { KEY_ADDRESSES } from "../../../terraform/addresses";
import { recovery } from "../../../text/recovery";
import type { IamKey } from "../aws/user-keys";
import {
  daysBetween,
  type Effect,
  editText,
  effectText,
  isRecent,
  type KeyFacts,
  keyIn,
  leakEdits,
  RECENT_HOURS,
  type SlotReport,
} from "./facts";

/** Most rules limit the age of keys to 90 days: CIS AWS Foundations Benchmark 1.14. Leaves two weeks to rotate. */
const WARN_AT_DAYS = 75;
const MAX_DAYS = 90;
const PGP_WARN_DAYS = 30;
/** "IAM and AWS STS quotas": access keys per user, whatever their status. */
export const MAX_KEYS = 2;

export const RESTORE = 'docs/how-to/keys.md, "Restore the state"';

/** Settings, state and credentials that do not belong together: then no other finding about the keys is reliable. */
export function identityErrors({ settings, state, iam, folder }: KeyFacts): readonly string[] {
  const { user, accountId } = settings;
  const account = state.user?.arn?.split(":")[4];
  return [
    ...(state.user?.name === undefined || state.user.name === user.name
      ? []
      : [
          `user.name: the settings have "${user.name}", and the state has the user "${state.user.name}": it is the state of another workspace, or user.name was changed, and the next apply would delete the keys; do not apply; check the backend and terraform -chdir=${folder} workspace show, or set user.name: "${state.user.name}"`,
        ]),
    ...(account === undefined || iam.account === undefined || account === iam.account
      ? []
      : [
          `the state's user belongs to account ${account}, and the credentials to account ${iam.account}: use credentials of ${account}, or check the backend; do not apply`,
        ]),
    ...(accountId === undefined || iam.account === undefined || accountId === iam.account
      ? []
      : [
          `accountId: the settings have ${accountId}, and the credentials belong to account ${iam.account}: use other credentials`,
        ]),
  ];
}

/** Whether IAM has the user and the state has nothing of it, nor do the settings import it. */
export function isStateLost({ state, iam, settings }: KeyFacts): boolean {
  return state.user === undefined && state.keys.length === 0 && iam.exists && settings.import?.user !== true;
}

/** Whether a key that is not in the state may be the one that DKP has. */
function mayBeLive(key: IamKey, { state, slots, exposed, now }: KeyFacts): boolean {
  const managed = slots.flatMap(({ created }) => (created === undefined ? [] : [created.getTime()]));
  const isNewer = managed.length === 0 || (key.created?.getTime() ?? 0) > Math.max(...managed);
  const exposedInUse = slots.some(
    ({ current, status, lastUsed }) => current && status === "Active" && lastUsed !== undefined && isRecent({ lastUsed }, now),
  );
  return key.id === exposed.id || isRecent(key, now) || (isNewer && !exposedInUse) || state.user === undefined;
}

/** Keys in IAM that the state may lack. */
export function missingKeys(facts: KeyFacts): readonly IamKey[] {
  return facts.settings.accessKeys === "none" && facts.exposed.id === undefined
    ? []
    : facts.unmanaged.filter((key) => mayBeLive(key, facts));
}

/** The free slot for each of these keys: the slot whose output exposes it, else the next one that the state has no key for. */
export function importSlots(keys: readonly IamKey[], { state, exposed }: KeyFacts): readonly { key: IamKey; slot: Slot }[] {
  const free = SLOTS.filter((slot) => keyIn(state, slot) === undefined);
  const own = keys.filter(({ id }) => id === exposed.id && exposed.slot !== undefined && free.includes(exposed.slot));
  const rest = free.filter((slot) => own.length === 0 || slot !== exposed.slot);
  return [
    ...own.flatMap((key) => (exposed.slot === undefined ? [] : [{ key, slot: exposed.slot }])),
    ...keys
      .filter((key) => !own.includes(key))
      .flatMap((key, index) => {
        const slot = rest[index];
        return slot === undefined ? [] : [{ key, slot }];
      }),
  ];
}

export const importCommand = (folder: string, slot: Slot, id: string) =>
  `terraform -chdir=${folder} import ${KEY_ADDRESSES[slot]} ${id}`;

/** Signs that the state is lost, older than the account, or partly lost. */
export function stateErrors(facts: KeyFacts): readonly string[] {
  const { settings, iam, exposed, state } = facts;
  if (isStateLost(facts)) {
    const keys = iam.keys.map((key) => keyText(key)).join(" and ");
    return [
      `the state has no user, and IAM has the user ${settings.user.name}${keys === "" ? "" : ` with ${keys}`}: the state was lost, belongs to another workspace, or the first apply failed; do not apply, and do not delete or deactivate a key; see ${recovery("lost-state")}`,
    ];
  }
  const inSlot = exposed.slot === undefined ? undefined : keyIn(state, exposed.slot);
  return [
    ...(exposed.id === undefined || state.keys.some(({ id }) => id === exposed.id)
      ? []
      : [
          `the outputs expose ${exposed.id} (${exposed.slot}), and the state has ${inSlot === undefined ? "no such key" : `${inSlot.id} in that slot`}: it was partly lost or edited; do not apply; see ${recovery("old-state")}`,
        ]),
    ...missingKeys(facts).map(
      (key) =>
        `${keyText(key)} is in IAM and not in the state, and may be the key that DKP has: the state is older than the account or was partly lost; do not delete or deactivate it, and do not apply. If an apply failed while it created the key, its secret is lost: run this command again ${RECENT_HOURS} hours after its creation; see ${recovery("old-state")}`,
    ),
  ];
}

export function keyText({ id, status, created, lastUsed }: IamKey): string {
  return `${id} (${[
    status,
    ...(created === undefined ? [] : [`created ${created.toISOString()}`]),
    lastUsed === undefined ? "no use reported" : `last used ${lastUsed.at.toISOString()}`,
  ].join(", ")})`;
}

export function taintedErrors({ state, folder }: KeyFacts): readonly string[] {
  return state.tainted.map((address) => {
    const key = state.keys.find(({ slot, tainted }) => tainted && KEY_ADDRESSES[slot] === address);
    const lost = key !== undefined && key.secret === undefined && key.encryptedSecret === undefined;
    return `${address} is tainted: an apply failed after creating it, and the next one would replace it, which deletes the existing one or fails; keep it: terraform -chdir=${folder} untaint ${address}${lost ? "; the state does not have its secret, so rotate to the other slot afterwards" : ""}; see ${recovery("tainted")}`;
  });
}

/** Whether IAM has the exposed key, Active. */
const exposedWorks = ({ exposed, iam }: KeyFacts) => iam.keys.some(({ id, status }) => id === exposed.id && status === "Active");

/** Why an effect can end the key that DKP signs with; undefined if it cannot. */
function hazard({ verb, slot }: Effect, facts: KeyFacts): string | undefined {
  const report = facts.slots.find((one) => one.slot === slot);
  if ((verb !== "delete" && verb !== "deactivate") || report === undefined) {
    return undefined;
  }
  if (report.current) {
    return "the key that the outputs expose";
  }
  if (facts.exposed.id === undefined) {
    return "and the state does not show which key the outputs expose";
  }
  if (!exposedWorks(facts)) {
    return "and the exposed key does not work";
  }
  return isRecent(report, facts.now)
    ? `created or last used within the last ${RECENT_HOURS} hours, so DKP may still use it`
    : undefined;
}

/** Whether the next apply would expose a key that is older than the exposed one. */
export function exposesOlderKey({ effects, slots }: KeyFacts): boolean {
  const target = slots.find(({ slot }) => effects.some((effect) => effect.verb === "expose" && effect.slot === slot));
  const current = slots.find((slot) => slot.current);
  return (target?.created?.getTime() ?? Number.POSITIVE_INFINITY) < (current?.created?.getTime() ?? 0);
}

/** What of the next apply can end the key that DKP signs with. */
export function hazardErrors(facts: KeyFacts): readonly string[] {
  return facts.effects.flatMap((effect) => {
    const why = hazard(effect, facts);
    return why === undefined ? [] : [`the next apply ${effectText(effect, facts)}, ${why}; do not apply these settings`];
  });
}

/** Settings whose current slot is not the one that the outputs expose. */
export function currentErrors(facts: KeyFacts): readonly string[] {
  const { settings, effects, exposed } = facts;
  return effects
    .filter(({ verb }) => verb === "expose")
    .map((effect) => {
      const older = exposesOlderKey(facts) ? ", an older key: the settings are older than the deployment; do not apply them" : "";
      return `accessKeys.current: the settings of ${settings.stack} select ${effect.slot}, and the outputs expose ${exposed.slot}: the next apply ${effectText(effect, facts)}${older}`;
    });
}

/** Keys that were deactivated outside Terraform, perhaps because they leaked. */
export function deactivatedErrors(facts: KeyFacts): readonly string[] {
  return facts.effects
    .filter(({ verb }) => verb === "activate")
    .map(({ slot, id }) => {
      const exposed = id === facts.exposed.id ? ", which the outputs expose," : "";
      const edits = leakEdits(slot, facts.settings).map(editText).join("; ");
      return `${slot}: ${id}${exposed} is Inactive in IAM and Active in the settings: any apply re-activates it. If it has leaked, do not apply these settings: make these edits in one change and apply once: ${edits} (review/${facts.settings.stack}/REVIEW.md, "After a leak"). If it was deactivated by mistake, apply`;
    });
}

/** The exposed key that IAM does not have. */
export function outageErrors({ exposed, iam, slots, state, settings }: KeyFacts): readonly string[] {
  if (state.user !== undefined && !iam.exists) {
    return [
      `IAM has no user ${settings.user.name}, and the state has it: the user was deleted or renamed outside Terraform. DKP has no working key until the next apply has created user and key again, and DKP has the new key; see ${recovery("deleted-key")}`,
    ];
  }
  const slot = slots.find(({ current }) => current)?.slot ?? exposed.slot;
  return exposed.id === undefined || iam.keys.some(({ id }) => id === exposed.id)
    ? []
    : [
        `${slot}: ${exposed.id}, which the outputs expose, does not exist in IAM: it was deleted outside Terraform. DKP has no working key until the next apply has created a new one, and DKP has that one; see ${recovery("deleted-key")}`,
      ];
}

/** Keys that are in the state and not in IAM, although the settings want them, the exposed one left out. */
export const goneSlots = ({ slots }: KeyFacts) =>
  slots.filter(({ current, id, status, wanted }) => !current && id !== undefined && status === undefined && wanted !== "absent");

export function warningsOf(facts: KeyFacts): readonly string[] {
  const { settings, unmanaged, effects, iam, state, exposed } = facts;
  const missing = missingKeys(facts);
  const creations = effects.filter(({ verb }) => verb === "create").length;
  return [
    ...facts.slots.flatMap((slot) => slotWarnings(slot, facts.now)),
    ...goneSlots(facts).map(
      ({ slot, id }) =>
        `${slot}: ${id} does not exist in IAM: it was deleted outside Terraform, and the next apply would create another key instead`,
    ),
    ...(state.keys.length > 0 && exposed.id === undefined
      ? ["the state has keys and no output access_key_id, so it does not show which key DKP has"]
      : []),
    ...unmanaged.filter((key) => !missing.includes(key)).map((key) => unmanagedWarning(key, facts)),
    ...(creations > 0 && iam.keys.length + creations > MAX_KEYS
      ? [
          `the next apply would create a third key, which IAM rejects (${MAX_KEYS} per user, LimitExceeded); see ${recovery("unmanaged-key")}`,
        ]
      : []),
    ...(settings.import?.accessKeyId !== undefined && isIgnoredImport(facts)
      ? [
          `import.accessKeyId: ${settings.import.accessKeyId} is not imported: the primary slot has ${keyIn(state, "primary")?.id} already; remove import.accessKeyId`,
        ]
      : []),
  ];
}

function isIgnoredImport({ settings, state }: KeyFacts): boolean {
  const primary = keyIn(state, "primary");
  return primary !== undefined && primary.id !== settings.import?.accessKeyId;
}

function slotWarnings({ slot, ageDays, pgpExpires, wanted, status }: SlotReport, now: Date): readonly string[] {
  const old =
    ageDays !== undefined && ageDays >= WARN_AT_DAYS && status === "Active"
      ? [`${slot}: the key is ${ageDays} days old; rotate before it is ${MAX_DAYS}`]
      : [];
  const left = pgpExpires === undefined ? undefined : daysBetween(now, pgpExpires);
  const expiry =
    left === undefined || left > PGP_WARN_DAYS || wanted === "absent"
      ? []
      : [
          left < 0
            ? `${slot}: its OpenPGP key has expired; Terraform cannot create a key with it`
            : `${slot}: its OpenPGP key expires in ${left} days; rotate to a new one`,
        ];
  return [...old, ...expiry];
}

function unmanagedWarning(key: IamKey, facts: KeyFacts): string {
  const { settings, folder } = facts;
  const { id, status } = key;
  if (settings.accessKeys === "none") {
    return `${id} (${status}) is managed outside Terraform, as accessKeys: none requires; rotate it yourself`;
  }
  const [target] = importSlots([key], facts);
  const keep = target === undefined ? "" : `; to keep it, ${importCommand(folder, target.slot, id)}`;
  const user = settings.user.name;
  const remove =
    status === "Active"
      ? `if nothing uses it, deactivate it first, which can be reversed: aws iam update-access-key --user-name ${user} --access-key-id ${id} --status Inactive`
      : `if nothing requires it, delete it: aws iam delete-access-key --user-name ${user} --access-key-id ${id}`;
  return `${keyText(key)} is in IAM and not in the state: created outside Terraform or left by a failed apply, and AWS reports no use in the last ${RECENT_HOURS} hours; ${remove}${keep}; see ${recovery("unmanaged-key")}`;
}

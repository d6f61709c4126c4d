import { otherSlot, SLOTS, type Slot } from "../../../iam/key-slots";
import { readPgpKey } from "../../../iam/openpgp-key";
import type { Deployment } from "../../../settings/deployment";
import type { StateContents, StateKey } from "../../../terraform/state-file";
import type { IamKey, IamUser } from "../aws/user-keys";

/** What the keys of a deployment are read from. */
export interface KeySources {
  /** The stack's folder, where Terraform runs. */
  readonly folder: string;
  readonly state: StateContents;
  readonly iam: IamUser;
  readonly now: Date;
}

export type KeySettings = Pick<
  Deployment,
  "stack" | "user" | "accessKeys" | "accountId" | "import" | "attachment" | "nodeRole" | "region" | "policy" | "cluster"
>;

export interface SlotReport {
  readonly slot: Slot;
  /** Whether the state's outputs expose this key, whatever the settings say. */
  readonly current: boolean;
  /** What the settings want: Active, Inactive or absent. */
  readonly wanted: string;
  readonly id?: string | undefined;
  /** The status in IAM; undefined where IAM does not have the key. */
  readonly status?: string | undefined;
  readonly created?: Date | undefined;
  readonly ageDays?: number | undefined;
  readonly lastUsed?: IamKey["lastUsed"];
  readonly pgpExpires?: Date | undefined;
  /** Whether the state holds the secret in plaintext. */
  readonly isPlaintext: boolean;
}

/** What the next apply does to one key, or to the outputs. */
export interface Effect {
  readonly verb: "create" | "delete" | "forget" | "activate" | "deactivate" | "import" | "expose";
  readonly slot: Slot;
  /** The key's id; undefined for a key that does not exist yet. */
  readonly id?: string | undefined;
}

/** Settings, state and IAM side by side. */
export interface KeyFacts extends KeySources {
  readonly settings: KeySettings;
  readonly slots: readonly SlotReport[];
  readonly exposed: StateContents["exposed"];
  /** Keys of the user that are not in the state. */
  readonly unmanaged: readonly IamKey[];
  readonly effects: readonly Effect[];
}

/**
 * A key that was created, or used according to AWS, within this many hours may be the one that DKP signs with.
 * A running cluster signs several times an hour, and AWS reports a use some hours late. A cluster that was
 * stopped for longer is not seen: so a key is deactivated first, which can be undone, and deleted later.
 */
export const RECENT_HOURS = 24;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export function keyFacts(settings: KeySettings, sources: KeySources): KeyFacts {
  const { state, iam } = sources;
  const slots = SLOTS.map((slot) => slotReport(slot, settings, sources));
  const managed = new Set(state.keys.map(({ id }) => id));
  const facts = {
    ...sources,
    settings,
    slots,
    exposed: state.exposed,
    unmanaged: iam.keys.filter(({ id }) => !managed.has(id) && id !== settings.import?.accessKeyId),
  };
  return { ...facts, effects: [...slots.flatMap((slot) => slotEffects(slot, facts)), ...exposeEffects(facts)] };
}

function slotReport(slot: Slot, { accessKeys }: KeySettings, { state, iam, now }: KeySources): SlotReport {
  const key = keyIn(state, slot);
  const found = iam.keys.find(({ id }) => id === key?.id);
  const settings = accessKeys === "none" ? undefined : accessKeys[slot];
  return {
    slot,
    current: key !== undefined && key.id === state.exposed.id,
    wanted: settings?.status ?? "absent",
    id: key?.id,
    status: found?.status,
    created: found?.created,
    ageDays: found?.created === undefined ? undefined : daysBetween(found.created, now),
    lastUsed: found?.lastUsed,
    pgpExpires: pgpExpiry(key?.pgpKey ?? settings?.pgpKey),
    isPlaintext: key?.secret !== undefined,
  };
}

export const keyIn = (state: StateContents, slot: Slot): StateKey | undefined => state.keys.find((key) => key.slot === slot);

function pgpExpiry(pgpKey: string | undefined): Date | undefined {
  const reading = pgpKey === undefined ? undefined : readPgpKey(pgpKey);
  return reading !== undefined && "key" in reading ? reading.key.expires : undefined;
}

export const daysBetween = (from: Date, to: Date) => Math.floor((to.getTime() - from.getTime()) / DAY_MS);

/** Whether a key may be the one that DKP signs with, by its age and last use. */
export function isRecent({ created, lastUsed }: Pick<IamKey, "created" | "lastUsed">, now: Date): boolean {
  return [created, lastUsed?.at].some((time) => time !== undefined && now.getTime() - time.getTime() < RECENT_HOURS * HOUR_MS);
}

function slotEffects(
  { slot, id, status, wanted }: SlotReport,
  { settings, state }: Pick<KeyFacts, "settings" | "state">,
): readonly Effect[] {
  // Terraform would replace it, and `protect` makes that an error.
  if (keyIn(state, slot)?.tainted === true && wanted !== "absent") {
    return [];
  }
  if (wanted === "absent") {
    return id === undefined ? [] : [{ verb: status === undefined ? "forget" : "delete", slot, id }];
  }
  if (id === undefined) {
    const imported = slot === "primary" ? settings.import?.accessKeyId : undefined;
    return [imported === undefined ? { verb: "create", slot } : { verb: "import", slot, id: imported }];
  }
  if (status === undefined) {
    return [{ verb: "create", slot }];
  }
  return status === wanted ? [] : [{ verb: wanted === "Active" ? "activate" : "deactivate", slot, id }];
}

function exposeEffects({ settings, slots, exposed }: Pick<KeyFacts, "settings" | "slots" | "exposed">): readonly Effect[] {
  const { accessKeys } = settings;
  if (accessKeys === "none" || exposed.slot === undefined || exposed.slot === accessKeys.current) {
    return [];
  }
  const target = slots.find(({ slot }) => slot === accessKeys.current);
  return [{ verb: "expose", slot: accessKeys.current, id: target?.status === undefined ? undefined : target.id }];
}

/** An effect as a text that continues "the next apply". */
export function effectText({ verb, slot, id }: Effect, { exposed, slots }: KeyFacts): string {
  const former = slots.find((one) => one.slot === slot)?.id;
  const texts: Readonly<Record<Effect["verb"], string>> = {
    create: `creates a key in ${slot}${former === undefined ? "" : ` in place of ${former}`}`,
    delete: `deletes ${id} (${slot})`,
    forget: `removes ${id} (${slot}) from the state; IAM does not have it`,
    activate: `re-activates ${id} (${slot})`,
    deactivate: `deactivates ${id} (${slot})`,
    import: `imports ${id} into ${slot}`,
    expose: `switches the outputs from ${exposed.id} (${exposed.slot}) to ${id ?? "a new key"} (${slot})`,
  };
  return texts[verb];
}

/** The edit of a setting. */
export interface Edit {
  readonly setting: string;
  readonly value: string;
}

export const edit = (setting: string, value: string): Edit => ({ setting: `accessKeys.${setting}`, value });

/** The edits that create or activate a key in a slot. Where the other slot's secret is encrypted, the new one is too. */
export function activation(slot: Slot, { accessKeys }: KeySettings): readonly Edit[] {
  if (accessKeys === "none") {
    return [edit(`${slot}.status`, "Active")];
  }
  const other = otherSlot(slot);
  const unencrypted = accessKeys[other].pgpKey !== undefined && accessKeys[slot].pgpKey === undefined;
  return [
    ...(accessKeys[slot].status === "Active" ? [] : [edit(`${slot}.status`, "Active")]),
    ...(unencrypted ? [edit(`${slot}.pgpKey`, `the value of accessKeys.${other}.pgpKey, or another public key`)] : []),
  ];
}

/** The edits for a leaked key: another slot's key is exposed and the leaked one stays deactivated, in one apply. */
export function leakEdits(leaked: Slot, settings: KeySettings): readonly Edit[] {
  const { accessKeys } = settings;
  const other = otherSlot(leaked);
  const isCurrent = accessKeys !== "none" && accessKeys.current === leaked;
  return [
    ...(isCurrent ? [...activation(other, settings), edit("current", other)] : []),
    ...(accessKeys !== "none" && accessKeys[leaked].status === "Inactive" ? [] : [edit(`${leaked}.status`, "Inactive")]),
  ];
}

/** The edits that change the settings to what is deployed: each key as it is in IAM, and the exposed one current. */
export function deployedEdits({ settings, slots, exposed }: KeyFacts): readonly Edit[] {
  const { accessKeys } = settings;
  const statuses = slots.map(({ slot, status, wanted }) => ({
    slot,
    wanted,
    deployed: slot === exposed.slot ? "Active" : (status ?? "absent"),
  }));
  return [
    ...statuses
      .filter(({ wanted, deployed }) => wanted !== deployed)
      .map(({ slot, deployed }) => edit(`${slot}.status`, deployed)),
    ...(exposed.slot === undefined || (accessKeys !== "none" && accessKeys.current === exposed.slot)
      ? []
      : [edit("current", exposed.slot)]),
  ];
}

export const editText = ({ setting, value }: Edit) => `${setting}: ${value}`;

import { SLOTS, type Slot } from "../../../iam/key-slots";
import type { Deployment } from "../../../settings/deployment";
import { ADDRESSES, KEY_ADDRESSES } from "../../../terraform/addresses";
import type { StateContents, StateKey } from "../../terraform/state-file";
import type { IamKey } from "../aws/iam-reader";
import { describedResources } from "../drift/managed-attributes";
import type { ImportField } from "../managed-objects";
import type { LackingObject } from "../ownership";
import type { Permissions } from "./permissions";

export type KeySlots = Exclude<Deployment["accessKeys"], "none">;

/** Settings, state, IAM and time of a deployment's keys, side by side: what all findings and steps follow from. */
export interface KeySituation {
  readonly settings: Deployment;
  /** The stack's folder, where Terraform runs. */
  readonly folder: string;
  readonly state: StateContents;
  /** Why the state cannot be read; it is empty then. */
  readonly unreachable?: string | undefined;
  /** What of IAM cannot be read; it counts as absent. */
  readonly unread: readonly string[];
  /** `errored.tfstate` in it, which Terraform can push, because it is newer than the state; or another one. */
  readonly erroredState?: "errored-state" | "errored-state-other" | undefined;
  readonly iam: IamUser;
  /** Objects of the settings that the state lacks. */
  readonly lacking: readonly LackingObject[];
  /** What DKP lacks of its permissions, and what denies some to it. */
  readonly permissions: Permissions;
}

/** The deployment's user as IAM reports it. */
export interface IamUser {
  /** The account that was queried, 12 digits. */
  readonly account?: string | undefined;
  readonly exists: boolean;
  readonly keys: readonly IamKey[];
  /** Which other user has a key that the state has, or that is named as leaked. */
  readonly owners: Readonly<Record<string, string>>;
  /** The time that AWS reports. */
  readonly now: Date;
}

/** A slot in settings, state and IAM. */
export interface KeySlot {
  readonly slot: Slot;
  readonly inSettings: KeySlots[Slot]["status"];
  /** The key in the state. */
  readonly inState?: StateKey | undefined;
  /** The same key in IAM; undefined where IAM does not have it. */
  readonly inIam?: IamKey | undefined;
}

/** "IAM and AWS STS quotas": access keys per user, whatever their status. */
export const MAX_KEYS = 2;

/**
 * A key that was created, or used according to AWS, within this many hours may be the one that DKP signs with.
 * A running cluster signs several times an hour, and AWS reports a use some hours late.
 */
export const RECENT_HOURS = 24;

/** IAM is eventually consistent: a new key can be missing from ListAccessKeys. Seconds in practice, no limit is documented. */
const LISTED_AFTER_MINUTES = 10;

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const ABSENT = { status: "absent" } as const;
const NO_SLOTS: KeySlots = { primary: ABSENT, secondary: ABSENT, current: "primary" };

/** The settings of the slots; with `accessKeys: none`, both are absent. */
export const slotSettings = ({ accessKeys }: Pick<Deployment, "accessKeys">): KeySlots =>
  accessKeys === "none" ? NO_SLOTS : accessKeys;

export function slotsOf(situation: KeySituation): readonly KeySlot[] {
  return SLOTS.map((slot) => slotOf(situation, slot));
}

export function slotOf({ settings, state, iam }: KeySituation, slot: Slot): KeySlot {
  const inState = state.keys.find((key) => key.slot === slot);
  return {
    slot,
    inSettings: slotSettings(settings)[slot].status,
    inState,
    inIam: iam.keys.find(({ id }) => id === inState?.id),
  };
}

/** The slot whose key the outputs expose, if the state has that key. */
export function exposedSlot(situation: KeySituation): KeySlot | undefined {
  const { id } = situation.state.exposed;
  return slotsOf(situation).find(({ inState }) => inState !== undefined && inState.id === id);
}

/** Keys of the user that are not in the state. */
export function unmanagedKeys({ state, iam }: KeySituation): readonly IamKey[] {
  return iam.keys.filter(({ id }) => state.keys.every((key) => key.id !== id));
}

const isWithin = (time: Date | undefined, now: Date, milliseconds: number) =>
  time !== undefined && now.getTime() - time.getTime() < milliseconds;

/** Whether AWS reports a use within the last day. */
export const isInUse = ({ lastUsed }: Pick<IamKey, "lastUsed">, now: Date) => isWithin(lastUsed?.at, now, RECENT_HOURS * HOUR_MS);

/** AWS reports uses some hours late: keys whose last uses differ by less are used side by side. */
const BESIDE_HOURS = 4;

/** Whether an Active key is used side by side with another one. */
export const isUsedBeside = ({ status, lastUsed }: IamKey, other: IamKey | undefined) =>
  status === "Active" &&
  lastUsed !== undefined &&
  other?.lastUsed !== undefined &&
  isWithin(lastUsed.at, other.lastUsed.at, BESIDE_HOURS * HOUR_MS);

/** Whether a key may be the one that DKP signs with, by its age and last use. */
export const isRecent = (key: Pick<IamKey, "created" | "lastUsed">, now: Date) =>
  isInUse(key, now) || isWithin(key.created, now, RECENT_HOURS * HOUR_MS);

/** Whether a key is Active and the state has its secret, so that DKP can get it. */
export function canHandOver({ inState, inIam }: KeySlot): boolean {
  return inIam?.status === "Active" && (inState?.secret !== undefined || inState?.encryptedSecret !== undefined);
}

/** Keys of the state that IAM does not list yet: they were created minutes ago. */
export function unlistedKeys(situation: KeySituation): readonly KeySlot[] {
  return slotsOf(situation).filter(
    ({ inState, inIam }) =>
      inIam === undefined && isWithin(inState?.created, situation.iam.now, LISTED_AFTER_MINUTES * MINUTE_MS),
  );
}

/** Settings, state and credentials that do not belong together: then nothing else about the keys is reliable. */
export function mismatches(settings: Pick<Deployment, "user" | "accountId">, user: StateContents["user"], account?: string) {
  const unlike = (value: string | undefined, expected: string | undefined) =>
    expected === undefined || value === expected ? undefined : value;
  return {
    user: unlike(user?.name, settings.user.name),
    stateAccount: unlike(user?.arn?.split(":")[4], account),
    settingsAccount: unlike(settings.accountId, account),
  };
}

/** The key that `import.accessKeyId` imports at the next apply: it goes into the primary slot, if that has no key. */
export function pendingImport(situation: KeySituation): string | undefined {
  return slotOf(situation, "primary").inIam === undefined ? situation.settings.import?.accessKeyId : undefined;
}

/**
 * Whether a key can be deactivated, or deleted, without an outage: nothing used it for a day, and DKP uses the exposed key, or with
 * `accessKeys: none` one outside Terraform, because AWS reports a use of that within the day. While a cluster is stopped, its key looks
 * like an unused one.
 */
export function canRetire(key: IamKey, situation: KeySituation): boolean {
  const { now } = situation.iam;
  const isUsed = (other: IamKey | undefined) => other?.status === "Active" && other.id !== key.id && isInUse(other, now);
  if (situation.settings.accessKeys === "none") {
    return !isRecent(key, now) && (key.status !== "Active" || unmanagedKeys(situation).some(isUsed));
  }
  return !isRecent(key, now) && isUsed(exposedSlot(situation)?.inIam);
}

/**
 * The same situation after the leaked keys are deleted. A key that is not imported yet stays outside: nobody knows its secret, so that
 * it is none to give to DKP.
 */
export function withoutKeys(situation: KeySituation, ids: readonly string[]): KeySituation {
  const { settings, iam, state } = situation;
  // Without its date, a key that IAM does not list is deleted, and not new.
  const keys = state.keys.map((key) => (ids.includes(key.id) ? { ...key, created: undefined } : key));
  const isImported = state.keys.some(({ id }) => id === settings.import?.accessKeyId);
  const imports = settings.import && { ...settings.import, accessKeyId: isImported ? settings.import.accessKeyId : undefined };
  return {
    ...situation,
    settings: { ...settings, import: imports },
    state: { ...state, keys },
    iam: { ...iam, keys: iam.keys.filter(({ id }) => !ids.includes(id)) },
  };
}

/** The lacking objects that IAM has, and that the next apply does not import, or must not. */
export const unmanagedObjects = ({ lacking }: Pick<KeySituation, "lacking">) =>
  lacking.filter(({ inIam, isImported, owner }) => inIam && (!isImported || owner === "another"));

/** The parts of `import` whose objects IAM does not have, so that the plan fails. */
export const missingImports = ({ lacking, permissions }: KeySituation): readonly (ImportField | "attachment")[] => [
  ...lacking.filter(({ inIam, isImported }) => isImported && !inIam).flatMap(({ imports }) => imports ?? []),
  ...(permissions.isImportMissing ? (["attachment"] as const) : []),
];

/** Whether an apply imports something, or restores permissions. */
export const restoresObjects = ({ lacking, permissions }: KeySituation) =>
  lacking.some(({ inIam }) => inIam) || permissions.lost.length > 0;

/** Whether an apply restores something, in IAM or in the state. */
export const changesObjects = (situation: KeySituation) => restoresObjects(situation) || situation.permissions.lacking.length > 0;

/** Whether IAM has the user and the state has nothing of it, nor do the settings import it. */
export const isStateLost = (situation: KeySituation) => unmanagedObjects(situation).some(({ kind }) => kind === "user");

/** The addresses of tainted resources, except keys that IAM does not have. */
export function taintedAddresses(situation: KeySituation): readonly string[] {
  const gone = slotsOf(situation).flatMap(({ slot, inIam }) => (inIam === undefined ? KEY_ADDRESSES[slot] : []));
  return situation.state.resources.tainted.map(({ address }) => address).filter((address) => !gone.includes(address));
}

/** What `protect` keeps. The name of the user is compared first. */
const PROTECTED: readonly string[] = [ADDRESSES.policy, ADDRESSES.userAttachment];

/** What the settings name otherwise than the state: the provider replaces it, also a policy with another path, and `protect` fails the plan. */
export function renamedObjects({ settings, state, iam }: KeySituation) {
  const described = settings.protect ? describedResources(settings, iam.account ?? "") : [];
  return state.resources.current.flatMap(({ address, attributes: inState }) => {
    const { attributes = {} } = described.find((resource) => resource.address === address) ?? {};
    const isRenamed = (name: string) =>
      ![attributes[name], inState[name]].includes(undefined) && attributes[name] !== inState[name];
    const name = ["arn", "name", "policy_arn", "user"].find(isRenamed);
    const isProtected = name !== undefined && PROTECTED.includes(address);
    return isProtected ? [{ address, value: String(attributes[name]), former: String(inState[name]) }] : [];
  });
}

import { existsSync } from "node:fs";
import { join } from "node:path";
import { SLOTS, type Slot } from "../../../iam/key-slots";
import type { Deployment } from "../../../settings/deployment";
import type { RunningCluster } from "../../cluster/running-cluster";
import { readState, type StateContents, type StateKey } from "../../terraform/state-file";
import { pullState, stackFolder, type TerraformCli } from "../../terraform/terraform-cli";
import { dkpAccess } from "../../text/advice";
import type { Waiting } from "../aws/client";
import { type IamKey, type Reading, withIam } from "../aws/iam-reader";
import { otherOwner } from "../dkp-key";
import { onlyUsedKey } from "../key-judge";
import { isQuarantine } from "../quarantine";

export type KeySlots = Exclude<Deployment["accessKeys"], "none">;

export interface KeySituation {
  readonly settings: Deployment;
  readonly state: StateContents;
  /** `errored.tfstate`, which an apply left because it could not write the state. */
  readonly erroredState?: string | undefined;
  readonly iam: IamUser;
  readonly cluster?: RunningCluster | undefined;
  /** The key that DKP has, as a person says. */
  readonly dkpKey?: string | undefined;
}

export interface IamUser {
  readonly account?: string | undefined;
  readonly exists: boolean;
  readonly keys: readonly IamKey[];
  /** Which other user has a key that the state, the cluster or a person names. */
  readonly owners: Readonly<Record<string, string>>;
  /** The ARN of AWS's policy. */
  readonly quarantine?: string | undefined;
  readonly unknown: readonly string[];
  /** What else could not be read: last uses, attached policies. */
  readonly unread: readonly string[];
  readonly now: Date;
}

interface Sources extends Pick<KeySituation, "cluster" | "dkpKey"> {
  readonly terraform: TerraformCli;
  readonly output: string;
  readonly limit: number;
}

/**
 * Settings, state, IAM and cluster of a deployment.
 * @throws Error if the state or the list of keys cannot be read
 */
export async function keySituation(
  settings: Deployment,
  { terraform, output, limit, cluster, dkpKey }: Sources,
): Promise<KeySituation> {
  const folder = stackFolder(terraform, output, settings.stack);
  const file = join(folder, "errored.tfstate");
  const erroredState = existsSync(file) ? file : undefined;
  const state = readState(await pullState(terraform, folder));
  const dkp = cluster?.configuration.keyId ?? dkpKey ?? [];
  const named = [...state.keys.map(({ id }) => id), dkp].flat();
  const iam = await readUser(settings, named, { progress: terraform.progress, limit });
  const [reason] = iam.unknown;
  if (reason !== undefined) {
    throw new Error(
      `the keys of the user ${settings.user.name} cannot be read: ${reason}; ` +
        `allow what ${dkpAccess("keys")} --policy prints, or set a longer --timeout`,
    );
  }
  return { settings, state, erroredState, iam, cluster, dkpKey };
}

/**
 * The user's keys with their last use, the owners of named keys that are not the user's, and a
 * quarantine of the user.
 */
export function readUser(
  { user: { name }, ...settings }: Deployment,
  named: readonly string[],
  waiting: Waiting,
): Promise<IamUser> {
  return withIam(settings, waiting, async (iam) => {
    const [unknown, unread] = [new Set<string>(), new Set<string>()];
    const [account, listed, attached] = await Promise.all([
      valueIn(iam.account(), unknown),
      valueIn(iam.keys(name), unknown),
      valueIn(iam.attached("user", name), unread),
    ]);
    const uses = (listed ?? []).map(async (key): Promise<IamKey> => {
      return { ...key, lastUsed: (await valueIn(iam.keyUse(key.id), unread))?.lastUsed };
    });
    const keys = await Promise.all(uses);
    const owners: Record<string, string> = {};
    for (const id of named.filter((other) => keys.every((key) => key.id !== other))) {
      const owner = await otherOwner(iam, id, name);
      if (owner !== undefined) {
        owners[id] = owner;
      }
    }
    return {
      account,
      exists: listed !== undefined,
      keys,
      owners,
      quarantine: attached?.find(isQuarantine),
      unknown: [...unknown],
      unread: [...unread],
      now: iam.now(),
    };
  });
}

/** The value of a reading; without one, adds the reason. */
async function valueIn<T>(
  reading: Promise<Reading<T>>,
  reasons: Set<string>,
): Promise<T | undefined> {
  const read = await reading;
  if ("value" in read) {
    return read.value;
  }
  reasons.add(read.unread);
  return undefined;
}

export interface KeySlot {
  readonly slot: Slot;
  readonly inSettings: KeySlots[Slot]["status"];
  readonly inState?: StateKey | undefined;
  readonly inIam?: IamKey | undefined;
}

export const slotsOf = (situation: KeySituation): readonly KeySlot[] =>
  SLOTS.map((slot) => slotOf(situation, slot));

export function slotOf(
  { settings: { accessKeys }, state, iam }: KeySituation,
  slot: Slot,
): KeySlot {
  const inState = state.keys.find((key) => key.slot === slot);
  const own = accessKeys === "none" ? undefined : accessKeys[slot];
  return {
    slot,
    inSettings: own?.status ?? "absent",
    inState,
    inIam: iam.keys.find(({ id }) => id === inState?.id),
  };
}

/** The current key of the outputs, as IAM has it. */
export const currentKeyOf = ({ state, iam }: KeySituation): IamKey | undefined =>
  iam.keys.find(({ id }) => id === state.current.id);

/**
 * A key outside the state that was used, and that is older than the current one: the key of
 * `rotate` or of a person, which Terraform's key replaces.
 */
export function formerKeyOf(situation: KeySituation): IamKey | undefined {
  const { state, iam } = situation;
  const current = currentKeyOf(situation);
  return iam.keys.find(
    ({ id, created = 0, lastUsed }) =>
      lastUsed !== undefined &&
      created < (current?.created ?? 0) &&
      state.keys.every((key) => key.id !== id),
  );
}

/** The key that DKP has, as the cluster or a person says. */
export const saidKeyOf = ({ cluster, dkpKey }: KeySituation): string | undefined =>
  cluster?.configuration.keyId ?? dkpKey;

export interface DkpKey {
  readonly id: string;
  /** When AWS reports its use, if only that shows it. */
  readonly usedAt?: Date | undefined;
}

/**
 * The key that DKP has, as the cluster or a person says; else the only Active key that was used
 * within the day.
 */
export function dkpKeyOf(situation: KeySituation): DkpKey | undefined {
  const { iam } = situation;
  const said = saidKeyOf(situation);
  if (said !== undefined) {
    return { id: said };
  }
  const used = onlyUsedKey(iam.keys, iam.now);
  return used && { id: used.id, usedAt: used.lastUsed?.at };
}

import type { Slot } from "../../iam/key-slots";
import type { Deployment } from "../../settings/deployment";
import { timeText } from "../text/time";
import type { Waiting } from "./aws/client";
import { type DatedKey, type IamKey, withIam } from "./aws/iam-reader";

// What an apply does to an access key. plan, apply and keys report it in the same words.

/**
 * A key that was created, or used according to AWS, within this time may be DKP's: a running
 * cluster signs several times an hour.
 */
export const RECENT_HOURS = 24;

const RECENT_MS = RECENT_HOURS * 3_600_000;

/** In milliseconds. */
export const DAY = 86_400_000;

/** A key whose creation is unknown counts as created in 1970. */
export const createdOf = ({ created }: DatedKey): Date => created ?? new Date(0);

export const ageInDays = (key: DatedKey, now: Date): number => (+now - +createdOf(key)) / DAY;

const isWithin = (time: Date | undefined, now: Date): boolean =>
  time !== undefined && now.getTime() - time.getTime() < RECENT_MS;

/** Whether AWS reports a use within the last day. */
export const isInUse = ({ lastUsed }: DatedKey, now: Date): boolean => isWithin(lastUsed?.at, now);

/** The only Active key with a use within the day: DKP has it, if DKP has one of them. */
export function onlyUsedKey(keys: readonly IamKey[], now: Date): IamKey | undefined {
  const used = keys.filter((key) => key.status === "Active" && isInUse(key, now));
  return used.length === 1 ? used[0] : undefined;
}

/** Whether a key was created, or used according to AWS, within the last day. */
export const isRecent = (key: DatedKey, now: Date): boolean =>
  isInUse(key, now) || isWithin(key.created, now);

/**
 * The last uses of keys that AWS reports, and when it did. A key whose uses could not be read is
 * missing.
 */
export interface KeyUses {
  readonly now: Date;
  readonly keys: readonly DatedKey[];
}

interface EndedKey {
  readonly slot: Slot;
  readonly verb: "deactivates" | "deletes";
  readonly id?: string | undefined;
  readonly current?: string | undefined;
  /** Set for a key that no apply may end. */
  readonly whose?: "the current" | "DKP's" | undefined;
}

interface EndingValues {
  readonly slot: Slot;
  readonly verb: string;
  readonly key?: string;
  readonly used?: string;
  readonly whose?: string;
}

type Ending = "key-ended-in-use" | "key-ended" | "key-ended-unused";

/**
 * What it means to deactivate or delete a key. Breaking: the current key, or a key that was used
 * within a day. Harmless: another key that was neither created nor used within a day, while the
 * current one was used. Else attention: a stopped cluster uses no key, and may have got this one
 * back.
 */
export function endingOf(
  { slot, verb, id, current, whose }: EndedKey,
  uses: KeyUses | undefined,
): { readonly rule: Ending; readonly values: EndingValues } {
  const [key, other] = [id, current].map((wanted) =>
    uses?.keys.find((known) => known.id === wanted),
  );
  const values = { slot, verb, ...(id !== undefined && { key: id }) };
  if (key !== undefined && uses !== undefined && isInUse(key, uses.now)) {
    return {
      rule: "key-ended-in-use",
      values: { ...values, used: key.lastUsed === undefined ? "" : timeText(key.lastUsed.at) },
    };
  }
  if (whose !== undefined) {
    return { rule: "key-ended-in-use", values: { ...values, whose } };
  }
  const isUnused =
    key !== undefined &&
    other !== undefined &&
    uses !== undefined &&
    !isRecent(key, uses.now) &&
    isInUse(other, uses.now);
  return { rule: isUnused ? "key-ended-unused" : "key-ended", values };
}

/** The last uses of keys, as far as these credentials may read them. */
export async function readKeyUses(
  deployment: Deployment,
  keys: readonly DatedKey[],
  waiting: Waiting,
): Promise<KeyUses> {
  return withIam(deployment, waiting, async (iam) => {
    const read = keys.map(async (key) => {
      const use = await iam.keyUse(key.id);
      return "value" in use ? [{ ...key, lastUsed: use.value?.lastUsed }] : [];
    });
    const known = (await Promise.all(read)).flat();
    return { now: iam.now(), keys: known };
  });
}

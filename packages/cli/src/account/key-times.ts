import type { DatedKey, IamKey } from "./aws/iam-reader";

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

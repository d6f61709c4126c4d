import type { LastWrite } from "../../cluster/running-cluster";
import type { Found } from "../../findings/finding";
import { timeText } from "../../text/time";
import type { IamKey } from "../aws/iam-reader";
import { ageInDays, createdOf, DAY } from "../key-judge";
import type { ROTATE_RULES } from "./rotate-rules";

/**
 * In milliseconds. The checks of a run use a new key, which AWS reports as a use: a run ends before
 * that.
 */
export const RUN_LIMIT = 900_000;

/**
 * In days. The old key is deactivated if it had no use for this time, in which DKP used its own: a
 * cluster that stands still uses none. AWS reports a use within hours.
 */
const UNUSED_DAYS = 2;

/**
 * In days. An Inactive key is deleted after this time without a use, once DKP's key has the age
 * below.
 */
const DELETE_AFTER_DAYS = 3;
const PROVEN_DAYS = 7;

/** In days: a step that waits for this long beyond its time needs a person. */
export const PATIENCE_DAYS = 7;

export interface Situation {
  readonly now: Date;
  /** In days: the age of a key at which a rotation begins. */
  readonly maxAge: number;
  readonly isWanted: boolean;
  readonly dkpKey: string;
  /** With their last uses. IAM allows two. */
  readonly keys: readonly IamKey[];
  readonly lastWrite?: LastWrite | undefined;
}

export type RotateFound = Found<typeof ROTATE_RULES>;

export interface Step {
  readonly found: RotateFound;
  /** With the key that is deactivated or deleted; before a replacement, only to make room. */
  readonly action?: { readonly do: "replace" | "deactivate" | "delete"; readonly id?: string };
}

/**
 * The next step of a rotation. It follows from the situation alone, so that the next run continues
 * one that was killed, or whose responses were lost.
 */
export function nextStep(situation: Situation): Step {
  const { keys, dkpKey } = situation;
  const own = keys.find(({ id }) => id === dkpKey);
  const other = keys.find(({ id }) => id !== dkpKey);
  if (own === undefined) {
    return replaced(situation, "replace-unknown");
  }
  if (own.status !== "Active") {
    return inactiveKey(situation, own, other);
  }
  if (other === undefined) {
    return loneKey(situation, own);
  }
  return createdOf(other) < createdOf(own)
    ? retired(situation, own, other)
    : younger(situation, own, other);
}

/** The findings of a step: what it does, and that a rotation takes longer than it should. */
export function findingsOf(situation: Situation, { found, action }: Step): readonly RotateFound[] {
  if (action?.do !== "replace") {
    return [found, ...overdueFindings(situation)];
  }
  const { id } = action;
  return id === undefined ? [found] : [{ rule: "delete-for-slot", values: { other: id } }, found];
}

export interface Rotating extends Pick<Situation, "now" | "maxAge" | "keys"> {
  /** If it is unknown, the youngest key that works counts. */
  readonly dkpKey: string | undefined;
  readonly stack?: string;
}

/** A key that is a week older than a rotation allows. */
export function overdueFindings({
  stack,
  maxAge,
  keys,
  dkpKey,
  now,
}: Rotating): readonly Extract<RotateFound, { readonly rule: "rotation-overdue" }>[] {
  const candidates = keys.filter(({ id, status }) =>
    dkpKey === undefined ? status === "Active" : id === dkpKey,
  );
  const [key] = candidates.toSorted((one, other) => +createdOf(other) - +createdOf(one));
  if (key === undefined || ageInDays(key, now) <= maxAge + PATIENCE_DAYS) {
    return [];
  }
  const values = { key: key.id, created: timeText(createdOf(key)), days: maxAge, stack };
  return [{ rule: "rotation-overdue", field: "accessKeys.maxAge", values }];
}

/**
 * DKP's key does not work. It may have leaked, so it is not activated again: another one replaces
 * it, once a day.
 */
function inactiveKey(situation: Situation, own: IamKey, other: IamKey | undefined): Step {
  if (other !== undefined && createdOf(other) >= createdOf(own) && !isUsed(other)) {
    const until = after(createdOf(other), 1);
    if (situation.now < until) {
      const values = { key: own.id, other: other.id, until: timeText(until) };
      return { found: { rule: "inactive-wait", values } };
    }
  }
  return replaced(situation, "replace-inactive");
}

/**
 * Of two keys, an unused one makes room: the other one, or the Inactive one that DKP has. A person
 * decides if both are used.
 */
function replaced(
  { dkpKey: key, keys, now }: Situation,
  rule: "replace-unknown" | "replace-inactive",
): Step {
  const found = { rule, values: { key } };
  if (keys.length < 2) {
    return { found, action: { do: "replace" } };
  }
  const free = keys.filter((each) => isFree(each, now));
  const room = free.find(({ id }) => id !== key) ?? free[0];
  return room === undefined
    ? { found: { rule: "unknown-without-slot", values: { key } } }
    : { found, action: { do: "replace", id: room.id } };
}

const isFree = (key: IamKey, now: Date): boolean =>
  key.status !== "Active" || (!isUsed(key) && now >= after(createdOf(key), 1));

function loneKey({ now, maxAge, isWanted }: Situation, own: IamKey): Step {
  const [created, until] = [timeText(createdOf(own)), timeText(after(createdOf(own), maxAge))];
  if (isWanted || now >= after(createdOf(own), maxAge)) {
    return {
      found: { rule: "replace", values: { key: own.id, created } },
      action: { do: "replace" },
    };
  }
  return { found: { rule: "nothing-due", values: { key: own.id, created, until } } };
}

/**
 * A key that was created after DKP's: a run that did not end left it, or somebody else created it.
 */
function younger({ now, lastWrite }: Situation, own: IamKey, other: IamKey): Step {
  const values = { key: own.id, other: other.id, ...useOf(other) };
  if (isUsed(other)) {
    return { found: { rule: "younger-used", values: { ...values, ...lastWrite } } };
  }
  const until = after(createdOf(other), 1);
  if (now < until) {
    return { found: { rule: "another-run", values: { ...values, until: timeText(until) } } };
  }
  return { found: { rule: "delete-leftover", values }, action: { do: "delete", id: other.id } };
}

function retired(situation: Situation, own: IamKey, old: IamKey): Step {
  const { now, maxAge, isWanted } = situation;
  const last = old.lastUsed?.at ?? createdOf(old);
  const isProven =
    own.lastUsed !== undefined &&
    own.lastUsed.service !== "sts" &&
    own.lastUsed.at >= after(last, UNUSED_DAYS);
  const values = { key: own.id, other: old.id, ...useOf(old) };
  if (old.status === "Active") {
    const until = after(last, UNUSED_DAYS);
    const isOverdue = ageInDays(own, now) > UNUSED_DAYS + PATIENCE_DAYS;
    if (now < until) {
      const waiting = { ...values, until: timeText(until) };
      return {
        found: isOverdue
          ? { rule: "still-used", values }
          : { rule: "waiting-for-uses", values: waiting },
      };
    }
    if (!isProven) {
      return { found: { rule: isOverdue ? "never-proven" : "waiting-for-proof", values } };
    }
    return { found: { rule: "deactivate", values }, action: { do: "deactivate", id: old.id } };
  }
  const until = new Date(
    Math.max(+after(last, DELETE_AFTER_DAYS), +after(createdOf(own), PROVEN_DAYS)),
  );
  const isSlotNeeded = isWanted || now >= after(createdOf(own), maxAge);
  if (now >= until || isSlotNeeded) {
    return { found: { rule: "delete-retired", values }, action: { do: "delete", id: old.id } };
  }
  return { found: { rule: "waiting-for-deletion", values: { ...values, until: timeText(until) } } };
}

/** Whether something has used a key, besides the checks of the run that created it. */
export function isUsed(key: IamKey): boolean {
  const { lastUsed } = key;
  return (
    lastUsed !== undefined &&
    !(lastUsed.service === "sts" && +lastUsed.at - +createdOf(key) <= RUN_LIMIT)
  );
}

/** The last use of a key, for sentences. */
export function useOf({ lastUsed }: IamKey): { readonly use: string } {
  return {
    use:
      lastUsed === undefined
        ? "never used"
        : `last used ${timeText(lastUsed.at)} by ${lastUsed.service} in ${lastUsed.region}`,
  };
}

const after = (time: Date, days: number): Date => new Date(+time + days * DAY);

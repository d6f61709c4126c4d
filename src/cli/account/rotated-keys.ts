import type { Found } from "../findings/finding";
import { templateRules } from "../findings/templates";
import { dkpAccess } from "../text/advice";
import { timeText } from "../text/time";
import type { IamKey } from "./aws/iam-reader";
import { isInUse } from "./key-judge";
import { ageInDays, createdOf, isUsed, PATIENCE_DAYS, useOf } from "./rotate/next-step";

/** A rotation that has not ended in time, for `plan` too. */
export const OVERDUE = [
  "{key} is of {created}, and accessKeys.maxAge is {days} days: no rotation has ended for a week",
  `check whether the schedule of rotate runs, then run ${dkpAccess("rotate", "STACK", "--cluster")}`,
] as const;

/** What `keys` and `drift` report of the keys of a deployment that `rotate` manages. */
export const ROTATED_RULES = templateRules("attention", {
  "rotation-overdue": OVERDUE,
  "rotated-key-unmanaged": {
    text: "{id} was created after {key}, the key that DKP has, and was {use}: rotate did not create it for DKP",
    risk: "whoever has it acts with all permissions of DKP",
    remedy: `ask who created it, or wrote an older key back; if nobody did, it is an attacker's: ${dkpAccess("keys", "STACK", "--leaked", "{id}")}`,
  },
  "rotated-keys-both-used": {
    text: "{key} and {id} are both in use, for longer than a rotation takes",
    risk: "one of them may be somebody else's",
    remedy: `${dkpAccess("rotate", "STACK", "--cluster")} shows which one DKP has, and what to do`,
  },
});

export type RotatedRules = typeof ROTATED_RULES;
export type RotatedFound = Found<RotatedRules>;

/** The keys of a deployment's user, as IAM reports them. */
interface RotatedKeys {
  /** The age in days at which a rotation begins. */
  readonly maxAge: number;
  /** With their last uses, as far as they are known. */
  readonly keys: readonly IamKey[];
  /** The key that DKP has, as far as it is known. */
  readonly dkpKey: string | undefined;
  /** The time of AWS. */
  readonly now: Date;
}

/**
 * Keys that `rotate` did not create for DKP, and a rotation that has not ended in time. A younger key
 * that nothing has used is left of a run, and `rotate` deletes it.
 */
export function rotatedFindings(rotated: RotatedKeys): readonly RotatedFound[] {
  const { keys, dkpKey, now } = rotated;
  const own = keys.find(({ id }) => id === dkpKey);
  const overdue = overdueFindings(rotated);
  if (own !== undefined) {
    const others = keys.filter((key) => createdOf(key) > createdOf(own) && isUsed(key));
    const unmanaged = others.map((key): RotatedFound => {
      return { rule: "rotated-key-unmanaged", values: { id: key.id, key: own.id, ...useOf(key) } };
    });
    return [...overdue, ...unmanaged];
  }
  const [older, younger] = keys.toSorted((one, other) => +createdOf(one) - +createdOf(other));
  const areUsed = keys.length > 1 && keys.every((key) => isInUse(key, now));
  return areUsed && older && younger && ageInDays(younger, now) > PATIENCE_DAYS
    ? [...overdue, { rule: "rotated-keys-both-used", values: { key: younger.id, id: older.id } }]
    : overdue;
}

/** A key that is a week older than a rotation allows; DKP's, or the youngest one that works. */
export function overdueFindings({
  maxAge,
  keys,
  dkpKey,
  now,
}: RotatedKeys): readonly Extract<RotatedFound, { readonly rule: "rotation-overdue" }>[] {
  const active = keys.filter(({ status }) => status === "Active");
  const youngest = active.toSorted((one, other) => +createdOf(other) - +createdOf(one))[0];
  const key = keys.find(({ id }) => id === dkpKey) ?? youngest;
  if (key === undefined || ageInDays(key, now) <= maxAge + PATIENCE_DAYS) {
    return [];
  }
  const values = { key: key.id, created: timeText(createdOf(key)), days: maxAge };
  return [{ rule: "rotation-overdue", field: "accessKeys.maxAge", values }];
}

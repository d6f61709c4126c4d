import type { LastWrite } from "../cluster/running-cluster";
import type { Found } from "../findings/finding";
import { templateRules } from "../findings/templates";
import { PROGRAM } from "../text/advice";
import { isInUse } from "./key-judge";
import {
  ageInDays,
  createdOf,
  isUsed,
  overdueFindings,
  PATIENCE_DAYS,
  type Rotating,
  useOf,
} from "./rotate/next-step";
import { OVERDUE, WRITTEN } from "./rotate/rotate-rules";

/** What `keys` and `drift` report of the keys of a deployment that `rotate` manages. */
export const ROTATED_RULES = templateRules("attention", {
  "rotation-overdue": OVERDUE,
  "rotated-key-unmanaged": {
    text: `{id} was created after {key}, the key that DKP has, and was {use}: rotate did not create it for DKP${WRITTEN}`,
    risk: "whoever has it acts with all permissions of DKP",
    remedy: `ask who created it, or wrote an older key back; if none of you did, an attacker did: run ${PROGRAM} keys {stack} --leaked {id}`,
  },
  "rotated-keys-both-used": {
    text: "{key} and {id} are both in use, for longer than a rotation takes",
    risk: "one of them may be somebody else's",
    remedy: `${PROGRAM} rotate {stack} --cluster shows which one DKP has, and what to do`,
  },
});

export type RotatedRules = typeof ROTATED_RULES;
export type RotatedFound = Found<RotatedRules>;

/** The keys of a deployment's user, as IAM reports them. */
interface RotatedKeys extends Rotating {
  readonly stack: string;
  /** Of the Secret of DKP, if it was read. */
  readonly lastWrite?: LastWrite | undefined;
}

/**
 * Keys that `rotate` did not create for DKP, and a rotation that has not ended in time. A younger key
 * that nothing has used is left of a run, and `rotate` deletes it.
 */
export function rotatedFindings(rotated: RotatedKeys): readonly RotatedFound[] {
  const { stack, keys, dkpKey, now, lastWrite } = rotated;
  const own = keys.find(({ id }) => id === dkpKey);
  const overdue = overdueFindings(rotated);
  if (own !== undefined) {
    const others = keys.filter((key) => createdOf(key) > createdOf(own) && isUsed(key));
    const unmanaged = others.map((key): RotatedFound => {
      const values = { id: key.id, key: own.id, stack, ...useOf(key), ...lastWrite };
      return { rule: "rotated-key-unmanaged", values };
    });
    return [...overdue, ...unmanaged];
  }
  const [older, younger] = keys.toSorted((one, other) => +createdOf(one) - +createdOf(other));
  const areUsed = keys.every((key) => isInUse(key, now));
  const values = { stack, key: younger?.id ?? "", id: older?.id ?? "" };
  return areUsed && younger && ageInDays(younger, now) > PATIENCE_DAYS
    ? [...overdue, { rule: "rotated-keys-both-used", values }]
    : overdue;
}

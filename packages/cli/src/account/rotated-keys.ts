import type { LastWrite } from "../cluster/running-cluster";
import type { Found } from "../findings/finding";
import { ageInDays, createdOf, isInUse } from "./key-times";
import { isUsed, overdueFindings, type Rotating, useOf, WAIT_DAYS } from "./rotate/next-step";
import type { RotatedRules } from "./shared-rules";

type RotatedFound = Found<RotatedRules>;

interface RotatedKeys extends Rotating {
  readonly stack: string;
  /** Whether only its last use shows which key DKP has. */
  readonly isInferred?: boolean;
  readonly lastWrite?: LastWrite | undefined;
}

/**
 * Keys that `rotate` did not create for DKP, and a rotation that has not ended in time. `rotate`
 * itself deletes a younger key that nothing has used.
 */
export function rotatedFindings(rotated: RotatedKeys): readonly RotatedFound[] {
  const { stack, keys, dkpKey, isInferred, now, lastWrite } = rotated;
  const own = keys.find(({ id }) => id === dkpKey);
  const overdue = overdueFindings(rotated);
  if (own !== undefined) {
    const others = keys.filter((key) => createdOf(key) > createdOf(own) && isUsed(key));
    const unmanaged = others.map((key): RotatedFound => {
      const use = useOf(key);
      // Another user of the older key would make DKP's own one look like an attacker's.
      return isInferred
        ? { rule: "rotated-keys-both-used", values: { stack, key: key.id, id: own.id, ...use } }
        : {
            rule: "rotated-key-unmanaged",
            values: { id: key.id, key: own.id, ...use, ...lastWrite },
          };
    });
    return [...overdue, ...unmanaged];
  }
  const [older, younger] = keys.toSorted((one, other) => +createdOf(one) - +createdOf(other));
  const areUsed = keys.every((key) => isInUse(key, now));
  const values = { stack, key: younger?.id ?? "", id: older?.id ?? "" };
  return areUsed && younger && ageInDays(younger, now) > WAIT_DAYS
    ? [...overdue, { rule: "rotated-keys-both-used", values }]
    : overdue;
}

/**
 * The two key slots: IAM allows two access keys per user, active or inactive ("IAM and AWS STS
 * quotas").
 */
export const SLOTS = ["primary", "secondary"] as const;

export type Slot = (typeof SLOTS)[number];

/** The slot that a rotation switches to. */
export function otherSlot(slot: Slot): Slot {
  return slot === "primary" ? "secondary" : "primary";
}

/**
 * The ID of a long-term key of an IAM user. `ASIA` IDs belong to temporary credentials. Source:
 * "IAM identifiers", unique ID prefixes.
 */
export const ACCESS_KEY_ID: RegExp = /^AKIA[A-Z0-9]{16}$/;

/** The two places for a key: IAM allows two access keys per user, whatever their status ("IAM and AWS STS quotas"). */
export const SLOTS = ["primary", "secondary"] as const;

export type Slot = (typeof SLOTS)[number];

/** The slot that a rotation moves to. */
export function otherSlot(slot: Slot): Slot {
  return slot === "primary" ? "secondary" : "primary";
}

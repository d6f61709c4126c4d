import type { DatedKey } from "./aws/iam-reader";

/** In milliseconds. */
export const DAY = 86_400_000;

/** A key whose creation is unknown counts as created in 1970. */
export const createdOf = ({ created }: DatedKey): Date => created ?? new Date(0);

export const ageInDays = (key: DatedKey, now: Date): number => (+now - +createdOf(key)) / DAY;

/** Whether AWS reports a use within the last day: a running cluster signs several times an hour. */
export const isInUse = ({ lastUsed }: DatedKey, now: Date): boolean =>
  lastUsed !== undefined && +now - +lastUsed.at < DAY;

/** The rows of docs/how-to/recover.md that messages name. */
export type RecoveryRow =
  | "damaged-state"
  | "deleted-key"
  | "errored-state"
  | "half-made"
  | "lost-state"
  | "manual-changes"
  | "old-state"
  | "tainted"
  | "unmanaged-key";

/** Where the documentation describes the way back, for messages: `docs/how-to/recover.md#tainted`. */
export const recovery = (row: RecoveryRow): string => `docs/how-to/recover.md#${row}`;

import { sep } from "node:path";

/** The documentation as a reader finds it: in a checkout of this project, or in the package that a repository has installed. */
const FOLDER = __dirname.includes(`${sep}node_modules${sep}`) ? "node_modules/dkp-access/docs" : "docs";

/** A page of the documentation, for messages. @param path below docs/, with an anchor: `how-to/keys.md#rotate` */
export const page = (path: string): string => `${FOLDER}/${path}`;

/** The sections of docs/how-to/recover.md that messages name. */
export type RecoverySection =
  | "damaged-state"
  | "deleted-key"
  | "errored-state"
  | "half-made"
  | "lost-state"
  | "manual-changes"
  | "old-state"
  | "restore-the-state"
  | "tainted"
  | "unmanaged-key";

/** Where the documentation describes the way back, for messages: `docs/how-to/recover.md#tainted`. */
export const recovery = (section: RecoverySection): string => page(`how-to/recover.md#${section}`);

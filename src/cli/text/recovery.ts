import { sep } from "node:path";

/** The documentation as a reader finds it: in a checkout of this project, or in the package that a repository has installed. */
const FOLDER = __dirname.includes(`${sep}node_modules${sep}`) ? "node_modules/dkp-access/docs" : "docs";

/** A page of the documentation, for messages. @param path below docs/, with an anchor: `how-to/keys.md#rotate` */
export const page = (path: string): string => `${FOLDER}/${path}`;

/** Where the documentation describes the way back, for messages: `docs/how-to/recover.md#tainted`. A test compares the sections. */
export const recovery = (section: string): string => page(`how-to/recover.md#${section}`);

import { sep } from "node:path";

/** The documentation as a reader finds it: in a checkout of this project, or in the package that a repository has installed. */
const FOLDER = __dirname.includes(`${sep}node_modules${sep}`) ? "node_modules/dkp-access/docs" : "docs";

/** The pages below docs/how-to/ that messages name. */
type Page = "change-and-retire" | "import" | "keys" | "recover" | "state-bucket";

/** A page of the documentation, for messages. A test compares pages and sections. */
export const page = (id: Page, section?: string): string =>
  `${FOLDER}/how-to/${id}.md${section === undefined ? "" : `#${section}`}`;

/** Where the documentation describes the way back, for messages: `docs/how-to/recover.md#tainted`. */
export const recovery = (section: string): string => page("recover", section);

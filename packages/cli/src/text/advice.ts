import { sep } from "node:path";

const PROGRAM = "npx dkp-access";

/** A command to advise: `npx dkp-access keys dev`. */
export function dkpAccess(...args: readonly string[]): string {
  return [PROGRAM, ...args].join(" ");
}

export const EDIT_PROVIDER = "d8 system edit provider-cluster-configuration";

/** In a checkout, or in the installed package. */
export const DOCS: string = __dirname.includes(`${sep}node_modules${sep}`)
  ? "node_modules/dkp-access/docs"
  : "docs";

type Page = "change-and-retire" | "leak" | "recover" | "rotate" | "state-bucket";

/** For messages. A test compares pages and sections. */
export const page = (id: Page, section?: string): string =>
  `${DOCS}/how-to/${id}.md${section === undefined ? "" : `#${section}`}`;

/** The way back, for messages: `docs/how-to/recover.md#tainted`. */
export const recovery = (section: string): string => page("recover", section);

/** One argument of a POSIX shell command: nothing is expanded between single quotes. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** An argument of a command that a person copies, quoted only if necessary. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : quote(text);
}

export const shellCommand = (...words: readonly string[]): string => words.map(shellWord).join(" ");

/** Values follow `=`, because the AWS CLI takes one that begins with `-` for an option. */
export const awsCommand = (
  service: string,
  command: string,
  options: Readonly<Record<string, string>>,
): string =>
  shellCommand(
    "aws",
    service,
    command,
    ...Object.entries(options).map(([name, value]) => `--${name}=${value}`),
  );

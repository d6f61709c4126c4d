import { sep } from "node:path";

const PROGRAM = "npx dkp-access";

/**
 * A command of the program, for messages that advise one: `npx dkp-access keys dev`.
 * @param args subcommand, stacks and options, as they are typed
 */
export function dkpAccess(...args: readonly string[]): string {
  return [PROGRAM, ...args].join(" ");
}

export const EDIT_PROVIDER = "d8 system edit provider-cluster-configuration";

/** A reader finds the documentation in a checkout of this project, or in the installed package. */
export const DOCS: string = __dirname.includes(`${sep}node_modules${sep}`)
  ? "node_modules/dkp-access/docs"
  : "docs";

type Page = "change-and-retire" | "keys" | "recover" | "state-bucket";

/** A page of the documentation, for messages. A test compares pages and sections. */
export const page = (id: Page, section?: string): string =>
  `${DOCS}/how-to/${id}.md${section === undefined ? "" : `#${section}`}`;

/**
 * Where the documentation describes the way back, for messages: `docs/how-to/recover.md#tainted`.
 */
export const recovery = (section: string): string => page("recover", section);

/**
 * A string as a quoted argument of a POSIX shell command. Nothing is expanded between single
 * quotes.
 */
export function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** A string as an argument of a shell command that a person copies, quoted only if necessary. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : quote(text);
}

/** A command for a shell: each word is one argument. */
export const shellCommand = (...words: readonly string[]): string => words.map(shellWord).join(" ");

/**
 * A command of the AWS CLI. Values follow `=`, because the CLI takes one that begins with `-` for
 * an option.
 */
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

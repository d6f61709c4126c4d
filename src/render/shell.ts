import { visible } from "./printable";

/** A string as one argument of a POSIX shell, in single quotes, where nothing is expanded. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** A string as one argument of a shell command for people: quoted only if necessary. */
export function shellArgument(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : quote(text);
}

/** JSON in ASCII only, so that it does not depend on the locale of the shell or of Python. */
export function asciiJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Placeholder for the shell variable in `hereDocument`; no string of the settings contains it. */
const VARIABLE = "\ue000";

/**
 * JSON as the lines of an unquoted here-document. `$variable` replaces every space within its strings: strings of IAM documents
 * contain no spaces, so a space marks a value that the shell inserts.
 */
export function hereDocument(value: unknown, variable: string): string {
  const json = JSON.stringify(
    value,
    (_, content: unknown) => (typeof content === "string" ? content.replaceAll(" ", VARIABLE) : content),
    2,
  );
  return json.replaceAll(/[\\$`]/g, "\\$&").replaceAll(VARIABLE, `$${variable}`);
}

/** Lines as comments; a line feed within a line is escaped, so that it does not end the comment. */
export function comment(...lines: readonly string[]): string {
  return lines.map((line) => (line === "" ? "#" : `# ${visible(line)}`)).join("\n");
}

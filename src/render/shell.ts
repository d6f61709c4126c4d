import { visible } from "./printable";

/** A text as one word of a POSIX shell: between single quotes nothing is expanded, whatever it is. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** A string as one word of a shell command that a person copies: quoted only if it needs quotes. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : quote(text);
}

/** JSON in ASCII alone, so that no locale of the shell or of Python can spoil it. */
export function asciiJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Stands for the shell variable in `hereDocument`: no text of the settings has it. */
const VARIABLE = "\ue000";

/**
 * JSON as the lines of an unquoted here-document, where `$variable` stands for each white space within its texts.
 * IAM's documents have none, so that a space is free to stand for what the shell fills in.
 */
export function hereDocument(value: unknown, variable: string): string {
  const json = JSON.stringify(
    value,
    (_, content: unknown) => (typeof content === "string" ? content.replaceAll(" ", VARIABLE) : content),
    2,
  );
  return json.replaceAll(/[\\$`]/g, "\\$&").replaceAll(VARIABLE, `$${variable}`);
}

/** Lines as comments; a line feed within one does not end it. */
export function comment(...lines: readonly string[]): string {
  return lines.map((line) => (line === "" ? "#" : `# ${visible(line)}`)).join("\n");
}

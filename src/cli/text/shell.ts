/** A string as a quoted argument of a POSIX shell command. Nothing is expanded between single quotes. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** A string as an argument of a shell command that a person copies, quoted only if necessary. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : quote(text);
}

/** A command for a shell: each word is one argument. */
export const shellCommand = (...words: readonly string[]): string => words.map(shellWord).join(" ");

/** A command of the AWS CLI. Values follow `=`, because the CLI takes one that begins with `-` for an option. */
export const awsCommand = (service: string, command: string, options: Readonly<Record<string, string>>): string =>
  shellCommand("aws", service, command, ...Object.entries(options).map(([name, value]) => `--${name}=${value}`));

/** JSON in ASCII, which is independent of the locale of the shell and of Python. */
export function asciiJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

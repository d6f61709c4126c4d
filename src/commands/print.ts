import { printable } from "../render/printable";

/**
 * Writes to standard output; values in the text can neither control the terminal nor run workflow commands.
 * @param done called when the text has been written
 */
export function print(text: string, done?: () => void): void {
  process.stdout.write(printable(text), done);
}

/** The same for standard error. */
export function printError(text: string): void {
  process.stderr.write(printable(text));
}

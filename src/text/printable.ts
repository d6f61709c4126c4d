/**
 * Characters that a terminal, a log or a browser does not display: control and format characters
 * (including bidirectional ones), private use characters, unpaired surrogates, line and paragraph
 * separators, and letters without a glyph (`DI`, default ignorable). Unassigned
 * characters are not included, because they depend on the version of Node.js.
 * cspell:ignore noncharacter
 */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\p{DI}\p{Noncharacter_Code_Point}]/gu;

/**
 * A string on one line in which every hidden character is an escape sequence of JSON: `\n`,
 * `\u202e`.
 */
export function visible(text: string): string {
  return text.replaceAll(HIDDEN, escaped);
}

/**
 * A string of ASCII alone, with all other characters as escape sequences: names that look alike are
 * not shown alike.
 */
export function ascii(text: string): string {
  return visible(text).replaceAll(/[\u0080-\uffff]/g, escaped);
}

/**
 * Hidden characters of several lines as escape sequences: line feeds are kept. Formatted JSON keeps
 * its meaning.
 */
export function visibleLines(text: string): string {
  return text.replaceAll(HIDDEN, (character) =>
    character === "\n" ? character : escaped(character),
  );
}

/**
 * Output for a terminal or a log, whatever values it contains: hidden characters are escaped, and
 * GitHub Actions interprets no line as a workflow command. Source: actions/runner,
 * src/Runner.Common/ActionCommand.cs: `::` at the start of a line, after optional white space, and
 * `##[` anywhere.
 */
export function printable(text: string): string {
  return visibleLines(text)
    .replaceAll(/^(\s*):(?=:)/gm, "$1\\u003a")
    .replaceAll("##[", "#\\u0023[");
}

function escaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
  return character === "\n"
    ? "\\n"
    : units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
}

/**
 * An error whose message says all that its reader needs: it has no stack trace, which Node.js would
 * print where nobody catches it.
 */
export class ReportedError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.stack = message;
  }
}

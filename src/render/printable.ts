/**
 * Characters that a terminal, a log or an editor does not show: control and format characters (bidirectional ones included),
 * private use characters, lone surrogates, line and paragraph separators, and letters without a glyph.
 * Unassigned characters are not included, because that set depends on the version of Node.js.
 */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]/gu;

/** A string on one line. Every hidden character becomes a JSON escape sequence: `\n`, `\u202e`. */
export function visible(text: string): string {
  return text.replaceAll(HIDDEN, escaped);
}

/** The same for several lines: line feeds are kept. A JSON document keeps its meaning. */
export function visibleLines(text: string): string {
  return text.replaceAll(HIDDEN, (character) => (character === "\n" ? character : escaped(character)));
}

/**
 * Text that is safe to print to a terminal or a log, whatever values it contains: hidden characters are escaped, and GitHub
 * Actions runs no line of it as a workflow command. Source: actions/runner, src/Runner.Common/ActionCommand.cs: `::` at the start of a line,
 * white space before it allowed, and `##[` anywhere.
 */
export function printable(text: string): string {
  return visibleLines(text)
    .replaceAll(/^(\s*):(?=:)/gm, "$1\\u003a")
    .replaceAll("##[", "#\\u0023[");
}

function escaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
  return character === "\n" ? "\\n" : units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
}

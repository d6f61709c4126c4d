/**
 * Characters that a terminal, a log or a reader does not show as themselves: control and format characters (bidirectional ones
 * among them), private use, lone surrogates, line and paragraph separators, and letters without a glyph.
 * Unassigned characters are not among them: which these are depends on the version of Node.js.
 */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]/gu;

/** A string on one line in which every hidden character is an escape sequence of JSON: `\n`, `\u202e`. */
export function visible(text: string): string {
  return text.replaceAll(HIDDEN, escaped);
}

/** The same for several lines: only the line feeds stay. JSON stays the same JSON. */
export function visibleLines(text: string): string {
  return text.replaceAll(HIDDEN, (character) => (character === "\n" ? character : escaped(character)));
}

/**
 * What a command may print to a terminal or a log, whatever values it holds: hidden characters are escaped, and GitHub Actions runs
 * no line of it as a workflow command. Source: actions/runner, src/Runner.Common/ActionCommand.cs: `::` at the start of a line,
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

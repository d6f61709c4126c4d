import { visible, visibleLines } from "../../text/printable";

/** A value as code on one line; nothing for an empty one, which Markdown has no code for. */
export function code(text: string): string {
  if (text === "") {
    return "";
  }
  const fence = "`".repeat(longestRun(text) + 1);
  const space = fence.length > 1 ? " " : "";
  return `${fence}${space}${visible(text)}${space}${fence}`;
}

/**
 * A value within a sentence or a heading: none of its characters has a meaning in Markdown, also
 * where a line begins with it.
 */
export function prose(text: string): string {
  // GitHub links addresses without markup. Source: GitHub Flavored Markdown, "Autolinks
  // (extension)". cspell:ignore autolinks
  return visible(text).replaceAll(/[!-+:-@[-`{-~]|(?<=www)\.|(?<=^\d+)\.(?=\s|$)|^-/gi, "\\$&");
}

/**
 * Text of this project that contains no value. `<prefix>` would be an HTML tag, and is replaced
 * with the prefix if it is known.
 */
export function plain(text: string, prefix = ""): string {
  const markdown = text.replaceAll("<", "\\<");
  return prefix === "" ? markdown : markdown.replaceAll("\\<prefix>", prose(prefix));
}

/**
 * A value within a quoted label of a Mermaid picture: none of its characters has a meaning in
 * Mermaid, nor in the Markdown and the HTML of labels. Mermaid shows `#35;` as the character with
 * that number. Source: Mermaid, "Flowcharts", "Entity codes to escape characters".
 */
export function label(text: string): string {
  return visible(text).replaceAll(
    /(?<![\p{L}\p{N}])[-._]|[-._](?![\p{L}\p{N}])|(?<=^| ) | $|[^\p{L}\p{N} ,/._-]/gu,
    (character) => `#${character.codePointAt(0)};`,
  );
}

/** A number of things: `1 action`, `2 actions`. */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

/**
 * A cell of a table. Tables split at `|` even inside code, unless an odd number of backslashes is
 * before it.
 */
export function cell(text: string): string {
  return text.replaceAll(/(\\*)\|/g, (all, backslashes: string) =>
    backslashes.length % 2 === 1 ? all : `${backslashes}\\|`,
  );
}

/**
 * A row of a table.
 * @param cells Markdown
 */
export function tableRow(cells: readonly string[]): string {
  return `| ${cells.map(cell).join(" | ")} |`;
}

/** A block of code. */
export function fenced(language: string, text: string): string {
  const fence = "`".repeat(Math.max(3, longestRun(text) + 1));
  return [`${fence}${language}`, visibleLines(text).trimEnd(), fence].join("\n");
}

function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
}

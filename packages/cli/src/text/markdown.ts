import { visible, visibleLines } from "../../../../src/text/printable";

/** On one line; nothing for an empty value, which Markdown has no code for. */
export function code(text: string): string {
  if (text === "") {
    return "";
  }
  const fence = "`".repeat(longestRun(text) + 1);
  const space = fence.length > 1 ? " " : "";
  return `${fence}${space}${visible(text)}${space}${fence}`;
}

/**
 * A value in a sentence: none of its characters has a meaning in Markdown, also at the start of a
 * line.
 */
export function prose(text: string): string {
  // GitHub links addresses without markup. Source: GitHub Flavored Markdown, "Autolinks
  // (extension)". cspell:ignore autolinks
  return visible(text).replaceAll(/[!-+:-@[-`{-~]|(?<=www)\.|(?<=^\d+)\.(?=\s|$)|^-/gi, "\\$&");
}

/** Text of this project, which contains no value but `<prefix>`: it would be an HTML tag. */
export function plain(text: string, prefix = ""): string {
  const markdown = text.replaceAll("<", "\\<");
  return prefix === "" ? markdown : markdown.replaceAll("\\<prefix>", prose(prefix));
}

/**
 * In a quoted label of Mermaid: no character has a meaning in Mermaid, Markdown or HTML. Mermaid
 * shows `#35;` as the character with that number. Source: Mermaid, "Flowcharts", "Entity codes to
 * escape characters".
 */
export function label(text: string): string {
  return visible(text).replaceAll(
    /(?<![\p{L}\p{N}])[-._]|[-._](?![\p{L}\p{N}])|(?<=^| ) | $|[^\p{L}\p{N} ,/._-]/gu,
    (character) => `#${character.codePointAt(0)};`,
  );
}

/** `1 action`, `2 actions`. */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

/** Tables split at `|` even inside code, unless an odd number of backslashes is before it. */
export function cell(text: string): string {
  return text.replaceAll(/(\\*)\|/g, (all, backslashes: string) =>
    backslashes.length % 2 === 1 ? all : `${backslashes}\\|`,
  );
}

/** @param cells Markdown */
export function tableRow(cells: readonly string[]): string {
  return `| ${cells.map(cell).join(" | ")} |`;
}

export function fenced(language: string, text: string): string {
  const fence = "`".repeat(Math.max(3, longestRun(text) + 1));
  return [`${fence}${language}`, visibleLines(text).trimEnd(), fence].join("\n");
}

function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
}

import { visible, visibleLines } from "./printable";

// Every value from the settings, a plan or AWS must be rendered with `code`, `prose` or `fenced`.

/** A value as inline code on one line, whatever characters it contains. */
export function code(text: string): string {
  const fence = "`".repeat(longestRun(text) + 1);
  const space = fence.length > 1 ? " " : "";
  return `${fence}${space}${visible(text)}${space}${fence}`;
}

/** A value within a sentence or a heading: all Markdown characters are escaped. */
export function prose(text: string): string {
  // GitHub turns bare URLs into links. Source: GitHub Flavored Markdown specification, extension for links.
  return visible(text).replaceAll(/[!-+:-@[-`{-~]|(?<=www)\./gi, "\\$&");
}

function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
}

/** A text of this project, never a value. `<prefix>` is escaped, because a browser would hide it as an unknown tag. */
export function plain(text: string): string {
  return text.replaceAll("<", "\\<");
}

/** Turns a text in lower case without a final period into a sentence. */
export function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** The lines of a table. Markdown splits cells at `|` even inside code, so it is escaped. */
export function tableLines(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const cell = (text: string) => (text === "" ? " |" : ` ${text.replaceAll(/(?<!\\)\|/g, "\\|")} |`);
  return [head, head.map(() => "---"), ...rows].map((cells) => `|${cells.map(cell).join("")}`);
}

/** A table, followed by an empty line. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  return [...tableLines(head, rows), ""];
}

/** A list, followed by an empty line. */
export function list(items: readonly string[]): readonly string[] {
  return [...items.map((item) => `- ${item}`), ""];
}

/** A fenced code block, followed by an empty line. */
export function fenced(language: string, text: string): readonly string[] {
  const fence = "`".repeat(Math.max(3, longestRun(text) + 1));
  return [`${fence}${language}`, visibleLines(text).trimEnd(), fence, ""];
}

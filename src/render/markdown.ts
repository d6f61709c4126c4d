import { visible, visibleLines } from "./printable";

// Every value of the settings, of a plan or of AWS goes through `code`, `prose` or `fenced`.

/** A value as code, whatever is in it, on one line. */
export function code(text: string): string {
  const fence = "`".repeat(longestRun(text) + 1);
  const space = fence.length > 1 ? " " : "";
  return `${fence}${space}${visible(text)}${space}${fence}`;
}

/** A value within a sentence or a heading: no character of it has a meaning in Markdown. */
export function prose(text: string): string {
  // GitHub links addresses without any markup. Source: GitHub Flavored Markdown, "Autolinks (extension)".
  return visible(text).replaceAll(/[!-+:-@[-`{-~]|(?<=www)\./gi, "\\$&");
}

function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
}

/** Text of this project, never a value: `<prefix>` would be a tag that no browser shows. */
export function plain(text: string): string {
  return text.replaceAll("<", "\\<");
}

/** A text that starts in lower case and has no final period, as a sentence. */
export function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** The lines of a table. They split at `|` even inside code. */
export function tableLines(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const cell = (text: string) => (text === "" ? " |" : ` ${text.replaceAll(/(?<!\\)\|/g, "\\|")} |`);
  return [head, head.map(() => "---"), ...rows].map((cells) => `|${cells.map(cell).join("")}`);
}

/** A table, with an empty line behind it. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  return [...tableLines(head, rows), ""];
}

/** A list, with an empty line behind it. */
export function list(items: readonly string[]): readonly string[] {
  return [...items.map((item) => `- ${item}`), ""];
}

/** A block of code, with an empty line behind it. */
export function fenced(language: string, text: string): readonly string[] {
  const fence = "`".repeat(Math.max(3, longestRun(text) + 1));
  return [`${fence}${language}`, visibleLines(text).trimEnd(), fence, ""];
}

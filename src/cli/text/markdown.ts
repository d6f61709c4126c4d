import { visible, visibleLines } from "../../text/printable";

declare const escaped: unique symbol;

/**
 * Markdown in which every value is escaped. Templates and `md` accept nothing else, so that a value of the settings, of a plan
 * or of AWS reaches a page only through `code`, `prose` or `fenced`.
 */
export type Markdown = string & { readonly [escaped]: true };

/** Text of this project that contains no value, or only values that are escaped already. */
export function trusted(text: string): Markdown {
  return text as Markdown;
}

/** Markdown with escaped values: md`the user ${code(name)}`. */
export function md(text: TemplateStringsArray, ...values: readonly Markdown[]): Markdown {
  return trusted(text.reduce((before, part, index) => `${before}${values[index - 1] ?? ""}${part}`));
}

/** Several pieces of Markdown on one line. */
export function joined(parts: readonly Markdown[], separator: string): Markdown {
  return trusted(parts.join(separator));
}

/** A value as code on one line; nothing for an empty one, which Markdown has no code for. */
export function code(text: string): Markdown {
  if (text === "") {
    return trusted("");
  }
  const fence = "`".repeat(longestRun(text) + 1);
  const space = fence.length > 1 ? " " : "";
  return trusted(`${fence}${space}${visible(text)}${space}${fence}`);
}

/** Values as code, separated by commas. */
export function codes(texts: readonly string[]): Markdown {
  return joined(texts.map(code), ", ");
}

/** A value within a sentence or a heading: none of its characters has a meaning in Markdown. */
export function prose(text: string): Markdown {
  // GitHub links addresses without markup. Source: GitHub Flavored Markdown, "Autolinks (extension)". cspell:ignore autolinks
  return trusted(visible(text).replaceAll(/[!-+:-@[-`{-~]|(?<=www)\./gi, "\\$&"));
}

function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
}

/** Text of this project that contains no value, such as `<prefix>-node`, which would be an HTML tag. */
export function plain(text: string): Markdown {
  return trusted(text.replaceAll("<", "\\<"));
}

/** Text of this project, in which values are escaped, as a sentence: it starts in lower case and has no final period. */
export function sentence(text: string): Markdown {
  return trusted(`${text.charAt(0).toUpperCase()}${text.slice(1)}.`);
}

/** A number of things: `1 action`, `2 actions`. */
export function counted(count: number, what: string): Markdown {
  return trusted(`${count} ${what}${count === 1 ? "" : "s"}`);
}

/** A cell of a table. Tables split at `|` even inside code, unless an odd number of backslashes is before it. */
export function cell(text: string): string {
  return text.replaceAll(/(\\*)\|/g, (all, backslashes: string) => (backslashes.length % 2 === 1 ? all : `${backslashes}\\|`));
}

/** The lines of a table. */
export function tableLines(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const padded = (text: string) => (text === "" ? " |" : ` ${cell(text)} |`);
  return [head, head.map(() => "---"), ...rows].map((cells) => `|${cells.map(padded).join("")}`);
}

/** A table. */
export function table(head: readonly string[], rows: readonly (readonly Markdown[])[]): Markdown {
  return trusted(tableLines(head, rows).join("\n"));
}

/** A list. */
export function list(items: readonly Markdown[]): Markdown {
  return trusted(items.map((item) => `- ${item}`).join("\n"));
}

/** A block of code. */
export function fenced(language: string, text: string): Markdown {
  const fence = "`".repeat(Math.max(3, longestRun(text) + 1));
  return trusted([`${fence}${language}`, visibleLines(text).trimEnd(), fence].join("\n"));
}

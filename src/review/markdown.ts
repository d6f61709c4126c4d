/** Text as code, whatever is in it, on one line. */
export function code(text: string): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  const space = longest > 0 ? " " : "";
  return `${fence}${space}${text.replaceAll(/[\r\n]+/g, " ")}${space}${fence}`;
}

/** Text of this project: `<prefix>` would be a tag that no browser shows. */
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
  return [`\`\`\`${language}`, text.trimEnd(), "```", ""];
}

/** Text as code in Markdown, also inside a table. */
export function code(text: string): string {
  const fence = text.includes("`") ? "``" : "`";
  const pad = fence.length > 1 ? " " : "";
  return `${fence}${pad}${text.replaceAll("|", "\\|")}${pad}${fence}`;
}

/** Text as it is, in a table: `<prefix>` would be a tag that no browser shows. */
export function cell(text: string): string {
  return text.replaceAll(/[|<]/g, "\\$&");
}

/** A text that starts in lower case and has no final period, as a sentence. */
export function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** A table, with an empty line behind it. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]) => `|${cells.map((text) => (text === "" ? " |" : ` ${text} |`)).join("")}`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line), ""];
}

/** A list, with an empty line behind it. */
export function list(items: readonly string[]): readonly string[] {
  return [...items.map((item) => `- ${item}`), ""];
}

/** A block of code, with an empty line behind it. */
export function fenced(language: string, text: string): readonly string[] {
  return [`\`\`\`${language}`, text.trimEnd(), "```", ""];
}

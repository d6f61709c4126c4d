import { readFileSync } from "node:fs";
import { Liquid, type Template } from "liquidjs";
import { packageFile } from "../../../../src/text/package-file";
import { visible } from "../../../../src/text/printable";
import { shellWord } from "./advice";
import { cell, code, counted, fenced, label, plain, prose } from "./markdown";

/** Escaped for where it stands. All other values are escaped as prose. */
class Escaped {
  constructor(readonly text: string) {}
}

const escaped = (value: unknown) => (value instanceof Escaped ? value.text : prose(String(value)));

/**
 * With tags in comments of Markdown, `<!-- if name -->`, so that linters can read the templates. An
 * unknown name is an error, except in a condition.
 */
const LIQUID = new Liquid({
  tagDelimiterLeft: "<!--",
  tagDelimiterRight: "-->",
  strictVariables: true,
  strictFilters: true,
  lenientIf: true,
  jsTruthy: true,
  outputEscape: escaped,
});

const FILTERS: Readonly<Record<string, (value: never, argument: never) => string>> = {
  code: (value: unknown) => code(String(value)),
  /** Of this program, for readers who may not have it. */
  command: (words: string) => code(`npx --no dkp-access ${words}`),
  codes: (values: readonly string[], separator = ", ") => values.map(code).join(separator),
  pairs: (tags: Readonly<Record<string, string>>) =>
    Object.entries(tags)
      .map(([key, value]) => `${code(key)} = ${code(value) || "(empty)"}`)
      .join(", "),
  counted,
  fenced: (text: string, language: string) => fenced(language, text),
  plain,
  /** It starts in lower case and has no final period. Values in it are escaped. */
  sentence: (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`,
  cell: (value: unknown) => cell(escaped(value)),
  conditions: (all: readonly { test: string; variable: string; values: readonly string[] }[]) =>
    all
      .map(({ test, variable, values }) => code(`${variable} ${test} ${values.join(", ")}`))
      .join(", "),
  label,
  comment: visible,
  shell: (text: string) => shellWord(visible(text)),
  verbatim: (text: string) => text,
};
for (const [name, filter] of Object.entries(FILTERS)) {
  LIQUID.registerFilter(
    name,
    (value: unknown, argument: unknown) => new Escaped(filter(value as never, argument as never)),
  );
}

const parsed = new Map<string, Template[]>();

/**
 * Fills a template, a Markdown file or script that linters can read:
 * - A line of tags alone does not stand in the result; in a script after `# `.
 * - An indented line that begins with a tag continues the line before.
 * - A value in a row of a table is escaped as a cell.
 * Values are never interpreted.
 * @param template relative to the root of the package
 * @throws Error if the template has a filter, or shows a value, that does not exist
 */
export function fillTemplate(template: string, data: object): string {
  const source = parsed.get(template) ?? parse(readFileSync(packageFile(template), "utf8"));
  parsed.set(template, source);
  const text = LIQUID.renderSync(source, data) as string;
  return text.replaceAll(/^\|.*$/gm, (row) => row.replaceAll("|  |", "| |"));
}

function parse(text: string): Template[] {
  const lines = text
    .replaceAll(/\n +(?=<!--)/g, "")
    .replaceAll(/^\|.*$/gm, (row) => row.replaceAll("}}", "| cell }}"))
    .replaceAll(/^(?:# )?((?:<!--(?:(?!-->).)*-->)+)\n/gm, "$1");
  return LIQUID.parse(lines);
}

import { readFileSync } from "node:fs";
import { packageFile } from "../../text/package-file";
import { cell, type Markdown } from "./markdown";

/** What a template shows: Markdown for `{{name}}`, and conditions of optional blocks; a value that is not empty is one too. */
export type TemplateData = Readonly<Record<string, Markdown | boolean>>;

/** The start or the end of an optional block, alone on a line. */
const CONDITION = /^(?: *|# )<!-- (?:(if|unless) (\w+)|end) -->$/;

const PLACEHOLDER = /\{\{(\w+)\}\}/g;

/** A placeholder alone on a line: its value may have several lines. */
const BLOCK = /^( *)\{\{(\w+)\}\}$/;

/**
 * Fills a template. Templates are Markdown files, or shell scripts, that linters can read:
 * - `{{name}}` is a value. Alone on a line it may have several lines, which get the placeholder's indentation, or none.
 * - `<!-- if name -->` or `<!-- unless name -->`, and `<!-- end -->`, enclose an optional block; in a script after `# `.
 * - Ordered lists have `1.` for every item; the result is numbered.
 * Values are never interpreted.
 * @throws Error if the template and the data do not have the same names
 */
export function fillTemplate(template: string, data: TemplateData): string {
  const value = (name: string, isShown: boolean) => {
    const found = data[name];
    if (found === undefined || (isShown && typeof found === "boolean")) {
      throw new Error(`template: no ${isShown ? "text" : "condition"} is named ${name}`);
    }
    return found;
  };
  const lines = numbered(withoutDoubleBlanks(selected(template.split("\n"), (name) => Boolean(value(name, false)))));
  const filled = lines.flatMap((line) => filledLine(line, (name) => value(name, true) as Markdown));
  const names = new Set(
    [...template.matchAll(/\{\{(\w+)\}\}|<!-- (?:if|unless) (\w+) -->/g)].map(([, one, other]) => one ?? other),
  );
  const unused = Object.keys(data).filter((name) => !names.has(name));
  if (unused.length > 0) {
    throw new Error(`template: nothing shows ${unused.join(", ")}`);
  }
  return filled.join("\n");
}

/** The lines whose conditions hold. */
function selected(lines: readonly string[], holds: (name: string) => boolean): readonly string[] {
  const enclosing: boolean[] = [];
  return lines.filter((line) => {
    const [condition, kind, name] = CONDITION.exec(line) ?? [];
    if (condition === undefined) {
      return enclosing.every((shown) => shown);
    }
    if (kind === undefined || name === undefined) {
      enclosing.pop();
    } else {
      enclosing.push(holds(name) === (kind === "if"));
    }
    return false;
  });
}

function withoutDoubleBlanks(lines: readonly string[]): readonly string[] {
  return lines.filter((line, index) => line !== "" || lines[index - 1] !== "");
}

/** Numbers the items of ordered lists; a heading starts a new list. */
function numbered(lines: readonly string[]): readonly string[] {
  let item = 0;
  return lines.map((line) => {
    item = line.startsWith("#") ? 0 : item + Number(line.startsWith("1. "));
    return line.replace(/^1\. /, `${item}. `);
  });
}

function filledLine(line: string, valueNamed: (name: string) => Markdown): readonly string[] {
  const [, indent, block] = BLOCK.exec(line) ?? [];
  if (indent !== undefined && block !== undefined) {
    const text = valueNamed(block);
    return text === "" ? [] : [text.replaceAll(/^(?=.)/gm, indent)];
  }
  const isRow = line.startsWith("|");
  const filled = line.replaceAll(PLACEHOLDER, (_, name: string) => {
    const text = valueNamed(name);
    if (text.includes("\n")) {
      throw new Error(`template: ${name} has several lines and is not alone on its line`);
    }
    return isRow ? cell(text) : text;
  });
  return [filled];
}

/** A page from a template file. @param path relative to the root of the package */
export function fillTemplateFile(path: string, data: TemplateData): string {
  return fillTemplate(readFileSync(packageFile(path), "utf8"), data);
}

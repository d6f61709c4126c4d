import { visible } from "../../text/printable";

/** The values of HCL: strings, numbers, Booleans, lists and objects. */
export type HclValue = string | number | boolean | readonly HclValue[] | { readonly [name: string]: HclValue };

/** Arguments as `terraform fmt` formats them: one per line, the equal signs of consecutive one-line arguments aligned. */
export function hclArguments(values: Readonly<Record<string, HclValue>>, indent: string): readonly string[] {
  const lines = Object.entries(values).map(([name, value]) => ({
    name: /^[A-Za-z_][\w-]*$/.test(name) ? name : hclString(name),
    value: hclValue(value, indent),
  }));
  const widthAt = lines.map(({ name, value }) => (value.includes("\n") ? 0 : name.length));
  return lines.map(({ name, value }, index) => {
    // A value of several lines ends the column.
    const first = widthAt.lastIndexOf(0, index) + 1;
    const next = widthAt.indexOf(0, index);
    const width = Math.max(name.length, ...widthAt.slice(first, next < 0 ? undefined : next));
    return `${indent}${value.includes("\n") ? name : name.padEnd(width)} = ${value}`;
  });
}

/** One value; all lines except the first are indented. */
function hclValue(value: HclValue, indent: string): string {
  if (Array.isArray(value)) {
    return `[${value.map((item: HclValue) => hclValue(item, indent)).join(", ")}]`;
  }
  if (typeof value === "object") {
    return ["{", ...hclArguments(value as Readonly<Record<string, HclValue>>, `${indent}  `), `${indent}}`].join("\n");
  }
  return typeof value === "string" ? hclString(value) : String(value);
}

/**
 * A quoted template that evaluates to the string. Unlike JSON, HCL has no `\b`, `\f` and surrogate pairs as escape sequences, and no
 * strings with unpaired surrogates. It would evaluate `${` and `%{`.
 * Source: "HCL Native Syntax Specification", "Template Expressions".
 */
function hclString(text: string): string {
  return visible(JSON.stringify(text.replaceAll(/\p{Cs}/gu, "\ufffd")))
    .replaceAll(/\\(?:\\|b|f|u(d[89ab]..)\\u(d[c-f]..))/g, hclEscape)
    .replaceAll(/([$%])\{/g, "$1$1{");
}

function hclEscape(sequence: string, high?: string, low?: string): string {
  if (high !== undefined && low !== undefined) {
    const codePoint = String.fromCharCode(Number.parseInt(high, 16), Number.parseInt(low, 16)).codePointAt(0) ?? 0;
    return `\\U${codePoint.toString(16).padStart(8, "0")}`;
  }
  return { "\\b": "\\u0008", "\\f": "\\u000c" }[sequence] ?? sequence;
}

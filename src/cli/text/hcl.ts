import { visible } from "../../text/printable";

export type HclValue =
  | string
  | number
  | boolean
  | readonly HclValue[]
  | { readonly [name: string]: HclValue };

/** On one line, as `terraform fmt` formats it. */
export function hclValue(value: HclValue): string {
  if (Array.isArray(value)) {
    return `[${value.map((item: HclValue) => hclValue(item)).join(", ")}]`;
  }
  if (typeof value === "object") {
    const items = Object.entries(value).map(
      ([name, item]) => `${hclName(name)} = ${hclValue(item)}`,
    );
    return items.length === 0 ? "{}" : `{ ${items.join(", ")} }`;
  }
  return typeof value === "string" ? hclString(value) : String(value);
}

const hclName = (name: string) => (/^[A-Za-z_][\w-]*$/.test(name) ? name : hclString(name));

/**
 * Unlike JSON, HCL has no `\b`, `\f` and surrogate pairs as escape sequences, no strings with
 * unpaired surrogates, and evaluates `${` and `%{`. Source: "HCL Native Syntax Specification",
 * "Template Expressions".
 */
function hclString(text: string): string {
  return visible(JSON.stringify(text.replaceAll(/\p{Cs}/gu, "\ufffd")))
    .replaceAll(/\\(?:\\|b|f|u(d[89ab]..)\\u(d[c-f]..))/g, hclEscape)
    .replaceAll(/([$%])\{/g, "$1$1{");
}

function hclEscape(sequence: string, high?: string, low?: string): string {
  if (high !== undefined && low !== undefined) {
    const codePoint =
      String.fromCharCode(Number.parseInt(high, 16), Number.parseInt(low, 16)).codePointAt(0) ?? 0;
    return `\\U${codePoint.toString(16).padStart(8, "0")}`;
  }
  return { "\\b": "\\u0008", "\\f": "\\u000c" }[sequence] ?? sequence;
}

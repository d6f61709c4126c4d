const WIDTH = 130;

/**
 * JSON text as the golden files show it: what fits goes on one line, and lists of scalars are
 * filled. Two texts that differ are shown differently: a text that `JSON.stringify` with two spaces
 * would not write is shown as it is, below a line that says so.
 */
export function wrappedJson(text: string): string {
  const value: unknown = JSON.parse(text);
  const end = text.endsWith("\n") ? "\n" : "";
  return `${JSON.stringify(value, null, 2)}${end}` === text
    ? `${wrapped(value, "")}${end}`
    : `not as JSON.stringify writes it:\n${text}`;
}

/** @param indent the white space before the lines inside the value */
function wrapped(value: unknown, indent: string, key = ""): string {
  const line = key + JSON.stringify(value, null, 1).replaceAll(/\n */g, " ");
  if (indent.length + line.length <= WIDTH || typeof value !== "object" || value === null) {
    return line;
  }
  const inner = `${indent}  `;
  const isList = Array.isArray(value);
  const items = Object.entries(value).map(([name, item]) =>
    wrapped(item, inner, isList ? "" : `${JSON.stringify(name)}: `),
  );
  const lines =
    isList && value.every((item) => typeof item !== "object")
      ? filled(items, WIDTH - inner.length)
      : items;
  return `${key}${isList ? "[" : "{"}\n${inner}${lines.join(`,\n${inner}`)}\n${indent}${isList ? "]" : "}"}`;
}

/** In as few lines as the items fit into. */
function filled(items: readonly string[], width: number) {
  const lines: string[] = [];
  for (const item of items) {
    const longer = `${lines.at(-1)}, ${item}`;
    if (lines.length === 0 || longer.length >= width) {
      lines.push(item);
    } else {
      lines[lines.length - 1] = longer;
    }
  }
  return lines;
}

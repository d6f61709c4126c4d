// Usage: node read-pictures.mjs < PICTURES, a JSON list of pictures in Mermaid. Writes the nodes
// and arrows with their labels that Mermaid's own parser reads in each, or the error. Mermaid is an
// ES module, and its sanitizer of labels requires a DOM.
import { readFileSync } from "node:fs";
import { parseHTML } from "linkedom";

const { window } = parseHTML("<html></html>");
Object.assign(globalThis, { window, document: window.document });
const { default: mermaid } = await import("mermaid");

// Mermaid keeps the codes of characters in this form until it draws them. Source: mermaid,
// src/utils.ts, encodeEntities.
const shown = (text) =>
  text.replaceAll(/ﬂ°°(\d+)¶ß/g, (_, number) => String.fromCodePoint(Number(number)));

async function read(picture) {
  try {
    await mermaid.parse(picture);
    const { db } = await mermaid.mermaidAPI.getDiagramFromText(picture);
    const nodes = [...db.getVertices().values()].map(({ id, text }) => [id, shown(text)]);
    return {
      nodes,
      arrows: db.getEdges().map(({ start, end, text }) => [start, end, shown(text)]),
    };
  } catch (error) {
    return { error: String(error) };
  }
}

const results = [];
for (const picture of JSON.parse(readFileSync(0, "utf8"))) {
  results.push(await read(picture));
}
process.stdout.write(JSON.stringify(results));

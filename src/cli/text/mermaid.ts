import { visible } from "../../text/printable";

/**
 * A value within a quoted label of a Mermaid picture: none of its characters has a meaning in Mermaid, nor in the Markdown and the HTML
 * of labels. Mermaid shows `#35;` as the character with that number. Source: Mermaid, "Flowcharts", "Entity codes to escape characters".
 */
export function label(text: string): string {
  return visible(text).replaceAll(
    /(?<![\p{L}\p{N}])[-._]|[-._](?![\p{L}\p{N}])|(?<=^| ) | $|[^\p{L}\p{N} ,/._-]/gu,
    (character) => `#${character.codePointAt(0)};`,
  );
}

import { distance } from "fastest-levenshtein";
import { secretIn } from "./secrets";

const LONGEST_ECHO = 80;

/** A value as a message shows it: as JSON, cut when long, never a secret. */
export function show(value: unknown): string {
  if (value === null || value === undefined) {
    return "nothing";
  }
  const text = JSON.stringify(value);
  if (secretIn(text) !== undefined || (typeof value === "string" && secretIn(value) !== undefined)) {
    return "a secret (not shown)";
  }
  return text.length <= LONGEST_ECHO ? text : `${text.slice(0, LONGEST_ECHO)}... (${text.length} characters)`;
}

/** The known word that a misspelt one most likely means; undefined if none is near. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const spelling = (text: string) => text.toLowerCase().replaceAll(/[-_]/g, "");
  const scored = known.map((candidate) => ({
    candidate,
    edits: distance(spelling(word), spelling(candidate)),
  }));
  const best = scored.reduce<{ candidate: string; edits: number } | undefined>(
    (least, next) => (least === undefined || next.edits < least.edits ? next : least),
    undefined,
  );
  return best !== undefined && best.edits <= Math.max(1, Math.floor(word.length / 3)) ? best.candidate : undefined;
}

/** `did you mean "X"?` where a known word is near, else the list of all of them. */
export function suggest(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  return near === undefined ? `known are ${known.join(", ")}` : `did you mean "${near}"?`;
}

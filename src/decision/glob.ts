/** One symbol of a pattern. */
export type GlobSymbol =
  | { readonly kind: "literal"; readonly char: string; readonly fold: boolean }
  /** Any one character, or any number of them. */
  | { readonly kind: "one" | "many"; readonly colon: boolean };

export type Glob = readonly GlobSymbol[];

/**
 * How far wildcards in a resource ARN reach. AWS documents that they stand for characters within a segment and that a `*` which ends
 * a segment "can expand to match beyond the colon boundaries" (IAM user guide, "IAM JSON policy elements: Resource"). What that means
 * for patterns with fewer or other colons than the ARN is open, so that an answer must hold in each of these readings.
 */
export const READINGS = ["documented", "components", "text"] as const;
export type Reading = (typeof READINGS)[number];

/** The text itself, without wildcards. */
export function literal(text: string, { fold = false, variables = false } = {}): Glob {
  return symbolsOf(text, variables).map(({ char }) => ({ kind: "literal", char, fold }));
}

/** A pattern whose wildcards match any characters, as in `StringLike` and in actions. */
export function like(text: string, variables = false): Glob {
  return collapsed(symbolsOf(text, variables)).map((symbol) => toSymbol(symbol, true));
}

/**
 * A pattern of ARNs in a condition: six components, checked one by one; only the last may contain colons.
 * Source: IAM user guide, "Condition operators", ARN condition operators.
 */
export function arnComponents(text: string, variables = false): Glob {
  return resource(text, "components", variables);
}

/** A pattern of resource ARNs in one of the readings. */
export function resource(text: string, reading: Reading, variables = false): Glob {
  const symbols = collapsed(symbolsOf(text, variables));
  return symbols.map((symbol, at) => toSymbol(symbol, symbol.wildcard !== undefined && crosses(symbols, at, reading)));
}

function crosses(symbols: readonly Raw[], at: number, reading: Reading): boolean {
  const next = symbols[at + 1]?.char;
  switch (reading) {
    case "text":
      return true;
    case "documented":
      return symbols[at]?.wildcard === "many" && (next === undefined || next === ":");
    case "components":
      return (
        symbols.slice(0, at).filter(({ char }) => char === ":").length >= 5 ||
        (symbols[at]?.wildcard === "many" && next === undefined)
      );
  }
}

interface Raw {
  readonly char: string;
  readonly wildcard: "one" | "many" | undefined;
}

/** @param variables whether `${*}`, `${?}` and `${$}` stand for the character */
function symbolsOf(text: string, variables: boolean): readonly Raw[] {
  const parts = text.match(variables ? /\$\{[*?$]\}|[\s\S]/gu : /[\s\S]/gu) ?? [];
  return parts.map((part) => ({ char: part.length > 2 ? part.charAt(2) : part, wildcard: WILDCARDS[part] }));
}

const WILDCARDS: Readonly<Record<string, "one" | "many">> = { "?": "one", "*": "many" };

function collapsed(symbols: readonly Raw[]): readonly Raw[] {
  return symbols.filter(({ wildcard }, at) => wildcard !== "many" || symbols[at - 1]?.wildcard !== "many");
}

function toSymbol({ char, wildcard }: Raw, colon: boolean): GlobSymbol {
  return wildcard === undefined ? { kind: "literal", char, fold: false } : { kind: wildcard, colon };
}

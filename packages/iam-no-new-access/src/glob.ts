import type { Budget } from "./budget";

/** One symbol of a pattern. */
export type GlobSymbol =
  | { readonly kind: "literal"; readonly char: string; readonly fold: boolean }
  /** Any one character, or any number of them. */
  | { readonly kind: "one" | "many"; readonly colon: boolean };

export type Glob = readonly GlobSymbol[];

/**
 * How far wildcards in a resource ARN reach. AWS documents that they stand for characters within a
 * segment and that a `*` which ends a segment "can expand to match beyond the colon boundaries"
 * (IAM user guide, "IAM JSON policy elements: Resource"). What that means for patterns with fewer
 * or other colons than the ARN is open, so that an answer must hold for each of these. Adjacent
 * wildcards mean the same in any order: `*?` ends a segment as `?*` does.
 */
export const REACHES = ["documented", "components", "text"] as const;
export type Reach = (typeof REACHES)[number];

/** The text itself, without wildcards. */
export function literal(
  text: string,
  {
    fold = false,
    variables = false,
  }: { readonly fold?: boolean; readonly variables?: boolean } = {},
): Glob {
  return symbolsOf(text, variables).map(({ char }) => ({ kind: "literal", char, fold }));
}

/** A pattern whose wildcards match any characters, as in `StringLike` and in actions. */
export function like(text: string, variables = false): Glob {
  return resource(text, "text", variables);
}

/**
 * A pattern of ARNs in a condition: six components, checked one by one; only the last may contain
 * colons. Source: IAM user guide, "Condition operators", ARN condition operators.
 */
export function arnComponents(text: string, variables = false): Glob {
  return resource(text, "components", variables);
}

/** A pattern of resource ARNs whose wildcards reach as far as given. */
export function resource(text: string, reach: Reach, variables = false): Glob {
  const symbols = symbolsOf(text.replaceAll(/[*?]{2,}/g, inOrder), variables);
  let colons = 0;
  return symbols.map(({ char, wildcard }, at): GlobSymbol => {
    colons += char === ":" ? 1 : 0;
    if (wildcard === undefined) {
      return { kind: "literal", char, fold: false };
    }
    const next = symbols[at + 1]?.char;
    const isLast = wildcard === "many" && next === undefined;
    const colon = {
      text: true,
      documented: isLast || (wildcard === "many" && next === ":"),
      components: isLast || colons >= 5,
    };
    return { kind: wildcard, colon: colon[reach] };
  });
}

/** Adjacent wildcards: each `?`, then one `*` if there is any. */
function inOrder(wildcards: string): string {
  return wildcards.replaceAll("*", "") + (wildcards.includes("*") ? "*" : "");
}

/** @param variables whether `${*}`, `${?}` and `${$}` stand for the character */
function symbolsOf(text: string, variables: boolean) {
  const parts = text.match(variables ? /\$\{[*?$]\}|[\s\S]/gu : /[\s\S]/gu) ?? [];
  return parts.map((part) => ({
    char: part.length > 2 ? part.charAt(2) : part,
    wildcard: WILDCARDS[part],
  }));
}

const WILDCARDS: Readonly<Record<string, "one" | "many">> = { "?": "one", "*": "many" };

/**
 * Whether a pattern matches a string, in time that grows with the product of their lengths at most.
 * @throws BudgetExceeded
 */
export function matches(pattern: Glob, text: string, budget: Budget): boolean {
  // All positions in the pattern that the characters read so far can lead to, in ascending order.
  let positions = afterStars([0], pattern);
  for (const char of text) {
    budget.spend(positions.length / 4);
    const following: number[] = [];
    for (const at of positions) {
      const symbol = pattern[at];
      if (symbol !== undefined && takes(symbol, char)) {
        following.push(symbol.kind === "many" ? at : at + 1);
      }
    }
    if (following.length === 0) {
      return false;
    }
    positions = afterStars(following, pattern);
  }
  return positions.at(-1) === pattern.length;
}

/** The positions, and those after a `*`, which may take nothing. */
function afterStars(positions: readonly number[], pattern: Glob): readonly number[] {
  const all: number[] = [];
  for (const position of positions) {
    for (let at = position, isOpen = true; isOpen; at += 1) {
      isOpen = pattern[at]?.kind === "many";
      if (at > (all.at(-1) ?? -1)) {
        all.push(at);
      }
    }
  }
  return all;
}

function takes(symbol: GlobSymbol, char: string): boolean {
  if (symbol.kind !== "literal") {
    return symbol.colon || char !== ":";
  }
  return symbol.char === char || (symbol.fold && symbol.char.toLowerCase() === char.toLowerCase());
}

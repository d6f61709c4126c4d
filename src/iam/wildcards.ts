/**
 * Whether a wide IAM pattern (`*`: any string, `?`: one character) matches every string that a narrow one matches.
 *
 * `true` is always right. `false` may be wrong where only several stars together cover the narrow pattern.
 * `${...}`, of Terraform or IAM, stands for an unknown string: equal to itself, and matched only by `*`.
 */
export function coversText(wide: string, narrow: string): boolean {
  return coversBy(wide, narrow, () => true);
}

/**
 * The same for ARNs. A star within a segment matches only inside it; a star at the end of a segment matches colons too.
 * Source: IAM User Guide, "IAM JSON policy elements: Resource", wildcards.
 */
export function coversArn(wide: string, narrow: string): boolean {
  return coversBy(wide, narrow, (symbol, following) => [undefined, ":"].includes(following) || /^[^:*?]$/.test(symbol));
}

/** @param takes whether a star of the wide pattern, with the symbol that follows it, certainly matches a symbol of the narrow one */
function coversBy(wide: string, narrow: string, takes: (symbol: string, following: string | undefined) => boolean): boolean {
  if (wide === narrow || !mayCover(wide, narrow)) {
    return wide === narrow;
  }
  return BEGINNING.test(wide) || covers(symbolsOf(wide), symbolsOf(narrow), takes);
}

/** A pattern that matches everything with its literal beginning. */
const BEGINNING = /^[^*?$]*\*$/;

/** Whether a pattern has a wildcard and the other one begins and ends as it does: quickly excludes most pairs of patterns. */
function mayCover(wide: string, narrow: string): boolean {
  return hasWildcard(wide) && narrow.startsWith(wide.slice(0, wide.search(/[*?$]/))) && narrow.endsWith(literalEnd(wide));
}

/** What follows the last wildcard or `${...}` expression. */
function literalEnd(pattern: string): string {
  return pattern.slice(Math.max(pattern.lastIndexOf("*"), pattern.lastIndexOf("?"), pattern.lastIndexOf("}")) + 1);
}

/** Whether a pattern can match more than itself. */
export function hasWildcard(pattern: string): boolean {
  return pattern.includes("*") || pattern.includes("?");
}

/** The characters and `${...}` expressions of a pattern; adjacent stars count as one. */
function symbolsOf(pattern: string): readonly string[] {
  return (pattern.match(/\$\{[^}]*\}|[\s\S]/g) ?? []).filter((symbol, at, all) => symbol !== "*" || all[at - 1] !== "*");
}

function covers(
  wide: readonly string[],
  narrow: readonly string[],
  takes: (symbol: string, following: string | undefined) => boolean,
): boolean {
  // For each prefix of the narrow pattern: whether the wide pattern up to here covers it.
  let reached = [true, ...narrow.map(() => false)];
  for (const [at, symbol] of wide.entries()) {
    const next = narrow.map(() => false);
    const following = [symbol === "*" && reached[0] === true, ...next];
    for (const [position, other] of narrow.entries()) {
      following[position + 1] =
        symbol === "*"
          ? reached[position + 1] === true || (following[position] === true && takes(other, wide[at + 1]))
          : reached[position] === true && coversSymbol(symbol, other);
    }
    reached = following;
  }
  return reached.at(-1) === true;
}

function coversSymbol(wide: string, narrow: string): boolean {
  return wide === narrow || (wide === "?" && narrow.length === 1 && narrow !== "*" && narrow !== ":");
}

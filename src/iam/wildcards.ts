/**
 * Whether every text that a pattern of IAM matches (`*` any text, `?` one character) is matched by another one, too.
 *
 * No false yes; a false no where only several stars together tell, as for `*a*` and a pattern with an `a` behind a `?`.
 * A `${...}`, of Terraform or of IAM, is a text that is not known: equal to itself, and matched by `*` alone.
 */
export function coversText(wide: string, narrow: string): boolean {
  return wide === narrow || (WILDCARD.test(wide) && covers(symbolsOf(wide), symbolsOf(narrow), () => true));
}

/**
 * The same of ARNs. A star inside a segment stays in it: only one that ends its segment is sure to match beyond colons.
 * Source: IAM user guide, "IAM JSON policy elements: Resource", wildcards.
 */
export function coversArn(wide: string, narrow: string): boolean {
  if (wide === narrow || !WILDCARD.test(wide)) {
    return wide === narrow;
  }
  const symbols = symbolsOf(wide);
  const endsSegment = (at: number) => [undefined, ":"].includes(symbols[at + 1]);
  return covers(symbols, symbolsOf(narrow), (at, symbol) => endsSegment(at) || /^[^:*?]$/.test(symbol));
}

const WILDCARD = /[*?]/;

/** A pattern as its characters and `${...}` expressions; stars side by side are one. */
function symbolsOf(pattern: string): readonly string[] {
  return (pattern.match(/\$\{[^}]*\}|[\s\S]/g) ?? []).filter((symbol, at, all) => symbol !== "*" || all[at - 1] !== "*");
}

/** @param takes whether the star at a place of the wide pattern is sure to match a symbol of the narrow one */
function covers(wide: readonly string[], narrow: readonly string[], takes: (at: number, symbol: string) => boolean): boolean {
  // For each length of the narrow pattern's beginning, whether the wide one's beginning so far covers it.
  let reached = [true, ...narrow.map(() => false)];
  for (const [at, symbol] of wide.entries()) {
    const next = narrow.map(() => false);
    const following = [symbol === "*" && reached[0] === true, ...next];
    for (const [place, other] of narrow.entries()) {
      following[place + 1] =
        symbol === "*"
          ? reached[place + 1] === true || (following[place] === true && takes(at, other))
          : reached[place] === true && coversSymbol(symbol, other);
    }
    reached = following;
  }
  return reached.at(-1) === true;
}

function coversSymbol(wide: string, narrow: string): boolean {
  return wide === narrow || (wide === "?" && narrow.length === 1 && narrow !== "*" && narrow !== ":");
}

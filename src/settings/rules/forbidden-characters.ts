// Characters that a reader can't see, or that change how the text around them is shown.

/** A line of its own: `\n`, and what some programs show as one. */
const LINE_BREAK = /[\n\r\u0085\u2028\u2029]/;

/**
 * Control characters, halves of surrogate pairs, private use, and letters that no font shows. Source: Unicode,
 * `General_Category` and `Default_Ignorable_Code_Point`; U+2800 is a blank that counts as a symbol.
 */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/u;

/** What a string on several lines may contain as well, and what joins or parts the letters of a script: tab, line breaks, soft hyphen, joiners. */
const MULTILINE_ONLY = /[\t\n\r]|\u00ad|\u200c|\u200d|[\ufe00-\ufe0f]/g;

/** Why a value of the settings may not have one of its characters; follows "FIELD: "; undefined if it may have all. */
export function characterError(text: string): string | undefined {
  if (LINE_BREAK.test(text)) {
    return "has a line break; write it on one line";
  }
  const [character] = INVISIBLE.exec(text) ?? [];
  return character === undefined ? undefined : `has the invisible character ${codePoint(character)}; remove it`;
}

/** The same for a value that may have several lines. */
export function multilineCharacterError(text: string): string | undefined {
  const [character] = INVISIBLE.exec(text.replaceAll(MULTILINE_ONLY, "")) ?? [];
  return character === undefined ? undefined : `has the invisible character ${codePoint(character)}; remove it`;
}

function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}

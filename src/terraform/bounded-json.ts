/** More values than any state or plan has. The parser needs about 60 bytes for each. */
const MAX_VALUES = 5_000_000;

/** Characters of JSON that a further value follows. */
const SEPARATORS = new Set(["[", "{", ","].map((character) => character.charCodeAt(0)));

/**
 * Parses JSON whose parsing cannot exhaust the memory, which would end the process: an empty list takes 3 bytes in a file, and
 * twenty times as many in memory.
 * @throws SyntaxError if it is not JSON; its message may quote the text. RangeError in one line if it has too many values
 */
export function parseBoundedJson(text: string): unknown {
  // Each value takes at least 2 characters.
  if (text.length > 2 * MAX_VALUES && hasTooManyValues(text)) {
    throw new RangeError(`has more than ${MAX_VALUES.toLocaleString("en")} values, the limit; divide it`);
  }
  return JSON.parse(text);
}

/** Also counts separators within strings, so that the count is too high rather than too low. */
function hasTooManyValues(text: string): boolean {
  let count = 0;
  for (let at = 0; at < text.length && count <= MAX_VALUES; at++) {
    count += SEPARATORS.has(text.charCodeAt(at)) ? 1 : 0;
  }
  return count > MAX_VALUES;
}

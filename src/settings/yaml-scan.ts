import { Lexer } from "yaml";

/** A comment of a YAML text, from its `#` on. */
export interface Comment {
  /** Counted from 1. */
  readonly line: number;
  readonly text: string;
}

/** What a YAML text consists of, found without parsing it. */
export interface YamlScan {
  /** Why the text must not be parsed; undefined if it may be. */
  readonly limit: string | undefined;
  readonly comments: readonly Comment[];
  /** The text as the library's lexer divides it, up to a limit that it breaks. */
  readonly tokens: readonly string[];
}

// The parser recurses into nested values, and compares each key of an object with all others, and looks for the anchor
// of each alias from the beginning. Node.js ends without an exception
// when the parser's recursion leaves no room for a regular expression, so that depth has to be limited before.
const MAX_LEVELS = 100;
const MAX_INDENTATION = 400;
const MAX_SCALARS = 5_000;
const MAX_TOKENS = 50_000;
const MAX_ALIASES = 200;

/** The library's marks between tokens: start of a document, end of a flow collection, start of a scalar. */
const MARKS: ReadonlySet<string> = new Set(["\u0002", "\u0018", "\u001f"]);
const SCALAR = "\u001f";

/** Reads a YAML text token by token, in linear time, up to the first limit that it breaks. */
export function scanYaml(text: string): YamlScan {
  const comments: Comment[] = [];
  const tokens: string[] = [];
  let line = 1;
  let scalars = 0;
  let aliases = 0;
  let brackets = 0;
  let indicators = 0;
  let previous = "\n";
  for (const token of new Lexer().lex(text)) {
    tokens.push(token);
    if (previous === SCALAR) {
      scalars += 1;
    } else if (token.startsWith("#")) {
      comments.push({ line, text: token });
    } else if (token.startsWith("*")) {
      aliases += 1;
    } else if (token === "[" || token === "{") {
      brackets += 1;
    } else if (token === "]" || token === "}") {
      brackets -= 1;
    } else if (brackets === 0 && (token === "-" || token === "?" || token === ":")) {
      indicators += 1;
    }
    if (token.endsWith("\n")) {
      indicators = 0;
    }
    const indentation = previous.endsWith("\n") && /^ +$/.test(token) ? token.length : 0;
    if (brackets + indicators > MAX_LEVELS || indentation > MAX_INDENTATION) {
      return { limit: `is nested more than ${MAX_LEVELS} levels deep; write it flatter`, comments, tokens };
    }
    if (aliases > MAX_ALIASES) {
      return { limit: `has more than ${MAX_ALIASES} aliases; write the values out`, comments, tokens };
    }
    if (scalars > MAX_SCALARS || tokens.length > MAX_TOKENS) {
      return {
        limit: `has more than ${MAX_SCALARS.toLocaleString("en")} keys and values, or as many lines; make it shorter`,
        comments,
        tokens,
      };
    }
    line += MARKS.has(token) ? 0 : token.split("\n").length - 1;
    previous = token;
  }
  return { limit: undefined, comments, tokens };
}

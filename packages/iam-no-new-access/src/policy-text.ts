import type { PolicyJson } from "./model";
import { isRecord } from "./read";

/**
 * A policy from its JSON text. Undefined if the text is no policy, or a parser would lose
 * something: a key that stands twice, of which AWS can read another one, or a number that is
 * rounded.
 */
export function policyIn(text: string): PolicyJson | undefined {
  const policy = parsed(text);
  const isWhole =
    isRecord(policy) &&
    policy.Statement !== undefined &&
    keysIn(text) === keysIn(JSON.stringify(policy)) &&
    numbersIn(text).every((number) => String(Number(number)) === number);
  return isWhole ? policy : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const STRINGS = /"(?:[^"\\]|\\.)*"/g;

/** As they are written. */
function numbersIn(json: string): readonly string[] {
  return json.replaceAll(STRINGS, "").match(/-?\d[\d.eE+-]*/g) ?? [];
}

/** Whole strings before a colon. */
function keysIn(json: string): number {
  return (
    json.match(/"(?:[^"\\]|\\.)*"\s*:?/g)?.filter((string) => string.endsWith(":")).length ?? 0
  );
}

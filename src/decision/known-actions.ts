/**
 * The actions of AWS services, for example `{ ec2: ["RunInstances", ...] }`. A service with an empty list, or that is not listed, may have
 * any action.
 */
export type KnownActions = Readonly<Record<string, readonly string[]>>;

/** The actions that a pattern in lower case stands for. */
export type Expander = (pattern: string) => readonly string[];

/** More actions than this, such as all that describe something, stay a pattern; and so do more patterns, for the time they take. */
const MAX_EXPANDED = 20;
const MAX_PATTERNS = 200;

/** Replaces patterns with `*` by the few known actions that they match. */
export function expander(known: KnownActions): Expander {
  const byPattern = new Map<string, readonly string[]>();
  return (pattern) => {
    const [service = "", name = ""] = pattern.split(":");
    const isExpanded = name.includes("*") && !name.includes("?") && Object.hasOwn(known, service);
    if (!isExpanded || (byPattern.size === MAX_PATTERNS && !byPattern.has(pattern))) {
      return [pattern];
    }
    const actions = byPattern.get(pattern) ?? (known[service] ?? []).map((each) => each.toLowerCase()).filter(matcherOf(name));
    byPattern.set(pattern, actions);
    const isFew = actions.length > 0 && actions.length <= MAX_EXPANDED;
    return isFew ? actions.map((action) => `${service}:${action}`) : [pattern];
  };
}

/** A test of names of actions: whether a pattern with `*` matches them. */
function matcherOf(pattern: string): (name: string) => boolean {
  const [start = "", ...parts] = pattern.split("*");
  const end = parts.pop() ?? "";
  return (name) => {
    let at = start.length;
    for (const part of parts) {
      const found = name.indexOf(part, at);
      at = found < 0 ? Number.POSITIVE_INFINITY : found + part.length;
    }
    return name.startsWith(start) && name.endsWith(end) && at + end.length <= name.length;
  };
}

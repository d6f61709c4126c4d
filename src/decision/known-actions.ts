import { Budget, withinBudget } from "./budget";
import { like, matches } from "./glob";

/**
 * The actions of AWS services, for example `{ ec2: ["RunInstances", ...] }`. A service with an empty list, or that is not listed, may have
 * any action.
 */
export type KnownActions = Readonly<Record<string, readonly string[]>>;

/** The actions that a pattern in lower case stands for. */
export type Expander = (pattern: string) => readonly string[];

/** More actions than this, such as all that describe something, stay a pattern; and so do patterns beyond the effort. */
const MAX_EXPANDED = 20;
const MAX_STEPS = 100_000;

/** Replaces patterns with `*` by the few known actions that they match. */
export function expander(known: KnownActions): Expander {
  const budget = new Budget(MAX_STEPS);
  const byPattern = new Map<string, readonly string[]>();
  return (pattern) => {
    const [service = "", name = ""] = pattern.split(":");
    if (!name.includes("*") || name.includes("?") || !Object.hasOwn(known, service)) {
      return [pattern];
    }
    const glob = like(name);
    const matched = () =>
      (known[service] ?? []).map((action) => action.toLowerCase()).filter((each) => matches(glob, each, budget));
    const actions = byPattern.get(pattern) ?? withinBudget(matched) ?? [];
    byPattern.set(pattern, actions);
    const isFew = actions.length > 0 && actions.length <= MAX_EXPANDED;
    return isFew ? actions.map((action) => `${service}:${action}`) : [pattern];
  };
}

import type { Deployment } from "../../settings/deployment";
import { isObject, type JsonObject } from "../../text/json";
import { levelOf } from "../findings/finding";
import type { Difference } from "./json-values";
import { deploymentOf, type Files, settingDifferences } from "./pack-side";
import { type DiffFound, RULES } from "./rules";

/** What a cause is looked for with. */
export interface Trial {
  readonly stack: string;
  /** The normalized settings of both sides. */
  readonly before: JsonObject;
  readonly after: JsonObject;
  /** The review pack of a deployment. */
  readonly packOf: (deployment: Deployment) => Files;
  readonly findingsBetween: (before: Files, after: Files) => readonly DiffFound[];
}

/**
 * Findings with the setting that they follow from, where their rule does not name it: the first of the changed settings that causes the
 * finding alone, else the first without whose change it is not there. None where no single setting is the cause.
 */
export function withCauses(findings: readonly DiffFound[], trial: Trial): readonly DiffFound[] {
  const { before, after } = trial;
  const isOpen = (found: DiffFound) => found.field === undefined && levelOf(RULES, found) !== "note";
  if (!findings.some(isOpen)) {
    return findings;
  }
  const changed = settingDifferences(before, after);
  const keysWith = (settings: JsonObject, side: "before" | "after") =>
    changed.map((change) => ({
      field: change.field,
      keys: keysOf(trial, before, withValue(settings, change.path, change[side])),
    }));
  const [alone, without] = [keysWith(before, "after"), keysWith(after, "before")];
  return findings.map((found) => {
    const key = keyOf(found);
    const cause = alone.find(({ keys }) => keys?.has(key)) ?? without.find(({ keys }) => keys !== undefined && !keys.has(key));
    return isOpen(found) ? { ...found, field: cause?.field } : found;
  });
}

/** The findings between two settings; undefined where the settings are not valid. */
function keysOf(
  { stack, packOf, findingsBetween }: Trial,
  before: JsonObject,
  after: JsonObject,
): ReadonlySet<string> | undefined {
  const [base, current] = [deploymentOf(stack, before), deploymentOf(stack, after)];
  return "errors" in base || "errors" in current ? undefined : new Set(findingsBetween(packOf(base), packOf(current)).map(keyOf));
}

/** What makes two findings the same one. */
function keyOf({ rule, address, principal, values }: DiffFound): string {
  const { file, argument } = values as JsonObject;
  return JSON.stringify([rule, address, principal, file, argument]);
}

/** Settings with another value at a path; undefined removes it. */
function withValue(settings: unknown, [name, ...rest]: Difference["path"], value: unknown): JsonObject {
  const { [name ?? ""]: inner, ...others } = isObject(settings) ? settings : {};
  const changed = rest.length === 0 ? value : withValue(inner, rest, value);
  return changed === undefined ? others : { ...others, [name ?? ""]: changed };
}

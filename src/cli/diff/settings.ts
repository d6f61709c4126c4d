import { meaningOf } from "../../settings/schema/fields";
import type { Difference } from "./json-values";
import type { DiffFound, RuleId } from "./rules";

/** By the meaning of a field, the rule that reports its change. */
const RULE_OF = {
  permissions: "setting-permissions",
  exposure: "setting-exposure",
  identity: "setting-identity",
  breaking: "setting-breaking",
  harmless: "setting-harmless",
  attention: "setting-changed",
} as const satisfies Readonly<Record<string, RuleId>>;

/** What the changes of the settings mean, as the schema declares it. */
export function settingsFindings(changed: readonly Difference[]): readonly DiffFound[] {
  const isDestination = ({ field }: Difference) => /^(?:backend|cloud)(?:\.|$)/.test(field);
  const destination = changed.filter(isDestination);
  const changes = destination.map(({ field, from, to }) => `${field}: ${shown(from)} -> ${shown(to)}`);
  const others = changed.filter((change) => !isDestination(change) && !change.field.endsWith(".pgpKey"));
  return [
    ...destination.slice(0, 1).map(({ field }): DiffFound => ({ rule: "destination-changed", field, values: { changes } })),
    ...others.map(({ field, from, to }): DiffFound => {
      const values = { field, from: shown(from), to: shown(to) };
      return { rule: RULE_OF[meaningOf(field.split("."))], field, values };
    }),
  ];
}

const MAX_SHOWN = 200;

/** A value as people read it; long ones are cut off. */
function shown(value: unknown): string {
  const given = value ?? "none";
  const text = typeof given === "string" ? given : JSON.stringify(given);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}...` : text;
}

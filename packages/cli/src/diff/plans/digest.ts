import { createHash } from "node:crypto";
import { isObject, type JsonObject, objectOf, sortedKeys } from "../../../../../src/text/json";

export interface PlanOrigin {
  readonly configuration: object;
  readonly lock: string | undefined;
  readonly destination: object;
  /** Of its findings: some read the state, which is left out. */
  readonly rules: readonly string[];
}

/** They change nothing in AWS or in the outputs, or follow from the others. */
const LEFT_OUT: readonly string[] = [
  // They differ between two runs.
  ...["format_version", "terraform_version", "timestamp", "variables", "relevant_attributes"],
  // The synthesized configuration, the changes of state and the planned values count.
  ...["configuration", "prior_state", "planned_values"],
];

/**
 * SHA-256 of everything that a plan changes: the same in another plan of one situation.
 * @param plan what `terraform show -json` printed
 */
export function planDigest(plan: JsonObject, origin: PlanOrigin): string {
  const changed = Object.entries(plan)
    .filter(([key]) => !LEFT_OUT.includes(key))
    .map(([key, value]) => [key, changesIn(value)] as const);
  const known = { ...origin, lock: origin.lock ?? null, rules: [...origin.rules].sort() };
  const text = JSON.stringify({ ...known, plan: Object.fromEntries(changed) }, sortedKeys);
  return createHash("sha256").update(text).digest("hex");
}

/** Without entries that change nothing. Terraform does not promise the order of a list. */
function changesIn(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value
      .filter((entry) => !isNoChange(entry))
      .map((entry) => JSON.stringify(withoutSensitive(entry), sortedKeys))
      .sort();
  }
  return isObject(value)
    ? withoutSensitive(
        Object.fromEntries(Object.entries(value).filter(([, change]) => !isNoChange({ change }))),
      )
    : value;
}

function isNoChange(entry: unknown): boolean {
  const { change, previous_address: moved } = objectOf(entry);
  const { actions, importing } = objectOf(change);
  return JSON.stringify(actions) === '["no-op"]' && importing === undefined && moved === undefined;
}

/** Also inside of another value. */
function withoutSensitive(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(withoutSensitive);
  }
  if (!isObject(value)) {
    return value;
  }
  const { before, after, before_sensitive, after_sensitive, ...rest } = value;
  return {
    ...Object.fromEntries(
      Object.entries(rest).map(([key, inner]) => [key, withoutSensitive(inner)]),
    ),
    before_sensitive,
    after_sensitive,
    before: hidden(before, before_sensitive),
    after: hidden(after, after_sensitive),
  };
}

/** Whether there is a value is not sensitive. */
function hidden(value: unknown, marks: unknown): unknown {
  if (marks === true) {
    return value === undefined || value === null ? value : "(sensitive)";
  }
  if (Array.isArray(value)) {
    return value.map((item, index) =>
      hidden(item, Array.isArray(marks) ? marks[index] : undefined),
    );
  }
  return isObject(value)
    ? Object.fromEntries(
        Object.entries(value).map(([key, inner]) => [key, hidden(inner, objectOf(marks)[key])]),
      )
    : value;
}

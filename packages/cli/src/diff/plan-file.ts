import {
  canonical,
  isObject,
  type JsonObject,
  listOf,
  objectOf,
  parseJson,
  textOf,
} from "../../../../src/text/json";
import { nameOf } from "./json-values";

export interface Plan {
  readonly changes: readonly PlannedChange[];
  readonly drift: readonly PlannedChange[];
  readonly outputs: readonly PlannedOutput[];
  /** Failed, for some addresses alone, or with changes that another plan has. */
  readonly isIncomplete: boolean;
  readonly notCompared: readonly string[];
}

export interface PlannedChange {
  readonly address: string;
  readonly isManaged: boolean;
  readonly type: string;
  readonly provider: unknown;
  /** The ID of what a failed replacement left over. */
  readonly deposed: unknown;
  /** Before `moved` blocks. */
  readonly formerAddress: string;
  readonly actions: readonly unknown[];
  readonly before: JsonObject | undefined;
  readonly after: JsonObject | undefined;
  /** Attributes that are known, at least in part, only after the apply. */
  readonly later: readonly string[];
  readonly isImport: boolean;
  /** Whether the identity at the address changes: it would be another object. */
  readonly isAnother: boolean;
  readonly notCompared: readonly string[];
}

interface PlannedOutput {
  readonly name: string;
  readonly actions: readonly unknown[];
  readonly before: OutputValue;
  readonly after: OutputValue;
}

export interface OutputValue {
  readonly sensitive: boolean;
  readonly value: unknown;
}

export function planOf(plan: JsonObject): Plan {
  const drift = listOf(plan.resource_drift).map(objectOf).map(changeIn);
  return {
    changes: listOf(plan.resource_changes).map((entry) =>
      refreshed(changeIn(objectOf(entry)), drift),
    ),
    drift,
    outputs: Object.entries(objectOf(plan.output_changes)).map(outputIn),
    isIncomplete:
      plan.errored === true || plan.complete === false || listOf(plan.deferred_changes).length > 0,
    notCompared: [
      ...notCompared(plan, KEYS.plan),
      ...Object.values(objectOf(plan.output_changes)).flatMap((output) =>
        notCompared(objectOf(output), KEYS.change),
      ),
    ],
  };
}

/**
 * An object that is only deleted has the values from before the refresh in its entry. Measured with
 * Terraform 1.11.4.
 */
function refreshed(change: PlannedChange, drift: readonly PlannedChange[]): PlannedChange {
  const current = drift.find(
    ({ address, deposed }) => address === change.address && deposed === change.deposed,
  );
  return canonical(change.actions) === '["delete"]' && current?.after !== undefined
    ? { ...change, before: current.after }
    : change;
}

const ACTIONS: readonly unknown[] = ["no-op", "create", "read", "update", "delete", "forget"];

function changeIn(entry: JsonObject): PlannedChange {
  const change = objectOf(entry.change);
  const {
    before,
    after,
    after_unknown,
    importing,
    before_identity: was,
    after_identity: is,
  } = change;
  const [address, actions] = [nameOf(entry.address), listOf(change.actions)];
  const isNewObject = actions.includes("create") || actions.includes("delete");
  return {
    address,
    isManaged: entry.mode === "managed",
    type: nameOf(entry.type),
    provider: entry.provider_name,
    deposed: entry.deposed,
    formerAddress: textOf(entry.previous_address) ?? address,
    actions,
    before: isObject(before) ? before : undefined,
    after: isObject(after) ? after : undefined,
    later: Object.entries(objectOf(after_unknown)).flatMap(([attribute, value]) =>
      isPartlyTrue(value) ? attribute : [],
    ),
    isImport: importing !== undefined && importing !== null,
    isAnother: isObject(was) && isObject(is) && canonical(was) !== canonical(is) && !isNewObject,
    notCompared: [
      ...notCompared(entry, KEYS.entry),
      ...notCompared(change, KEYS.change),
      ...notCompared(objectOf(importing), KEYS.importing),
      ...(actions.length === 0 ? ["none"] : actions)
        .filter((action) => !ACTIONS.includes(action))
        .map((action) => `the action ${nameOf(action)}`),
    ],
  };
}

function outputIn([name, output]: readonly [string, unknown]): PlannedOutput {
  const { actions, before, after, before_sensitive, after_sensitive } = objectOf(output);
  return {
    name,
    actions: listOf(actions),
    before: { sensitive: before_sensitive === true, value: before },
    after: { sensitive: after_sensitive === true, value: after },
  };
}

function isPartlyTrue(unknown: unknown): boolean {
  return (
    unknown === true ||
    (typeof unknown === "object" && unknown !== null && Object.values(unknown).some(isPartlyTrue))
  );
}

/**
 * By key, the description of what nothing here compares; empty for what is read here or changes
 * nothing in AWS. These are all keys that Terraform 1.10 to 1.17 and OpenTofu to 1.13 write into a
 * plan, an entry of `resource_changes`, its `change`, and the `importing` of that. Sources: structs
 * `plan`, `ResourceChange`, `Change` and `Importing` in `internal/command/jsonplan` of
 * hashicorp/terraform (883c7221) and opentofu/opentofu (f831fa1a), read on 2026-11-29.
 */
const KEYS = {
  plan: {
    ...known("format_version", "terraform_version", "timestamp", "applyable", "complete"),
    ...known("errored", "resource_drift", "resource_changes", "output_changes", "prior_state"),
    ...known("configuration", "deferred_changes", "planned_values", "relevant_attributes"),
    variables: "values of variables",
    checks: "results of checks",
    action_invocations: "invocations of actions",
    deferred_action_invocations: "deferred invocations of actions",
  },
  entry: {
    ...known("address", "previous_address", "mode", "type", "name", "provider_name", "deposed"),
    ...known("change", "action_reason"),
    module_address: "the address of a module",
    index: "an index",
    index_unknown: "an index that is known later",
  },
  change: {
    ...known("actions", "before", "after", "after_unknown", "importing", "before_identity"),
    ...known("after_identity", "before_sensitive", "after_sensitive", "replace_paths"),
    generated_config: "generated configurations",
  },
  importing: {
    ...known("id", "identity"),
    unknown: "an ID of an import that is known later",
  },
};

function known(...keys: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(keys.map((key) => [key, ""]));
}

/** Unknown keys included. An empty value says nothing. */
function notCompared(
  given: JsonObject,
  meanings: Readonly<Record<string, string>>,
): readonly string[] {
  return Object.entries(given)
    .filter(([, value]) => !["null", "[]", "{}", "false", '""'].includes(canonical(value)))
    .map(([key]) => [key, Object.hasOwn(meanings, key) ? meanings[key] : "an unknown key"])
    .filter(([, meaning]) => meaning !== "")
    .map(([key, meaning]) => `${meaning} (${key})`);
}

/**
 * @param text what `terraform show -json` or OpenTofu's printed. An error does not quote it: it
 * holds secrets. Source: "JSON Output Format" of Terraform's documentation.
 * @throws Error with the remedy if it is no plan
 */
export function readPlan(file: string, text: string): JsonObject {
  const plan = objectOf(parseJson(text));
  const { format_version: version, planned_values, resource_changes } = plan;
  // A state as JSON has a version of its format, too, but plans nothing.
  const hasChanges = Array.isArray(resource_changes) && resource_changes.length > 0;
  if (version === undefined || planned_values === undefined || !hasChanges) {
    throw new Error(
      `${file}: is not a plan; terraform plan -out=FILE writes one, ` +
        "and terraform show -json FILE prints it",
    );
  }
  if (typeof version !== "string" || !version.startsWith("1.")) {
    throw new Error(`${file}: the version of its format is unknown; this reads 1.x`);
  }
  return plan;
}

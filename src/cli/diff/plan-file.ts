import { isObject, type JsonObject, parseJson } from "../../text/json";
import { canonical, listOf, objectOf, textOf } from "../text/json";
import { nameOf } from "./json-values";

/** A plan as JSON, read: what of it is compared. */
export type Plan = ReturnType<typeof planOf>;

/** An entry of `resource_changes` or `resource_drift`. */
export type PlannedChange = ReturnType<typeof changeIn>;

/** Reads the parts of a plan. */
export function planOf(plan: JsonObject) {
  return {
    changes: objectsIn(plan.resource_changes).map(changeIn),
    drift: objectsIn(plan.resource_drift).map(changeIn),
    outputs: Object.entries(objectOf(plan.output_changes)).map(outputIn),
    isFailed: plan.errored === true,
    /** For some addresses alone, or with changes that another plan has. */
    isPartial: plan.complete === false || listOf(plan.deferred_changes).length > 0,
    unknownKeys: unknownKeys(plan, "plan"),
  };
}

function objectsIn(list: unknown): readonly JsonObject[] {
  return listOf(list).map(objectOf);
}

function changeIn({ mode, type, name, provider_name: provider, deposed, previous_address, change, ...entry }: JsonObject) {
  const { actions, before, after, after_unknown, importing, ...others } = objectOf(change);
  const address = String(entry.address);
  return {
    address,
    isManaged: mode === "managed",
    type: nameOf(type),
    name,
    provider,
    /** The ID of what a replacement that failed left over. */
    deposed,
    /** Where it was before `moved` blocks. */
    formerAddress: textOf(previous_address) ?? address,
    actions: listOf(actions),
    /** Undefined where the resource is not there. */
    before: isObject(before) ? before : undefined,
    after: isObject(after) ? after : undefined,
    /** Attributes that are known, as a whole or in part, only after the apply. */
    later: Object.entries(objectOf(after_unknown)).flatMap(([attribute, value]) => (isPartlyTrue(value) ? [attribute] : [])),
    isImport: importing !== undefined && importing !== null,
    unknownKeys: [...unknownKeys(entry, "entry"), ...unknownKeys(others, "change").map((key) => `change.${key}`)],
  };
}

function outputIn([name, output]: readonly [string, unknown]) {
  const { actions, before, after, before_sensitive, after_sensitive } = objectOf(output);
  return {
    name,
    actions: listOf(actions),
    before: { sensitive: before_sensitive === true, value: before },
    after: { sensitive: after_sensitive === true, value: after },
  };
}

/** `true` for a value, and also somewhere inside it for a list or an object of which only a part is known. */
function isPartlyTrue(unknown: unknown): boolean {
  return unknown === true || (typeof unknown === "object" && unknown !== null && Object.values(unknown).some(isPartlyTrue));
}

/** Keys that are known: of a plan, and further ones of an entry of `resource_changes` and of its `change`. Source: "JSON Output Format" of Terraform's and OpenTofu's documentation. */
const KNOWN_KEYS: Readonly<Record<"plan" | "entry" | "change", readonly string[]>> = {
  plan: [
    ...["format_version", "terraform_version", "planned_values", "resource_drift", "resource_changes", "output_changes"],
    ...["prior_state", "configuration", "relevant_attributes", "timestamp", "applyable", "complete", "errored"],
    "deferred_changes",
  ],
  entry: ["address", "action_reason"],
  change: ["before_sensitive", "after_sensitive", "replace_paths"],
};

/** An empty value says nothing. */
function unknownKeys(given: JsonObject, of: keyof typeof KNOWN_KEYS): readonly string[] {
  return Object.entries(given)
    .filter(([key, value]) => !KNOWN_KEYS[of].includes(key) && !["null", "[]", "{}", "false", '""'].includes(canonical(value)))
    .map(([key]) => key);
}

/**
 * A plan as JSON: what `terraform show -json` or OpenTofu's printed. What is wrong with it is not quoted: it holds secrets.
 * Source: "JSON Output Format" of Terraform's documentation.
 * @throws Error with the remedy if the text is none, or lacks parts of a plan
 */
export function readPlan(file: string, text: string): JsonObject {
  const plan = objectOf(parseJson(text));
  const { format_version: version, planned_values, resource_changes: changes, output_changes: outputs } = plan;
  // A state as JSON has a version of its format, too, but plans nothing.
  if (version === undefined || planned_values === undefined) {
    throw new Error(`${file}: is not a plan; terraform plan -out=FILE writes one, and terraform show -json FILE prints it`);
  }
  if (typeof version !== "string" || !version.startsWith("1.")) {
    throw new Error(`${file}: the version of its format is unknown; this reads 1.x`);
  }
  const entries = listOf(changes).map(objectOf);
  const addresses = new Set(entries.map(({ address, deposed }) => JSON.stringify([address, deposed])));
  const isWhole =
    Array.isArray(changes) && entries.length > 0 && entries.every(isResourceChange) && addresses.size === entries.length;
  if (!isWhole || !isObjectOrNothing(outputs) || !Object.values(objectOf(outputs)).every(isOutputChange)) {
    throw new Error(`${file}: is a malformed plan; create it again, and do not edit what terraform show -json prints`);
  }
  return plan;
}

/** What Terraform and OpenTofu may do to a resource. */
const ACTIONS: readonly string[] = ["no-op", "create", "read", "update", "delete", "forget"];

function isResourceChange({ address, mode, type, change }: JsonObject): boolean {
  const { actions, before, after, after_unknown } = objectOf(change);
  return (
    isTexts([address, type]) &&
    (mode === "managed" || mode === "data") &&
    isTexts(actions) &&
    listOf(actions).every((action) => ACTIONS.includes(String(action))) &&
    [before, after, after_unknown].every(isObjectOrNothing)
  );
}

function isOutputChange(change: unknown): boolean {
  return isTexts(objectOf(change).actions);
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every((entry) => typeof entry === "string");
}

function isObjectOrNothing(value: unknown): boolean {
  return value === undefined || value === null || isObject(value);
}

import { isObject, type JsonObject, parseJson } from "../../text/json";
import { listOf, objectOf } from "../text/json";

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

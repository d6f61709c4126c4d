import { type JsonObject, listOf, objectOf } from "./json-values";

/**
 * A plan as JSON: what `terraform show -json` or OpenTofu's printed.
 * @throws Error with the remedy if the text is none, or lacks parts of a plan
 */
export function readPlan(file: string, text: string): JsonObject {
  const plan = objectOf(parsed(file, text));
  // A state as JSON has a version of its format, too, but plans nothing.
  if (plan.format_version === undefined || plan.planned_values === undefined) {
    throw notAPlan(file);
  }
  const defect = planError(plan);
  if (defect !== undefined) {
    throw new Error(`${file}: ${defect}; create the plan again, and do not edit what terraform show -json prints`);
  }
  return plan;
}

/** What is wrong with the form of a plan. What it states may be a secret that an edit moved there. Source: "JSON Output Format" of Terraform's documentation. */
function planError({
  format_version: version,
  resource_changes: changes,
  output_changes: outputs,
}: JsonObject): string | undefined {
  if (typeof version !== "string" || !version.startsWith("1.")) {
    return "format_version: is unknown; this reads 1.x";
  }
  if (!Array.isArray(changes) || changes.length === 0) {
    return "resource_changes is missing, so what the plan changes is unknown";
  }
  const malformed = changes.findIndex((change) => !isResourceChange(objectOf(change)));
  if (malformed >= 0) {
    return `resource_changes[${malformed}] is malformed`;
  }
  const entries = changes.map(objectOf).map(({ address, deposed }) => JSON.stringify([address, deposed]));
  const twice = entries.findIndex((entry, at) => entries.indexOf(entry) !== at);
  if (twice >= 0) {
    return `resource_changes[${twice}] has the address of another one`;
  }
  const isOutput = (change: unknown) => isTexts(objectOf(change).actions);
  return isObjectOrNothing(outputs) && Object.values(objectOf(outputs)).every(isOutput)
    ? undefined
    : "output_changes is malformed";
}

/** What Terraform and OpenTofu may do to a resource. */
const ACTIONS: readonly string[] = ["no-op", "create", "read", "update", "delete", "forget"];

function isResourceChange({ address, mode, type, change }: JsonObject): boolean {
  const { actions, before, after, after_unknown } = objectOf(change);
  return (
    isTexts([address, type]) &&
    ["managed", "data"].some((known) => known === mode) &&
    isTexts(actions) &&
    listOf(actions).every((action) => ACTIONS.includes(String(action))) &&
    [before, after, after_unknown].every(isObjectOrNothing)
  );
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every((entry) => typeof entry === "string");
}

function isObjectOrNothing(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === "object" && !Array.isArray(value));
}

function notAPlan(file: string): Error {
  return new Error(`${file}: is not a plan; terraform plan -out=FILE writes one, and terraform show -json FILE prints it`);
}

/** Not the parser's own message: it repeats the text, and a plan holds secrets. */
function parsed(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw notAPlan(file);
  }
}

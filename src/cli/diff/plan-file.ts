import { visible } from "../../text/printable";
import { canonical, type JsonObject, listOf, objectOf } from "./json-values";

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

/** What is wrong with the form of a plan. Source: "JSON Output Format" of Terraform's documentation. */
function planError(plan: JsonObject): string | undefined {
  const { format_version: stated, resource_changes: changes } = plan;
  if (typeof stated !== "string" || !stated.startsWith("1.")) {
    // Anything but a version may be a secret that an edit moved there.
    const version = typeof stated === "string" && /^\d+\.\d+$/.test(stated) ? JSON.stringify(stated) : "what it states";
    return `format_version: ${version} is unknown; this reads 1.x`;
  }
  const { root_module: configured } = objectOf(plan.configuration);
  if (!isObject(configured)) {
    return "configuration is missing, so the plan is not complete";
  }
  const unnamed = listOf(configured.resources).findIndex((resource) => typeof objectOf(resource).address !== "string");
  if (unnamed >= 0) {
    return `configuration.root_module.resources[${unnamed}] is malformed`;
  }
  if (!Array.isArray(changes) || changes.length === 0) {
    return "resource_changes is missing, so what the plan changes is unknown";
  }
  const malformed = changes.findIndex((change) => !isResourceChange(objectOf(change)));
  if (malformed >= 0) {
    return `resource_changes[${malformed}] is malformed`;
  }
  const output = Object.entries(objectOf(plan.output_changes)).find(([, change]) => !isTexts(objectOf(change).actions));
  if (output !== undefined || !isObjectOrNothing(plan.output_changes)) {
    return `output_changes${output === undefined ? "" : `.${visible(output[0])}`} is malformed`;
  }
  const addresses = changes.map(objectOf).map(({ address, deposed }) => canonical([{ address, deposed }]));
  const twice = addresses.findIndex((address, at) => addresses.indexOf(address) !== at);
  return twice < 0 ? undefined : `resource_changes[${twice}] has the address of another one`;
}

/** What Terraform and OpenTofu may do to a resource. */
const ACTIONS: readonly string[] = ["no-op", "create", "read", "update", "delete", "forget"];

function isResourceChange({ address, mode, type, change }: JsonObject): boolean {
  const { actions, before, after, after_unknown } = objectOf(change);
  return (
    [address, type].every((text) => typeof text === "string") &&
    ["managed", "data"].some((known) => known === mode) &&
    isTexts(actions) &&
    actions.every((action) => ACTIONS.includes(action)) &&
    [before, after, after_unknown].every(isObjectOrNothing)
  );
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every((entry) => typeof entry === "string");
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isObjectOrNothing(value: unknown): boolean {
  return value === undefined || value === null || isObject(value);
}

function notAPlan(file: string): Error {
  return new Error(`${file}: is not a plan; terraform plan -out=FILE writes one, and terraform show -json FILE prints it`);
}

/** Not the parser's own message: it repeats the text, and a plan holds secrets. */
function parsed(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw error instanceof RangeError
      ? new Error(`${file}: is not a plan: it is too large or nested too deeply`)
      : notAPlan(file);
  }
}

import { statSync } from "node:fs";
import { ADDRESSES } from "../../terraform/addresses";
import { parseBoundedJson } from "../../terraform/bounded-json";
import { readStateOrPlan, type TerraformCli } from "../../terraform/terraform-cli";
import { dkpAccess } from "../../text/command";
import { visible } from "../../text/printable";
import { canonical, type JsonObject, listOf, objectOf } from "./json-values";
import { providerOf } from "./snapshot";

/** Larger files are no plan of a deployment: one has less than a megabyte. */
const MAX_BYTES = 2 ** 26;

/**
 * A plan: a file that `terraform plan -out` wrote, which Terraform shows in the plan's folder, or what `terraform show -json` printed.
 * @throws Error with the remedy if the file is neither, or lacks parts of a plan
 */
export async function readPlan(terraform: TerraformCli, file: string): Promise<JsonObject> {
  let plan: JsonObject;
  try {
    const stats = statSync(file);
    if (!stats.isFile() || stats.size > MAX_BYTES) {
      throw new Error(
        `${file}: is not a plan: ${stats.isFile() ? `it has more than ${MAX_BYTES} bytes` : "it is not a regular file"}`,
      );
    }
    plan = objectOf(parseBoundedJson(await readStateOrPlan(terraform, file)));
  } catch (error) {
    // Not the parser's own message: it repeats the text, and a plan holds secrets.
    throw error instanceof SyntaxError ? notAPlan(file) : readable(file, error);
  }
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

/** By address, the arguments that identify a deployment. */
const IDENTITY: readonly (readonly [address: string, argument: string])[] = [
  [ADDRESSES.user, "name"],
  [ADDRESSES.policy, "name"],
];

/**
 * Checks that a plan belongs to the settings of a deployment: the same names, account and region.
 * @param pack the Terraform JSON that the settings give
 * @throws Error that names the argument that differs
 */
export function checkPlanOf(plan: JsonObject, pack: JsonObject, stack: string, file: string): void {
  const { root_module, provider_config } = objectOf(plan.configuration);
  const resources = new Map(
    listOf(objectOf(root_module).resources).map((given) => [objectOf(given).address, objectOf(objectOf(given).expressions)]),
  );
  const provider = objectOf(objectOf(objectOf(provider_config).aws).expressions);
  const ofPack = (address: string) => {
    const [type = "", name = ""] = address.split(".");
    return objectOf(objectOf(objectOf(pack.resource)[type])[name]);
  };
  const rows = [
    ...IDENTITY.map(([address, argument]) => ({
      what: `${address} has ${argument}`,
      has: constant(resources.get(address)?.[argument]),
      wanted: ofPack(address)[argument],
    })),
    ...["region", "allowed_account_ids"].map((argument) => ({
      what: `the AWS provider has ${argument}`,
      has: constant(provider[argument]),
      wanted: providerOf(pack)[argument],
    })),
  ];
  const other = rows.find(({ has, wanted }) => canonical(has) !== canonical(wanted));
  if (other !== undefined) {
    const [has, wanted] = [other.has, other.wanted].map((value) => (value === undefined ? "none" : JSON.stringify(value)));
    throw new Error(
      `${file}: ${other.what} ${has}, and the settings of "${stack}" give ${wanted}; name the stack of this plan, or run ${dkpAccess("synth")} and plan again`,
    );
  }
}

function constant(expression: unknown): unknown {
  return objectOf(expression).constant_value;
}

function notAPlan(file: string): Error {
  return new Error(`${file}: is not a plan; terraform plan -out=FILE writes one, and terraform show -json FILE prints it`);
}

function readable(file: string, error: unknown): unknown {
  if (error instanceof RangeError) {
    return new Error(`${file}: is not a plan: it is too large or nested too deeply`);
  }
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOENT" || code === "EISDIR" ? new Error(`${file}: cannot be read as a file (${code}); name a plan`) : error;
}

import { type JsonObject, parseJson, valueAt } from "../../text/json";
import { canonical, listOf, objectOf, textOf } from "../text/json";
import { nameOf } from "./json-values";
import type { DiffFound } from "./rules";

/**
 * Parts of a plan that contradict each other. Terraform applies a saved plan whose values were edited: it creates an access key for the
 * user whose name the plan has, whatever the configuration says. Tried with Terraform 1.11.4.
 */
export function contradictions(plan: JsonObject): readonly DiffFound[] {
  const changes = managedIn(plan.resource_changes);
  const stated = new Map(
    managedIn(valueAt(plan, ["configuration", "root_module", "resources"])).map((resource) => [resource.address, resource]),
  );
  const found = changes.flatMap(({ address, change }) => {
    const expressions = objectOf(stated.get(address)?.expressions);
    const [before, after] = [objectOf(objectOf(change).before), objectOf(objectOf(change).after)];
    const differing = [...differingArguments(expressions, after), ...(isNamed(before) ? [] : ["arn"])];
    return differing.map((argument) => [address, argument] as const);
  });
  const prior = managedIn(valueAt(plan, ["prior_state", "values", "root_module", "resources"]));
  const unlike = prior.filter((resource) => !changes.some((entry) => isOf(entry, resource)));
  return [...found, ...unlike.map(({ address }) => [address, "the earlier state"] as const)].map(([address, argument]) => ({
    rule: "plan-contradicts",
    address: nameOf(address),
    values: { address: nameOf(address), argument },
  }));
}

function managedIn(list: unknown): readonly JsonObject[] {
  return listOf(list)
    .map(objectOf)
    .filter(({ mode }) => mode === "managed");
}

/** Whether an entry of `resource_changes` begins with what the state has. A tainted object is replaced. */
function isOf({ address, previous_address, deposed, change }: JsonObject, resource: JsonObject): boolean {
  const { actions, before } = objectOf(change);
  const isKept = resource.tainted === true && canonical(actions) === canonical(["no-op"]);
  return (
    (address === resource.address || previous_address === resource.address) &&
    deposed === resource.deposed_key &&
    !isKept &&
    Object.entries(objectOf(resource.values)).every(([name, value]) => {
      const planned = objectOf(before)[name];
      return planned === undefined || canonical(planned) === canonical(value);
    })
  );
}

/** Arguments that differ from their constant in the configuration. In JSON, Terraform prints a reference as a constant. */
function differingArguments(expressions: JsonObject, after: JsonObject): readonly string[] {
  const meaning = (value: unknown) => canonical(typeof value === "string" ? (parseJson(value) ?? value) : value);
  return Object.entries(expressions)
    .map(([name, expression]) => [name, objectOf(expression).constant_value] as const)
    .filter(
      ([name, value]) =>
        typeof value === "string" && !value.includes("${") && after[name] !== undefined && !IGNORED.includes(name),
    )
    .filter(([name, value]) => meaning(after[name]) !== meaning(value))
    .map(([name]) => name);
}

/** IAM cannot change a description, so that Terraform ignores another one. */
const IGNORED: readonly string[] = ["description"];

/** Whether an ARN is of the name and the path beside it. */
function isNamed({ arn, name, path }: JsonObject): boolean {
  return textOf(arn)?.endsWith(`${textOf(path) ?? ""}${textOf(name) ?? ""}`) ?? true;
}

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
  // What begins with an object of the state, which the state does not have.
  const invented = changes.filter((entry) => isOfState(entry) && !prior.some((resource) => isAt(entry, resource)));
  return [...found, ...[...unlike, ...invented].map(({ address }) => [address, "the earlier state"] as const)].map(
    ([address, argument]) => ({
      rule: "plan-contradicts",
      address: nameOf(address),
      values: { address: nameOf(address), argument },
    }),
  );
}

function managedIn(list: unknown): readonly JsonObject[] {
  return listOf(list)
    .map(objectOf)
    .filter(({ mode }) => mode === "managed");
}

/** Whether an entry of `resource_changes` begins with an object that Terraform manages already. */
function isOfState({ change }: JsonObject): boolean {
  const { before, importing } = objectOf(change);
  return before !== null && before !== undefined && (importing === null || importing === undefined);
}

/** Whether an entry of `resource_changes` is about an object of the state. */
function isAt({ address, previous_address, deposed }: JsonObject, resource: JsonObject): boolean {
  return (address === resource.address || previous_address === resource.address) && deposed === resource.deposed_key;
}

/** Whether an entry of `resource_changes` begins with what the state has. A tainted object is replaced. */
function isOf(entry: JsonObject, resource: JsonObject): boolean {
  const { actions, before } = objectOf(entry.change);
  const isKept = resource.tainted === true && canonical(actions) === canonical(["no-op"]);
  return (
    isAt(entry, resource) &&
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

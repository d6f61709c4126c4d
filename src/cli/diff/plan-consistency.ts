import { type JsonObject, parseJson, valueAt } from "../../text/json";
import { canonical, listOf, objectOf, textOf } from "../text/json";
import { nameOf } from "./json-values";
import type { DiffFound } from "./rules";

/**
 * Parts of a plan that contradict each other. Terraform applies a saved plan whose values were edited: it creates an access key for the
 * user whose name the plan has, whatever the configuration says. Tried with Terraform 1.11.4.
 */
export function contradictions(plan: JsonObject): readonly DiffFound[] {
  const entries = managedIn(plan.resource_changes);
  const { resources, outputs } = objectOf(valueAt(plan, ["configuration", "root_module"]));
  const planned = new Map(entries.map(({ address, change }) => [address, objectOf(objectOf(change).after)]));
  const stated = [
    ...managedIn(resources).map(({ address, expressions }) => [address, expressions, planned.get(address) ?? {}] as const),
    ...Object.entries(objectOf(outputs)).map(([name, output]) => {
      const { after } = objectOf(objectOf(plan.output_changes)[name]);
      // A plan that deletes an output has null.
      return [`output.${name}`, { value: objectOf(output).expression }, { value: after ?? undefined }] as const;
    }),
  ];
  return [
    ...stated.flatMap(([address, expressions, values]) =>
      differingArguments(objectOf(expressions), values, planned).map((argument) => [address, argument] as const),
    ),
    ...entries
      .filter(({ change }) => !isNamed(objectOf(objectOf(change).before)))
      .map(({ address }) => [address, "arn"] as const),
    ...differingObjects(entries, managedIn(valueAt(plan, ["prior_state", "values", "root_module", "resources"]))),
  ].map(([address, argument]) => ({
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

/** The objects that the entries begin with, imported ones too, are those of the state in the plan. A tainted one is replaced. */
function differingObjects(entries: readonly JsonObject[], prior: readonly JsonObject[]) {
  const keyOf = (address: unknown, deposed: unknown) => JSON.stringify([address, deposed]);
  const inState = new Map(prior.map((object) => [keyOf(object.address, object.deposed_key), object]));
  const inEntries = new Map(
    entries
      .map(({ change, ...entry }) => ({ ...entry, ...objectOf(change) }) as JsonObject)
      .filter(({ before, importing }) => (before ?? importing ?? undefined) !== undefined)
      .map((entry) => [keyOf(entry.address, entry.deposed), entry]),
  );
  const differing = [...new Set([...inState.keys(), ...inEntries.keys()])].filter((key) => {
    const [object, entry] = [inState.get(key), inEntries.get(key)];
    const isKept = object?.tainted === true && canonical(entry?.actions) === canonical(["no-op"]);
    return object === undefined || entry === undefined || isKept || canonical(object.values) !== canonical(entry.before);
  });
  return differing.map((key) => [listOf(JSON.parse(key))[0], "the earlier state"] as const);
}

/** A reference to an attribute. In JSON, Terraform prints it as a constant. */
const REFERENCE = /^\$\{([\w-]+\.[\w-]+)\.(\w+)\}$/;

/** Arguments that differ from their constant in the configuration, or from the planned attribute that they refer to. */
function differingArguments(
  expressions: JsonObject,
  after: JsonObject,
  planned: ReadonlyMap<unknown, JsonObject>,
): readonly string[] {
  const meaning = (value: unknown) => canonical(typeof value === "string" ? (parseJson(value) ?? value) : value);
  return Object.keys(expressions).filter((name) => {
    const { constant_value: constant } = objectOf(expressions[name]);
    const [, address, attribute = ""] = REFERENCE.exec(textOf(constant) ?? "") ?? [];
    const expected = address === undefined ? constant : planned.get(address)?.[attribute];
    const isCompared = typeof expected === "string" && !expected.includes("${") && !IGNORED.includes(name);
    return isCompared && after[name] !== undefined && meaning(after[name]) !== meaning(expected);
  });
}

/** IAM cannot change a description, so that Terraform ignores another one. */
const IGNORED: readonly string[] = ["description"];

/** Whether an ARN is of the name and the path beside it. */
function isNamed({ arn, name, path }: JsonObject): boolean {
  return textOf(arn)?.endsWith(`${textOf(path) ?? ""}${textOf(name) ?? ""}`) ?? true;
}

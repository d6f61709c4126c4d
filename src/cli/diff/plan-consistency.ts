import { type JsonObject, parseJson } from "../../text/json";
import { canonical, textOf } from "../text/json";
import type { Plan, PlannedChange } from "./plan-file";
import type { DiffFound } from "./rules";

/**
 * Parts of a plan that contradict each other. Terraform applies a saved plan whose values were edited: it creates an access key for the
 * user whose name the plan has, whatever the configuration says. Tried with Terraform 1.11.4.
 */
export function contradictions({ changes, outputs, constants, prior }: Plan): readonly DiffFound[] {
  const managed = changes.filter(({ isManaged }) => isManaged);
  const planned = new Map<string, JsonObject>([
    ...managed.map(({ address, after = {} }) => [address, after] as const),
    // A plan that deletes an output has null.
    ...outputs.map(({ name, after }) => [`output.${name}`, { value: after.value ?? undefined }] as const),
  ]);
  return [
    ...constants.filter((constant) => isContradicted(constant, planned)),
    ...managed.filter(({ before = {} }) => !isNamed(before)).map(({ address }) => [address, "arn"] as const),
    ...differingObjects(managed, prior).map((address) => [address, "the earlier state"] as const),
  ].map(([address, argument]) => ({ rule: "plan-contradicts", address, values: { address, argument } }));
}

/** The addresses of objects that are others in the entries, imported ones too, than in the state in the plan. A tainted one is replaced. */
function differingObjects(entries: readonly PlannedChange[], prior: Plan["prior"]): readonly string[] {
  const begun = entries.filter(({ before, isImport }) => before !== undefined || isImport);
  const inEntries = new Map(
    begun.map(({ address, deposed, before: values }) => [canonical({ address, deposed, values }), address]),
  );
  const inState = new Map(prior.map(({ isTainted: _, ...object }) => [canonical(object), object.address]));
  const differing = [...inEntries, ...inState].filter(([object]) => !inEntries.has(object) || !inState.has(object));
  const unchanged = entries.filter(({ actions }) => canonical(actions) === canonical(["no-op"]));
  const kept = unchanged.filter((entry) =>
    prior.some(({ address, deposed, isTainted }) => isTainted && address === entry.address && deposed === entry.deposed),
  );
  return [...new Set([...differing.map(([, address]) => address), ...kept.map(({ address }) => address)])];
}

/** A reference to an attribute. In JSON, Terraform prints it as a constant. */
const REFERENCE = /^\$\{([\w-]+\.[\w-]+)\.(\w+)\}$/;

/** Whether an argument differs from its constant in the configuration, or from the planned attribute that it refers to. */
function isContradicted(
  [address, argument, constant]: Plan["constants"][number],
  planned: ReadonlyMap<string, JsonObject>,
): boolean {
  const meaning = (value: unknown) => canonical(typeof value === "string" ? (parseJson(value) ?? value) : value);
  const [, owner, attribute = ""] = REFERENCE.exec(textOf(constant) ?? "") ?? [];
  const expected = owner === undefined ? constant : planned.get(owner)?.[attribute];
  const value = planned.get(address)?.[argument];
  const isCompared = typeof expected === "string" && !expected.includes("${") && !IGNORED.includes(argument);
  return isCompared && value !== undefined && meaning(value) !== meaning(expected);
}

/** IAM cannot change a description, so that Terraform ignores another one. */
const IGNORED: readonly string[] = ["description"];

/** Whether an ARN is of the name and the path next to it. */
function isNamed({ arn, name, path }: JsonObject): boolean {
  return textOf(arn)?.endsWith(`${textOf(path) ?? ""}${textOf(name) ?? ""}`) ?? true;
}

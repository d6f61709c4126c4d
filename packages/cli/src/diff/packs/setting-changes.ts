import { parseIamArn, partitionOf } from "../../../../../src/iam/arns";
import { isHarmlessAs, meaningOf } from "../../../../../src/settings/schema/fields";
import { ADDRESSES, policyOfAddress } from "../../../../../src/terraform/addresses";
import { OUTPUTS } from "../../../../../src/terraform/outputs";
import {
  canonical,
  type JsonObject,
  objectOf,
  textOf,
  valueAt,
} from "../../../../../src/text/json";
import { policyFile } from "../../review/contents";
import type { DiffFound } from "../change-rules";
import { changeText, differences, valueText } from "../json-values";
import { type Risks, riskChanges, risksIn } from "../risk-changes";
import type { PackSide, ReadDeployment } from "./pack-side";

/** By the meaning in the schema; one finding for the destination, and one for the tags. */
export function settingsFindings(before: JsonObject, after: JsonObject): readonly DiffFound[] {
  const changes = differences(before, after);
  const changesIn = (...names: readonly string[]) =>
    changes.filter(({ path: [name = ""] }) => names.includes(name));
  const [destination, tags] = [changesIn("backend", "cloud"), changesIn("tags")];
  const found = [...environmentFindings(before, after)];
  if (destination.length > 0) {
    const values = { changes: destination.map((change) => changeText(change)) };
    found.push({ rule: "destination-changed", field: destination[0]?.field, values });
  }
  if (tags.length > 0) {
    const others = after.nodeRole ? ", the policy and the node role" : " and the policy";
    const texts = tags.map((change) => changeText(change, "tags."));
    const values = { what: `the user${others}`, changes: texts };
    found.push({ rule: "tags-changed", field: tags[0]?.field, values });
  }
  const others = changes.filter((change) => ![...destination, ...tags].includes(change));
  for (const { field, path, ...sides } of others.filter((each) => !isOfResources(each.field))) {
    const meaning = isHarmlessAs(path, sides.after) ? "harmless" : meaningOf(path);
    const rule = meaning === "attention" ? "setting-changed" : (`setting-${meaning}` as const);
    const values = { field, before: valueText(sides.before), after: valueText(sides.after) };
    found.push({ rule, field, values });
  }
  return found;
}

/** Changes of resources report these. */
const isOfResources = (field: string): boolean => field === "user.name";

function environmentFindings(before: JsonObject, after: JsonObject): readonly DiffFound[] {
  const [old, current] = [environmentOf(before), environmentOf(after)];
  const values = (["account", "partition"] as const)
    .map((what) => ({ what, before: old[what] ?? "", after: current[what] ?? "" }))
    .find((each) => each.before && each.after && each.before !== each.after);
  return values === undefined ? [] : [{ rule: "environment-changed", values }];
}

/** Terraform creates resources in the account of the role that it assumes. */
function environmentOf({ accountId, provider, region }: JsonObject) {
  const role = textOf(objectOf(provider).assumeRoleArn) ?? "";
  return {
    account: textOf(accountId) ?? parseIamArn(role)?.account,
    partition: partitionOf(textOf(region) ?? ""),
  };
}

/** A side that cannot be read is a finding. */
export function riskFindings(before: ReadDeployment, after: ReadDeployment): readonly DiffFound[] {
  const errors = [before, after].flatMap((deployment) =>
    deployment && "errors" in deployment ? deployment.errors : [],
  );
  if (errors.length > 0) {
    return [{ rule: "settings-unreadable", values: { errors } }];
  }
  const risksOfSide = (deployment: ReadDeployment): Risks =>
    deployment === undefined || "errors" in deployment ? new Map() : risksIn(deployment);
  return riskChanges(risksOfSide(before), risksOfSide(after));
}

/** What no setting explains, and nothing else compares. */
export function unexplained(given: PackSide, generated: PackSide): readonly DiffFound[] {
  return differences(given.terraform, generated.terraform, 3)
    .filter(({ field }) => !isCompared(field, given, generated))
    .map(({ field: address }) => ({ rule: "configuration-changed", address, values: { address } }));
}

/** Resources, policies and outputs of this project are compared by what they mean. */
function isCompared(part: string, given: PackSide, generated: PackSide): boolean {
  const { what, number = 1 } = policyOfAddress(part) ?? {};
  const path = part.split(".");
  const [block, name = "", argument] = path;
  const sides = [given, generated].map(({ terraform }) => valueAt(terraform, path));
  const isOnBothSides = !sides.includes(undefined);
  const [guards, generatedGuards] = sides.map((side) => canonical(objectOf(side).lifecycle ?? ""));
  const file = policyFile(number);
  return (
    (block === "resource" && !(isOnBothSides && guards !== generatedGuards)) ||
    (what === "policyDocument" && given.files[file] !== generated.files[file]) ||
    part === ADDRESSES.callerIdentity ||
    (block === "output" && Object.hasOwn(OUTPUTS, name) && !(isOnBothSides && argument === "value"))
  );
}

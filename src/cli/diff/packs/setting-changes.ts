import { parseIamArn } from "../../../iam/arns";
import { partitionOf } from "../../../iam/partitions";
import { policyOptionsOf } from "../../../settings/deployment";
import { isHarmlessAs, meaningOf } from "../../../settings/schema/fields";
import { ADDRESSES } from "../../../terraform/addresses";
import { OUTPUTS } from "../../../terraform/outputs";
import { grouped } from "../../../text/grouped";
import type { JsonObject } from "../../../text/json";
import { risksOf } from "../../iam/risks";
import { policyFile } from "../../pack/file-names";
import { policyOfAddress } from "../../terraform/known-addresses";
import { objectOf, textOf } from "../../text/json";
import type { DiffFound } from "../change-rules";
import { changeText, differences, valueText } from "../json-values";
import { deploymentOf, type PackSide, settingDifferences } from "./pack-side";

/** What the changes of the settings mean, as the schema declares it; those of the destination and of the tags together. */
export function settingsFindings(before: JsonObject, after: JsonObject): readonly DiffFound[] {
  const byKind = grouped(settingDifferences(before, after), ({ path: [name = ""] }) => TOGETHER[name] ?? "other");
  const [destination = [], tags = [], others = []] = ["destination", "tags", "other"].map((kind) => byKind.get(kind));
  const found = [...environmentFindings(before, after)];
  for (const { field } of destination.slice(0, 1)) {
    const changes = destination.map((change) => changeText(change));
    found.push({ rule: "destination-changed", field, values: { changes } });
  }
  for (const { field } of tags.slice(0, 1)) {
    const changes = tags.map((change) => changeText(change, "tags."));
    found.push({ rule: "tags-changed", field, values: { what: "the user, the policy and the node role", changes } });
  }
  for (const change of others.filter(({ field }) => !field.endsWith(".pgpKey"))) {
    const { field, path } = change;
    const meaning = isHarmlessAs(path, change.after) ? "harmless" : meaningOf(path);
    const rule = meaning === "attention" ? "setting-changed" : (`setting-${meaning}` as const);
    found.push({ rule, field, values: { field, before: valueText(change.before), after: valueText(change.after) } });
  }
  return found;
}

const TOGETHER: Readonly<Record<string, "destination" | "tags">> = { backend: "destination", cloud: "destination", tags: "tags" };

/** Another account or partition: Terraform would create everything again there. */
function environmentFindings(before: JsonObject, after: JsonObject): readonly DiffFound[] {
  const [old, current] = [environmentOf(before), environmentOf(after)];
  const moved = (["account", "partition"] as const).find((name) => old[name] && current[name] && old[name] !== current[name]);
  const values = moved && { what: moved, before: old[moved] ?? "", after: current[moved] ?? "" };
  return values === undefined ? [] : [{ rule: "environment-changed", values }];
}

/** Where settings create resources: in the account that they set, or in that of the role that Terraform assumes. */
function environmentOf({ accountId, provider, region }: JsonObject) {
  const role = textOf(objectOf(provider).assumeRoleArn) ?? "";
  return { account: textOf(accountId) ?? parseIamArn(role)?.account, partition: partitionOf(textOf(region) ?? "") };
}

/** The difference of what an attacker with the key can do, as `REVIEW.md` lists it. What cannot be read is a finding. */
export function riskFindings(stack: string, before: PackSide, after: PackSide): readonly DiffFound[] {
  const deployments = [before, after].map(({ settings }) => settings && deploymentOf(stack, settings));
  const errors = deployments.flatMap((deployment) =>
    deployment !== undefined && "errors" in deployment ? deployment.errors : [],
  );
  if (errors.length > 0) {
    return [{ rule: "settings-unreadable", values: { errors } }];
  }
  const [old, current] = [risksIn(deployments[0]), risksIn(deployments[1])];
  return [...new Set([...old.keys(), ...current.keys()])]
    .map((key) => ({ before: old.get(key) ?? "", after: current.get(key) ?? "no longer possible" }))
    .filter((change) => change.before !== change.after)
    .map((values) => ({ rule: "risk", values }));
}

/** What an attacker can do, by the goal. */
function risksIn(deployment: ReturnType<typeof deploymentOf> | undefined): ReadonlyMap<string, string> {
  const risks = deployment === undefined || "errors" in deployment ? [] : risksOf(policyOptionsOf(deployment), (name) => name);
  return new Map(risks.map(({ goal, what }) => [goal, what]));
}

/** What differs between the configuration of a review pack and the one that follows from its settings, and is not compared elsewhere. */
export function unexplained(given: PackSide, generated: PackSide): readonly DiffFound[] {
  return differences(given.terraform, generated.terraform, 3)
    .filter(({ field }) => !isCompared(field, given, generated))
    .map(({ field: address }) => ({ rule: "configuration-changed", address, values: { address } }));
}

/** Resources, the policies that they refer to, and the outputs of this project are compared by what they mean. */
function isCompared(part: string, given: PackSide, generated: PackSide): boolean {
  const { what, number = 1 } = policyOfAddress(part) ?? {};
  const [block, name = ""] = part.split(".");
  return (
    block === "resource" ||
    (what === "policyDocument" && given.files[policyFile(number)] !== generated.files[policyFile(number)]) ||
    part === ADDRESSES.callerIdentity ||
    (block === "output" && Object.hasOwn(OUTPUTS, name))
  );
}

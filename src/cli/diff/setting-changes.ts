import { parseIamArn } from "../../iam/arns";
import { partitionOf } from "../../iam/partitions";
import { type Deployment, policyOptionsOf } from "../../settings/deployment";
import { isHarmlessAs, meaningOf } from "../../settings/schema/fields";
import { ADDRESSES } from "../../terraform/addresses";
import { OUTPUTS } from "../../terraform/outputs";
import { grouped } from "../../text/grouped";
import type { JsonObject } from "../../text/json";
import { risksOf } from "../iam/risks";
import { policyFile } from "../review/file-names";
import { policyOfAddress } from "../terraform/known-addresses";
import { listOf, objectOf, textOf } from "../text/json";
import { changeText, type Difference, differences, valueText } from "./json-values";
import { deploymentOf, type PackSide } from "./pack-side";
import type { DiffFound, RuleId } from "./rules";
import { providerOf, statedAccount } from "./snapshot";

/** By the meaning of a field, the rule that reports its change. */
const RULE_OF = {
  permissions: "setting-permissions",
  exposure: "setting-exposure",
  identity: "setting-identity",
  breaking: "setting-breaking",
  harmless: "setting-harmless",
  attention: "setting-changed",
} as const satisfies Readonly<Record<string, RuleId>>;

/** What the changes of the settings mean, as the schema declares it; those of the destination and of the tags together. */
export function settingsFindings(changed: readonly Difference[]): readonly DiffFound[] {
  const byKind = grouped(changed, ({ path: [name = ""] }) => TOGETHER[name] ?? "other");
  const [destination = [], tags = [], others = []] = ["destination", "tags", "other"].map((kind) => byKind.get(kind));
  const found: DiffFound[] = [];
  for (const { field } of destination.slice(0, 1)) {
    found.push({ rule: "destination-changed", field, values: { changes: destination.map((change) => changeText(change)) } });
  }
  for (const { field } of tags.slice(0, 1)) {
    const changes = tags.map((change) => changeText(change, "tags."));
    found.push({ rule: "tags-changed", field, values: { what: "the user, the policy and the node role", changes } });
  }
  for (const { field, path, before, after } of others.filter((change) => !change.field.endsWith(".pgpKey"))) {
    const rule = isHarmlessAs(path, after) ? "setting-harmless" : RULE_OF[meaningOf(path)];
    found.push({ rule, field, values: { field, before: valueText(before), after: valueText(after) } });
  }
  return found;
}

const TOGETHER: Readonly<Record<string, "destination" | "tags">> = { backend: "destination", cloud: "destination", tags: "tags" };

/** Another account or partition: Terraform would create everything again there. */
export function environmentFindings(before: JsonObject, after: JsonObject): readonly DiffFound[] {
  const [one, other] = [environmentOf(before), environmentOf(after)];
  const moved = (["account", "partition"] as const).find((name) => one[name] && other[name] && one[name] !== other[name]);
  const values = moved && { what: moved, before: one[moved] ?? "", after: other[moved] ?? "" };
  return values === undefined ? [] : [{ rule: "environment-changed", values }];
}

/** Where a configuration creates resources: the account is stated, or that of the role that Terraform assumes. */
function environmentOf(terraform: JsonObject) {
  const { region, assume_role } = providerOf(terraform);
  const role = textOf(objectOf(listOf(assume_role)[0]).role_arn) ?? "";
  return { account: statedAccount(terraform) ?? parseIamArn(role)?.account, partition: partitionOf(textOf(region) ?? "") };
}

/** The difference of what an attacker with the key can do, as `REVIEW.md` lists it. What cannot be read is a finding. */
export function riskFindings(stack: string, before: PackSide, after: PackSide): readonly DiffFound[] {
  const found: DiffFound[] = [];
  const [one, other] = (
    [
      ["earlier", before],
      ["current", after],
    ] as const
  ).map(([side, { settings }]) => {
    const deployment = settings && deploymentOf(stack, settings);
    if (deployment === undefined || !("errors" in deployment)) {
      return risksIn(deployment);
    }
    found.push({ rule: "settings-unreadable", values: { side, errors: deployment.errors } });
    return undefined;
  });
  if (one === undefined || other === undefined) {
    return found;
  }
  return [...new Set([...one.keys(), ...other.keys()])]
    .map((key) => ({ before: one.get(key) ?? "", after: other.get(key) ?? "no longer possible" }))
    .filter((change) => change.before !== change.after)
    .map((values) => ({ rule: "risk", values }));
}

/** What an attacker can do, by the actions that it requires. */
function risksIn(deployment: Deployment | undefined): ReadonlyMap<string, string> {
  const risks = deployment === undefined ? [] : risksOf(policyOptionsOf(deployment), (name) => name);
  return new Map(risks.map(({ actions, what }) => [actions.join(), what]));
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

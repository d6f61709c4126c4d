import { ADDRESSES, nodeAttachmentAddress } from "../../terraform/addresses";
import type { JsonObject } from "../../text/json";
import { isNodeAttachment, policyOfAddress } from "../terraform/known-addresses";
import { canonical, listOf, objectOf, textOf } from "../text/json";
import { type Changes, changesOf } from "./changes";
import { nameOf } from "./json-values";
import { comparable, permissionFindings } from "./permissions";
import { contradictions } from "./plan-consistency";
import { comparePolicies, policyFindings } from "./policies";
import { describe, resourceFindings, resourcesOfPlan } from "./resources";
import type { DiffFound } from "./rules";
import type { Verification } from "./saved-plan";
import { exposureFindings, masked, outputFindings, type PgpKeys, pgpKeyFindings, secretFindings, secretsIn } from "./secrets";
import { isOurs, keyIn, policyAt, type Snapshot, slotsOf, snapshotOfPlan } from "./snapshot";

/**
 * What a plan does.
 * @param given what `terraform show -json` or OpenTofu's prints of a plan
 * @param stack what to call its deployment: a plan does not know
 * @param verification whether the plan is of the configuration of the settings
 */
export function changesOfPlan(given: JsonObject, stack: string, source: string, verification: Verification): Changes {
  const secrets = secretsIn(given);
  const plan = masked(given, secrets);
  const [before, after] = [snapshotOfPlan(plan, "before"), snapshotOfPlan(plan, "after")];
  const resources = resourcesOfPlan(plan, before, after);
  const imported = resources.filter(({ action }) => action === "imported").map(({ address }) => address);
  const drift = entriesOf(plan.resource_drift);
  const findings = [
    ...wholeFindings(plan, verification),
    ...contradictions(given),
    ...resourceFindings(before, after, resources),
    ...permissionFindings(before, after),
    ...imported.flatMap((address) => importedPolicyFindings(address, before, after)),
    ...secretFindings(given, secrets),
    ...exposureFindings(before, after, imported),
    ...pgpKeyFindings(pgpKeysIn(before), pgpKeysIn(after)),
    ...imported
      .filter((address) => WITH_PERMISSIONS.includes(address))
      .map((address): DiffFound => ({ rule: "import-not-compared", address, values: { what: describe(address, after) } })),
    ...drift.flatMap((entry) => driftFindings(entry, before)),
    ...entriesOf(plan.resource_changes).flatMap(entryFindings),
    ...outputFindings(before, after),
  ];
  const [isBefore, isAfter] = [before, after].map(({ resources: all }) => all.has(ADDRESSES.user));
  const onlySide = isAfter ? "new" : "removed";
  return changesOf(source, stack, findings, isBefore === isAfter ? undefined : onlySide);
}

/** What an imported policy allows and denies whoever has it already: it may be the policy of another deployment. */
function importedPolicyFindings(address: string, before: Snapshot, after: Snapshot): readonly DiffFound[] {
  if (policyOfAddress(address)?.what !== "policy") {
    return [];
  }
  const change = comparePolicies(listOf(policyAt(before, address)), listOf(policyAt(after, address)));
  return policyFindings("principal of the imported policy", change).map((finding) => ({ ...finding, address }));
}

/** Why a plan does not show all that is going to change, is of another configuration, or does more than is known here. */
function wholeFindings(plan: JsonObject, verification: Verification): readonly DiffFound[] {
  const found: DiffFound[] = unknownKeys(plan, "plan").map((key) => unknownPart(`the key ${key}`));
  if (plan.errored === true) {
    found.push({ rule: "plan-failed", values: {} });
  } else if (plan.complete === false || listOf(plan.deferred_changes).length > 0) {
    found.push({ rule: "plan-partial", values: {} });
  }
  if (verification === "unverified") {
    found.push({ rule: "plan-unverified", values: {} });
  } else if (verification !== "verified") {
    found.push(...verification);
  }
  return found;
}

function pgpKeysIn(snapshot: Snapshot): PgpKeys {
  return slotsOf(snapshot).map((slot) => [slot, keyIn(snapshot, slot)?.pgpKey]);
}

/** Objects that can have policies which Terraform does not manage. */
const WITH_PERMISSIONS: readonly string[] = [ADDRESSES.user, ADDRESSES.group, ADDRESSES.nodeRole];

/** A user, group or role that was changed outside Terraform. */
function driftFindings({ address: at, change }: JsonObject, before: Snapshot): readonly DiffFound[] {
  const address = nameOf(at);
  const [old, current] = [objectOf(objectOf(change).before), objectOf(objectOf(change).after)];
  const attributes = [...new Set([...Object.keys(old), ...Object.keys(current)])].filter(
    (name) => comparable(old[name]) !== comparable(current[name]) && !isOwnDrift(name, current[name], before),
  );
  return WITH_PERMISSIONS.includes(address) && attributes.length > 0
    ? [{ rule: "drift-not-compared", address, values: { what: describe(address, before), attributes } }]
    : [];
}

/** What a role has through this project's other resources: the state learns of it at the next refresh. */
function isOwnDrift(attribute: string, value: unknown, { resources }: Snapshot): boolean {
  const inlineOf = (item: unknown) => canonical([objectOf(item).name, objectOf(item).policy]);
  const known = (item: unknown) =>
    [...resources.values()].some((own) =>
      attribute === "inline_policy" ? inlineOf(own) === inlineOf(item) : own.policy_arn === item,
    );
  return ["managed_policy_arns", "inline_policy"].includes(attribute) && listOf(value).every(known);
}

/** What is unusual in an entry of `resource_changes`. */
function entryFindings(entry: JsonObject): readonly DiffFound[] {
  const { mode, type, name, deposed, previous_address, provider_name, change } = entry;
  const address = String(entry.address);
  const found: DiffFound[] = [];
  // The address of an attachment that `moved.tf` moves follows from the policy that it attaches.
  const from = textOf(previous_address) ?? address;
  const policyArn = textOf(objectOf(objectOf(change).before).policy_arn);
  const isRenumbered = isNodeAttachment(from) && policyArn !== undefined && address === nodeAttachmentAddress(policyArn);
  if (from !== address && !isRenumbered) {
    found.push({ rule: "moved", address, values: { before: from, after: address } });
  }
  if (deposed !== undefined) {
    found.push({ rule: "deposed", address, values: { what: address } });
  }
  const isData = mode === "data";
  const isKnown = isData
    ? address === ADDRESSES.callerIdentity || policyOfAddress(address)?.what === "policyDocument"
    : isOurs(address);
  const expected = `${isData ? "data." : ""}${nameOf(type)}.${nameOf(name)}`;
  const parts = [
    ...(isData && !isKnown ? [`the data source ${address}`] : []),
    ...(isKnown && name !== undefined && address !== expected ? [`another address than ${expected} in ${address}`] : []),
    ...(PROVIDERS.includes(provider_name) ? [] : [`the provider ${textOf(provider_name)} of ${address}`]),
    ...unknownKeys(entry, "entry").map((key) => `the key ${key} in ${address}`),
    ...unknownKeys(objectOf(change), "change").map((key) => `the key change.${key} in ${address}`),
  ];
  return [...found, ...parts.map(unknownPart)];
}

/** A part of a plan that is not known here, whatever it does. */
function unknownPart(part: string): DiffFound {
  return { rule: "plan-unknown-part", values: { part } };
}

/** Keys that are known: of a plan, of an entry of `resource_changes`, of its `change`. Source: "JSON Output Format" of Terraform's and OpenTofu's documentation. */
const KNOWN_KEYS: Readonly<Record<"plan" | "entry" | "change", readonly string[]>> = {
  plan: [
    ...["format_version", "terraform_version", "planned_values", "resource_drift", "resource_changes", "output_changes"],
    ...["prior_state", "configuration", "relevant_attributes", "timestamp", "applyable", "complete", "errored"],
    "deferred_changes",
  ],
  entry: ["address", "mode", "type", "name", "provider_name", "change", "action_reason", "previous_address", "deposed"],
  change: [
    ...["actions", "before", "after", "after_unknown", "before_sensitive", "after_sensitive", "replace_paths", "importing"],
  ],
};

const PROVIDERS: readonly unknown[] = [undefined, "registry.terraform.io/hashicorp/aws", "registry.opentofu.org/hashicorp/aws"];

/** An empty value says nothing. */
function unknownKeys(given: JsonObject, of: keyof typeof KNOWN_KEYS): readonly string[] {
  return Object.entries(given)
    .filter(([key, value]) => !KNOWN_KEYS[of].includes(key) && !["null", "[]", "{}", "false", '""'].includes(canonical(value)))
    .map(([key]) => key);
}

function entriesOf(list: unknown): readonly JsonObject[] {
  return listOf(list).map(objectOf);
}

import { ADDRESSES, isNodeAttachment, nodeAttachmentAddress, policyOfAddress } from "../../terraform/addresses";
import { comparable } from "./arguments";
import type { Changes } from "./changes";
import type { Verification } from "./configuration";
import { canonical, type JsonObject, listOf, objectOf, textOf } from "./json-values";

import { exposureFindings, outputFindings } from "./outputs";
import { permissionFindings } from "./permissions";
import { describe, reactivatedKeys, resourceFindings, resourcesOfPlan } from "./resources";
import { type DiffFound, located } from "./rules";
import { masked, secretFindings, secretsIn } from "./secrets";
import { pgpKeyFindings } from "./settings";
import { isOurs, keyIn, type Snapshot, slotsOf, snapshotOfPlan } from "./snapshot";

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
  const found = [
    ...incompleteness(plan),
    ...ofConfiguration(verification),
    ...resourceFindings(before, after, resources),
    ...reactivatedKeys(plan, before, after),
    ...permissionFindings(before, after),
    ...secretFindings(given, secrets),
    ...exposureFindings(before, after, new Set(imported)),
    ...pgpKeyFindings(pgpKeysIn(before), pgpKeysIn(after)),
    ...imported
      .filter((address) => WITH_PERMISSIONS.includes(address))
      .map(
        (address): DiffFound => ({
          rule: "import-not-compared",
          address,
          values: { what: describe(address, after) },
        }),
      ),
    ...driftFindings(plan, before),
    ...moveFindings(plan),
    ...deposedFindings(plan),
    ...unknownParts(plan),
    ...outputFindings(before, after),
  ];
  const findings = found.map((one) => located(one, []));
  const exists = ({ resources: all }: Snapshot) => all.has(ADDRESSES.user);
  const both = exists(before) === exists(after);
  const state = both ? (findings.length === 0 ? "unchanged" : "changed") : exists(after) ? "new" : "removed";
  return { source, deployments: [{ stack, state, findings }] };
}

/** Why a plan does not show all that is going to change. */
function incompleteness({ errored, complete, deferred_changes }: JsonObject): readonly DiffFound[] {
  if (errored === true) {
    return [{ rule: "plan-failed", values: {} }];
  }
  return complete === false || listOf(deferred_changes).length > 0 ? [{ rule: "plan-partial", values: {} }] : [];
}

function ofConfiguration(verification: Verification): readonly DiffFound[] {
  if (verification === "verified") {
    return [];
  }
  return verification === "unverified"
    ? [{ rule: "plan-unverified", values: {} }]
    : [{ rule: "configuration-differs", values: verification }];
}

function pgpKeysIn(snapshot: Snapshot): ReadonlyMap<string, string> {
  return new Map(
    slotsOf(snapshot).flatMap((slot) => {
      const key = textOf(keyIn(snapshot, slot)?.pgp_key);
      return key === undefined ? [] : [[slot, key] as const];
    }),
  );
}

/** Objects that can have policies which Terraform does not manage. */
const WITH_PERMISSIONS: readonly string[] = [ADDRESSES.user, ADDRESSES.group, ADDRESSES.nodeRole];

/** Users, groups and roles that were changed outside Terraform. */
function driftFindings(plan: JsonObject, before: Snapshot): readonly DiffFound[] {
  return entriesOf(plan.resource_drift)
    .filter(({ address }) => WITH_PERMISSIONS.includes(String(address)))
    .flatMap(({ address, change }): readonly DiffFound[] => {
      const [had, has] = [objectOf(objectOf(change).before), objectOf(objectOf(change).after)];
      const attributes = [...new Set([...Object.keys(had), ...Object.keys(has)])].filter(
        (name) => comparable(had[name]) !== comparable(has[name]) && !isOwnDrift(name, has[name], before),
      );
      const what = describe(String(address), before);
      return attributes.length === 0
        ? []
        : [{ rule: "drift-not-compared", address: String(address), values: { what, attributes } }];
    });
}

/** What a role has through this project's other resources: the state learns of it at the next refresh. */
function isOwnDrift(attribute: string, value: unknown, { resources }: Snapshot): boolean {
  const own = [...resources.values()].map(({ attributes: { name, policy, policy_arn } }) => [
    policy_arn,
    canonical([name, policy]),
  ]);
  const known = (item: unknown) => {
    const { name, policy } = objectOf(item);
    return own.some(([arn, inline]) => (attribute === "inline_policy" ? inline === canonical([name, policy]) : arn === item));
  };
  return ["managed_policy_arns", "inline_policy"].includes(attribute) && listOf(value).every(known);
}

/** Resources that come from another address, except those of `moved.tf`, whose address follows from the policy that they attach. */
function moveFindings(plan: JsonObject): readonly DiffFound[] {
  const isKnown = ({ previous_address: from, address, change }: JsonObject) =>
    isNodeAttachment(String(from)) && address === nodeAttachmentAddress(String(objectOf(objectOf(change).before).policy_arn));
  return entriesOf(plan.resource_changes)
    .filter(({ previous_address: from, address }) => textOf(from) !== undefined && from !== address)
    .filter((entry) => !isKnown(entry))
    .map(({ previous_address, address }) => ({
      rule: "moved",
      address: String(address),
      values: { from: String(previous_address), to: String(address) },
    }));
}

/** What earlier replacements left over. */
function deposedFindings(plan: JsonObject): readonly DiffFound[] {
  return entriesOf(plan.resource_changes)
    .filter(({ deposed }) => deposed !== undefined)
    .map(({ address }) => ({ rule: "deposed", address: String(address), values: { what: String(address) } }));
}

/** Keys that are known: of a plan, of an entry of `resource_changes`, of its `change`. Source: "JSON Output Format" of Terraform's and OpenTofu's documentation. */
const KNOWN_KEYS = {
  plan: "format_version terraform_version planned_values resource_drift resource_changes output_changes prior_state configuration relevant_attributes timestamp applyable complete errored deferred_changes",
  entry: "address mode type name provider_name change action_reason previous_address deposed",
  change: "actions before after after_unknown before_sensitive after_sensitive replace_paths importing",
} as const;

const PROVIDERS: readonly unknown[] = [undefined, "registry.terraform.io/hashicorp/aws", "registry.opentofu.org/hashicorp/aws"];

/** Parts of a plan that are not known here, whatever they do. */
function unknownParts(plan: JsonObject): readonly DiffFound[] {
  const parts = [
    ...unknownKeys(plan, "plan").map((key) => `the key ${key}`),
    ...entriesOf(plan.resource_changes).flatMap((entry) => unknownInResource(entry)),
  ];
  return [...new Set(parts)].map((part) => ({ rule: "plan-unknown-part", values: { part } }));
}

function unknownInResource(entry: JsonObject): readonly string[] {
  const { address, mode, type, name, provider_name, change } = entry;
  const known = mode === "data" ? isKnownData(String(address)) : isOurs(String(address));
  const expected = `${mode === "data" ? "data." : ""}${type}.${name}`;
  return [
    ...(mode === "data" && !known ? [`the data source ${address}`] : []),
    ...(!known || name === undefined || address === expected ? [] : [`another address than ${expected} in ${address}`]),
    ...(PROVIDERS.includes(provider_name) ? [] : [`the provider ${textOf(provider_name)} of ${address}`]),
    ...unknownKeys(entry, "entry").map((key) => `the key ${key} in ${address}`),
    ...unknownKeys(objectOf(change), "change").map((key) => `the key change.${key} in ${address}`),
  ];
}

function isKnownData(address: string): boolean {
  return address === ADDRESSES.callerIdentity || policyOfAddress(address)?.what === "policyDocument";
}

/** An empty value says nothing. */
function unknownKeys(given: JsonObject, of: keyof typeof KNOWN_KEYS): readonly string[] {
  const known = KNOWN_KEYS[of].split(" ");
  return Object.entries(given)
    .filter(([key, value]) => !known.includes(key) && !["null", "[]", "{}", "false", '""'].includes(canonical(value)))
    .map(([key]) => key);
}

function entriesOf(list: unknown): readonly JsonObject[] {
  return listOf(list).map(objectOf);
}

import type { Deployment } from "../../../../../src/settings/deployment";
import { ADDRESSES, policyOfAddress } from "../../../../../src/terraform/addresses";
import {
  canonical,
  type JsonObject,
  listOf,
  objectOf,
  textOf,
  valueAt,
} from "../../../../../src/text/json";
import type { PackFile } from "../../review/contents";
import type { DiffFound } from "../change-rules";
import { type Changes, changesOf } from "../changes";
import { comparable, permissionFindings } from "../permissions";
import { type Plan, type PlannedChange, planOf } from "../plan-file";
import { comparePolicies, policyFindings } from "../policies";
import {
  describe,
  type ResourceChange,
  resourceFindings,
  resourcesOfPlan,
  WITH_PERMISSIONS,
} from "../resource-findings";
import { planRisks } from "../risk-changes";
import { exposureFindings, masked, outputFindings, secretFindings, secretsIn } from "../secrets";
import { isOurs, policyAt, type Snapshot, snapshotOfPlan } from "../snapshot";

/**
 * @param given what `terraform show -json` or OpenTofu's prints of a plan
 * @param more what is known of the plan besides
 * @param deployment for the sentences about a leaked key
 */
export function changesOfPlan(
  given: JsonObject,
  stack: string,
  source: string,
  more: readonly DiffFound[] = [],
  deployment?: Deployment,
): Changes {
  const secrets = secretsIn(given);
  const [secretPlan, plan] = [planOf(given), planOf(masked(given, secrets))];
  const [before, after] = [snapshotOfPlan(plan, "before"), snapshotOfPlan(plan, "after")];
  const resources = resourcesOfPlan(plan, before, after);
  const permissions = permissionFindings(before, after);
  const state = stateOf(plan, before, after);
  const lost = plan.drift.flatMap((change) => (change.after === undefined ? change.address : []));
  const findings = [
    ...plan.notCompared.map(unknownPart),
    ...(plan.isIncomplete ? [{ rule: "plan-incomplete", values: {} } as const] : []),
    ...more,
    ...resourceFindings(before, after, resources, lost),
    ...(deployment === undefined ? [] : planRisks(deployment, before, after)),
    ...permissions,
    ...resources
      .filter(({ action }) => action === "imported")
      .flatMap(({ address }) => importedPolicyFindings(address, before, after))
      .map((found) => withoutList(found, permissions)),
    ...secretFindings(secretPlan, secrets),
    ...exposureFindings(before, after),
    ...plan.drift.flatMap((change) => driftFindings(change, before, resources)),
    ...plan.changes.flatMap(entryFindings),
    ...orderFindings(given, plan),
    // Two secrets differ; their placeholders do not.
    ...masked(
      outputFindings(snapshotOfPlan(secretPlan, "before"), snapshotOfPlan(secretPlan, "after")),
      secrets,
    ),
    ...creationFindings(plan, before, resources),
    ...stateFindings(given, plan, before, resources),
  ];
  return changesOf(source, stack, findings, state);
}

/** If the plan has the user on one side only; undefined if it was deleted outside Terraform. */
function stateOf(plan: Plan, before: Snapshot, after: Snapshot): "new" | "removed" | undefined {
  const [isBefore, isAfter] = [before, after].map(({ resources }) => resources.has(ADDRESSES.user));
  const isLost = plan.drift.some(
    ({ address, after: current }) => address === ADDRESSES.user && current === undefined,
  );
  if (isBefore === isAfter || isLost) {
    return undefined;
  }
  return isAfter ? "new" : "removed";
}

function priorResources(given: JsonObject): readonly JsonObject[] {
  return listOf(valueAt(given, ["prior_state", "values", "root_module", "resources"])).map(
    objectOf,
  );
}

/** If an apply changes nothing else: an empty state, or one that differs from AWS. */
function stateFindings(
  given: JsonObject,
  plan: Plan,
  before: Snapshot,
  resources: readonly ResourceChange[],
): readonly DiffFound[] {
  const isCreated = resources.some(
    ({ address, action }) => address === ADDRESSES.user && action === "created",
  );
  const isManaged = ({ mode }: JsonObject) => mode === "managed";
  if (isCreated && plan.drift.length === 0 && !priorResources(given).some(isManaged)) {
    return [{ rule: "state-empty", values: {} }];
  }
  const isEmpty =
    resources.length === 0 &&
    plan.outputs.every(({ actions }) => canonical(actions) === '["no-op"]');
  const objects = plan.drift.flatMap(({ address, before: old = {}, after: current }) => {
    const what = `the ${describe(address, { ...before, resources: new Map([[address, old]]) })}`;
    if (current === undefined) {
      return [`${what} was deleted`];
    }
    const attributes = driftedAttributes(old, current, before);
    return attributes.length === 0 ? [] : [`${what} was changed (${attributes.join(", ")})`];
  });
  return isEmpty && objects.length > 0 ? [{ rule: "state-outdated", values: { objects } }] : [];
}

/**
 * Keys are created at any time, and what was deleted outside Terraform with the same permissions.
 */
function creationFindings(
  plan: Plan,
  before: Snapshot,
  resources: readonly ResourceChange[],
): readonly DiffFound[] {
  const known = [ADDRESSES.accessKey, ...plan.drift.map(({ address }) => address)];
  const created = resources.flatMap(({ address, action, what }) =>
    action === "created" && isOurs(address) && !known.includes(address) ? [`the ${what}`] : [],
  );
  const file: PackFile = "deployer-policy.json";
  const isImported = resources.some(
    ({ address, action }) => address === ADDRESSES.user && action === "imported",
  );
  return before.resources.has(ADDRESSES.user) && !isImported && created.length > 0
    ? [{ rule: "deployer-creates", values: { created, file } }]
    : [];
}

/**
 * Terraform changes the first policy before it detaches the second one only if its state has that
 * order. A change that fails removes it. Source: `constructs/policy-attachment.ts`,
 * `attachInOrder`.
 */
function orderFindings(given: JsonObject, { changes }: Plan): readonly DiffFound[] {
  const first = priorResources(given).find(({ address }) => address === ADDRESSES.policy);
  const isChanged = changes.some(
    ({ address, actions }) => address === ADDRESSES.policy && actions.includes("update"),
  );
  return changes
    .filter(({ actions }) => isChanged && actions.includes("delete"))
    .filter(({ address }) => {
      const { what, number } = policyOfAddress(address) ?? {};
      const isSecond = number !== 1 && what === "userAttachment";
      return isSecond && !listOf(first?.depends_on).includes(address);
    })
    .map(({ address }) => ({ rule: "policy-detached-early", address, values: {} }));
}

/** It may be the policy of another deployment, whose principals get these permissions. */
function importedPolicyFindings(
  address: string,
  before: Snapshot,
  after: Snapshot,
): readonly DiffFound[] {
  if (policyOfAddress(address)?.what !== "policy") {
    return [];
  }
  const [old, current] = [before, after].map((side) => listOf(policyAt(side, address)));
  const change = comparePolicies(old ?? [], current ?? []);
  return policyFindings("principal of the imported policy", change).map((finding) => ({
    ...finding,
    address,
  }));
}

function withoutList(found: DiffFound, others: readonly DiffFound[]): DiffFound {
  const listOfActions = ({ rule, values }: DiffFound) =>
    canonical([rule, "actions" in values ? values.actions : []]);
  return others.some((other) => listOfActions(other) === listOfActions(found))
    ? ({ ...found, values: { ...found.values, actions: [] } } as DiffFound)
    : found;
}

function driftFindings(
  { address, before: old = {}, after: current }: PlannedChange,
  before: Snapshot,
  resources: readonly ResourceChange[],
): readonly DiffFound[] {
  if (current === undefined) {
    return resources
      .filter((resource) => resource.address === address && resource.action === "created")
      .filter((resource) => WITH_PERMISSIONS.includes(resource.address))
      .map(({ what }) => ({ rule: "drift-deleted", address, values: { what } }));
  }
  const attributes = driftedAttributes(old, current, before);
  const values = { what: describe(address, before), attributes };
  return WITH_PERMISSIONS.includes(address) && attributes.length > 0
    ? [{ rule: "drift-not-compared", address, values }]
    : [];
}

function driftedAttributes(
  old: JsonObject,
  current: JsonObject,
  before: Snapshot,
): readonly string[] {
  return Object.keys({ ...old, ...current }).filter(
    (name) =>
      comparable(old[name]) !== comparable(current[name]) &&
      !isOwnDrift(name, old, current, before),
  );
}

/**
 * Drift that follows from the settings, because the state has it only after the next refresh: what
 * other resources add to a role, tags that the default tags of the provider had, and how often a
 * policy is attached.
 */
function isOwnDrift(
  attribute: string,
  old: JsonObject,
  current: JsonObject,
  { resources }: Snapshot,
): boolean {
  if (attribute === "tags") {
    return (
      current.tags_all !== undefined && comparable(old.tags_all) === comparable(current.tags_all)
    );
  }
  const inlineOf = (item: unknown) => canonical([objectOf(item).name, objectOf(item).policy]);
  const isKnown = (item: unknown) =>
    [...resources.values()].some((own) =>
      attribute === "inline_policy" ? inlineOf(own) === inlineOf(item) : own.policy_arn === item,
    );
  return (
    attribute === "attachment_count" ||
    (["managed_policy_arns", "inline_policy"].includes(attribute) &&
      listOf(current[attribute]).every(isKnown))
  );
}

function entryFindings(change: PlannedChange): readonly DiffFound[] {
  const { address, formerAddress, isManaged, provider } = change;
  const isKnownData =
    address === ADDRESSES.callerIdentity || policyOfAddress(address)?.what === "policyDocument";
  const rows: readonly (readonly [applies: boolean, found: DiffFound])[] = [
    [formerAddress !== address, unknownPart(`a move of ${formerAddress} to ${address}`)],
    [change.deposed !== undefined, { rule: "deposed", address, values: { what: address } }],
    [!isManaged && !isKnownData, unknownPart(`the data source ${address}`)],
    [!PROVIDERS.includes(provider), unknownPart(`the provider ${textOf(provider)} of ${address}`)],
    [change.isAnother, unknownPart(`another identity of ${address}`)],
  ];
  const found = rows.filter(([applies]) => applies).map(([, finding]) => finding);
  return [...found, ...change.notCompared.map((part) => unknownPart(`${part} in ${address}`))];
}

function unknownPart(part: string): DiffFound {
  return { rule: "plan-unknown-part", values: { part } };
}

const PROVIDERS: readonly unknown[] = [
  undefined,
  "registry.terraform.io/hashicorp/aws",
  "registry.opentofu.org/hashicorp/aws",
];

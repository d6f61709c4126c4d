import { ACCOUNT_ID, iamResourceArn, parseIamArn } from "../../iam/arns";
import { partitionOf } from "../../iam/partitions";
import { ADDRESSES } from "../../terraform/addresses";
import { breakingChangesOf, breakingChangesOfPlan } from "./breaking-changes";
import type { Changes, DeploymentChanges } from "./change-summary";
import { impactChanges } from "./impact";
import { type JsonObject, listOf, nameOf, objectOf, textOf } from "./json-values";
import { exposuresOf, notesOf, notesOfPacks } from "./notes";
import { permissionChanges } from "./permission-changes";
import { combined } from "./policy-comparison";
import { type PolicyFiles, policyFileChanges } from "./policy-files";
import { union } from "./policy-model";
import { resourcesOfPacks, resourcesOfPlan } from "./resource-changes";
import { attribute, isOurs, providerOf, type Snapshot, snapshotOfPack, snapshotOfPlan, statedAccount } from "./snapshot";

/** Terraform JSON of deployments, without CDKTF's `"//"` entries, by stack. */
export type Packs = Readonly<Record<string, object>>;

/**
 * What changes between two configurations, from their Terraform JSON.
 * @param source what is compared, as the first line of the summary shows it
 * @param files policies that Terraform does not apply, of the deployer and for the organization; not compared by default
 */
export function changesAgainst(base: Packs, current: Packs, source: string, files: PolicyFilesOfBoth = NO_FILES): Changes {
  // A stack may well be called `constructor`.
  const [had, has] = [new Map(Object.entries(base)), new Map(Object.entries(current))];
  const [hadFiles, hasFiles] = [new Map(Object.entries(files.base)), new Map(Object.entries(files.current))];
  const stacks = [...new Set([...had.keys(), ...has.keys()])].sort();
  return {
    source,
    deployments: stacks.map((stack) =>
      changesOfPack(stack, packOf(had, stack), packOf(has, stack), hadFiles.get(stack), hasFiles.get(stack)),
    ),
  };
}

/** Policies of the review packs by stack, where they were read. */
export interface PolicyFilesOfBoth {
  readonly base: Readonly<Record<string, PolicyFiles>>;
  readonly current: Readonly<Record<string, PolicyFiles>>;
}

const NO_FILES: PolicyFilesOfBoth = { base: {}, current: {} };

function packOf(packs: ReadonlyMap<string, object>, stack: string): JsonObject | undefined {
  const pack = packs.get(stack);
  return pack === undefined ? undefined : objectOf(pack);
}

/**
 * What a plan does.
 * @param plan what `terraform show -json` or OpenTofu's prints of a plan
 * @param stack what to call its deployment: a plan does not know
 */
export function changesOfPlan(plan: JsonObject, stack: string, source: string): Changes {
  const before = snapshotOfPlan(plan, "before");
  const after = snapshotOfPlan(plan, "after");
  const resources = resourcesOfPlan(plan, before, after);
  const imported = resources.filter(({ action }) => action === "imported").map(({ address }) => address);
  return {
    source,
    deployments: [
      withState(
        {
          stack,
          permissions: combined(permissionChanges(before, after), { otherBroadened: externalMoves(plan) }),
          impact: impactChanges(before, after),
          resources,
          breakingChanges: [
            ...incompleteness(plan),
            ...[...breakingChangesOf(before, after, resources), ...breakingChangesOfPlan(plan, before, after)].map(
              (change) => `this plan would ${change}`,
            ),
          ],
          secretExposures: exposuresOf(before, after, new Set(imported)),
          notes: [...notesOf(before, after), ...notesOfPlan(plan)],
        },
        before,
        after,
      ),
    ],
  };
}

/** Why a plan does not show all that is going to change. */
function incompleteness(plan: JsonObject): readonly string[] {
  return [
    ...(plan.errored === true
      ? ["Terraform failed while it created this plan, so the plan is incomplete and what else changes is unknown; plan again"]
      : []),
    ...(plan.complete === false && plan.errored !== true
      ? [
          "this plan is incomplete: it is for some addresses only (-target), or it defers changes to another plan, so what else changes is unknown; plan without -target",
        ]
      : []),
  ];
}

/** Resources that come from another address, of which at least one is not this project's: what was there before is another thing. */
function externalMoves(plan: JsonObject): readonly string[] {
  return moves(plan)
    .filter(([from, to]) => !isOurs(from) || !isOurs(to))
    .map(([from, to]) => `${to}: moved from ${from}, which is not comparable`);
}

function moves(plan: JsonObject): readonly (readonly [from: string, to: string])[] {
  return listOf(plan.resource_changes)
    .map((entry) => objectOf(entry))
    .filter(({ mode, previous_address: from, address }) => mode === "managed" && textOf(from) !== undefined && from !== address)
    .map(({ previous_address: from, address }) => [String(from), String(address)]);
}

function notesOfPlan(plan: JsonObject): readonly string[] {
  return [...deposedNotes(plan), ...moves(plan).map(([from, to]) => `${to} was at the address ${from} before`)];
}

function deposedNotes(plan: JsonObject): readonly string[] {
  return listOf(plan.resource_changes)
    .map((entry) => objectOf(entry))
    .filter(({ deposed }) => deposed !== undefined)
    .map(({ address }) => `deletes what an earlier replacement of ${address} left over`);
}

function changesOfPack(
  stack: string,
  base: JsonObject | undefined,
  current: JsonObject | undefined,
  baseFiles: PolicyFiles = {},
  files: PolicyFiles = {},
): DeploymentChanges {
  if (JSON.stringify([base, baseFiles]) === JSON.stringify([current, files])) {
    return {
      stack,
      state: "unchanged",
      permissions: combined(),
      impact: { added: [], removed: [], changed: [] },
      resources: [],
      breakingChanges: [],
      secretExposures: [],
      notes: [],
    };
  }
  const before = snapshotOfPack(base ?? {}, statedAccount(base ?? {}) ?? statedAccount(current ?? {}));
  const after = snapshotOfPack(current ?? {}, statedAccount(current ?? {}) ?? statedAccount(base ?? {}));
  const resources = resourcesOfPacks(before, after);
  const imports = importsOf(current);
  const account = statedAccount(current ?? {}) ?? statedAccount(base ?? {});
  const ofFiles = policyFileChanges(baseFiles, files, account, {
    arn: userArn(after, current ?? base ?? {}, account),
    policy: union([...after.userPolicies.values()]),
  });
  const common = {
    stack,
    permissions: combined(permissionChanges(before, after), ofFiles.permissions),
    impact: impactChanges(before, after),
    resources,
    secretExposures: exposuresOf(before, after, imports),
  };
  if (base === undefined || current === undefined) {
    const breakingChanges = current === undefined && isProtected(before) ? [STILL_PROTECTED] : [];
    const notes = current === undefined ? [REMOVED] : [...importNotes(imports), ...ofFiles.notes];
    return withState({ ...common, breakingChanges, notes }, before, after);
  }
  const guard = isProtected(after)
    ? "protect is on: Terraform rejects a plan that destroys a protected resource"
    : "protect is off: Terraform does not reject these changes";
  const breakingChanges = [...breakingChangesOf(before, after, resources), ...accountChanges(base, current)];
  return withState(
    {
      ...common,
      breakingChanges: breakingChanges.map((change) => `the next plan would ${change}`),
      notes: [
        ...(breakingChanges.length > 0 ? [guard] : []),
        ...notesOf(before, after),
        ...notesOfPacks(base, current),
        ...ofFiles.notes,
        ...(isProtected(before) === isProtected(after) ? [] : [`protect: ${isProtected(before)} -> ${isProtected(after)}`]),
        ...importNotes(imports),
      ],
    },
    before,
    after,
  );
}

const REMOVED =
  "the settings file is deleted, which deletes nothing in AWS: if the deployment was not destroyed before, its user and its access key remain and are unmanaged";
const STILL_PROTECTED =
  "the settings file is deleted while protect is on, so the deployment cannot have been destroyed: its user and its access key would remain and be unmanaged; restore the file, set protect: false, and destroy the deployment";

function accountChanges(base: JsonObject, current: JsonObject): readonly string[] {
  const [had, has] = [base, current].map((pack) => ({ account: accountOf(pack), partition: partitionOfPack(pack) })) as [
    Environment,
    Environment,
  ];
  const left = (where: string) => `leave the user and its access key unmanaged in ${where}`;
  if (had.account !== undefined && has.account !== undefined && had.account !== has.account) {
    return [`re-create all resources in the account ${has.account}, and ${left(had.account)}`];
  }
  return had.partition === has.partition
    ? []
    : [`re-create all resources in the partition ${has.partition}, and ${left(had.partition)}`];
}

interface Environment {
  readonly account: string | undefined;
  readonly partition: string;
}

/** The account, if a configuration contains it: stated, or that of the role that Terraform assumes. */
function accountOf(pack: JsonObject): string | undefined {
  const role = textOf(objectOf(listOf(providerOf(pack).assume_role)[0]).role_arn);
  return statedAccount(pack) ?? (role === undefined ? undefined : parseIamArn(role)?.account);
}

function userArn(snapshot: Snapshot, pack: JsonObject, account = ACCOUNT_ID): string {
  const [path = "/", name = ""] = ["path", "name"].map((argument) => attribute(snapshot, ADDRESSES.user, argument));
  return iamResourceArn({ partition: partitionOfPack(pack), account }, `user${path}${name}`);
}

function partitionOfPack(pack: JsonObject): string {
  return partitionOf(textOf(providerOf(pack).region) ?? "");
}

function isProtected(snapshot: Snapshot): boolean {
  return objectOf(snapshot.resources.get(ADDRESSES.user)?.attributes.lifecycle).prevent_destroy === true;
}

/** Addresses that a configuration imports. */
function importsOf(pack: JsonObject | undefined): ReadonlySet<string> {
  return new Set(listOf(pack?.import).map((block) => nameOf(objectOf(block).to)));
}

function importNotes(imports: ReadonlySet<string>): readonly string[] {
  return imports.size === 0
    ? []
    : [`imports existing resources: ${[...imports].sort().join(", ")}; a plan shows what changes in them`];
}

function withState(changes: Omit<DeploymentChanges, "state">, before: Snapshot, after: Snapshot): DeploymentChanges {
  const { permissions, resources, breakingChanges, secretExposures, notes } = changes;
  const hasChanges = [...Object.values(permissions), resources, breakingChanges, secretExposures, notes].some(
    (list) => list.length > 0,
  );
  const is = (snapshot: Snapshot) => attribute(snapshot, ADDRESSES.user, "name") !== undefined;
  if (is(before) !== is(after)) {
    return { ...changes, state: is(after) ? "new" : "removed" };
  }
  return { ...changes, state: hasChanges ? "changed" : "unchanged" };
}

import SemVer from "semver/classes/semver";
import valid from "semver/functions/valid";
import { ACCOUNT_ID } from "../../../../../src/iam/arns";
import type { Deployment } from "../../../../../src/settings/deployment";
import { canonical, listOf, objectOf, textOf, valueAt } from "../../../../../src/text/json";
import { packageVersion } from "../../../../../src/text/package-file";
import { approvedFiles, normalizedSettings } from "../../review/contents";
import { type DiffFound, RULES } from "../change-rules";
import type { Changes, DeploymentChanges } from "../changes";
import { nameOf } from "../json-values";
import { permissionFindings } from "../permissions";
import { resourceFindings, resourcesOfPacks } from "../resource-findings";
import { exposureFindings, outputFindings } from "../secrets";
import { snapshotOfPack } from "../snapshot";
import { policiesIn, policyFileFindings } from "./pack-policies";
import { deploymentOf, type Files, LOCK_FILE, type PackSide, sideOf } from "./pack-side";
import { riskFindings, settingsFindings, unexplained } from "./setting-changes";

export type Packs = Readonly<Record<string, Files>>;

type PackOf = (deployment: Deployment) => Files;

/**
 * What changes between the review packs of two versions.
 * @param source the first line of the summary
 * @param packOf generates the earlier packs again, for what no setting explains
 */
export function changesAgainst(
  base: Packs,
  current: Packs,
  source: string,
  packOf?: PackOf,
): Changes {
  // A stack may be called `constructor`.
  const [before, after] = [new Map(Object.entries(base)), new Map(Object.entries(current))];
  const stacks = [...new Set([...before.keys(), ...after.keys()])].sort();
  return {
    source,
    deployments: stacks.map((stack) =>
      changesOf(stack, sideOf(before.get(stack)), sideOf(after.get(stack)), packOf),
    ),
  };
}

function changesOf(
  stack: string,
  given: PackSide,
  after: PackSide,
  packOf?: PackOf,
): DeploymentChanges {
  if (after.settings === undefined) {
    // AWS and the state keep everything.
    const rule =
      given.settings?.protect === false ? "deployment-removed" : "removed-while-protected";
    return { stack, state: "removed", findings: [{ rule, values: {} }] };
  }
  const lock = lockFindings(given, after);
  if (lock.length === 0 && canonical(withoutLock(given)) === canonical(withoutLock(after))) {
    return { stack, state: "unchanged", findings: [] };
  }
  const [deployed, current] = [given, after].map(({ settings }) => deploymentOf(stack, settings));
  const isRead = deployed !== undefined && !("errors" in deployed);
  // The settings of another version, as this version completes them.
  const before =
    isRead && given.version !== after.version
      ? { ...given, settings: normalizedSettings(deployed).settings }
      : given;
  const found = [
    ...findingsBetween(before, after),
    ...riskFindings(deployed, current),
    ...lock,
    ...(isRead && packOf !== undefined ? unexplained(given, sideOf(packOf(deployed))) : []),
  ];
  const findings = [...found, ...versionFindings(before, found)];
  const state = findings.length === 0 ? "unchanged" : "changed";
  return {
    stack,
    state: before.settings === undefined ? "new" : state,
    findings,
    ...(state === "changed" && { approved: approvedFiles(after.files) }),
  };
}

const withoutLock = ({ files: { [LOCK_FILE]: _, ...files } }: PackSide) => files;

/** Terraform could run another provider, with the credentials of whoever applies. */
function lockFindings(before: PackSide, after: PackSide): readonly DiffFound[] {
  const [lockBefore, lockAfter] = [before.files[LOCK_FILE], after.files[LOCK_FILE]];
  const added = { how: "is added", only: "the provider versions of the lock" };
  const how = lockAfter === undefined ? "is removed" : "changes";
  return before.settings === undefined || lockBefore === lockAfter
    ? []
    : [{ rule: "lock-changed", values: lockBefore === undefined ? added : { how } }];
}

function findingsBetween(before: PackSide, after: PackSide): readonly DiffFound[] {
  const contentsBefore = contentsOf(before, after);
  const contentsAfter = contentsOf(after, before);
  const snapshots = [contentsBefore.snapshot, contentsAfter.snapshot] as const;
  const isApplied = canonical(before.terraform) !== canonical(after.terraform);
  const resources = resourceFindings(
    ...snapshots,
    resourcesOfPacks(...snapshots, importedIn(after)),
  );
  return [
    // A new settings file alone breaks nothing.
    ...resources.filter(
      ({ rule }) => RULES[rule].level !== "breaking" || before.settings !== undefined,
    ),
    ...permissionFindings(...snapshots),
    ...exposureFindings(...snapshots),
    ...policyFileFindings(contentsBefore.policies, contentsAfter.policies, isApplied),
    ...outputFindings(...snapshots),
    ...(before.settings === undefined
      ? []
      : settingsFindings(before.settings, after.settings ?? {})),
  ];
}

function importedIn({ terraform }: PackSide): readonly string[] {
  return listOf(terraform.import).map((block) => nameOf(objectOf(block).to));
}

/** @param other has the account and the prefix that this side does not set */
function contentsOf(side: PackSide, other: PackSide) {
  const setting = (...path: readonly string[]) =>
    textOf(valueAt(side.settings, path)) ?? textOf(valueAt(other.settings, path));
  const account = setting("accountId") ?? ACCOUNT_ID;
  const policies = policiesIn(side.files, { account, prefix: setting("cluster", "prefix") });
  return { policies, snapshot: snapshotOfPack(side.terraform, policies, account) };
}

/** If it is newer, or explains findings. The commits of checkouts have no order. */
function versionFindings(
  { version: theirs }: PackSide,
  findings: readonly DiffFound[],
): readonly DiffFound[] {
  const ours = packageVersion();
  if (theirs === undefined || theirs === ours) {
    return [];
  }
  const isNewer = valid(theirs) === null || new SemVer(theirs).compareMain(ours) > 0;
  const rule = isNewer ? "baseline-newer" : "upgraded";
  return isNewer || findings.length > 0 ? [{ rule, values: { theirs, ours } }] : [];
}

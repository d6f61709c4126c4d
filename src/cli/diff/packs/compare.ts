import SemVer from "semver/classes/semver";
import valid from "semver/functions/valid";
import { ACCOUNT_ID } from "../../../iam/arns";
import { SLOTS } from "../../../iam/key-slots";
import type { Deployment } from "../../../settings/deployment";
import { grouped } from "../../../text/grouped";
import { type JsonObject, valueAt } from "../../../text/json";
import { packageVersion } from "../../../text/package-file";
import { levelOf } from "../../findings/finding";
import { normalizedSettings } from "../../pack/normalized-settings";
import { canonical, listOf, objectOf, textOf } from "../../text/json";
import { type DiffFound, RULES, type RuleId } from "../change-rules";
import type { Changes, DeploymentChanges } from "../changes";
import { differences, nameOf, valueText } from "../json-values";
import { permissionFindings } from "../permissions";
import { resourceFindings, resourcesOfPacks } from "../resource-findings";
import { exposureFindings, outputFindings, type PgpKeys, pgpKeyFindings } from "../secrets";
import { snapshotOfPack } from "../snapshot";
import { policiesIn, policyFileFindings } from "./pack-policies";
import { deploymentOf, type Files, LOCK_FILE, type PackSide, settingDifferences, sideOf } from "./pack-side";
import { riskFindings, settingsFindings, unexplained } from "./setting-changes";

/** Review packs by stack. */
export type Packs = Readonly<Record<string, Files>>;

/** The review pack of a deployment. */
type PackOf = (deployment: Deployment) => Files;

/**
 * What changes between the review packs of two versions of the settings.
 * @param source what is compared, as the first line of the summary shows it
 * @param packOf how review packs are generated. @default the earlier ones are not generated again
 */
export function changesAgainst(base: Packs, current: Packs, source: string, packOf?: PackOf): Changes {
  // A stack may well be called `constructor`.
  const [before, after] = [new Map(Object.entries(base)), new Map(Object.entries(current))];
  const renamed = renames(before, after);
  const former = new Set(renamed.values());
  const stacks = [...new Set([...before.keys(), ...after.keys()])].filter((stack) => !former.has(stack)).sort();
  const deployments = stacks.map((stack) => {
    const from = renamed.get(stack) ?? stack;
    const [packBefore, packAfter] = [before.get(from), after.get(stack)];
    const changes = changesOf(stack, from, packBefore, packAfter, packOf);
    return from === stack ? changes : ofRename(changes, from, sideOf(packBefore), sideOf(packAfter));
  });
  return { source, deployments };
}

type PacksByStack = ReadonlyMap<string, Files>;

function changesOf(
  stack: string,
  from: string,
  base: Files | undefined,
  current: Files | undefined,
  packOf: PackOf | undefined,
): DeploymentChanges {
  const [given, after] = [sideOf(base), sideOf(current)];
  if (after.settings === undefined) {
    // AWS and the state keep everything, so that nothing else is compared.
    const rule = given.settings?.protect === false ? "deployment-removed" : "removed-while-protected";
    return { stack, state: "removed", findings: [{ rule, values: {} }] };
  }
  const lock = lockFindings(given, after);
  if (lock.length === 0 && canonical(withoutLock(given)) === canonical(withoutLock(after))) {
    return { stack, state: "unchanged", findings: [] };
  }
  const before = given.version === after.version ? given : withDefaults(from, given);
  const found = withOnlySetting(ofUpgrade(before, after, findingsBetween(stack, before, after)), before, after);
  const findings = [...found, ...lock, ...unexplainedFindings(from, given, packOf)];
  const state = findings.length === 0 ? "unchanged" : "changed";
  return { stack, state: before.settings === undefined ? "new" : state, findings };
}

/** Where one version of the program wrote both sides, and one setting differs, what requires attention follows from that setting. */
function withOnlySetting(findings: readonly DiffFound[], before: PackSide, after: PackSide): readonly DiffFound[] {
  const [only, ...more] = settingDifferences(before.settings ?? {}, after.settings ?? {});
  const isCause = only !== undefined && more.length === 0 && before.version === after.version;
  return findings.map((found) =>
    isCause && levelOf(RULES, found) !== "note" ? { ...found, field: found.field ?? only.field } : found,
  );
}

const withoutLock = ({ files: { [LOCK_FILE]: _, ...files } }: PackSide) => files;

/** A review pack of another version, with the settings as this version completes them. */
function withDefaults(stack: string, side: PackSide): PackSide {
  const deployment = side.settings && deploymentOf(stack, side.settings);
  return deployment === undefined || "errors" in deployment
    ? side
    : { ...side, settings: normalizedSettings(deployment).settings };
}

/** What changes although the settings are the same, because another version of the program generated the later review pack. */
function ofUpgrade(before: PackSide, after: PackSide, findings: readonly DiffFound[]): readonly DiffFound[] {
  const isUpgrade =
    before.version !== after.version &&
    before.settings !== undefined &&
    settingDifferences(before.settings, after.settings ?? {}).length === 0;
  const byUpgrade = ({ values, ...found }: DiffFound) =>
    ({ ...found, values: { ...values, upgrade: after.version } }) as DiffFound;
  return findings.map((found) => (isUpgrade && OF_UPGRADES.includes(found.rule) ? byUpgrade(found) : found));
}

/** The rules whose sentences name an upgrade. */
const OF_UPGRADES: readonly RuleId[] = ["permissions-broadened", "permissions-narrowed", "policy-narrowed", "deployer-broadened"];

/** Another provider lock lets Terraform run another provider, with the credentials of whoever applies. */
function lockFindings(before: PackSide, after: PackSide): readonly DiffFound[] {
  const [lockBefore, lockAfter] = [before.files[LOCK_FILE], after.files[LOCK_FILE]];
  const how = lockAfter === undefined ? "is removed" : "changes";
  return lockBefore === undefined || lockBefore === lockAfter ? [] : [{ rule: "lock-changed", values: { how } }];
}

/** What of a review pack does not follow from its settings, as this version reads them. */
function unexplainedFindings(stack: string, given: PackSide, packOf: PackOf | undefined): readonly DiffFound[] {
  const deployment = given.settings && deploymentOf(stack, given.settings);
  const isGenerated = packOf !== undefined && deployment !== undefined && !("errors" in deployment);
  return isGenerated ? unexplained(given, sideOf(packOf(deployment))) : [];
}

/** By the name of a new deployment, the one removed deployment of the same user in the same account. */
function renames(before: PacksByStack, after: PacksByStack): ReadonlyMap<string, string> {
  const missingIn = (packs: PacksByStack, others: PacksByStack) => [...others].filter(([stack]) => !packs.has(stack));
  const removed = grouped(missingIn(after, before), ([, files]) => userOf(files));
  return new Map(
    [...grouped(missingIn(before, after), ([, files]) => userOf(files))].flatMap(([user, added]) => {
      const pairs = added.flatMap(([to]) => (removed.get(user) ?? []).map(([from]) => [to, from] as const));
      return pairs.length === 1 ? pairs : [];
    }),
  );
}

/** What identifies the user of a deployment: in an account that is not set, the state. */
function userOf(files: Files): string {
  const side = sideOf(files);
  const { accountId = backendOf(side), provider, region, user } = side.settings ?? {};
  return canonical({ accountId, provider, region, user: objectOf(user).name });
}

function backendOf({ settings: { backend, cloud } = {} }: PackSide): JsonObject {
  return { backend, cloud };
}

/** A renamed deployment keeps its state, or would leave it behind. */
function ofRename(changes: DeploymentChanges, from: string, before: PackSide, after: PackSide): DeploymentChanges {
  const values = { before: from, after: changes.stack };
  const moved = differences(backendOf(after), backendOf(before));
  const settings = moved.map((change) => `${change.field}: ${valueText(change.after)}`);
  const found: DiffFound =
    settings.length === 0
      ? { rule: "renamed", values }
      : { rule: "state-left-behind", field: "backend", values: { ...values, settings } };
  const others = changes.findings.filter(({ rule }) => rule !== "destination-changed");
  return { ...changes, state: "changed", findings: [found, ...others] };
}

function findingsBetween(stack: string, before: PackSide, after: PackSide): readonly DiffFound[] {
  const [contentsBefore, contentsAfter] = [contentsOf(before, after), contentsOf(after, before)];
  const snapshots = [contentsBefore.snapshot, contentsAfter.snapshot] as const;
  const imported = listOf(after.terraform.import).map((block) => nameOf(objectOf(block).to));
  const resources = resourceFindings(...snapshots, resourcesOfPacks(...snapshots));
  return withoutInstructions([
    // A settings file that appears breaks nothing by itself.
    ...resources.filter(({ rule }) => rule === "resource" || before.settings !== undefined),
    ...permissionFindings(...snapshots),
    ...exposureFindings(...snapshots, imported),
    ...pgpKeyFindings(pgpKeysOf(before), pgpKeysOf(after)),
    ...policyFileFindings(contentsBefore.policies, contentsAfter.policies),
    ...outputFindings(...snapshots),
    ...(before.settings === undefined ? [] : settingsFindings(before.settings, after.settings ?? {})),
    ...versionFindings(before),
    ...riskFindings(stack, before, after),
  ]);
}

/** What a review pack describes. @param other side, which may have the account and the prefix that this one does not set */
function contentsOf(side: PackSide, other: PackSide) {
  const setting = (...path: readonly string[]) => textOf(valueAt(side.settings, path)) ?? textOf(valueAt(other.settings, path));
  const account = setting("accountId") ?? ACCOUNT_ID;
  const policies = policiesIn(side.files, { account, prefix: setting("cluster", "prefix") });
  return { policies, snapshot: snapshotOfPack(side.terraform, policies, account) };
}

/** The OpenPGP keys of all slots, also of absent ones. */
function pgpKeysOf({ settings }: PackSide): PgpKeys {
  return SLOTS.map((slot) => [slot, textOf(valueAt(settings, ["accessKeys", slot, "pgpKey"]))]);
}

/** Whether a newer version of the program, or one without a version, wrote a review pack. The commits of checkouts have no order. */
function versionFindings({ version: theirs }: PackSide): readonly DiffFound[] {
  const ours = packageVersion();
  const isNewer = theirs !== undefined && (valid(theirs) === null || new SemVer(theirs).compareMain(ours) > 0);
  return isNewer ? [{ rule: "baseline-newer", values: { theirs, ours } }] : [];
}

/** Beside a change that must not be applied, nothing says how to apply it. */
function withoutInstructions(findings: readonly DiffFound[]): readonly DiffFound[] {
  const isBreaking = findings.some((found) => levelOf(RULES, found) === "breaking");
  return findings.map((found) =>
    isBreaking && found.rule === "deployer-broadened" ? { ...found, values: { ...found.values, update: undefined } } : found,
  );
}

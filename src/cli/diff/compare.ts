import gt from "semver/functions/gt";
import valid from "semver/functions/valid";
import { ACCOUNT_ID } from "../../iam/arns";
import { SLOTS } from "../../iam/key-slots";
import { ADDRESSES } from "../../terraform/addresses";
import { grouped } from "../../text/grouped";
import { type JsonObject, valueAt } from "../../text/json";
import { packageVersion } from "../../text/package-file";
import { levelOf } from "../findings/finding";
import { canonical, listOf, objectOf, textOf } from "../text/json";
import { type Trial, withCauses } from "./causes";
import type { Changes, DeploymentChanges } from "./changes";
import { differences, nameOf, valueText } from "./json-values";
import { policyFileFindings } from "./pack-policies";
import {
  deploymentOf,
  type Files,
  LOCK_FILE,
  type PackSide,
  policiesIn,
  prefixOf,
  settingDifferences,
  sideOf,
  userArnOf,
} from "./pack-side";
import { permissionFindings } from "./permissions";
import { resourceFindings, resourcesOfPacks } from "./resources";
import { type DiffFound, RULES } from "./rules";
import { exposureFindings, outputFindings, type PgpKeys, pgpKeyFindings } from "./secrets";
import { environmentFindings, riskFindings, settingsFindings, unexplained } from "./setting-changes";
import { providerOf, snapshotOfPack, statedAccount, userPoliciesOf } from "./snapshot";

/** Review packs by stack. */
export type Packs = Readonly<Record<string, Files>>;

/** How review packs are generated. */
interface Generation {
  readonly packOf: Trial["packOf"];
  /** Whether the setting is looked for that a finding follows from. It takes a review pack for each setting that changes. */
  readonly isLocated?: boolean;
}

/**
 * What changes between the review packs of two versions of the settings.
 * @param source what is compared, as the first line of the summary shows it
 * @param generation @default no setting is looked for, and the earlier review packs are not generated again
 */
export function changesAgainst(base: Packs, current: Packs, source: string, generation?: Generation): Changes {
  // A stack may well be called `constructor`.
  const [before, after] = [new Map(Object.entries(base)), new Map(Object.entries(current))];
  const renamed = renames(before, after);
  const former = new Set(renamed.values());
  const stacks = [...new Set([...before.keys(), ...after.keys()])].filter((stack) => !former.has(stack)).sort();
  const deployments = stacks.map((stack) => {
    const from = renamed.get(stack);
    const [one, other] = [before.get(from ?? stack), after.get(stack)];
    const changes = changesOf(stack, one, other, generation);
    const isChecked = one !== undefined && generation !== undefined && changes.state !== "unchanged";
    const edited = isChecked ? baselineFindings(from ?? stack, one, generation) : [];
    const checked = { ...changes, findings: [...changes.findings, ...edited] };
    return from === undefined ? checked : ofRename(checked, from, sideOf(one), sideOf(other));
  });
  return { source, deployments };
}

type PacksByStack = ReadonlyMap<string, Files>;

function changesOf(
  stack: string,
  base: Files | undefined,
  current: Files | undefined,
  generation: Generation | undefined,
): DeploymentChanges {
  const lock = current === undefined ? [] : lockFindings(base, current);
  if (lock.length === 0 && canonical(withoutLock(base)) === canonical(withoutLock(current))) {
    return { stack, state: "unchanged", findings: [] };
  }
  if (current === undefined) {
    return { stack, state: "removed", findings: removal(sideOf(base)) };
  }
  const findings = [...findingsBetween(stack, base, current), ...lock];
  const [before, after] = [sideOf(base).settings, sideOf(current).settings];
  const between = (one: Files, other: Files) => findingsBetween(stack, one, other);
  return {
    stack,
    state: base === undefined ? "new" : "changed",
    findings:
      generation?.isLocated !== true || before === undefined || after === undefined
        ? findings
        : withCauses(findings, { stack, before, after, packOf: generation.packOf, findingsBetween: between }),
  };
}

const withoutLock = ({ [LOCK_FILE]: _, ...files }: Files = {}) => files;

/** Another provider lock lets Terraform run another provider, with the credentials of whoever applies. */
function lockFindings(base: Files | undefined, current: Files): readonly DiffFound[] {
  const [before, after] = [base?.[LOCK_FILE], current[LOCK_FILE]];
  const how = after === undefined ? "is removed" : "changes";
  return before === undefined || before === after ? [] : [{ rule: "lock-changed", values: { how } }];
}

/** What of a review pack does not follow from the settings beside it, as this version or an earlier one reads them. */
function baselineFindings(stack: string, base: Files, { packOf }: Generation): readonly DiffFound[] {
  const given = sideOf(withoutLock(base));
  const deployment = given.settings && deploymentOf(stack, given.settings);
  if (deployment === undefined || "errors" in deployment) {
    return [];
  }
  const generated = sideOf(packOf(deployment));
  if (given.version !== packageVersion()) {
    return unexplained(given, generated);
  }
  const files = differences(given.files, generated.files).map(({ field }) => field);
  return files.length === 0 ? [] : [{ rule: "baseline-edited", values: { files } }];
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

/** What identifies the user of a deployment: in an account that is not stated, the state. */
function userOf(files: Files): string {
  const side = sideOf(files);
  const { accountId, provider, region, user } = side.settings ?? {};
  return canonical({ accountId: accountId ?? backendOf(side), provider, region, user: objectOf(user).name });
}

/** As in the settings: reviewed Terraform JSON has no `local` backend. */
function backendOf({ settings, terraform }: PackSide): JsonObject {
  const { backend, cloud } = settings ?? objectOf(terraform.terraform);
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

/** A deployment whose settings file is deleted: AWS and the state keep everything, so that nothing else is compared. */
function removal({ terraform }: PackSide): readonly DiffFound[] {
  const users = objectOf(objectOf(terraform.resource).aws_iam_user);
  const { prevent_destroy } = objectOf(objectOf(users[ADDRESSES.user.split(".")[1] ?? ""]).lifecycle);
  return [{ rule: prevent_destroy === true ? "removed-while-protected" : "deployment-removed", values: {} }];
}

function findingsBetween(stack: string, base: Files | undefined, current: Files): readonly DiffFound[] {
  const [before, after] = [sideOf(base), sideOf(current)];
  const account = statedAccount(after.terraform) ?? statedAccount(before.terraform) ?? ACCOUNT_ID;
  const environment = { region: textOf(providerOf(after.terraform).region), account };
  const [one, other] = [before, after].map(({ terraform, files }) =>
    snapshotOfPack(terraform, files, statedAccount(terraform) ?? account),
  ) as [ReturnType<typeof snapshotOfPack>, ReturnType<typeof snapshotOfPack>];
  const imported = listOf(after.terraform.import).map((block) => nameOf(objectOf(block).to));
  const prefix = prefixOf(after) ?? prefixOf(before);
  const policies = [before, after].map(({ files }) => policiesIn(files, { account, prefix })) as [
    ReturnType<typeof policiesIn>,
    ReturnType<typeof policiesIn>,
  ];
  const own = [...userPoliciesOf(other).values()];
  const resources = resourceFindings(one, other, resourcesOfPacks(one, other));
  const findings = [
    // A settings file that appears breaks nothing by itself.
    ...resources.filter(({ rule }) => rule === "resource" || base !== undefined),
    ...permissionFindings(one, other, environment),
    ...exposureFindings(one, other, imported),
    ...pgpKeyFindings(pgpKeysOf(before), pgpKeysOf(after)),
    ...policyFileFindings(...policies, { user: userArnOf(after, account), own, environment }),
    ...outputFindings(one, other),
    ...(base === undefined ? [] : betweenBoth(before, after)),
    ...riskFindings(stack, before, after),
  ];
  return withoutInstructions(findings);
}

/** The OpenPGP keys of all slots, also of absent ones. */
function pgpKeysOf({ settings }: PackSide): PgpKeys {
  return SLOTS.map((slot) => [slot, textOf(valueAt(settings, ["accessKeys", slot, "pgpKey"]))]);
}

/** What only two configurations show. */
function betweenBoth(before: PackSide, after: PackSide): readonly DiffFound[] {
  const found: DiffFound[] = [...environmentFindings(before.terraform, after.terraform)];
  if (before.settings === undefined) {
    found.push({ rule: "settings-unknown", values: {} });
  } else {
    found.push(...settingsFindings(settingDifferences(before.settings, after.settings ?? {})));
  }
  const [ours, theirs] = [packageVersion(), before.version ?? packageVersion()];
  if (theirs !== ours && (valid(theirs) === null || gt(theirs, ours))) {
    found.push({ rule: "baseline-newer", values: { theirs, ours } });
  }
  return found;
}

/** Beside a change that must not be applied, nothing says how to apply it. */
function withoutInstructions(findings: readonly DiffFound[]): readonly DiffFound[] {
  const isBreaking = findings.some((found) => levelOf(RULES, found) === "breaking");
  return findings.map((found) =>
    isBreaking && found.rule === "deployer-broadened" ? { ...found, values: { ...found.values, update: undefined } } : found,
  );
}

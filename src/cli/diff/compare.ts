import { ACCOUNT_ID, iamResourceArn, parseIamArn } from "../../iam/arns";
import { SLOTS } from "../../iam/key-slots";
import { partitionOf } from "../../iam/partitions";
import { type Deployment, policyOptionsOf } from "../../settings/deployment";
import { meaningOf } from "../../settings/schema/fields";
import { ADDRESSES, policyOfAddress } from "../../terraform/addresses";
import { OUTPUTS } from "../../terraform/outputs";
import { grouped } from "../../text/grouped";
import { isObject, parseJson, valueAt } from "../../text/json";
import { packageVersion } from "../../text/package-file";
import { risksOf } from "../iam/risks";
import { DEPLOYMENT_FILE, policyFile } from "../review/file-names";
import type { Changes, DeploymentChanges } from "./changes";
import { canonical, type Difference, differences, type JsonObject, listOf, nameOf, objectOf, textOf } from "./json-values";
import { policyFileFindings } from "./pack-policies";
import { permissionFindings } from "./permissions";
import { resourceFindings, resourcesOfPacks } from "./resources";
import { type DiffFound, located, type RuleId } from "./rules";
import { exposureFindings, outputFindings, type PgpKeys, pgpKeyFindings } from "./secrets";
import { attribute, providerOf, type Snapshot, snapshotOfPack, statedAccount, userPoliciesOf } from "./snapshot";

/** The file of a review pack that Terraform applies. */
export const MAIN_FILE = "main.tf.json";

/** A review pack: text by file name. */
type Files = Readonly<Record<string, string>>;

/** Review packs by stack. */
export type Packs = Readonly<Record<string, Files>>;

/** The deployments of both sides, as far as their settings can be read: what an attacker can do follows from them. */
export type DeploymentOf = (stack: string, settings: JsonObject) => Deployment | undefined;

/**
 * What changes between the review packs of two versions of the settings.
 * @param source what is compared, as the first line of the summary shows it
 */
export function changesAgainst(base: Packs, current: Packs, source: string, deploymentOf: DeploymentOf): Changes {
  // A stack may well be called `constructor`.
  const [had, has] = [new Map(Object.entries(base)), new Map(Object.entries(current))];
  const renamed = renames(had, has);
  const former = new Set(renamed.values());
  const stacks = [...new Set([...had.keys(), ...has.keys()])].filter((stack) => !former.has(stack)).sort();
  const deployments = stacks.map((stack) => {
    const from = renamed.get(stack);
    const [before, after] = [had.get(from ?? stack), has.get(stack)];
    const changes = changesOfPack(stack, before, after, deploymentOf);
    return from === undefined ? changes : ofRename(changes, from, sideOf(before), sideOf(after));
  });
  return { source, deployments };
}

/** By the name of a new deployment, the one removed deployment of the same user in the same account. */
function renames(had: ReadonlyMap<string, Files>, has: ReadonlyMap<string, Files>): ReadonlyMap<string, string> {
  const only = (one: typeof had, other: typeof had) => [...one].filter(([stack]) => !other.has(stack));
  const removed = grouped(only(had, has), ([, files]) => userOf(files));
  return new Map(
    [...grouped(only(has, had), ([, files]) => userOf(files))].flatMap(([user, added]) => {
      const pairs = added.flatMap(([to]) => (removed.get(user) ?? []).map(([from]) => [to, from] as const));
      return pairs.length === 1 ? pairs : [];
    }),
  );
}

/** What identifies the user of a deployment: in an account that is not stated, the state. */
function userOf(files: Files): string {
  const { settings, terraform } = sideOf(files);
  const { accountId, provider, region, user } = settings ?? {};
  return canonical({ accountId: accountId ?? backendOf(terraform), provider, region, user: objectOf(user).name });
}

function backendOf({ terraform }: JsonObject): JsonObject {
  const { backend, cloud } = objectOf(terraform);
  return { backend, cloud };
}

/** A renamed deployment keeps its state, or would leave it behind. */
function ofRename(changes: DeploymentChanges, from: string, had: Side, has: Side): DeploymentChanges {
  const values = { from, to: changes.stack };
  const state = differences(backendOf(has.terraform), backendOf(had.terraform)).map(({ field, to }) => `${field}: ${shown(to)}`);
  const found: DiffFound =
    state.length === 0
      ? { rule: "renamed", values }
      : { rule: "state-left-behind", field: "backend", values: { ...values, remedy: `set ${state.join(", ")}` } };
  const others = changes.findings.filter(({ rule }) => rule !== "destination-changed");
  return { ...changes, state: "changed", findings: [found, ...others] };
}

/** One side of a change of a deployment. */
interface Side {
  readonly files: Files;
  readonly terraform: JsonObject;
  /** Undefined where the review pack does not have them. */
  readonly settings: JsonObject | undefined;
  readonly version: string | undefined;
}

function sideOf(files: Files = {}): Side {
  const { settings, version } = objectOf(parseJson(files[DEPLOYMENT_FILE] ?? ""));
  const terraform = objectOf(parseJson(files[MAIN_FILE] ?? ""));
  return { files, terraform, settings: isObject(settings) ? settings : undefined, version: textOf(version) };
}

function changesOfPack(
  stack: string,
  base: Files | undefined,
  current: Files | undefined,
  deploymentOf: DeploymentOf,
): DeploymentChanges {
  if (canonical(base) === canonical(current)) {
    return { stack, state: "unchanged", findings: [] };
  }
  const [had, has] = [sideOf(base), sideOf(current)];
  const account = statedAccount(has.terraform) ?? statedAccount(had.terraform) ?? ACCOUNT_ID;
  const [before, after] = [had, has].map(({ terraform, files }) =>
    snapshotOfPack(terraform, files, statedAccount(terraform) ?? account),
  ) as [Snapshot, Snapshot];
  const fields = had.settings === undefined || has.settings === undefined ? [] : differences(had.settings, has.settings);
  const isBoth = base !== undefined && current !== undefined;
  const imported = listOf(has.terraform.import).map((block) => nameOf(objectOf(block).to));
  const { partition } = environmentOf(current === undefined ? had.terraform : has.terraform);
  const [path = "/", name = ""] = ["path", "name"].map((argument) => attribute(after, ADDRESSES.user, argument));
  const arn = iamResourceArn({ partition, account }, `user${path}${name}`);
  const findings = [
    ...(current === undefined ? removal(before) : []),
    // A settings file that appears or disappears breaks nothing by itself.
    ...resourceFindings(before, after, resourcesOfPacks(before, after)).filter(({ rule }) => rule === "resource" || isBoth),
    ...permissionFindings(before, after),
    ...exposureFindings(before, after, imported),
    ...pgpKeyFindings(pgpKeysOf(had), pgpKeysOf(has)),
    ...policyFileFindings(had.files, has.files, account, arn, [...userPoliciesOf(after).values()]),
    ...outputFindings(before, after),
    ...(isBoth ? betweenBoth(had, has, fields) : []),
    ...riskFindings(had.settings && deploymentOf(stack, had.settings), has.settings && deploymentOf(stack, has.settings)),
  ];
  const onlySide = base === undefined ? "new" : "removed";
  const changed = fields.map(({ field }) => field);
  return { stack, state: isBoth ? "changed" : onlySide, findings: findings.map((found) => located(found, changed)) };
}

/** The OpenPGP keys of all slots, also of absent ones. */
function pgpKeysOf({ settings }: Side): PgpKeys {
  return SLOTS.map((slot) => [slot, textOf(valueAt(settings, ["accessKeys", slot, "pgpKey"]))]);
}

/** What only two configurations show. */
function betweenBoth(had: Side, has: Side, fields: readonly Difference[]): readonly DiffFound[] {
  const ours = packageVersion();
  const theirs = had.version ?? ours;
  const isNewer = theirs.localeCompare(ours, "en", { numeric: true }) > 0;
  return [
    ...environmentFindings(had.terraform, has.terraform),
    ...(had.settings === undefined ? [{ rule: "settings-unknown", values: {} } as const] : settingsFindings(fields)),
    ...(isNewer ? [{ rule: "baseline-newer", values: { theirs, ours } } as const] : []),
    ...unexplained(had, has, fields),
  ];
}

/** By the meaning of a field, the rule that reports its change. */
const RULE_OF = {
  permissions: "setting-permissions",
  exposure: "setting-exposure",
  identity: "setting-identity",
  breaking: "setting-breaking",
  harmless: "setting-harmless",
  attention: "setting-changed",
} as const satisfies Readonly<Record<string, RuleId>>;

/** What the changes of the settings mean, as the schema declares it. */
export function settingsFindings(changed: readonly Difference[]): readonly DiffFound[] {
  const isDestination = ({ field }: Difference) => /^(?:backend|cloud)(?:\.|$)/.test(field);
  const destination = changed.filter(isDestination);
  const changes = destination.map(({ field, from, to }) => `${field}: ${shown(from)} -> ${shown(to)}`);
  const others = changed.filter((change) => !isDestination(change) && !change.field.endsWith(".pgpKey"));
  return [
    ...destination.slice(0, 1).map(({ field }): DiffFound => ({ rule: "destination-changed", field, values: { changes } })),
    ...others.map(({ field, from, to }): DiffFound => {
      const values = { field, from: shown(from), to: shown(to) };
      return { rule: RULE_OF[meaningOf(field.split("."))], field, values };
    }),
  ];
}

const MAX_SHOWN = 200;

/** A value as people read it; long ones are cut off. */
function shown(value: unknown): string {
  const given = value ?? "none";
  const text = typeof given === "string" ? given : JSON.stringify(given);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}...` : text;
}

function removal(before: Snapshot): readonly DiffFound[] {
  const { prevent_destroy } = objectOf(before.resources.get(ADDRESSES.user)?.lifecycle);
  return [{ rule: prevent_destroy === true ? "removed-while-protected" : "deployment-removed", values: {} }];
}

/** Another account or partition: Terraform would create everything again there. */
function environmentFindings(base: JsonObject, current: JsonObject): readonly DiffFound[] {
  const [had, has] = [environmentOf(base), environmentOf(current)];
  const isMoved = (name: keyof typeof had) => had[name] !== undefined && has[name] !== undefined && had[name] !== has[name];
  const moved = (["account", "partition"] as const).filter(isMoved).slice(0, 1);
  return moved.map((what) => ({ rule: "environment-changed", values: { what, from: had[what] ?? "", to: has[what] ?? "" } }));
}

/** Where a configuration creates resources; the account if it contains it: stated, or that of the role that Terraform assumes. */
function environmentOf(pack: JsonObject): { readonly account: string | undefined; readonly partition: string } {
  const { region, assume_role } = providerOf(pack);
  const role = textOf(objectOf(listOf(assume_role)[0]).role_arn) ?? "";
  return { account: statedAccount(pack) ?? parseIamArn(role)?.account, partition: partitionOf(textOf(region) ?? "") };
}

/** The difference of what an attacker with the key can do, as `REVIEW.md` lists it. */
function riskFindings(had: Deployment | undefined, has: Deployment | undefined): readonly DiffFound[] {
  const risksIn = (deployment: Deployment | undefined) => {
    const risks = deployment === undefined ? [] : risksOf(policyOptionsOf(deployment), (name) => name);
    return new Map(risks.map(({ actions, what }) => [actions.join(), what]));
  };
  const [before, after] = [risksIn(had), risksIn(has)];
  return [...new Set([...before.keys(), ...after.keys()])]
    .map((key) => ({ before: before.get(key) ?? "", after: after.get(key) ?? "no longer possible" }))
    .filter((change) => change.before !== change.after)
    .map((values) => ({ rule: "risk", values }));
}

/** Parts of a configuration, and the settings that explain why they differ. */
const EXPLAINED: Readonly<Record<string, readonly string[]>> = {
  "provider.aws.region": ["region"],
  "provider.aws.allowed_account_ids": ["accountId"],
  "provider.aws.default_tags": ["tags"],
  "provider.aws.profile": ["provider"],
  "provider.aws.assume_role": ["provider"],
  "terraform.backend": ["backend", "cloud"],
  "terraform.cloud": ["backend", "cloud"],
  "terraform.required_providers": ["provider.version"],
  import: ["import"],
};

/** What differs between two configurations and follows from no setting that changed, and is not compared elsewhere. */
function unexplained(had: Side, has: Side, fields: readonly Difference[]): readonly DiffFound[] {
  const isIn = (part: string, whole: string) => part === whole || part.startsWith(`${whole}.`);
  const [before, after] = [had, has].map(({ terraform }) => {
    const { aws, ...others } = objectOf(terraform.provider);
    return { ...terraform, provider: { ...others, aws: listOf(aws).length === 1 ? providerOf(terraform) : aws } };
  });
  return differences(before, after, 3)
    .filter(({ field }) => !isCompared(field, had, has))
    .filter(({ field: part }) => {
      const names = Object.entries(EXPLAINED).flatMap(([explained, settings]) => (isIn(part, explained) ? settings : []));
      return !names.some((name) => fields.some(({ field }) => isIn(field, name)));
    })
    .map(({ field: address }) => ({ rule: "configuration-changed", address, values: { address } }));
}

/** Resources, the policies that they refer to, and the outputs of this project are compared by what they mean. */
function isCompared(part: string, had: Side, has: Side): boolean {
  const { what, number = 1 } = policyOfAddress(part) ?? {};
  const [block, name = ""] = part.split(".");
  return (
    block === "resource" ||
    (what === "policyDocument" && had.files[policyFile(number)] !== has.files[policyFile(number)]) ||
    part === ADDRESSES.callerIdentity ||
    (block === "output" && Object.hasOwn(OUTPUTS, name))
  );
}

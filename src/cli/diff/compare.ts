import { ACCOUNT_ID, iamResourceArn, parseIamArn } from "../../iam/arns";
import { partitionOf } from "../../iam/partitions";
import type { Deployment } from "../../settings/deployment";
import { ADDRESSES, policyOfAddress } from "../../terraform/addresses";
import { OUTPUTS } from "../../terraform/outputs";
import { grouped } from "../../text/grouped";
import { parseJson } from "../../text/json";
import { packageVersion } from "../../text/package-file";
import { DEPLOYMENT_FILE } from "../review/file-names";
import type { Changes, DeploymentChanges } from "./changes";
import { riskFindings } from "./impact";
import { canonical, type JsonObject, listOf, objectOf, textOf } from "./json-values";
import { exposureFindings, outputFindings } from "./outputs";
import { policyFileFindings } from "./pack-policies";
import { permissionFindings } from "./permissions";
import { resourceFindings, resourcesOfPacks } from "./resources";
import { type DiffFound, located } from "./rules";
import { type ChangedField, changedFields, pgpKeyFindings, pgpKeysOf, settingsFindings } from "./settings";
import { attribute, providerOf, type Snapshot, snapshotOfPack, statedAccount } from "./snapshot";

/** The file of a review pack that Terraform applies. */
export const MAIN_FILE = "main.tf.json";

/** Review packs: text by file name, by stack. */
export type Packs = Readonly<Record<string, Readonly<Record<string, string>>>>;

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
    const changes = changesOfPack(stack, had.get(from ?? stack), has.get(stack), deploymentOf);
    return from === undefined ? changes : ofRename(changes, from, had.get(from), has.get(stack));
  });
  return { source, deployments };
}

/** By the name of a new deployment, the one removed deployment of the same user in the same account. */
function renames(had: ReadonlyMap<string, Side["files"]>, has: ReadonlyMap<string, Side["files"]>): ReadonlyMap<string, string> {
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
function userOf(files: Side["files"]): string {
  const { settings, terraform } = sideOf(files);
  const { accountId, provider, region, user } = settings ?? {};
  return canonical({ accountId: accountId ?? stateOf(terraform), provider, region, user: objectOf(user).name });
}

function stateOf({ terraform }: JsonObject): JsonObject {
  const { backend, cloud } = objectOf(terraform);
  return { backend, cloud };
}

/** A renamed deployment keeps its state, or would leave it behind. */
function ofRename(changes: DeploymentChanges, from: string, base: Side["files"] | undefined, current: Side["files"] | undefined) {
  const [had, has] = [base, current].map((files) => stateOf(sideOf(files).terraform));
  const values = { from, to: changes.stack };
  const state = changedFields(has, had).map(({ field, to }) => `${field}: ${String(to)}`);
  const found: DiffFound =
    state.length === 0
      ? { rule: "renamed", values }
      : { rule: "state-left-behind", field: "backend", values: { ...values, remedy: `set ${state.join(", ")}` } };
  const others = changes.findings.filter(({ rule }) => rule !== "destination-changed");
  return { ...changes, state: "changed", findings: [found, ...others] } as const;
}

/** One side of a change of a deployment. */
interface Side {
  readonly files: Readonly<Record<string, string>>;
  readonly terraform: JsonObject;
  /** Undefined where the review pack does not have them. */
  readonly settings: JsonObject | undefined;
  readonly version: string | undefined;
}

function sideOf(files: Side["files"] = {}): Side {
  const { settings, version } = objectOf(parseJson(files[DEPLOYMENT_FILE] ?? ""));
  return {
    files,
    terraform: objectOf(parseJson(files[MAIN_FILE] ?? "")),
    settings: typeof settings === "object" && settings !== null ? objectOf(settings) : undefined,
    version: textOf(version),
  };
}

function changesOfPack(
  stack: string,
  base: Side["files"] | undefined,
  current: Side["files"] | undefined,
  deploymentOf: DeploymentOf,
): DeploymentChanges {
  const compared = (files: Side["files"] = {}) =>
    [MAIN_FILE, DEPLOYMENT_FILE, ...Object.keys(files).sort()].map((file) => files[file]);
  if (JSON.stringify(compared(base)) === JSON.stringify(compared(current))) {
    return { stack, state: "unchanged", findings: [] };
  }
  const [had, has] = [sideOf(base), sideOf(current)];
  const account = statedAccount(has.terraform) ?? statedAccount(had.terraform);
  const [before, after] = [had, has].map(({ terraform }) => snapshotOfPack(terraform, statedAccount(terraform) ?? account)) as [
    Snapshot,
    Snapshot,
  ];
  const fields = had.settings === undefined || has.settings === undefined ? [] : changedFields(had.settings, has.settings);
  const findings = [
    ...(current === undefined ? removal(had) : []),
    // A settings file that appears or disappears breaks nothing by itself.
    ...resourceFindings(before, after, resourcesOfPacks(before, after)).filter(
      ({ rule }) => rule === "resource" || (base !== undefined && current !== undefined),
    ),
    ...permissionFindings(before, after),
    ...exposureFindings(before, after, importsOf(has.terraform)),
    ...pgpKeyFindings(pgpKeysOf(had.settings ?? {}), pgpKeysOf(has.settings ?? {})),
    ...policyFileFindings(had.files, has.files, account, {
      arn: userArn(after, current === undefined ? had.terraform : has.terraform, account),
      policies: [...after.userPolicies.values()],
    }),
    ...outputFindings(before, after),
    ...(base === undefined || current === undefined ? [] : betweenBoth(had, has, fields)),
    ...riskFindings(
      { snapshot: before, deployment: had.settings && deploymentOf(stack, had.settings) },
      { snapshot: after, deployment: has.settings && deploymentOf(stack, has.settings) },
    ),
  ];
  const state = base === undefined ? "new" : current === undefined ? "removed" : "changed";
  return { stack, state, findings: findings.map((found) => located(found, fields.map(({ field }) => field))) };
}

/** What only two configurations show. */
function betweenBoth(had: Side, has: Side, fields: readonly ChangedField[]): readonly DiffFound[] {
  const ours = packageVersion();
  return [
    ...environmentFindings(had.terraform, has.terraform),
    ...(had.settings === undefined ? [{ rule: "settings-unknown", values: {} } as const] : settingsFindings(fields)),
    ...(had.version !== undefined && isNewer(had.version, ours)
      ? [{ rule: "baseline-newer", values: { theirs: had.version, ours } } as const]
      : []),
    ...unexplained(had.terraform, has.terraform, fields),
  ];
}

function isNewer(version: string, other: string): boolean {
  return version.localeCompare(other, "en", { numeric: true }) > 0;
}

function removal({ terraform }: Side): readonly DiffFound[] {
  const { prevent_destroy } = objectOf(snapshotOfPack(terraform).resources.get(ADDRESSES.user)?.attributes.lifecycle);
  return [
    prevent_destroy === true ? { rule: "removed-while-protected", values: {} } : { rule: "deployment-removed", values: {} },
  ];
}

/** Another account or partition: Terraform would create everything again there. */
function environmentFindings(base: JsonObject, current: JsonObject): readonly DiffFound[] {
  const moves = (
    [
      ["account", accountOf(base), accountOf(current)],
      ["partition", partitionOfPack(base), partitionOfPack(current)],
    ] as const
  ).flatMap(([what, from, to]) => (from === undefined || to === undefined || from === to ? [] : [{ what, from, to }]));
  return moves.slice(0, 1).map((values) => ({ rule: "environment-changed", values }));
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

/** Addresses that a configuration imports. */
function importsOf(pack: JsonObject): ReadonlySet<string> {
  return new Set(listOf(pack.import).map((block) => String(objectOf(block).to)));
}

/** Parts of a configuration, and the settings that explain why they differ. Resources are compared by themselves. */
const EXPLAINED: readonly (readonly [part: RegExp, ...fields: string[]])[] = [
  [/^provider\.aws\.region$/, "region"],
  [/^provider\.aws\.allowed_account_ids$/, "accountId"],
  [/^provider\.aws\.default_tags$/, "tags"],
  [/^provider\.aws\.(?:profile|assume_role)$/, "provider"],
  [/^terraform\.(?:backend|cloud)$/, "backend", "cloud"],
  [/^terraform\.required_providers$/, "provider.version"],
  [/^import$/, "import"],
  [/^check\./, "preflight", "cluster", "policy", "user", "group", "nodeRole", "attachment"],
];

/** What differs between two configurations and follows from no setting that changed, and is not compared elsewhere. */
function unexplained(before: JsonObject, after: JsonObject, fields: readonly ChangedField[]): readonly DiffFound[] {
  const [had, has] = [partsOf(before), partsOf(after)];
  const isExplained = (part: string) => {
    const [, ...names] = EXPLAINED.find(([pattern]) => pattern.test(part)) ?? [];
    return isCompared(part) || names.some((name) => fields.some(({ field }) => field === name || field.startsWith(`${name}.`)));
  };
  return [...new Set([...had.keys(), ...has.keys()])]
    .filter((part) => canonical(had.get(part)) !== canonical(has.get(part)) && !isExplained(part))
    .map((address) => ({ rule: "configuration-changed", address, values: { address } }));
}

/** Resources, the policy documents that they refer to, and the outputs of this project are compared by what they mean. */
function isCompared(part: string): boolean {
  const [block, ...rest] = part.split(".");
  return (
    block === "resource" ||
    policyOfAddress(part)?.what === "policyDocument" ||
    part === ADDRESSES.callerIdentity ||
    (block === "output" && Object.hasOwn(OUTPUTS, rest.join(".")))
  );
}

/** The blocks of a configuration by their address, as far down as one block goes. */
function partsOf(pack: JsonObject): ReadonlyMap<string, unknown> {
  const depth = { data: 2, resource: 2, output: 1, check: 1, terraform: 1 } as Readonly<Record<string, number>>;
  const { provider, ...rest } = pack;
  return new Map([
    ...Object.entries(rest).flatMap(([block, content]) => leaves(content, depth[block] ?? 0, [block])),
    ...leaves(providerOf(pack), 1, ["provider", "aws"]),
    ...leaves(otherProviders(provider), 1, ["provider"]),
  ]);
}

/** Every provider but the first configuration of the AWS provider. */
function otherProviders(provider: unknown): JsonObject {
  const { aws, ...others } = objectOf(provider);
  const further = listOf(aws).slice(1);
  return further.length === 0 ? others : { ...others, "aws with an alias": further };
}

function leaves(content: unknown, depth: number, path: readonly string[]): readonly (readonly [string, unknown])[] {
  return depth === 0
    ? [[path.join("."), content]]
    : Object.entries(objectOf(content)).flatMap(([name, inner]) => leaves(inner, depth - 1, [...path, name]));
}

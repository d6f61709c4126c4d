import { nodeRoleName } from "../../../iam/cluster";
import { ADDRESSES } from "../../../terraform/addresses";
import type { StateResource } from "../../../terraform/state-file";
import { dkpAccess } from "../../../text/command";
import { visible } from "../../../text/printable";
import type { GroupObjects, PolicyObjects, PolicyPrincipal, RoleObjects, UserObjects } from "../aws/iam-objects";
import { readGroup, readPolicy, readRole, readUser } from "../aws/iam-objects";
import { type IamReader, mapped, type Reading } from "../aws/iam-reader";
import type { DriftResult } from "./finding";
import { groupDrift } from "./group";
import { type DriftSettings, type ManagedAccess, managedAccess } from "./managed";
import { policyDrift } from "./policy";
import { dkpRoleDrift, nodeRoleDrift } from "./role";
import { userDrift } from "./user";

/** The resources of the state, or why no state is reachable. */
export type DriftState = Reading<readonly StateResource[]>;

export interface DriftReport {
  readonly stack: string;
  /** The account that was queried, 12 digits; undefined if AWS did not return it. */
  readonly account?: string | undefined;
  /** What the comparison is based on. */
  readonly managedBy: "state" | "settings";
  readonly results: readonly DriftResult[];
  /** What was not compared, and why. */
  readonly notes: readonly string[];
}

/** What was read of a deployment's IAM objects. */
export interface DriftObjects {
  readonly user: UserObjects;
  readonly group: GroupObjects | undefined;
  /** In the order of the managed policies. */
  readonly policies: readonly PolicyObjects[];
  readonly nodeRole: RoleObjects | undefined;
  /** DKP's own role; undefined if the settings have no prefix. */
  readonly dkpRole: RoleObjects | undefined;
}

/**
 * What exists in AWS beside what Terraform manages of a deployment.
 * @throws Error if the credentials belong to another account than the settings or the state
 */
export async function driftReport(settings: DriftSettings, state: DriftState, iam: IamReader): Promise<DriftReport> {
  const report = { stack: settings.stack, managedBy: "value" in state ? ("state" as const) : ("settings" as const) };
  const identity = await iam.get("sts:GetCallerIdentity", {});
  if ("unread" in identity) {
    const found = `nothing was read: ${identity.unread}`;
    return { ...report, results: [{ verdict: "unknown", object: "account", found }], notes: [] };
  }
  const account = identity.value?.Account;
  if (account === undefined) {
    const found = "nothing was read: AWS does not return the account of the credentials";
    return { ...report, results: [{ verdict: "unknown", object: "account", found }], notes: [] };
  }
  const resources = "value" in state ? state.value : undefined;
  checkAccount(settings, account, resources);
  const access = managedAccess(settings, account, resources);
  const objects = await readObjects(iam, access, settings);
  return {
    ...report,
    account,
    results: driftResults(settings, access, objects, resources !== undefined),
    notes: notesOf(settings, state, access, objects),
  };
}

function checkAccount({ stack, accountId }: DriftSettings, account: string, state: readonly StateResource[] = []): void {
  const arn = state.find(({ address }) => address === ADDRESSES.user)?.attributes.arn;
  const ofState = typeof arn === "string" ? arn.split(":")[4] : undefined;
  for (const [source, expected] of [
    ["accountId is", accountId],
    ["the state's user belongs to", ofState],
  ]) {
    if (expected !== undefined && expected !== account) {
      throw new Error(
        `${stack}: the credentials belong to account ${account}, and ${source} ${expected}; use credentials of ${expected}`,
      );
    }
  }
}

async function readObjects(iam: IamReader, access: ManagedAccess, { cluster }: DriftSettings): Promise<DriftObjects> {
  const { group, nodeRole } = access;
  const dkpRole = cluster.prefix === undefined ? undefined : nodeRoleName(cluster.prefix);
  const [user, policies, groupThere, nodeRoleThere, dkpRoleThere] = await Promise.all([
    readUser(iam, access.user.name),
    Promise.all(access.policies.map(({ arn }) => readPolicy(iam, arn))),
    group && readGroup(iam, group.name),
    nodeRole && readRole(iam, nodeRole.name, nodeRole.inline),
    dkpRole === undefined ? undefined : readRole(iam, dkpRole, dkpRole),
  ]);
  return { user, policies, group: groupThere, nodeRole: nodeRoleThere, dkpRole: dkpRoleThere };
}

/**
 * The comparison of all objects. Without a state, what the settings do not describe may be what is deployed: then no finding has a
 * command.
 * @param hasState whether what is managed was read from the state
 */
export function driftResults(
  settings: DriftSettings,
  access: ManagedAccess,
  objects: DriftObjects,
  hasState: boolean,
): readonly DriftResult[] {
  const results = comparisons(settings, access, objects, hasState);
  const remedies = [
    `remove nothing: make the state readable (terraform init), and run ${dkpAccess("drift", settings.stack)} again`,
  ];
  return hasState ? results : results.map((result) => (result.verdict === "found" ? { ...result, remedies } : result));
}

function comparisons(
  settings: DriftSettings,
  access: ManagedAccess,
  objects: DriftObjects,
  hasState: boolean,
): readonly DriftResult[] {
  const { user, group, policies, nodeRole } = access;
  const dkpRole = settings.cluster.prefix === undefined ? undefined : nodeRoleName(settings.cluster.prefix);
  const names = { user: [user.name], group: [group?.name ?? []].flat(), role: [nodeRole?.name ?? [], dkpRole ?? []].flat() };
  const own = (["user", "group", "role"] as const).flatMap((kind) =>
    names[kind].map((name): PolicyPrincipal => ({ kind, name })),
  );
  const isUserMissing = "value" in objects.user.user && objects.user.user.value === undefined;
  return [
    // Without a state, a missing user can also mean the wrong account, in which nothing would be found.
    ...(isUserMissing && !hasState
      ? [
          {
            verdict: "unknown" as const,
            object: `user ${user.name}`,
            found: "it does not exist in this account; check the credentials, or set accountId",
          },
        ]
      : []),
    ...userDrift(access, settings, objects.user),
    ...(group === undefined || objects.group === undefined ? [] : groupDrift(group, access, settings.stack, objects.group)),
    ...policies.flatMap((policy, index) => {
      const there = objects.policies[index];
      return there === undefined ? [] : policyDrift(policy, own, settings.stack, there);
    }),
    ...(nodeRole === undefined || objects.nodeRole === undefined ? [] : nodeRoleDrift(nodeRole, settings, objects.nodeRole)),
    ...(dkpRole === undefined || objects.dkpRole === undefined ? [] : dkpRoleDrift(dkpRole, settings, objects.dkpRole)),
  ];
}

function notesOf(settings: DriftSettings, state: DriftState, access: ManagedAccess, objects: DriftObjects): readonly string[] {
  const { user, group, policies, nodeRole } = access;
  const there: readonly (readonly [string | undefined, Reading<unknown> | undefined])[] = [
    [`user ${user.name}`, objects.user.user],
    [group && `group ${group.name}`, objects.group && mapped(objects.group.exists, (exists) => exists || undefined)],
    ...policies.map(({ name }, index) => [`policy ${name}`, objects.policies[index]?.version] as const),
    [nodeRole && `node role ${nodeRole.name}`, objects.nodeRole?.role],
    ["role of DKP", objects.dkpRole?.role],
  ];
  return [
    ...("unread" in state
      ? [`no state is reachable, so what the settings describe counts as managed by Terraform: ${state.unread}`]
      : []),
    ...(user.keys === undefined ? ["accessKeys is none: access keys are managed outside Terraform and not compared"] : []),
    ...(settings.cluster.prefix === undefined
      ? ["cluster.prefix is not set: the role <prefix>-node of DKP is not compared"]
      : []),
    ...there.flatMap(([what, reading]) =>
      what !== undefined && reading !== undefined && "value" in reading && reading.value === undefined
        ? [`the ${what} does not exist`]
        : [],
    ),
  ];
}

/** The report as text. */
export function driftReportText({ stack, account, managedBy, results, notes }: DriftReport): string {
  const count = (verdict: DriftResult["verdict"]) => results.filter((result) => result.verdict === verdict).length;
  const where = account === undefined ? "" : ` in account ${account}`;
  const indent = " ".repeat("unknown  ".length);
  const lines = [
    `${stack}: what exists${where} beside what Terraform manages according to the ${managedBy}`,
    ...results.flatMap((result) => [
      `${result.verdict.padEnd("unknown".length)}  ${result.object}: ${result.found}`,
      ...(result.verdict === "unknown"
        ? []
        : [`${indent}risk: ${result.risk}`, ...result.remedies.map((remedy) => `${indent}-> ${remedy}`)]),
    ]),
    ...notes.map((note) => `note: ${note}`),
    results.length === 0 ? "nothing found" : `found: ${count("found")}, unknown: ${count("unknown")}`,
  ];
  return lines.map((line) => `${visible(line)}\n`).join("");
}

import type { Deployment } from "../../../settings/deployment";
import { ADDRESSES } from "../../../terraform/addresses";
import { visible } from "../../../text/printable";
import type { StateResource } from "../../terraform/state-file";
import type { IamReader, Reading } from "../aws/iam-reader";
import { type DriftResult, type ObjectDrift, removeNothing } from "./finding";
import { type ManagedAccess, managedAccess } from "./managed";
import { objectsDrift } from "./objects";

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

/**
 * What exists in AWS beside what Terraform manages of a deployment.
 * @throws Error if the credentials belong to another account than the settings or the state
 */
export async function driftReport(settings: Deployment, state: DriftState, iam: IamReader): Promise<DriftReport> {
  const report = { stack: settings.stack, managedBy: "value" in state ? ("state" as const) : ("settings" as const) };
  const identity = await iam.get("sts:GetCallerIdentity", {});
  const account = "value" in identity ? identity.value?.Account : undefined;
  if (account === undefined) {
    const reason = "unread" in identity ? identity.unread : "AWS does not return the account of the credentials";
    return { ...report, results: [{ verdict: "unknown", object: "account", found: `nothing was read: ${reason}` }], notes: [] };
  }
  const resources = "value" in state ? state.value : undefined;
  checkAccount(settings, account, resources);
  const access = managedAccess(settings, account, resources);
  const objects = await objectsDrift(settings, access, iam);
  return {
    ...report,
    account,
    results: driftResults(settings, objects, resources !== undefined),
    notes: notesOf(settings, state, access, objects),
  };
}

function checkAccount({ accountId }: Deployment, account: string, state: readonly StateResource[] = []): void {
  const arn = state.find(({ address }) => address === ADDRESSES.user)?.attributes.arn;
  const ofState = typeof arn === "string" ? arn.split(":")[4] : undefined;
  for (const [source, expected] of [
    ["accountId is", accountId],
    ["the state's user belongs to", ofState],
  ]) {
    if (expected !== undefined && expected !== account) {
      throw new Error(`the credentials belong to account ${account}, and ${source} ${expected}; use credentials of ${expected}`);
    }
  }
}

/**
 * The results of all objects. Without a state, what the settings do not describe may be what is deployed: then no finding has a
 * command, and a missing user can also mean the wrong account, in which nothing would be found.
 * @param hasState whether what is managed was read from the state
 */
function driftResults({ stack }: Deployment, objects: readonly ObjectDrift[], hasState: boolean): readonly DriftResult[] {
  const results = objects.flatMap((drift) => drift.results);
  if (hasState) {
    return results;
  }
  const [user] = objects;
  const found = "it does not exist in this account; check the credentials, or set accountId";
  return [
    ...(user?.missing === true ? [{ verdict: "unknown" as const, object: user.object, found }] : []),
    ...results.map((result) => (result.verdict === "found" ? { ...result, remedies: [removeNothing(stack)] } : result)),
  ];
}

function notesOf(
  { cluster }: Deployment,
  state: DriftState,
  { user }: ManagedAccess,
  objects: readonly ObjectDrift[],
): readonly string[] {
  const notes: string[] = [];
  if ("unread" in state) {
    notes.push(`no state is reachable, so what the settings describe counts as managed by Terraform: ${state.unread}`);
  }
  if (user.keys === undefined) {
    notes.push("accessKeys is none: access keys are managed outside Terraform and not compared");
  }
  if (cluster.prefix === undefined) {
    notes.push("cluster.prefix is not set: the role <prefix>-node of DKP is not compared");
  }
  return [...notes, ...objects.filter(({ missing }) => missing).map(({ object }) => `the ${object} does not exist`)];
}

/** The report as text. */
export function driftReportText({ stack, account, managedBy, results, notes }: DriftReport): string {
  const count = (verdict: DriftResult["verdict"]) => results.filter((result) => result.verdict === verdict).length;
  const where = account === undefined ? "" : ` in account ${account}`;
  const indent = " ".repeat("unknown  ".length);
  const lines = [
    `${stack}: what exists${where} beside what Terraform manages according to the ${managedBy}`,
    ...results.flatMap(({ verdict, object, found, risk, remedies = [] }) => [
      `${verdict.padEnd("unknown".length)}  ${object}: ${found}`,
      ...(risk === undefined ? [] : [`${indent}risk: ${risk}`]),
      ...remedies.map((remedy) => `${indent}-> ${remedy}`),
    ]),
    ...notes.map((note) => `note: ${note}`),
    results.length === 0 ? "nothing found" : `found: ${count("found")}, unknown: ${count("unknown")}`,
  ];
  return lines.map((line) => `${visible(line)}\n`).join("");
}

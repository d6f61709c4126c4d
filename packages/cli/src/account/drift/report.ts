import type { Deployment } from "../../../../../src/settings/deployment";
import { type Finding, findingsText } from "../../findings/finding";
import { allIn, type StateContents } from "../../terraform/state-file";
import type { IamReader, Reading } from "../aws/iam-reader";
import { otherOwner } from "../dkp-key";
import { inventoryOfState } from "../inventory";
import { mismatches } from "../state-match";
import { type ComparedCluster, clusterDrift } from "./cluster";
import { DRIFT_RULES, type DriftRules } from "./drift-rules";
import type { DriftFound } from "./kinds";
import { objectsDrift } from "./objects";

export interface DriftReport {
  readonly stack: string;
  /** 12 digits; undefined if AWS did not return it. */
  readonly account?: string | undefined;
  readonly findings: readonly Finding<DriftRules>[];
}

/**
 * Compares the account, and the cluster if it was read, with a deployment.
 * @param compared the cluster, if it was read
 */
export async function driftReport(
  settings: Deployment,
  state: Reading<Pick<StateContents, "resources" | "user">>,
  iam: IamReader,
  compared?: ComparedCluster,
): Promise<DriftReport> {
  const { stack, cluster } = settings;
  const findings: DriftFound[] = [];
  const report = (account?: string) => ({
    stack,
    account,
    findings: findings.map((found) => ({ ...found, stack })),
  });
  const identity = await iam.account();
  const account = "value" in identity ? identity.value : undefined;
  if (account === undefined) {
    const reason =
      "unread" in identity ? identity.unread : "AWS does not return the account of the credentials";
    findings.push({ rule: "account-unread", values: { reason } });
    return report();
  }
  const contents = "value" in state ? state.value : undefined;
  const inState = {
    ...contents?.user,
    name: contents && inventoryOfState(allIn(contents.resources)).user,
  };
  const { user, settingsAccount, stateAccount } = mismatches(settings, inState, account);
  const accounts = [
    { source: "accountId is", expected: settingsAccount, field: "accountId" },
    { source: "the user in the state belongs to", expected: stateAccount },
  ];
  for (const { source, expected, field } of accounts) {
    if (expected !== undefined) {
      findings.push({ rule: "account-differs", field, values: { source, expected, account } });
    }
  }
  if (findings.length > 0) {
    return report(account);
  }
  if (user !== undefined) {
    findings.push({
      rule: "user-differs",
      field: "user.name",
      values: { settings: settings.user.name, state: user },
    });
  }
  const reader = iam.once();
  const ofCluster = compared === undefined ? [] : await inCluster(settings, compared, reader);
  // The key of another cluster shows nothing about the keys of the user.
  const isOther = ofCluster.some(({ rule }) => rule === "cluster-is-another");
  const configured = isOther ? undefined : compared?.cluster;
  findings.push(...(await objectsDrift(settings, account, contents, reader, configured)));
  for (const { address, attributes } of contents?.resources.deposed ?? []) {
    findings.push({
      rule: "object-left-over",
      address,
      values: { address, name: String(attributes.name ?? attributes.id) },
    });
  }
  if ("unread" in state) {
    findings.push({
      rule: "state-unread",
      field: "backend",
      values: { reason: state.unread, stack },
    });
  }
  if (cluster.prefix === undefined) {
    findings.push({ rule: "node-role-not-compared", field: "cluster.prefix", values: {} });
  }
  findings.push(...ofCluster);
  return report(account);
}

async function inCluster(
  settings: Deployment,
  compared: ComparedCluster,
  iam: IamReader,
): Promise<readonly DriftFound[]> {
  const { name } = settings.user;
  const { keyId } = compared.cluster.configuration;
  const read = await iam.keys(name);
  // Keys that cannot be read are a finding of the user.
  const keys = "value" in read ? (read.value ?? []) : undefined;
  const isOwn = keys?.some(({ id }) => id === keyId) === true;
  const owner = isOwn ? undefined : await otherOwner(iam, keyId, name);
  const exists = "value" in read && read.value !== undefined;
  return clusterDrift(settings, compared, { keys, exists, owner });
}

/** The report as text. */
export function driftText({ stack, account, findings }: DriftReport): string {
  const where = account === undefined ? "" : ` in account ${account}`;
  const heading = `${stack}: what exists${where} besides what the settings and the state have`;
  return findingsText<DriftRules>(DRIFT_RULES, [heading], findings);
}

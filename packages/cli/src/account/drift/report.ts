import type { Deployment } from "../../../../../src/settings/deployment";
import { type Finding, findingsText, levelOf } from "../../findings/finding";
import { allIn, type StateContents } from "../../terraform/state-file";
import type { IamReader, Reading } from "../aws/iam-reader";
import { keyAnswer, keyUser } from "../dkp-key";
import { inventoryOfState } from "../inventory";
import { mismatchFindings } from "../state-match";
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
  findings.push(...mismatchFindings(settings, inState, account));
  if (findings.some(({ rule }) => rule === "account-differs")) {
    return report(account);
  }
  const reader = iam.once();
  const { ofCluster, ofKeys } = await dkpDrift(settings, contents, reader, compared);
  const areKeysJudged = ofKeys !== undefined;
  findings.push(...(await objectsDrift(settings, account, contents, reader, areKeysJudged)));
  findings.push(...(ofKeys ?? []));
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

interface DkpDrift {
  readonly ofCluster: readonly DriftFound[];
  /** Undefined where the settings and the state alone show which keys are managed. */
  readonly ofKeys: readonly DriftFound[] | undefined;
}

/** In what the cluster differs, and what `rotate` says of the keys, but for its notes. */
async function dkpDrift(
  settings: Deployment,
  contents: Pick<StateContents, "resources"> | undefined,
  iam: IamReader,
  compared: ComparedCluster | undefined,
): Promise<DkpDrift> {
  const managed = contents && inventoryOfState(allIn(contents.resources)).keys;
  const isRotated = settings.accessKeys.managedBy === "rotate" && managed?.length === 0;
  if (compared === undefined && !isRotated) {
    return { ofCluster: [], ofKeys: undefined };
  }
  const { cluster } = compared ?? {};
  const user = await keyUser(iam, settings, cluster);
  const ofCluster = compared === undefined ? [] : clusterDrift(settings, compared, user.owner);
  // The key of another cluster shows nothing about the keys of the user.
  if (ofCluster.some(({ rule }) => rule === "cluster-is-another")) {
    return { ofCluster, ofKeys: undefined };
  }
  const answer = keyAnswer({ settings, cluster, managed, now: iam.now(), ...user });
  const ofKeys = answer
    .filter((found) => levelOf<DriftRules>(DRIFT_RULES, found) !== "note")
    // Which key may end, drift cannot know.
    .map((found) =>
      found.rule === "still-used"
        ? { ...found, values: { ...found.values, command: undefined } }
        : found,
    );
  return { ofCluster, ofKeys };
}

/** The report as text. */
export function driftText({ stack, account, findings }: DriftReport): string {
  const where = account === undefined ? "" : ` in account ${account}`;
  const heading = `${stack}: what exists${where} besides what the settings and the state have`;
  return findingsText<DriftRules>(DRIFT_RULES, [heading], findings);
}

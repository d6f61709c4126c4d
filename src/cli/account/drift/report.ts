import type { Deployment } from "../../../settings/deployment";
import { type Finding, findingsText } from "../../findings/finding";
import { allIn, type StateContents } from "../../terraform/state-file";
import type { IamReader, Reading } from "../aws/iam-reader";
import { DRIFT_RULES, type DriftRules } from "./drift-rules";
import { managedOf } from "./managed-attributes";
import { type DriftFound, objectsDrift } from "./objects";

/** What the state says, or why no state is readable. */
export type DriftState = Reading<Pick<StateContents, "resources" | "outputs" | "user">>;

export interface DriftReport {
  readonly stack: string;
  /** The account that was queried, 12 digits; undefined if AWS did not return it. */
  readonly account?: string | undefined;
  readonly findings: readonly Finding<DriftRules>[];
}

/** What exists in AWS besides what is managed of a deployment, and what of that does not exist. */
export async function driftReport(settings: Deployment, state: DriftState, iam: IamReader): Promise<DriftReport> {
  const { stack } = settings;
  const report = (findings: readonly DriftFound[], account?: string) => ({
    stack,
    account,
    findings: findings.map((found) => ({ ...found, stack })),
  });
  const identity = await iam.account();
  const account = "value" in identity ? identity.value : undefined;
  if (account === undefined) {
    const reason = "unread" in identity ? identity.unread : "AWS does not return the account of the credentials";
    return report([{ rule: "account-unread", values: { reason } }]);
  }
  const contents = "value" in state ? state.value : undefined;
  const mismatches = accountMismatches(settings, account, contents?.user?.arn);
  if (mismatches.length > 0) {
    return report(mismatches, account);
  }
  const managed = managedOf(settings, account, contents && allIn(contents.resources));
  const found = await objectsDrift({ settings, managed, state: contents, iam });
  const left = contents?.resources.deposed.map(({ address, attributes }): DriftFound => {
    return { rule: "object-left-over", address, values: { address, name: String(attributes.name ?? attributes.id) } };
  });
  const { name = settings.user.name } = contents?.user ?? {};
  const other: readonly DriftFound[] =
    name === settings.user.name
      ? []
      : [{ rule: "user-differs", field: "user.name", values: { settings: settings.user.name, state: name } }];
  return report([...other, ...found, ...(left ?? []), ...notes(settings, state)], account);
}

function accountMismatches({ accountId }: Deployment, account: string, arn = ""): DriftFound[] {
  const inState = arn.split(":")[4];
  const expectations = [
    { source: "accountId is", field: "accountId", expected: accountId },
    { source: "the user in the state belongs to", expected: inState },
  ];
  return expectations
    .filter(({ expected = account }) => expected !== account)
    .map(({ source, field, expected = "" }) => ({ rule: "account-differs", field, values: { source, expected, account } }));
}

/** What is not compared. */
function notes({ stack, cluster }: Deployment, state: DriftState): readonly DriftFound[] {
  const findings: DriftFound[] = [];
  if ("unread" in state) {
    findings.push({ rule: "state-unread", field: "backend", values: { reason: state.unread, stack } });
  }
  if (cluster.prefix === undefined) {
    findings.push({ rule: "node-role-not-compared", field: "cluster.prefix", values: {} });
  }
  return findings;
}

/** The report as text. */
export function driftText({ stack, account, findings }: DriftReport): string {
  const where = account === undefined ? "" : ` in account ${account}`;
  const heading = `${stack}: what exists${where} besides what the settings and the state have`;
  return findingsText<DriftRules>(DRIFT_RULES, [heading], findings);
}

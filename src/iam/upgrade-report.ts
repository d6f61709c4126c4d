import type { ClusterCondition } from "./catalogue";
import { conditionsOf, reasons } from "./cluster";
import { type DkpVersion, INCIDENTS, type Incident, isNewer } from "./dkp-versions";
import { grantedRows, type PolicyOptions } from "./policy-statements";

/** An action that an upgrade of DKP adds to a policy, or no longer requires. */
export interface UpgradeAction {
  readonly action: string;
  readonly why: string;
  /** The conditions of this cluster that require the action, in the version that calls it. */
  readonly because: readonly ClusterCondition[];
}

export interface UpgradeReport {
  /** Actions that the policy must allow before the upgrade. */
  readonly add: readonly UpgradeAction[];
  /** Actions that the policy can lose after the upgrade. */
  readonly remove: readonly UpgradeAction[];
  /** Known incidents of the versions that the upgrade passes, oldest first. They concern policies of any origin. */
  readonly incidents: readonly Incident[];
}

/**
 * What an upgrade of DKP changes in the policy of a deployment. `options.cluster.dkpVersion` has no effect.
 * @throws Error if `to` is not newer than `from`
 */
export function upgradeReport(
  { from, to }: { readonly from: DkpVersion; readonly to: DkpVersion },
  options: PolicyOptions,
): UpgradeReport {
  if (!isNewer(to, from)) {
    throw new Error(`DKP ${to} is not newer than ${from}; write the older version first`);
  }
  const [before, after] = [from, to].map((dkpVersion) => required({ ...options, cluster: { ...options.cluster, dkpVersion } }));
  const missing = (some: readonly UpgradeAction[] = [], others: readonly UpgradeAction[] = []) =>
    some.filter(({ action }) => !others.some((other) => other.action === action));
  return {
    add: missing(after, before),
    remove: missing(before, after),
    incidents: INCIDENTS.filter(({ version }) => isNewer(version, from) && !isNewer(version, to)),
  };
}

/** The granted actions that the cluster requires. A documented action without a requirement is no reason to change a policy. */
function required(options: PolicyOptions): readonly UpgradeAction[] {
  const conditions = conditionsOf(options.cluster);
  return grantedRows({ ...options, supplement: true })
    .map((row) => ({ action: row.action, why: row.why, because: reasons(row, conditions, options.cluster.dkpVersion) }))
    .filter(({ because }) => because.length > 0);
}

import type { CatalogueRow } from "../../../iam/catalogue";
import { conditionsOf, reasons } from "../../../iam/cluster";
import { type DkpVersion, isNewer, SUPPORTED_VERSIONS } from "../../../iam/dkp-versions";
import { grantedRows, type PolicyOptions } from "../../../iam/policy-statements";
import { type Deployment, policyOptionsOf } from "../../../settings/deployment";
import type { DiffFound } from "../change-rules";
import { type Changes, changesOf } from "../changes";

/**
 * What another DKP version requires of the policy of a deployment that the policy does not allow, and what it no longer needs.
 * The version before is `cluster.dkpVersion`, or the first one that a policy without it covers.
 * @throws Error if the other version is not newer
 */
export function changesOfVersion(deployment: Deployment, to: DkpVersion): Changes {
  const options = policyOptionsOf(deployment);
  const { dkpVersion } = deployment.cluster;
  const from = dkpVersion ?? SUPPORTED_VERSIONS.first;
  const named = dkpVersion === undefined ? `${from}, the oldest one, because cluster.dkpVersion is not set` : from;
  if (!isNewer(to, from)) {
    throw new Error(`DKP ${to} is not newer than ${named}; name a newer version`);
  }
  const [before, after] = [requiredRows(options, from), requiredRows(options, to)];
  const granted = new Set(grantedRows(options));
  const field = "cluster.dkpVersion";
  const rows = [
    ["version-required", after.filter((row) => !before.includes(row) && !granted.has(row))],
    ["version-unneeded", before.filter((row) => !after.includes(row) && granted.has(row))],
  ] as const;
  const ofActions = rows.flatMap(([rule, actions]) =>
    actions.map(({ action, why }): DiffFound => ({ rule, principal: "user", field, values: { action, why } })),
  );
  return changesOf(`DKP ${to} compared with ${named}`, deployment.stack, ofActions);
}

/** The granted actions that the cluster requires. A documented action without a requirement is no reason to change a policy. */
function requiredRows(options: PolicyOptions, dkpVersion: DkpVersion): readonly CatalogueRow[] {
  const cluster = { ...options.cluster, dkpVersion };
  const rows = grantedRows({ ...options, cluster, supplement: true });
  return rows.filter((row) => reasons(row, conditionsOf(cluster), dkpVersion).length > 0);
}

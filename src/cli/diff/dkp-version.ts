import { type DkpVersion, SUPPORTED_VERSIONS } from "../../iam/dkp-versions";
import { grantedRows } from "../../iam/policy-statements";
import { upgradeReport } from "../../iam/upgrade-report";
import { type Deployment, policyOptionsOf } from "../../settings/deployment";
import type { Changes } from "./changes";
import type { DiffFound } from "./rules";

/**
 * What another DKP version requires of the policy of a deployment that the policy does not allow, and what it no longer needs.
 * The version before is `cluster.dkpVersion`, or the first one that a policy without it covers.
 * @throws Error if the other version is not newer
 */
export function changesOfVersion(deployment: Deployment, to: DkpVersion): Changes {
  const options = policyOptionsOf(deployment);
  const from = deployment.cluster.dkpVersion ?? SUPPORTED_VERSIONS.first;
  const { add, remove, incidents } = upgradeReport({ from, to }, options);
  const granted = new Set(grantedRows(options).map(({ action }) => action));
  const field = "cluster.dkpVersion";
  const rows = [
    ["version-required", add.filter(({ action }) => !granted.has(action))],
    ["version-unneeded", remove.filter(({ action }) => granted.has(action))],
  ] as const;
  const ofActions = rows.flatMap(([rule, actions]) =>
    actions.map(({ action, why }): DiffFound => ({ rule, principal: "user", field, values: { action, why } })),
  );
  const known = incidents.map((values): DiffFound => ({ rule: "version-incident", field, values }));
  const findings = [...ofActions, ...known];
  const state = findings.length === 0 ? "unchanged" : "changed";
  return { source: `DKP ${from} -> ${to}`, deployments: [{ stack: deployment.stack, state, findings }] };
}

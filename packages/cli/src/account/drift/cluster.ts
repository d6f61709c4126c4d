import { isDeepStrictEqual } from "node:util";
import type { DeploymentPolicies } from "../../../../../src/iam/deployment-policies";
import {
  DKP_VERSION,
  type DkpVersion,
  isNewer,
  SUPPORTED_VERSIONS,
} from "../../../../../src/iam/dkp-versions";
import { type Deployment, policiesOf } from "../../../../../src/settings/deployment";
import { listed } from "../../../../../src/settings/errors";
import { dkpFields } from "../../../../../src/settings/schema/cluster-schema";
import type { DkpFields, Settings } from "../../../../../src/settings/settings";
import { valueAt } from "../../../../../src/text/json";
import type { RunningCluster } from "../../cluster/running-cluster";
import { counted } from "../../text/markdown";
import { type KeyOwner, otherCluster } from "../dkp-key";
import type { DriftFound } from "./kinds";

export interface ComparedCluster {
  readonly cluster: RunningCluster;
  readonly version: string | undefined;
}

/**
 * Where a cluster differs from the settings, each with its effect on the policy. Nothing else is
 * compared of another cluster.
 * @param owner of the cluster's key, if it is another one
 */
export function clusterDrift(
  deployment: Deployment,
  { cluster, version }: ComparedCluster,
  owner?: KeyOwner,
): readonly DriftFound[] {
  const { settings } = deployment;
  const { configuration, prefix } = cluster;
  const others = otherCluster(deployment, cluster, owner);
  if (others.length > 0) {
    return others;
  }
  const running: Readonly<Record<string, unknown>> = { ...configuration.fields, prefix };
  const fields = Object.keys(dkpFields).map((name) => {
    const own = comparable(name, settings.cluster[name as keyof DkpFields]);
    const other = comparable(name, running[name]);
    const changed = { ...settings, cluster: { ...settings.cluster, [name]: other } };
    return { field: `cluster.${name}`, own, other, changed };
  });
  const findings: DriftFound[] = [];
  const differing = fields.filter(({ own, other }) => !isDeepStrictEqual(own, other));
  for (const { field, own, other, changed } of differing) {
    const effect = effectOf(deployment.policies, changed);
    // A value that the settings leave out matters only if the policy depends on it.
    if (own !== undefined || effect !== SAME) {
      const values = { settings: shown(own), running: shown(other), effect };
      findings.push({ rule: "cluster-differs", field, values });
    }
  }
  const line = /^1\.\d+/.exec(version ?? "")?.[0];
  if (line !== undefined && !isKnown(line)) {
    const { first, last } = SUPPORTED_VERSIONS;
    findings.push({ rule: "cluster-version-unknown", values: { version: line, first, last } });
  }
  return findings;
}

/** Of a bastion, only its existence counts. A missing value equals an empty list. */
function comparable(name: string, value: unknown): unknown {
  if (name === "withNAT") {
    return valueAt(value, ["bastionInstance"]) === undefined ? undefined : { bastionInstance: {} };
  }
  const isEmpty =
    value === false ||
    (typeof value === "object" && value !== null && Object.keys(value).length === 0);
  // DKP manages the metadata options also if imdsv2 is false.
  return isEmpty && name !== "imdsv2" ? undefined : value;
}

const shown = (value: unknown) => (value === undefined ? "none" : JSON.stringify(value));

function isKnown(line: string): boolean {
  const { first, last } = SUPPORTED_VERSIONS;
  const version = line as DkpVersion;
  return DKP_VERSION.test(line) && !isNewer(version, last) && !isNewer(first, version);
}

const SAME = "the policy stays the same";

/** How the policy would change if the settings had the values of the cluster. */
function effectOf(policies: DeploymentPolicies, changed: Settings): string {
  const required = policiesOf({ accountId: undefined, nodeRole: undefined, ...changed });
  if (required === undefined) {
    return "no policy can be generated for it";
  }
  const own = actionsIn(policies);
  const others = actionsIn(required);
  const missing = others.filter((action) => !own.includes(action));
  const needless = own.filter((action) => !others.includes(action));
  if (missing.length > 0) {
    return `the policy lacks ${counted(missing.length, "action")} (${listed(missing)})`;
  }
  if (needless.length > 0) {
    return (
      `the policy has ${counted(needless.length, "action")} that the cluster does not need ` +
      `(${listed(needless)})`
    );
  }
  return isDeepStrictEqual(policies, required) ? SAME : "the policy names other resources";
}

const actionsIn = (policies: DeploymentPolicies): readonly string[] =>
  [
    ...new Set(policies.flatMap(({ statements }) => statements.flatMap(({ actions }) => actions))),
  ].sort();

import type { CatalogueRow } from "../../iam/catalogue";
import { conditionsOf, reasons } from "../../iam/cluster";
import { type DkpVersion, isNewer, SUPPORTED_VERSIONS } from "../../iam/dkp-versions";
import { grantedRows, type PolicyOptions } from "../../iam/policy-statements";
import { type Deployment, policyOptionsOf } from "../../settings/deployment";
import { type Changes, changesOf } from "./changes";
import type { DiffFound } from "./rules";

/**
 * What another DKP version requires of the policy of a deployment that the policy does not allow, and what it no longer needs.
 * The version before is `cluster.dkpVersion`, or the first one that a policy without it covers.
 * @throws Error if the other version is not newer
 */
export function changesOfVersion(deployment: Deployment, to: DkpVersion): Changes {
  const options = policyOptionsOf(deployment);
  const from = deployment.cluster.dkpVersion ?? SUPPORTED_VERSIONS.first;
  if (!isNewer(to, from)) {
    throw new Error(`DKP ${to} is not newer than ${from}; write the older version first`);
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
  const passed = INCIDENTS.filter(({ version }) => isNewer(version, from) && !isNewer(version, to));
  const known = passed.map((values): DiffFound => ({ rule: "version-incident", field, values }));
  return changesOf(`DKP ${from} -> ${to}`, deployment.stack, [...ofActions, ...known]);
}

/** The granted actions that the cluster requires. A documented action without a requirement is no reason to change a policy. */
function requiredRows(options: PolicyOptions, dkpVersion: DkpVersion): readonly CatalogueRow[] {
  const cluster = { ...options.cluster, dkpVersion };
  const rows = grantedRows({ ...options, cluster, supplement: true });
  return rows.filter((row) => reasons(row, conditionsOf(cluster), dkpVersion).length > 0);
}

/** Releases of DKP for which existing policies were too narrow, or an action became superfluous; oldest first. */
const INCIDENTS = [
  {
    version: "1.67",
    actions: [
      "ec2:CreateNetworkInterface",
      "ec2:DeleteNetworkInterface",
      "ec2:DescribeNetworkInterfaceAttribute",
      "ec2:ModifyNetworkInterfaceAttribute",
    ],
    what: "policies from before this version lack the network interface actions; a change of security groups fails without them",
    source: "deckhouse/deckhouse#10842",
  },
  {
    version: "1.70",
    actions: ["ec2:DescribeAddressesAttribute", "ec2:DescribeInstanceTopology"],
    what: "DKP 1.69.1 refuses the upgrade without these actions; the authorization page does not list the first one",
    source: "deckhouse/deckhouse#13513, #12957",
  },
  {
    version: "1.70",
    actions: ["ec2:DescribeVpcClassicLink", "ec2:DescribeVpcClassicLinkDnsSupport"],
    what: "the Terraform AWS provider changes from 4.50.0 to 5.83.1, which no longer reads ClassicLink",
    source: "deckhouse/deckhouse#11546",
  },
] as const;

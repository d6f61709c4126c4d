import { ACCOUNT_ID, partitionOf } from "../../../../src/iam/arns";
import type { CatalogueRow } from "../../../../src/iam/catalogue";
import { otherNodeRoles } from "../../../../src/iam/cluster";
import type { DeploymentPolicy } from "../../../../src/iam/deployment-policies";
import { SUPPORTED_VERSIONS } from "../../../../src/iam/dkp-versions";
import {
  type PolicyDocument,
  type PolicyWith,
  policyDocument,
  policySize,
  withAccount,
} from "../../../../src/iam/policy-document";
import {
  grantedRows,
  type PolicyOptions,
  policyStatements,
} from "../../../../src/iam/policy-statements";
import { type Deployment, policyOptionsOf } from "../../../../src/settings/deployment";
import { grouped } from "../../../../src/text/grouped";
import { risksOf, roleOf } from "../iam/risks";
import { controlPolicy, MAX_CONTROL_POLICY_CHARACTERS } from "../iam/service-control-policy";
import { type TerraformJson, terraformJson } from "../terraform/configuration";
import { code } from "../text/markdown";
import { policyFile } from "./contents";
import { type DeployerPolicies, deployerPolicies } from "./deployer-policy-files";
import { permissionsOf } from "./explanation";
import { stateFacts } from "./state";

/** What follows from a deployment, for the files of its review pack. */
export interface Reviewed {
  readonly deployment: Deployment;
  readonly terraform: TerraformJson;
  readonly deployer: DeployerPolicies;
  readonly policies: readonly { readonly file: string; readonly document: PolicyDocument }[];
  readonly controlPolicy: PolicyWith<readonly object[]>;
}

export function reviewed(
  deployment: Deployment,
  terraform: TerraformJson = terraformJson(deployment),
): Reviewed {
  const { user, policies, additionalRolePolicies } = deployment;
  return {
    deployment,
    terraform,
    deployer: deployerPolicies(deployment),
    policies: policies.map((policy) => reviewedPolicy(policy, deployment)),
    controlPolicy: controlPolicy({
      ...policyOptionsOf(deployment),
      user: `${user.path}${user.name}`,
      additionalRolePolicies,
    }),
  };
}

/** What only the templates read. */
export function templateFacts(review: Reviewed): object {
  const { deployment, terraform } = review;
  const { region, cluster, policy, user, nodeRole } = deployment;
  const { first, last } = SUPPORTED_VERSIONS;
  return {
    ...stateFacts(deployment.state),
    ...permissionFacts(deployment),
    // Characters that it has more than AWS accepts; negative: fewer.
    controlPolicyExcess:
      JSON.stringify(review.controlPolicy, null, 2).length - MAX_CONTROL_POLICY_CHARACTERS,
    networks: networksOf(deployment),
    hasPaths: [policy, user, nodeRole].some((one) => (one?.path ?? "/") !== "/"),
    resources: resourcesOf(terraform),
    partition: partitionOf(region),
    dkpVersions: `${first} to ${last}`,
    dkpRole: roleOf(cluster),
    // Of nodes besides that one, with their path.
    otherRoles: otherNodeRoles(cluster),
    formerRoles: cluster.formerIamNodeRoles.filter(
      (role) => !nodeRole || role !== `${nodeRole.path}${nodeRole.name}`,
    ),
  };
}

function permissionFacts(deployment: Deployment) {
  const { cluster } = deployment;
  const options = policyOptionsOf(deployment);
  const rows = grantedRows(options);
  const statements = policyStatements(options);
  const permissions = permissionsOf(rows, statements, cluster);
  const additional = rows.flatMap(({ documented, action }) => (documented ? [] : action));
  const unused = permissions.filter(({ isRequired }) => !isRequired);
  return {
    options,
    granted: {
      documented: rows.length - additional.length,
      additional,
      unused: unused.length,
      withoutCaller: unused.filter(({ row }) => row.callers.length === 0).length,
    },
    otherMode: otherMode(options, rows),
    areas: grouped(permissions, ({ row }) => row.area),
    risks: risksOf(options, code, statements),
  };
}

/**
 * What the other one of `scoped` and `minimal` would change. Undefined in mode `documented`, and if
 * nothing would change.
 */
function otherMode(options: PolicyOptions, rows: readonly CatalogueRow[]) {
  const name = { documented: undefined, scoped: "minimal", minimal: "scoped" } as const;
  const mode = name[options.mode];
  const others = mode === undefined ? rows : grantedRows({ ...options, mode });
  const [more, fewer] = rows.length > others.length ? [rows, others] : [others, rows];
  const actions = more.filter((row) => !fewer.includes(row)).map(({ action }) => action);
  return actions.length === 0
    ? undefined
    : { name: mode, change: mode === "minimal" ? "omit" : "add", actions };
}

function reviewedPolicy(
  { number, name, statements }: DeploymentPolicy,
  { accountId, region }: Deployment,
) {
  const account = accountId ?? ACCOUNT_ID;
  // arn:aws:ec2:eu-central-1:123456789012:volume/* becomes ec2 volume/*
  const short = (arn: string) => {
    const [, , service, regionOfArn, accountOfArn, ...resource] = arn.split(":");
    const isOwn = accountOfArn === account && [region, ""].includes(regionOfArn ?? "");
    return isOwn ? `${service} ${resource.join(":")}` : arn;
  };
  return {
    file: policyFile(number),
    name,
    size: policySize(statements),
    statements: withAccount(statements, account).map((statement) => ({
      ...statement,
      // Without the account and the Region of the deployment.
      shortResources: statement.resources.map(short),
    })),
    document: policyDocument(statements, accountId),
  };
}

/** By kind; empty if requests can come from any network. */
function networksOf({ user: { allowedNetworks } }: Deployment) {
  const { cidrs = [], vpcs = [], vpcEndpoints = [] } = allowedNetworks ?? {};
  const kinds = { addresses: cidrs, VPCs: vpcs, "VPC endpoints": vpcEndpoints };
  return Object.entries(kinds).filter(([, values]) => values.length > 0);
}

/** With their names in AWS if the settings name them. */
function resourcesOf({ resource = {} }: TerraformJson) {
  return Object.entries(resource).flatMap(([type, byName]) =>
    Object.entries(byName).map(([id, { name }]) => ({
      address: `${type}.${id}`,
      name: typeof name === "string" && !name.includes("${") ? name : "",
    })),
  );
}

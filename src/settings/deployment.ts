import { partitionOf } from "../iam/arns";
import type { Cluster } from "../iam/cluster";
import { type DeploymentPolicies, deploymentPolicies } from "../iam/deployment-policies";
import type { PolicyOptions } from "../iam/policy-statements";
import {
  type BackendArguments,
  defaultArguments,
  type StateLocation,
} from "../terraform/state-location";
import type { Fields } from "./rules/rule";
import type { Settings } from "./settings";

/** One deployment as the stack is built from it. */
export interface Deployment extends Omit<Settings, "backend" | "cloud" | "cluster" | "features"> {
  /** Name of the stack and of the settings file. */
  readonly stack: string;
  /** Where the Terraform state lives, with the defaults of this project filled in. */
  readonly state: StateLocation;
  readonly cluster: Cluster;
  /** The managed policies: one in mode `documented`, else two. */
  readonly policies: DeploymentPolicies;
  /** Of the kubeconfig: the cluster that has the key. */
  readonly context: string | undefined;
  /** Images of the nodes. */
  readonly amis: readonly string[];
  /** Of the role `<prefix>-node`, which DKP creates. */
  readonly additionalRolePolicies: readonly string[];
  /** All settings as the file has them, with their defaults. */
  readonly settings: Settings;
  /**
   * By file, the lines that are still marked as `dkp-access init` wrote them, such as `line 3, 5`.
   */
  readonly marked: readonly string[];
  /** The line of `cluster.configFile` that has a secret access key. */
  readonly secretLine: number | undefined;
}

/** What the keys of a deployment need of it: a response to a leak needs no more. */
export interface KeySettings extends Pick<Deployment, "stack" | "region"> {
  readonly accountId?: string | undefined;
  readonly user: Pick<Deployment["user"], "name" | "path">;
  readonly provider: Partial<Deployment["provider"]>;
  readonly accessKeys: Pick<Deployment["accessKeys"], "managedBy">;
  readonly cluster: Pick<Cluster, "prefix">;
}

/** @param settings without an error */
export function toDeployment(
  stack: string,
  settings: Settings,
  known: Pick<Deployment, "policies" | "marked" | "secretLine">,
): Deployment {
  const { backend, cloud, cluster, features, ...rest } = settings;
  return {
    ...rest,
    stack,
    state: stateLocation(stack, settings),
    cluster: toCluster(settings),
    context: cluster.context,
    amis: cluster.amis ?? [],
    additionalRolePolicies: cluster.additionalRolePolicies ?? [],
    settings,
    ...known,
  };
}

/** The settings that decide about the policies. */
export const POLICY_FIELDS = [
  "policy",
  "cluster",
  "features",
  "region",
  "accountId",
  "nodeRole",
  "user",
] as const;

/** What the permissions of a deployment follow from. */
export function policyOptionsOf(
  from: Pick<Deployment, "region" | "accountId" | "policy" | "cluster" | "user">,
): PolicyOptions {
  const { region, accountId, policy, cluster, user } = from;
  const environment = { partition: partitionOf(region), region, account: accountId };
  return { mode: policy.mode, cluster, environment, allowedNetworks: user.allowedNetworks };
}

/** The policies of settings without an error; undefined if the mode requires more settings. */
export function policiesOf(
  settings: Fields<(typeof POLICY_FIELDS)[number]>,
): DeploymentPolicies | undefined {
  const { policy, cluster } = settings;
  return policy.mode === "documented" || cluster.prefix !== undefined
    ? deploymentPolicies(
        policyOptionsOf({ ...settings, cluster: toCluster(settings) }),
        policy.name,
      )
    : undefined;
}

/** The state that `backend` or `cloud` names; they must be without an error. */
export function stateLocation(
  stack: string,
  { backend, cloud }: Pick<Settings, "backend" | "cloud">,
): StateLocation {
  const [type = "", given] =
    Object.entries(backend ?? { cloud }).find(([name]) => name !== "partial") ?? [];
  return { type, arguments: { ...defaultArguments(stack, type), ...(given as BackendArguments) } };
}

function toCluster({
  cluster,
  features,
  nodeRole,
}: Pick<Settings, "cluster" | "features" | "nodeRole">): Cluster {
  // The deployment's own node role is allowed even if `iamNodeRole` does not name it yet: DKP's
  // configuration is changed later.
  const named = nodeRole !== undefined && nodeRole.name === cluster.iamNodeRole;
  const own = nodeRole === undefined || named ? [] : [`${nodeRole.path}${nodeRole.name}`];
  const { amis, configFile, context, additionalRolePolicies, withNAT, ...fields } = cluster;
  return {
    ...fields,
    peeredVPCs: cluster.peeredVPCs ?? [],
    iamNodeRolePath: named ? nodeRole.path : cluster.iamNodeRolePath,
    formerIamNodeRoles: [...new Set([...cluster.formerIamNodeRoles, ...own])],
    tags: cluster.tags ?? {},
    disableDefaultSecurityGroup: cluster.disableDefaultSecurityGroup ?? false,
    bastion: withNAT?.bastionInstance !== undefined,
    features,
  };
}

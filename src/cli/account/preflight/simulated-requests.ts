import { ACCOUNT_ID, iamResourceArn } from "../../../iam/arns";
import { type CatalogueRow, ELB_SERVICE } from "../../../iam/catalogue";
import { type Cluster, conditionsOf, nodeRoleName, reasons, usesSnapshots } from "../../../iam/cluster";
import type { Networks } from "../../../iam/networks";
import { alwaysOnRegion, dnsSuffix } from "../../../iam/partitions";
import type { PolicyOptions } from "../../../iam/policy-statements";
import { strictContext } from "./strict-context";

/** Calls that the simulator of IAM evaluates together: each action on each resource, with the same context. */
export interface SimulatedCalls {
  readonly actions: readonly string[];
  /** ARNs; none where the actions take none. */
  readonly resources: readonly string[];
  readonly context: readonly {
    readonly key: string;
    readonly type: "string" | "stringList" | "boolean" | "ip";
    readonly value: string;
  }[];
}

type Environment = Required<PolicyOptions["environment"]>;

/** Limit of actions per request, so that a response takes about a second. */
const MOST_ACTIONS = 40;

/** Any id: policies name resources by type, region and account. */
const ID = "0123456789abcdef0";

const EC2_IDS: Readonly<Record<string, string>> = {
  "elastic-ip": `eipalloc-${ID}`,
  instance: `i-${ID}`,
  "internet-gateway": `igw-${ID}`,
  natgateway: `nat-${ID}`,
  "network-interface": `eni-${ID}`,
  "route-table": `rtb-${ID}`,
  "security-group": `sg-${ID}`,
  "security-group-rule": `sgr-${ID}`,
  subnet: `subnet-${ID}`,
  volume: `vol-${ID}`,
  vpc: `vpc-${ID}`,
  "vpc-peering-connection": `pcx-${ID}`,
};

const ELB_IDS: Readonly<Record<string, string>> = {
  loadbalancer: "loadbalancer/a0123456789abcdef0123456789abcde",
  "loadbalancer/net/": `loadbalancer/net/a0123456789abcdef/${ID.slice(1)}`,
  "listener/net": `listener/net/a0123456789abcdef/${ID.slice(1)}/${ID.slice(1)}`,
  targetgroup: `targetgroup/k8s-default/${ID.slice(1)}`,
};

/** DKP's calls as requests to the simulator, on resources such as DKP's, from one of the allowed networks. */
export function simulatedCalls(
  rows: readonly CatalogueRow[],
  options: Pick<PolicyOptions, "mode" | "marker" | "environment" | "cluster" | "allowedNetworks">,
): readonly SimulatedCalls[] {
  const { cluster, allowedNetworks } = options;
  const { partition, region, account = ACCOUNT_ID } = options.environment;
  const environment = { partition, region, account };
  const source = [...sourceOf(allowedNetworks), ...strictContext(options)];
  const groups = new Map<string, SimulatedCalls & { readonly actions: string[] }>();
  for (const row of rows) {
    const [resources, context] = [
      resourcesOf(row, environment, cluster),
      [...contextOf(row.action, environment, cluster), ...source],
    ];
    const key = JSON.stringify([resources, context]);
    const group = groups.get(key) ?? { actions: [], resources, context };
    group.actions.push(row.action);
    groups.set(key, group);
  }
  return [...groups.values()].flatMap(({ actions, ...rest }) =>
    Array.from({ length: Math.ceil(actions.length / MOST_ACTIONS) }, (_, chunk) => ({
      actions: actions.slice(chunk * MOST_ACTIONS, (chunk + 1) * MOST_ACTIONS),
      ...rest,
    })),
  );
}

/** The context keys of a request from one of the networks; none if there is no restriction. */
function sourceOf(
  { cidrs, vpcs, vpcEndpoints }: Networks = { cidrs: [], vpcs: [], vpcEndpoints: [] },
): SimulatedCalls["context"] {
  const [source] = [
    ...cidrs.map((cidr) => ({ key: "aws:SourceIp", type: "ip" as const, value: cidr.replace(/\/.*/, "") })),
    ...vpcs.map((value) => ({ key: "aws:SourceVpc", type: "string" as const, value })),
    ...vpcEndpoints.map((value) => ({ key: "aws:SourceVpce", type: "string" as const, value })),
  ];
  return source === undefined ? [] : [source];
}

function resourcesOf({ action, resources }: CatalogueRow, environment: Environment, cluster: Cluster): readonly string[] {
  if (action === "iam:CreateServiceLinkedRole") {
    return [iamResourceArn(environment, `role/aws-service-role/${ELB_SERVICE}/AWSServiceRole`)];
  }
  const arns = resources.flatMap((type) => arnsOf(action, type, environment, cluster));
  return [...new Set(arns)].sort();
}

/** ARNs of a resource type; none for what DKP never passes, such as address pools. */
function arnsOf(action: string, type: string, environment: Environment, cluster: Cluster): readonly string[] {
  const { partition, region, account } = environment;
  const [service = ""] = action.split(":");
  const nodeRole = nodeRoleName(cluster.prefix ?? "dkp");
  const own = (resource: string) => [`arn:${partition}:${service}:${region}:${account}:${resource}`];
  if (service === "iam") {
    const inUse = action === "iam:PassRole" && cluster.iamNodeRole !== undefined;
    const role = inUse ? `${cluster.iamNodeRolePath}${cluster.iamNodeRole}`.slice(1) : nodeRole;
    return [iamResourceArn(environment, type === "role" ? `role/${role}` : `instance-profile/${nodeRole}`)];
  }
  if (service === "kms") {
    return cluster.kmsKeyArns.length > 0 ? cluster.kmsKeyArns : own("key/01234567-89ab-cdef-0123-456789abcdef");
  }
  if (service === "elasticloadbalancing") {
    return ELB_IDS[type] === undefined ? [] : own(ELB_IDS[type]);
  }
  if (type === "snapshot" && action !== "ec2:RunInstances" && !usesSnapshots(cluster)) {
    return [];
  }
  // Images and snapshots have no account in their ARN.
  if (type === "image" || type === "snapshot") {
    return [`arn:${partition}:ec2:${region}::${type}/${type === "image" ? "ami" : "snap"}-${ID}`];
  }
  if (type === "vpc") {
    const [peered] = action === "ec2:AcceptVpcPeeringConnection" ? cluster.peeredVPCs : [];
    return own(`vpc/${peered ?? cluster.existingVPCID ?? cluster.vpcId ?? `vpc-${ID}`}`);
  }
  if (type === "key-pair") {
    return own(`key-pair/${cluster.prefix ?? "dkp"}`);
  }
  return EC2_IDS[type] === undefined ? [] : own(`${type}/${EC2_IDS[type]}`);
}

/** The context keys of a call. IAM and STS have a region of their own. */
function contextOf(action: string, { partition, region, account }: Environment, cluster: Cluster): SimulatedCalls["context"] {
  const text = (key: string, value: string) => ({ key, type: "string" as const, value });
  const requested = text("aws:RequestedRegion", /^(?:iam|sts):/.test(action) ? alwaysOnRegion(region) : region);
  if (action === "iam:PassRole") {
    return [requested, text("iam:PassedToService", `ec2.${dnsSuffix(partition)}`)];
  }
  if (action === "iam:TagRole" || action === "iam:UntagRole") {
    return [
      requested,
      ...Object.keys(cluster.tags)
        .slice(0, 1)
        .map((value) => ({ key: "aws:TagKeys", type: "stringList" as const, value })),
    ];
  }
  if (action.endsWith("VpcPeeringConnection")) {
    const vpc = (owner: string, id: string) => `arn:${partition}:ec2:${region}:${owner}:vpc/${id}`;
    const [peered] = [
      ...cluster.peeredVPCs.map((id) => vpc(account, id)),
      ...cluster.peerAccountIds.map((peer) => vpc(peer, `vpc-${ID}`)),
    ];
    return [
      requested,
      text("ec2:AccepterVpc", peered ?? vpc(account, `vpc-${ID}`)),
      text("ec2:RequesterVpc", vpc(account, cluster.existingVPCID ?? cluster.vpcId ?? `vpc-${ID}`)),
    ];
  }
  if (action === "iam:CreateServiceLinkedRole") {
    return [requested, text("iam:AWSServiceName", ELB_SERVICE)];
  }
  return action.startsWith("kms:")
    ? [
        requested,
        text("kms:ViaService", `ec2.${region}.amazonaws.com`),
        { key: "kms:GrantIsForAWSResource", type: "boolean", value: "true" },
      ]
    : [requested];
}

/** Whether this cluster is known to call an action. */
export function isNeeded(row: CatalogueRow, cluster: Cluster): boolean {
  return reasons(row, conditionsOf(cluster), cluster.dkpVersion).length > 0;
}

import { iamResourceArn } from "../../../iam/arns";
import { type CatalogueRow, ELB_SERVICE } from "../../../iam/catalogue";
import { type Cluster, conditionsOf, nodeRoleName, reasons, usesSnapshots } from "../../../iam/cluster";
import { strictMarker } from "../../../iam/cluster-marker";
import type { Networks } from "../../../iam/networks";
import { alwaysOnRegion } from "../../../iam/partitions";
import type { PolicyOptions } from "../../../iam/policy-statements";
import { grouped } from "../../../text/grouped";
import { EXAMPLE_ID, exampleArn } from "../../iam/example-resources";

interface ContextKey {
  readonly key: string;
  readonly type: "string" | "stringList" | "boolean" | "ip";
  readonly value: string;
}

/** Calls that the simulator of IAM evaluates together: each action on each resource, with the same context. */
export interface SimulatedCalls {
  readonly actions: readonly string[];
  /** ARNs; none where the actions take none. */
  readonly resources: readonly string[];
  readonly context: readonly ContextKey[];
}

type Environment = Required<PolicyOptions["environment"]>;

/** What decides how DKP's calls look. */
interface Options extends Pick<PolicyOptions, "mode" | "marker" | "cluster" | "allowedNetworks"> {
  readonly environment: Environment;
}

/** Limit of actions per request, so that a response takes about a second. */
const MOST_ACTIONS = 40;

const string = (key: string, value: string): ContextKey => ({ key, type: "string", value });

/** DKP's calls as requests to the simulator, on resources such as DKP's, from one of the allowed networks. */
export function simulatedCalls(rows: readonly CatalogueRow[], options: Options): readonly SimulatedCalls[] {
  const { cluster, environment } = options;
  const all = [...sourceOf(options.allowedNetworks), ...strictContext(options)];
  const calls = rows.map((row) => ({
    action: row.action,
    resources: [...new Set(row.resources.flatMap((type) => arnsOf(row.action, type, environment, cluster)))].sort(),
    context: [...contextOf(row.action, environment, cluster), ...all],
  }));
  const together = grouped(calls, ({ resources, context }) => JSON.stringify([resources, context]));
  return [...together.values()].flatMap((group) =>
    Array.from({ length: Math.ceil(group.length / MOST_ACTIONS) }, (_, chunk) => ({
      actions: group.slice(chunk * MOST_ACTIONS, (chunk + 1) * MOST_ACTIONS).map(({ action }) => action),
      resources: group[0]?.resources ?? [],
      context: group[0]?.context ?? [],
    })),
  );
}

/** The context key of a request from the first of the networks; none if there is no restriction. */
function sourceOf(networks: Networks | undefined): readonly ContextKey[] {
  const { cidrs = [], vpcs = [], vpcEndpoints = [] } = networks ?? {};
  return [
    ...cidrs.map((cidr): ContextKey => ({ key: "aws:SourceIp", type: "ip", value: cidr.replace(/\/.*/, "") })),
    ...vpcs.map((vpc) => string("aws:SourceVpc", vpc)),
    ...vpcEndpoints.map((endpoint) => string("aws:SourceVpce", endpoint)),
  ].slice(0, 1);
}

/**
 * Tags and VPC of the objects of a cluster in mode `strict`, for all requests alike: the marker, what the EBS CSI driver and the cloud
 * controller manager set, on the object and in the request. None in other modes, whose policies do not evaluate them.
 */
function strictContext(options: Options): readonly ContextKey[] {
  const { cluster, environment } = options;
  const marker = strictMarker(options, cluster);
  if (marker === undefined) {
    return [];
  }
  const { uuid, existingVPCID, vpcId = existingVPCID } = cluster;
  const { partition, region, account } = environment;
  const tags = {
    [marker.key]: marker.value,
    "ebs.csi.aws.com/cluster": "true",
    "kubernetes.io/service-name": "default/web",
    ...(uuid === undefined ? {} : { [`kubernetes.io/cluster/${uuid}`]: "owned" }),
  };
  return [
    ...Object.entries(tags).flatMap(([key, value]) =>
      ["aws:ResourceTag", "aws:RequestTag"].map((kind) => string(`${kind}/${key}`, value)),
    ),
    ...(vpcId === undefined ? [] : [string("ec2:Vpc", `arn:${partition}:ec2:${region}:${account}:vpc/${vpcId}`)]),
  ];
}

/** ARNs of a resource type; none for what DKP never passes, such as address pools. */
function arnsOf(action: string, type: string, environment: Environment, cluster: Cluster): readonly string[] {
  const { partition, region, account } = environment;
  const { prefix = "dkp", iamNodeRole, iamNodeRolePath, kmsKeyArns, peeredVPCs } = cluster;
  const [service = ""] = action.split(":");
  if (action === "iam:CreateServiceLinkedRole") {
    return [iamResourceArn(environment, `role/aws-service-role/${ELB_SERVICE}/AWSServiceRole`)];
  }
  const own = (resource: string) => [`arn:${partition}:${service}:${region}:${account}:${resource}`];
  if (service === "iam") {
    const isOther = action === "iam:PassRole" && iamNodeRole !== undefined;
    const role = isOther ? `${iamNodeRolePath}${iamNodeRole}`.slice(1) : nodeRoleName(prefix);
    return [iamResourceArn(environment, type === "role" ? `role/${role}` : `instance-profile/${nodeRoleName(prefix)}`)];
  }
  if (service === "kms" && kmsKeyArns.length > 0) {
    return kmsKeyArns;
  }
  if (type === "snapshot" && action !== "ec2:RunInstances" && !usesSnapshots(cluster)) {
    return [];
  }
  if (type === "vpc") {
    const [peered] = action === "ec2:AcceptVpcPeeringConnection" ? peeredVPCs : [];
    return own(`vpc/${peered ?? vpcOf(cluster)}`);
  }
  if (type === "key-pair") {
    return own(`key-pair/${prefix}`);
  }
  return [exampleArn(service, type, environment) ?? []].flat();
}

const vpcOf = ({ existingVPCID, vpcId }: Cluster) => existingVPCID ?? vpcId ?? `vpc-${EXAMPLE_ID}`;

/** The context keys of a call. IAM and STS have a region of their own. */
function contextOf(action: string, { partition, region, account }: Environment, cluster: Cluster): readonly ContextKey[] {
  const context = [string("aws:RequestedRegion", /^(?:iam|sts):/.test(action) ? alwaysOnRegion(region) : region)];
  if (action === "iam:PassRole") {
    context.push(string("iam:PassedToService", `ec2.amazonaws.com${partition === "aws-cn" ? ".cn" : ""}`));
  } else if (action === "iam:TagRole" || action === "iam:UntagRole") {
    const [value] = Object.keys(cluster.tags);
    context.push(...(value === undefined ? [] : [{ key: "aws:TagKeys", type: "stringList" as const, value }]));
  } else if (action === "iam:CreateServiceLinkedRole") {
    context.push(string("iam:AWSServiceName", ELB_SERVICE));
  } else if (action.endsWith("VpcPeeringConnection")) {
    const vpc = (owner: string, id: string) => `arn:${partition}:ec2:${region}:${owner}:vpc/${id}`;
    const [peered = vpc(account, `vpc-${EXAMPLE_ID}`)] = [
      ...cluster.peeredVPCs.map((id) => vpc(account, id)),
      ...cluster.peerAccountIds.map((peer) => vpc(peer, `vpc-${EXAMPLE_ID}`)),
    ];
    context.push(string("ec2:AccepterVpc", peered), string("ec2:RequesterVpc", vpc(account, vpcOf(cluster))));
  } else if (action.startsWith("kms:")) {
    context.push(string("kms:ViaService", `ec2.${region}.amazonaws.com`), {
      key: "kms:GrantIsForAWSResource",
      type: "boolean",
      value: "true",
    });
  }
  return context;
}

/** Whether this cluster is known to call an action. */
export function isNeeded(row: CatalogueRow, cluster: Cluster): boolean {
  return reasons(row, conditionsOf(cluster), cluster.dkpVersion).length > 0;
}

import { type CatalogueRow, LINKED_SERVICES } from "../../src/iam/catalogue";
import { type Cluster, conditionsOf, reasons, usesSnapshots } from "../../src/iam/cluster";
import { type Environment, grantedRows, type PolicyOptions } from "../../src/iam/policy-statements";
import type { Context, Request } from "./simulator";

/**
 * DKP never passes these resource types of actions: address pools, VPN, placement groups, licenses,
 * other load balancers.
 */
const NOT_DKP = [
  "ipam-pool",
  "ipv4pool-ec2",
  "ipv6pool-ec2",
  "vpn-gateway",
  "group",
  "license-configuration",
  "loadbalancer/app/",
  "loadbalancer/gwy/",
  "listener/app",
  "listener/gwy",
];

const ELB_IDS: Readonly<Record<string, string>> = {
  loadbalancer: "loadbalancer/a0123456789abcdef0123456789abcde",
  "loadbalancer/net/": "loadbalancer/net/a0123456789abcdef/0123456789abcdef",
  "listener/net": "listener/net/a0123456789abcdef/0123456789abcdef/0123456789abcdef",
  targetgroup: "targetgroup/k8s-default/0123456789abcdef",
};

/** The calls that a cluster requires: each granted action on each resource type that DKP passes. */
export function requiredRequests(options: PolicyOptions): readonly Request[] {
  return grantedRows(options).flatMap((row) =>
    requestsOf(row, options.environment, options.cluster),
  );
}

function requestsOf(row: CatalogueRow, environment: Environment, cluster: Cluster) {
  const { action } = row;
  const context = contextOf(action, environment, cluster);
  if (action === "iam:CreateServiceLinkedRole") {
    return LINKED_SERVICES.filter(
      (service) => reasons(service, conditionsOf(cluster)).length > 0,
    ).map(({ service }) => ({
      action,
      resource: iamArn(environment, `role/aws-service-role/${service}/AWSServiceRoleForIt`),
      context: { "iam:AWSServiceName": service },
    }));
  }
  if (row.resources.length === 0) {
    return [{ action, resource: "*", context }];
  }
  return row.resources
    .filter(
      (type) =>
        !NOT_DKP.includes(type) &&
        (type !== "spot-instances-request" || cluster.features.includes("spot-instances")) &&
        (type !== "snapshot" || action === "ec2:RunInstances" || usesSnapshots(cluster)),
    )
    .flatMap((type) =>
      contextsOf(type, context, environment, cluster).flatMap((each) =>
        arnsOf(action, type, environment, cluster).map((resource) => ({
          action,
          resource,
          context: each,
        })),
      ),
    );
}

/** A peering connection knows its two VPCs, one per call. */
function contextsOf(
  type: string,
  context: Context,
  { partition, region, account = "" }: Environment,
  { peeredVPCs, peerAccountIds }: Cluster,
) {
  if (type !== "vpc-peering-connection") {
    return [context];
  }
  const vpc = (owner: string, id: string) => `arn:${partition}:ec2:${region}:${owner}:vpc/${id}`;
  const peerVpcs = [
    ...peeredVPCs.map((id) => vpc(account, id)),
    ...peerAccountIds.map((peer) => vpc(peer, "vpc-0123456789abcdef9")),
  ];
  // Tags of connections need no partner.
  return (peerVpcs.length > 0 ? peerVpcs : [vpc(account, "vpc-0123456789abcdef9")]).map(
    (peerVpc) => ({
      ...context,
      "ec2:AccepterVpc": peerVpc,
      "ec2:RequesterVpc": vpc(account, "vpc-0123456789abcdef0"),
    }),
  );
}

/** Requests of IAM and STS have another Region. */
function contextOf(action: string, { partition, region }: Environment, { tags }: Cluster): Context {
  if (action === "iam:PassRole") {
    return {
      "iam:PassedToService": partition === "aws-cn" ? "ec2.amazonaws.com.cn" : "ec2.amazonaws.com",
    };
  }
  if (/^iam:(Tag|Untag)Role$/.test(action) && Object.keys(tags).length > 0) {
    return { "aws:TagKeys": Object.keys(tags) };
  }
  if (/^(iam|sts):/.test(action)) {
    return { "aws:RequestedRegion": "us-east-1" };
  }
  if (action.startsWith("kms:")) {
    // The same suffix in all partitions. Source: KMS Developer Guide, "kms:ViaService".
    return {
      "aws:RequestedRegion": region,
      "kms:ViaService": `ec2.${region}.amazonaws.com`,
      ...(action === "kms:CreateGrant" ? { "kms:GrantIsForAWSResource": "true" } : {}),
    };
  }
  return { "aws:RequestedRegion": region };
}

function arnsOf(action: string, type: string, environment: Environment, cluster: Cluster) {
  const { partition, region, account } = environment;
  const [service = ""] = action.split(":");
  const prefix = cluster.prefix ?? "dev";
  if (type === "role") {
    const others = [
      ...(cluster.iamNodeRole === undefined
        ? []
        : [`${cluster.iamNodeRolePath}${cluster.iamNodeRole}`]),
      ...cluster.formerIamNodeRoles,
    ];
    const read = ["iam:GetRole", "iam:PassRole"].includes(action)
      ? others.map((role) => `role${role}`)
      : [];
    return [`role/${prefix}-node`, ...read].map((resource) => iamArn(environment, resource));
  }
  if (type === "instance-profile") {
    return [iamArn(environment, `instance-profile/${prefix}-node`)];
  }
  if (type === "image" || type === "snapshot") {
    return [
      `arn:${partition}:ec2:${region}::${type}/${type === "image" ? "ami" : "snap"}-0123456789abcdef0`,
    ];
  }
  const own = `arn:${partition}:${service}:${region}:${account}:`;
  if (service === "kms") {
    return cluster.kmsKeyArns.length > 0
      ? cluster.kmsKeyArns
      : [`${own}key/01234567-89ab-cdef-0123-456789abcdef`];
  }
  if (service === "elasticloadbalancing") {
    return [`${own}${ELB_IDS[type]}`];
  }
  if (type === "key-pair") {
    return [`${own}key-pair/${prefix}`];
  }
  return [`${own}${type}/id-0123456789abcdef0`];
}

export function iamArn({ partition, account }: Environment, resource: string): string {
  return `arn:${partition}:iam::${account}:${resource}`;
}

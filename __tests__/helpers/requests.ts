import { type CatalogueRow, LINKED_SERVICES } from "../../src/iam/catalogue";
import { type Cluster, circumstancesOf, reasons } from "../../src/iam/cluster";
import { grantedRows, type Mode, type Place } from "../../src/iam/policy-statements";
import type { Request } from "./simulator";

/** Resource types that an action may be authorized on and that DKP never passes: address pools, VPN, launch accessories. */
const NOT_DKP = ["ipam-pool", "ipv4pool-ec2", "ipv6pool-ec2", "vpn-gateway", "group", "license-configuration"];

const EC2_IDS: Readonly<Record<string, string>> = {
  "elastic-ip": "eipalloc-0123456789abcdef0",
  instance: "i-0123456789abcdef0",
  "internet-gateway": "igw-0123456789abcdef0",
  natgateway: "nat-0123456789abcdef0",
  "network-interface": "eni-0123456789abcdef0",
  "route-table": "rtb-0123456789abcdef0",
  "security-group": "sg-0123456789abcdef0",
  "security-group-rule": "sgr-0123456789abcdef0",
  "spot-instances-request": "sir-0123456789abcdef0",
  subnet: "subnet-0123456789abcdef0",
  volume: "vol-0123456789abcdef0",
  vpc: "vpc-0123456789abcdef0",
  "vpc-peering-connection": "pcx-0123456789abcdef0",
};

const ELB_IDS: Readonly<Record<string, string>> = {
  loadbalancer: "loadbalancer/a0123456789abcdef0123456789abcde",
  "loadbalancer/app/": "loadbalancer/app/web/0123456789abcdef",
  "loadbalancer/gwy/": "loadbalancer/gwy/gate/0123456789abcdef",
  "loadbalancer/net/": "loadbalancer/net/a0123456789abcdef/0123456789abcdef",
  "listener/app": "listener/app/web/0123456789abcdef/0123456789abcdef",
  "listener/gwy": "listener/gwy/gate/0123456789abcdef/0123456789abcdef",
  "listener/net": "listener/net/a0123456789abcdef/0123456789abcdef/0123456789abcdef",
  targetgroup: "targetgroup/k8s-default/0123456789abcdef",
};

/** Every call that a cluster must be allowed to make: each granted action on each resource type that DKP passes. */
export function neededRequests(mode: Mode, supplement: boolean, place: Place, cluster: Cluster): readonly Request[] {
  return grantedRows({ mode, supplement, cluster }).flatMap((row) => requestsOf(row, place, cluster));
}

function requestsOf(row: CatalogueRow, place: Place, cluster: Cluster): readonly Request[] {
  const { action } = row;
  const context = contextOf(action, place);
  if (action === "iam:CreateServiceLinkedRole") {
    return LINKED_SERVICES.filter((service) => reasons(service, circumstancesOf(cluster)).length > 0).map(({ service }) => ({
      action,
      resource: iamArn(place, `role/aws-service-role/${service}/AWSServiceRoleForIt`),
      context: { "iam:AWSServiceName": service },
    }));
  }
  if (row.resources.length === 0) {
    return [{ action, resource: "*", context }];
  }
  return row.resources
    .filter(
      (type) => !NOT_DKP.includes(type) && (type !== "spot-instances-request" || cluster.features.includes("spot-instances")),
    )
    .flatMap((type) => arnsOf(action, type, place, cluster))
    .map((resource) => ({ action, resource, context }));
}

/** What AWS tells IAM beside the call. IAM and STS are asked in a region of their own. */
function contextOf(action: string, { partition, region }: Place): Readonly<Record<string, string>> {
  if (action === "iam:PassRole") {
    return { "iam:PassedToService": partition === "aws-cn" ? "ec2.amazonaws.com.cn" : "ec2.amazonaws.com" };
  }
  if (/^(iam|sts):/.test(action)) {
    return { "aws:RequestedRegion": "us-east-1" };
  }
  if (action.startsWith("kms:")) {
    const suffix = partition === "aws-cn" ? "amazonaws.com.cn" : "amazonaws.com";
    return { "aws:RequestedRegion": region, "kms:ViaService": `ec2.${region}.${suffix}`, "kms:GrantIsForAWSResource": "true" };
  }
  return { "aws:RequestedRegion": region };
}

function arnsOf(action: string, type: string, place: Place, cluster: Cluster): readonly string[] {
  const { partition, region, account } = place;
  const [service = ""] = action.split(":");
  const prefix = cluster.prefix ?? "dev";
  if (type === "role") {
    const others = [
      ...(cluster.iamNodeRole === undefined ? [] : [`${cluster.iamNodeRolePath}${cluster.iamNodeRole}`]),
      ...cluster.formerIamNodeRoles,
    ];
    const read = ["iam:GetRole", "iam:PassRole"].includes(action) ? others.map((role) => `role${role}`) : [];
    return [`role/${prefix}-node`, ...read].map((resource) => iamArn(place, resource));
  }
  if (type === "instance-profile") {
    return [iamArn(place, `instance-profile/${prefix}-node`)];
  }
  if (type === "image" || type === "snapshot") {
    return [`arn:${partition}:ec2:${region}::${type}/${type === "image" ? "ami" : "snap"}-0123456789abcdef0`];
  }
  const own = `arn:${partition}:${service}:${region}:${account}:`;
  if (service === "kms") {
    return [`${own}key/01234567-89ab-cdef-0123-456789abcdef`];
  }
  if (service === "elasticloadbalancing") {
    return [`${own}${ELB_IDS[type]}`];
  }
  if (type === "key-pair") {
    return [`${own}key-pair/${prefix}`];
  }
  const peers = action === "ec2:CreateVpcPeeringConnection" && type === "vpc" ? cluster.peerAccountIds : [];
  return [account, ...peers].map((owner) => `arn:${partition}:ec2:${region}:${owner}:${type}/${EC2_IDS[type]}`);
}

export function iamArn({ partition, account }: Place, resource: string): string {
  return `arn:${partition}:iam::${account}:${resource}`;
}

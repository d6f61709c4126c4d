import type { Environment } from "../../src/iam/policy-statements";
import type { Context, Request } from "./simulator";

// A made-up account beside the cluster: resources that are not the cluster's. Of each kind some have no tags, some belong to another
// Kubernetes cluster, and the others have the tags that teams give: Name, team, env.

/** A resource with the requests that change it, delete it, redirect it, or read what is in it. Any of them is enough. */
export interface UnrelatedResource {
  readonly kind: string;
  readonly name: string;
  /** Each item is what one attack requires together. */
  readonly attacks: readonly (readonly Request[])[];
}

const OF_EACH_KIND = 20;
/** The first ones of each kind have no tags, the next ones belong to another cluster. */
const WITHOUT_TAGS = 2;
const OF_OTHER_CLUSTER = 2;

const OTHER_UUID = "ffffffff-eeee-4ddd-8ccc-bbbbbbbbbbbb";
const OTHER_VPC = "vpc-0fedcba9876543210";

type Tags = Readonly<Record<string, string>>;

interface Kind {
  readonly kind: string;
  /** The part of the ARN after the account, without the number at the end. */
  readonly resource: string;
  readonly actions: readonly string[];
  /** Tags of those of another cluster. @default the ones of a DKP cluster with another marker */
  readonly otherCluster?: Tags;
  /** `ec2` or `elasticloadbalancing`. @default ec2 */
  readonly service?: string;
  /** Images and snapshots have no account in their ARN. */
  readonly withoutAccount?: boolean;
}

const CSI: Tags = { "ebs.csi.aws.com/cluster": "true" };
const BALANCER: Tags = { "kubernetes.io/service-name": "web/web", [`kubernetes.io/cluster/${OTHER_UUID}`]: "owned" };
const elb = { service: "elasticloadbalancing", otherCluster: BALANCER };

const KINDS: readonly Kind[] = [
  { kind: "instance", resource: "instance/i-", actions: ["TerminateInstances", "StopInstances", "ModifyInstanceAttribute"] },
  {
    kind: "volume",
    resource: "volume/vol-",
    actions: ["DeleteVolume", "AttachVolume", "DetachVolume", "CreateSnapshot", "ModifyVolume"],
    otherCluster: CSI,
  },
  {
    kind: "snapshot",
    resource: "snapshot/snap-",
    actions: ["DeleteSnapshot", "CreateVolume", "RunInstances"],
    otherCluster: CSI,
    withoutAccount: true,
  },
  { kind: "image", resource: "image/ami-", actions: ["RunInstances"], withoutAccount: true },
  { kind: "VPC", resource: "vpc/vpc-", actions: ["DeleteVpc", "ModifyVpcAttribute", "CreateSubnet", "AttachInternetGateway"] },
  { kind: "subnet", resource: "subnet/subnet-", actions: ["DeleteSubnet", "ModifySubnetAttribute", "RunInstances"] },
  { kind: "route table", resource: "route-table/rtb-", actions: ["CreateRoute", "DeleteRoute", "DeleteRouteTable"] },
  { kind: "security group", resource: "security-group/sg-", actions: ["AuthorizeSecurityGroupIngress", "DeleteSecurityGroup"] },
  { kind: "internet gateway", resource: "internet-gateway/igw-", actions: ["DetachInternetGateway", "DeleteInternetGateway"] },
  { kind: "NAT gateway", resource: "natgateway/nat-", actions: ["DeleteNatGateway"] },
  {
    kind: "Elastic IP",
    resource: "elastic-ip/eipalloc-",
    actions: ["ReleaseAddress", "AssociateAddress", "DisassociateAddress"],
  },
  {
    kind: "network interface",
    resource: "network-interface/eni-",
    actions: ["ModifyNetworkInterfaceAttribute", "AssociateAddress"],
  },
  { kind: "peering connection", resource: "vpc-peering-connection/pcx-", actions: ["DeleteVpcPeeringConnection"] },
  { kind: "key pair", resource: "key-pair/key-", actions: ["DeleteKeyPair", "ImportKeyPair"] },
  {
    kind: "classic load balancer",
    resource: "loadbalancer/web-",
    actions: ["DeleteLoadBalancer", "RegisterInstancesWithLoadBalancer"],
    ...elb,
  },
  { kind: "network load balancer", resource: "loadbalancer/net/web-", actions: ["DeleteLoadBalancer", "CreateListener"], ...elb },
  { kind: "listener", resource: "listener/net/web-", actions: ["ModifyListener", "DeleteListener"], ...elb },
  { kind: "target group", resource: "targetgroup/web-", actions: ["RegisterTargets", "DeleteTargetGroup"], ...elb },
];

/** What an attacker adds to any resource to come past conditions on tags: every tag that the policies name. */
const TAGGING: Readonly<Record<string, string>> = { ec2: "ec2:CreateTags", elasticloadbalancing: "elasticloadbalancing:AddTags" };

/** All resources of the account that are not the cluster's. */
export function unrelatedResources(environment: Environment, uuid: string): readonly UnrelatedResource[] {
  return KINDS.flatMap((kind) => Array.from({ length: OF_EACH_KIND }, (_, at) => resourceOf(kind, at, environment, uuid)));
}

function resourceOf(kind: Kind, at: number, { partition, region, account }: Environment, uuid: string): UnrelatedResource {
  const { resource, service = "ec2", withoutAccount = false } = kind;
  const suffix = service === "ec2" ? `0fedcba98765432${String(at).padStart(2, "0")}` : `${at}${lastPart(resource)}`;
  // Of the listeners, one without tags belongs to a load balancer with a name as the cloud controller manager gives.
  const named =
    kind.kind === "listener" && at === 0 ? `listener/net/a0123456789abcdef0123456789abcde${lastPart(resource)}` : undefined;
  const arn = `arn:${partition}:${service}:${region}:${withoutAccount ? "" : account}:${named ?? `${resource}${suffix}`}`;
  const vpc = (id: string) => `arn:${partition}:ec2:${region}:${account}:vpc/${id}`;
  const tags = prefixed("aws:ResourceTag/", tagsOf(kind, at));
  const context: Context = {
    "aws:RequestedRegion": region,
    ...tags,
    ...(service === "ec2"
      ? { "ec2:Vpc": vpc(OTHER_VPC), "ec2:RequesterVpc": vpc(OTHER_VPC), "ec2:AccepterVpc": vpc(`${OTHER_VPC.slice(0, -1)}1`) }
      : {}),
  };
  const given = prefixed("aws:RequestTag/", {
    "dkp-cluster": "dev",
    "ebs.csi.aws.com/cluster": "true",
    [`kubernetes.io/cluster/${uuid}`]: "owned",
    "kubernetes.io/service-name": "a/b",
  });
  // Of the interfaces, the first one is not attached, so that a launch can use it.
  const unattached = kind.kind === "network interface" && at === 0 ? ["RunInstances"] : [];
  const direct = [...kind.actions, ...unattached].map((name) => ({ action: `${service}:${name}`, resource: arn, context }));
  const tagging = { action: TAGGING[service] ?? "", resource: arn, context: { ...context, ...given } };
  return { kind: kind.kind, name: arn, attacks: [...direct.map((request) => [request]), [tagging]] };
}

/** ARNs of new load balancers, listeners and target groups end in IDs. */
function lastPart(resource: string): string {
  const id = "/0123456789abcdef";
  return resource.startsWith("listener/")
    ? `${id}${id}`
    : resource.split("/").length > 2 || resource.startsWith("targetgroup/")
      ? id
      : "";
}

function tagsOf({ otherCluster = { "dkp-cluster": "prod", Name: "prod" } }: Kind, at: number): Tags {
  if (at < WITHOUT_TAGS) {
    return {};
  }
  return at < WITHOUT_TAGS + OF_OTHER_CLUSTER ? otherCluster : { Name: `web-${at}`, team: "web", env: "prod" };
}

function prefixed(prefix: string, tags: Tags): Context {
  return Object.fromEntries(Object.entries(tags).map(([key, value]) => [`${prefix}${key}`, value]));
}

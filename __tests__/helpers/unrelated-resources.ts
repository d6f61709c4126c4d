import type { Environment } from "../../src/iam/policy-statements";
import type { Context, Request } from "./simulator";
import { MARKER, PEER_VPC, VPC } from "./tagged-requests";

// A made-up account with neighbors of the cluster: resources that are not the cluster's, one of each kind for each location where the
// kind can be and each owner.

/** A resource with the requests that change it, delete it, redirect it, or read what is in it. Any of them is enough. */
export interface UnrelatedResource {
  readonly kind: string;
  readonly location: Location;
  readonly owner: string;
  readonly name: string;
  /** Each item is what one attack requires together. */
  readonly attacks: readonly (readonly Request[])[];
}

type Tags = Readonly<Record<string, string>>;

/** Where a neighbor is, or what it resembles. The prefix of the cluster is `dev`. */
const LOCATIONS = {
  "another VPC": {},
  "another Region": {},
  "a name with the prefix": { Name: "dev-eu" },
  "the tag Name of the cluster": { Name: "dev" },
  "the cluster's VPC": {},
  "the cluster's subnets": {},
} as const satisfies Readonly<Record<string, Tags>>;
export type Location = keyof typeof LOCATIONS;

/** Locations that exist for a kind: what is in no VPC, in a VPC, in a subnet. */
const REACH = { region: 4, vpc: 5, subnet: 6 } as const;

const OTHER_UUID = "ffffffff-eeee-4ddd-8ccc-bbbbbbbbbbbb";
export const OTHER_VPC = "vpc-0fedcba9876543210";
const OTHER_REGION = { aws: "eu-west-1", "aws-cn": "cn-northwest-1", "aws-us-gov": "us-gov-east-1" };
const ID = "0fedcba9876543210";

/** Tags by owner. What components of another cluster create has the tags of the kind. */
const OWNERS: Readonly<Record<string, Tags | undefined>> = {
  nobody: {},
  "another team": { Name: "web", team: "web", env: "prod" },
  "another DKP cluster": { [MARKER.key]: "prod", Name: "prod" },
  "components of another cluster": undefined,
};

interface Kind {
  readonly kind: string;
  readonly in: keyof typeof REACH;
  /** The part of the ARN after the account. */
  readonly resource: string;
  readonly actions: readonly string[];
  /** Actions on it together with the cluster's own resource: the ARN's last part. */
  readonly together?: Readonly<Record<string, string>>;
  /** Tags that components of a cluster give. @default none but the marker */
  readonly components?: Tags;
  /** `ec2` or `elasticloadbalancing`. @default ec2 */
  readonly service?: string;
  /** Images and snapshots have no account in their ARN. */
  readonly withoutAccount?: boolean;
}

const CSI: Tags = { "ebs.csi.aws.com/cluster": "true" };
const CLOUD_CONTROLLER: Tags = { [`kubernetes.io/cluster/${OTHER_UUID}`]: "owned" };
const BALANCER: Tags = { ...CLOUD_CONTROLLER, "kubernetes.io/service-name": "web/web" };
const elb = { service: "elasticloadbalancing", components: BALANCER, in: "subnet" } as const;
const LISTENER = { ...elb, actions: ["ModifyListener", "DeleteListener"] };
const INTERFACE = {
  in: "subnet",
  actions: ["AssociateAddress", "DetachNetworkInterface", "DeleteNetworkInterface"],
  together: { ModifyNetworkInterfaceAttribute: "security-group/sg-0" },
} as const;

const KINDS: readonly Kind[] = [
  {
    kind: "instance",
    in: "subnet",
    resource: `instance/i-${ID}`,
    actions: ["TerminateInstances", "StopInstances", "ModifyInstanceAttribute"],
  },
  {
    kind: "volume",
    in: "region",
    resource: `volume/vol-${ID}`,
    actions: ["DeleteVolume", "AttachVolume", "DetachVolume", "CreateSnapshot", "ModifyVolume"],
    components: CSI,
  },
  {
    kind: "snapshot",
    in: "region",
    resource: `snapshot/snap-${ID}`,
    actions: ["DeleteSnapshot", "CreateVolume", "RunInstances"],
    components: CSI,
    withoutAccount: true,
  },
  { kind: "image", in: "region", resource: `image/ami-${ID}`, actions: ["RunInstances"], withoutAccount: true },
  {
    kind: "VPC",
    in: "region",
    resource: `vpc/${OTHER_VPC}`,
    actions: ["DeleteVpc", "ModifyVpcAttribute", "CreateSubnet", "AttachInternetGateway"],
  },
  {
    kind: "subnet",
    in: "vpc",
    resource: `subnet/subnet-${ID}`,
    actions: ["DeleteSubnet", "ModifySubnetAttribute", "RunInstances"],
    components: CLOUD_CONTROLLER,
  },
  {
    kind: "route table",
    in: "vpc",
    resource: `route-table/rtb-${ID}`,
    actions: ["CreateRoute", "DeleteRoute", "DeleteRouteTable"],
  },
  {
    kind: "security group",
    in: "vpc",
    resource: `security-group/sg-${ID}`,
    actions: ["AuthorizeSecurityGroupIngress", "DeleteSecurityGroup", "RunInstances"],
    together: { ModifyNetworkInterfaceAttribute: "network-interface/eni-0" },
    components: CLOUD_CONTROLLER,
  },
  {
    kind: "internet gateway",
    in: "vpc",
    resource: `internet-gateway/igw-${ID}`,
    actions: ["DetachInternetGateway", "DeleteInternetGateway"],
  },
  { kind: "NAT gateway", in: "subnet", resource: `natgateway/nat-${ID}`, actions: ["DeleteNatGateway"] },
  {
    kind: "Elastic IP",
    in: "region",
    resource: `elastic-ip/eipalloc-${ID}`,
    actions: ["ReleaseAddress", "AssociateAddress", "DisassociateAddress"],
  },
  { kind: "network interface", resource: `network-interface/eni-${ID}`, ...INTERFACE },
  {
    kind: "unattached network interface",
    resource: `network-interface/eni-${ID}1`,
    ...INTERFACE,
    actions: [...INTERFACE.actions, "RunInstances"],
  },
  {
    kind: "peering connection",
    in: "vpc",
    resource: `vpc-peering-connection/pcx-${ID}`,
    actions: ["DeleteVpcPeeringConnection"],
  },
  { kind: "key pair", in: "region", resource: "key-pair/dev-eu", actions: ["DeleteKeyPair", "ImportKeyPair"] },
  {
    kind: "classic load balancer",
    resource: "loadbalancer/web",
    actions: ["DeleteLoadBalancer", "RegisterInstancesWithLoadBalancer"],
    ...elb,
  },
  {
    kind: "network load balancer",
    resource: `loadbalancer/net/web/${ID}`,
    actions: ["DeleteLoadBalancer", "CreateListener"],
    ...elb,
  },
  { kind: "listener", resource: `listener/net/web/${ID}/${ID}`, ...LISTENER },
  {
    // Its load balancer has a name as the cloud controller manager gives.
    kind: "listener of a service",
    resource: `listener/net/a0123456789abcdef0123456789abcde/${ID}/${ID}`,
    ...LISTENER,
  },
  { kind: "target group", resource: `targetgroup/web/${ID}`, actions: ["RegisterTargets", "DeleteTargetGroup"], ...elb },
];

/** What an attacker adds to any resource to come past conditions on tags: every tag that the policies name. */
const TAGGING: Readonly<Record<string, string>> = { ec2: "ec2:CreateTags", elasticloadbalancing: "elasticloadbalancing:AddTags" };

/** All resources of the account that are not the cluster's. */
export function unrelatedResources(environment: Environment, uuid: string): readonly UnrelatedResource[] {
  return KINDS.flatMap((kind) =>
    (Object.keys(LOCATIONS) as Location[])
      .slice(0, REACH[kind.in])
      .flatMap((location) => Object.keys(OWNERS).map((owner) => resourceOf({ kind, location, owner }, environment, uuid))),
  );
}

function resourceOf(
  { kind, location, owner }: { readonly kind: Kind; readonly location: Location; readonly owner: string },
  environment: Environment,
  uuid: string,
): UnrelatedResource {
  const { service = "ec2", withoutAccount = false } = kind;
  const { partition, account } = environment;
  const region = location === "another Region" ? OTHER_REGION[partition as keyof typeof OTHER_REGION] : environment.region;
  const prefix = `arn:${partition}:${service}:${region}:`;
  const name = `${prefix}${withoutAccount ? "" : account}:${kind.resource}`;
  const vpc = (id: string) => `arn:${partition}:ec2:${region}:${account}:vpc/${id}`;
  const own = vpc(/cluster's (?:VPC|subnets)/.test(location) ? VPC : OTHER_VPC);
  const ofRegion: Context = {
    "aws:RequestedRegion": region,
    ...(service === "ec2" ? { "ec2:Vpc": own, "ec2:RequesterVpc": own, "ec2:AccepterVpc": vpc(PEER_VPC) } : {}),
  };
  const components = kind.components ?? { [MARKER.key]: "prod" };
  const tags = { ...(OWNERS[owner] ?? components), ...LOCATIONS[location] };
  const context: Context = { ...ofRegion, ...prefixed("aws:ResourceTag/", tags) };
  const given = prefixed("aws:RequestTag/", {
    [MARKER.key]: MARKER.value,
    ...CSI,
    [`kubernetes.io/cluster/${uuid}`]: "owned",
    "kubernetes.io/service-name": "a/b",
  });
  const request = (action: string, resource = name, its = context): Request => ({ action, resource, context: its });
  const clusters = { ...ofRegion, ...prefixed("aws:ResourceTag/", { [MARKER.key]: MARKER.value }) };
  return {
    kind: kind.kind,
    location,
    owner,
    name,
    attacks: [
      ...kind.actions.map((action) => [request(`${service}:${action}`)]),
      ...Object.entries(kind.together ?? {}).map(([action, partner]) => [
        request(`${service}:${action}`),
        request(`${service}:${action}`, `${prefix}${account}:${partner}`, clusters),
      ]),
      [request(TAGGING[service] ?? "", name, { ...context, ...given })],
    ],
  };
}

function prefixed(prefix: string, tags: Tags): Context {
  return Object.fromEntries(Object.entries(tags).map(([key, value]) => [`${prefix}${key}`, value]));
}

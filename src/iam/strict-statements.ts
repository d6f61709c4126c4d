import type { Arn } from "./arns";
import { type Cluster, usesSnapshots } from "./cluster";
import type { Marker } from "./cluster-marker";
import type { PolicyCondition, PolicyValue, StatementId, WholeStatement } from "./policy-statement";

type Condition = PolicyCondition<PolicyValue>;

// Mode `strict`: the statements of `minimal`, divided and limited to what carries the tags of the cluster. Each statement here has
// actions and resources of the one that it comes from, and more conditions: `strict` allows at most what `minimal` allows.
//
// Which key AWS evaluates on which resource: Service Authorization Reference, "Actions, resources, and condition keys for Amazon EC2"
// and "for Elastic Load Balancing". A resource that an action creates has `aws:RequestTag`, one that exists `aws:ResourceTag`, and
// network interfaces, security groups, subnets and route tables `ec2:Vpc`.

/** What is known of the cluster's own resources. */
export interface StrictScope {
  readonly cluster: Cluster;
  readonly marker: Marker;
  /** The ARN of an EC2 resource of the account: `vpc/vpc-0123456789abcdef0`. */
  readonly ec2: (resource: string) => Arn;
  readonly loadBalancer: (resource: string) => Arn;
  /** All snapshots of the Region. */
  readonly snapshots: Arn;
}

/** The statements of `minimal` as those of `strict`. */
export function limitedToCluster(statements: readonly WholeStatement[], scope: StrictScope): readonly WholeStatement[] {
  return merged(statements.flatMap((statement) => partsOf(statement, scope)));
}

function partsOf(statement: WholeStatement, scope: StrictScope): readonly WholeStatement[] {
  const parts = LIMITS[statement.sid]?.(scope, statement);
  return parts === undefined
    ? [statement]
    : parts
        .map(({ sid, applies = () => true, resources = statement.resources, replaced = statement.conditions, conditions }) => ({
          ...statement,
          sid,
          actions: statement.actions.filter((action) => applies(action.slice(action.indexOf(":") + 1))),
          resources,
          conditions: [...replaced, ...conditions],
        }))
        .filter(({ actions, resources }) => actions.length > 0 && resources.length > 0);
}

/** Statements with the same resources and conditions as one, which allows the same. It has the statement ID of the first one. */
function merged(statements: readonly WholeStatement[]): readonly WholeStatement[] {
  const byLimits = new Map<string, WholeStatement>();
  for (const statement of statements) {
    const { resources, conditions } = statement;
    const limits = JSON.stringify([resources, conditions]);
    const first = byLimits.get(limits);
    const actions = [...(first?.actions ?? []), ...statement.actions];
    byLimits.set(limits, { ...(first ?? statement), actions: [...new Set(actions)].sort() });
  }
  return [...byLimits.values()];
}

/** A part of a statement. */
interface Part {
  readonly sid: StatementId;
  /** Whether the part has an action, given without its service. @default it has all */
  readonly applies?: (name: string) => boolean;
  /** @default those of the statement */
  readonly resources?: readonly PolicyValue[];
  /** The conditions of the statement, narrowed. @default as they are */
  readonly replaced?: readonly Condition[];
  /** Further conditions. */
  readonly conditions: readonly Condition[];
}

const LIMITS: Partial<Readonly<Record<StatementId, (scope: StrictScope, statement: WholeStatement) => readonly Part[]>>> = {
  // sts:GetCallerIdentity requires no permission. Source: AWS STS API reference, GetCallerIdentity.
  Account: () => [],
  Ec2: ec2Parts,
  Snapshots: snapshotParts,
  RunInstances: launchParts,
  PeeringVpcs: peeringVpcParts,
  Peerings: peeringParts,
  LoadBalancers: loadBalancerParts,
  NetworkLoadBalancers: networkLoadBalancerParts,
};

/**
 * What actions create. Actions are together only if none of them also uses an existing resource of a type of another one: a request
 * tag says nothing about those.
 */
const CREATIONS: readonly { readonly sid: StatementId; readonly types: Readonly<Record<string, string>> }[] = [
  {
    sid: "New",
    types: {
      CreateInternetGateway: "internet-gateway",
      CreateNatGateway: "natgateway",
      CreateRouteTable: "route-table",
      CreateSecurityGroup: "security-group",
      CreateVolume: "volume",
    },
  },
  { sid: "NewSubnets", types: { AllocateAddress: "elastic-ip", CreateSubnet: "subnet" } },
  { sid: "NewVpc", types: { CreateVpc: "vpc" } },
];

/** Actions of the statement `Ec2` that use no existing resource with the marker. */
const WITHOUT_OWN = ["AllocateAddress", "CopyVolumes", "CreateInternetGateway", "CreateSnapshot", "CreateVolume", "CreateVpc"];

const VPC_ACTIONS = [
  "AttachInternetGateway",
  "CreateNatGateway",
  "CreateRouteTable",
  "CreateSecurityGroup",
  "CreateSubnet",
  "DescribeVpcAttribute",
  "DetachInternetGateway",
];
const VOLUME_ACTIONS = [
  "AttachVolume",
  "CopyVolumes",
  "CreateSnapshot",
  "CreateTags",
  "DeleteTags",
  "DeleteVolume",
  "DetachVolume",
  "ModifyVolume",
];
const RULE_ACTIONS = [
  "AuthorizeSecurityGroupEgress",
  "AuthorizeSecurityGroupIngress",
  "RevokeSecurityGroupEgress",
  "RevokeSecurityGroupIngress",
];
const BALANCER_GROUP_ACTIONS = [
  "AuthorizeSecurityGroupIngress",
  "CreateTags",
  "DeleteSecurityGroup",
  "RevokeSecurityGroupIngress",
];

/** Tag of the EBS CSI driver on its volumes and snapshots. Source: kubernetes-sigs/aws-ebs-csi-driver docs/example-iam-policy.json. */
const CSI_TAG = "ebs.csi.aws.com/cluster";
/** Tag of the cloud controller manager on load balancers, listeners and target groups. Source: its pkg/providers/v1/aws.go. */
const SERVICE_TAG = "kubernetes.io/service-name";
/** Tag of the AWS Load Balancer Controller. Source: kubernetes-sigs/aws-load-balancer-controller pkg/deploy/tracking/provider.go. */
const OTHER_CONTROLLER_TAG = "elbv2.k8s.aws/cluster";

function ec2Parts(scope: StrictScope): readonly Part[] {
  const { cluster, marker, ec2 } = scope;
  const peerVpcs = peerVpcsOf(scope);
  const groups = [ec2("security-group/*")];
  const inVpc = inKnownVpc(scope);
  return [
    { sid: "Own", applies: (name) => !WITHOUT_OWN.includes(name), conditions: [onResource(marker)] },
    ...CREATIONS.map(({ sid, types }) => ({
      sid,
      applies: (name: string) => types[name] !== undefined,
      resources: [...new Set(Object.values(types))].sort().map((type) => ec2(`${type}/*`)),
      conditions: [inRequest(marker)],
    })),
    // At creation only: whether the resource can be created is decided above. Source: EC2 User Guide, "Grant permission to tag
    // Amazon EC2 resources during creation".
    {
      sid: "TagNew",
      applies: only("CreateTags"),
      resources: [ec2("*"), ...(usesSnapshots(cluster) ? [scope.snapshots] : [])],
      conditions: [isPresent("ec2:CreateAction")],
    },
    // Terraform tags the root disk of a master or static node after the launch. Until then it has no tags at all.
    {
      sid: "TagRootDisks",
      applies: only("CreateTags"),
      resources: [ec2("volume/*")],
      conditions: [inRequest(marker), isAbsent("aws:ResourceTag/Name"), isAbsent(`aws:ResourceTag/${CSI_TAG}`)],
    },
    // DKP never tags the root disk of the bastion. Source: deckhouse/deckhouse modules/030-cloud-provider-aws/candi/layouts/with-nat/
    // base-infrastructure/main.tf, root_block_device.
    {
      sid: "BastionDisk",
      applies: only("ModifyVolume"),
      resources: cluster.bastion && cluster.layout === "WithNAT" ? [ec2("volume/*")] : [],
      conditions: [isAbsent("aws:ResourceTag/Name"), isAbsent(`aws:ResourceTag/${CSI_TAG}`)],
    },
    {
      sid: "Csi",
      applies: only(...VOLUME_ACTIONS),
      resources: [ec2("volume/*")],
      conditions: [onResource(OF_CSI)],
    },
    {
      sid: "NewCsi",
      applies: only("CopyVolumes", "CreateVolume"),
      resources: [ec2("volume/*")],
      conditions: [inRequest(OF_CSI)],
    },
    // Nobody tags network interfaces.
    {
      sid: "Interfaces",
      applies: only(
        ...["AssociateAddress", "DisassociateAddress", "ModifyNetworkInterfaceAttribute"],
        ...["DeleteNetworkInterface", "DetachNetworkInterface"],
      ),
      resources: [ec2("network-interface/*"), ...groups],
      conditions: inVpc,
    },
    // The cloud controller manager opens the security groups of nodes, which are the user's own ones without the default groups.
    // Before the UUID is known, those of load balancers have no tag that the policy can name.
    {
      sid: "GroupRules",
      applies: only(...RULE_ACTIONS),
      resources: cluster.uuid === undefined || cluster.disableDefaultSecurityGroup ? groups : [],
      conditions: inVpc,
    },
    {
      sid: "LbGroups",
      applies: only(...BALANCER_GROUP_ACTIONS),
      resources: groups,
      conditions: [...clusterTag(scope, onResource), ...inVpc],
    },
    {
      sid: "NewLbGroups",
      applies: only("CreateSecurityGroup"),
      resources: groups,
      conditions: clusterTag(scope, inRequest),
    },
    // New rules of a group, which is decided above.
    {
      sid: "Rules",
      applies: only("AuthorizeSecurityGroupEgress", "AuthorizeSecurityGroupIngress"),
      resources: [ec2("security-group-rule/*")],
      conditions: [],
    },
    // Terraform ends an association that is already gone, whose address AWS does not find: it has no tags.
    {
      sid: "GoneAddresses",
      applies: only("DisassociateAddress"),
      resources: [ec2("elastic-ip/*")],
      conditions: [isAbsent("aws:ResourceTag/Name")],
    },
    { sid: "Vpc", applies: only(...VPC_ACTIONS), resources: existingVpc(scope), conditions: [] },
    { sid: "PeerVpcs", applies: only("DescribeVpcAttribute"), resources: peerVpcs, conditions: [] },
    {
      sid: "PeerRoutes",
      applies: only("CreateRoute", "DeleteRoute", "ReplaceRoute"),
      resources: peerVpcs.length === 0 ? [] : [ec2("route-table/*")],
      conditions: [arnEquals("ec2:Vpc", ...peerVpcs)],
    },
  ];
}

function snapshotParts(): readonly Part[] {
  return [
    { sid: "CsiSnapshots", applies: (name) => name !== "CreateSnapshot", conditions: [onResource(OF_CSI)] },
    { sid: "NewCsiSnapshots", applies: only("CreateSnapshot"), conditions: [inRequest(OF_CSI)] },
  ];
}

/** `RunInstances` is authorized on everything that a launch uses and creates. */
function launchParts(scope: StrictScope, { resources }: WholeStatement): readonly Part[] {
  const { marker, ec2 } = scope;
  const limited = ["instance/*", "security-group/*", "subnet/*"];
  return [
    {
      sid: "Launch",
      // Images and their snapshots, the key pair, and new volumes and interfaces, which have no tags yet.
      resources: resources.filter((arn) => typeof arn === "string" || !limited.includes(arn.resource)),
      conditions: [],
    },
    { sid: "LaunchNew", resources: [ec2("instance/*")], conditions: [inRequest(marker)] },
    { sid: "LaunchSubnets", resources: [ec2("subnet/*")], conditions: [onResource(marker)] },
    // Subnet and groups of an instance are in the same VPC, so that the subnet decides. The VPC excludes groups of another one.
    { sid: "LaunchGroups", resources: [ec2("security-group/*")], conditions: inKnownVpc(scope) },
  ];
}

/** The requester is the cluster's VPC, the accepter a peered one. Source: VPC Peering Guide, "Identity and access management". */
function peeringVpcParts(scope: StrictScope): readonly Part[] {
  const existing = existingVpc(scope);
  return [
    {
      sid: "PeeringRequester",
      applies: only("CreateVpcPeeringConnection"),
      resources: existing.length > 0 ? existing : [scope.ec2("vpc/*")],
      conditions: existing.length > 0 ? [] : [onResource(scope.marker)],
    },
    { sid: "PeeringAccepter", applies: only("AcceptVpcPeeringConnection"), resources: peerVpcsOf(scope), conditions: [] },
  ];
}

/** The conditions of `minimal` name the peered VPCs, and each VPC of the account as the other side: here the cluster's own one. */
function peeringParts(scope: StrictScope, { conditions }: WholeStatement): readonly Part[] {
  const [vpc] = inKnownVpc(scope);
  return [
    {
      sid: "Peerings",
      applies: () => true,
      replaced: conditions.map((one) =>
        one.variable === "ec2:RequesterVpc" && vpc !== undefined ? { ...one, values: vpc.values } : one,
      ),
      conditions: [],
    },
  ];
}

const NEW_BALANCERS = ["CreateLoadBalancer", "CreateTargetGroup"];

function loadBalancerParts(scope: StrictScope): readonly Part[] {
  return [
    {
      sid: "NewLbs",
      applies: only(...NEW_BALANCERS),
      conditions: [isPresent(`aws:RequestTag/${SERVICE_TAG}`), ...clusterTag(scope, inRequest)],
    },
    // Source: Elastic Load Balancing User Guide, "Grant permission to tag resources during creation".
    { sid: "TagNewLbs", applies: only("AddTags"), conditions: [isPresent("elasticloadbalancing:CreateAction")] },
    { sid: "LoadBalancers", applies: (name) => !NEW_BALANCERS.includes(name), conditions: ofService(scope) },
  ];
}

function networkLoadBalancerParts(scope: StrictScope): readonly Part[] {
  return [
    { sid: "NetworkLoadBalancers", applies: () => true, conditions: ofService(scope) },
    // Older versions of the cloud controller manager do not tag listeners: pkg/providers/v1/aws_loadbalancer.go, createListenerV2.
    // The name of its load balancers is "a" and 31 characters of a UID: k8s.io/cloud-provider, DefaultLoadBalancerName.
    {
      sid: "LbListeners",
      applies: only("DeleteListener", "ModifyListener"),
      resources: [scope.loadBalancer(`listener/net/a${"?".repeat(31)}/*`)],
      // "?" matches "/" too, so that a name of 15 characters fits as well: at least not the listeners of the other controller.
      conditions: [isAbsent(`aws:ResourceTag/${SERVICE_TAG}`), isAbsent(`aws:ResourceTag/${OTHER_CONTROLLER_TAG}`)],
    },
  ];
}

/** Tags of a load balancer of a service of this cluster, as far as they are known. */
function ofService(scope: StrictScope): readonly Condition[] {
  return [isPresent(`aws:ResourceTag/${SERVICE_TAG}`), ...clusterTag(scope, onResource)];
}

/** The tag of the cloud controller manager on what it creates; none before the UUID of the cluster is known. */
function clusterTag({ cluster: { uuid } }: StrictScope, where: (tag: Marker) => Condition): readonly Condition[] {
  // Source: kubernetes/cloud-provider-aws pkg/providers/v1/tags.go, ResourceLifecycleOwned.
  return uuid === undefined ? [] : [where({ key: `kubernetes.io/cluster/${uuid}`, value: "owned" })];
}

/** The VPC of the cluster, as far as it is known: an own one only after the bootstrap. */
function inKnownVpc({ cluster: { existingVPCID, vpcId = existingVPCID }, ec2 }: StrictScope): readonly Condition[] {
  return vpcId === undefined ? [] : [arnEquals("ec2:Vpc", ec2(`vpc/${vpcId}`))];
}

function existingVpc({ cluster: { existingVPCID }, ec2 }: StrictScope): readonly Arn[] {
  return existingVPCID === undefined ? [] : [ec2(`vpc/${existingVPCID}`)];
}

function peerVpcsOf({ cluster: { peeredVPCs }, ec2 }: StrictScope): readonly Arn[] {
  return [...new Set(peeredVPCs)].sort().map((vpc) => ec2(`vpc/${vpc}`));
}

const OF_CSI: Marker = { key: CSI_TAG, value: "true" };

function only(...names: readonly string[]): Part["applies"] {
  return (name) => names.includes(name);
}

function onResource({ key, value }: Marker): Condition {
  return { test: "StringEquals", variable: `aws:ResourceTag/${key}`, values: [value] };
}

function inRequest({ key, value }: Marker): Condition {
  return { test: "StringEquals", variable: `aws:RequestTag/${key}`, values: [value] };
}

/** Source: IAM User Guide, "Condition operator to check existence of condition keys". */
function isPresent(variable: string): Condition {
  return { test: "Null", variable, values: ["false"] };
}

function isAbsent(variable: string): Condition {
  return { test: "Null", variable, values: ["true"] };
}

function arnEquals(variable: string, ...values: readonly Arn[]): Condition {
  return { test: "ArnEquals", variable, values };
}

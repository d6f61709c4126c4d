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
        .map(([sid, names, resources, conditions = []]) => ({
          ...statement,
          sid,
          actions: statement.actions.filter((action) => names.some((name) => action.endsWith(`:${name}`))),
          resources,
          conditions,
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

/** A part of a statement: its actions, without their service, as far as the statement has them; its resources and conditions. */
type Part = readonly [
  sid: StatementId,
  names: readonly string[],
  resources: readonly PolicyValue[],
  conditions?: readonly Condition[],
];

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
  ...["AttachInternetGateway", "CreateNatGateway", "CreateRouteTable", "CreateSecurityGroup", "CreateSubnet"],
  ...["DescribeVpcAttribute", "DetachInternetGateway"],
];
const VOLUME_ACTIONS = [
  ...["AttachVolume", "CopyVolumes", "CreateSnapshot", "CreateTags", "DeleteTags", "DeleteVolume", "DetachVolume"],
  "ModifyVolume",
];
const INTERFACE_ACTIONS = [
  ...["AssociateAddress", "DisassociateAddress", "ModifyNetworkInterfaceAttribute"],
  ...["DeleteNetworkInterface", "DetachNetworkInterface"],
];
const NEW_RULE_ACTIONS = ["AuthorizeSecurityGroupEgress", "AuthorizeSecurityGroupIngress"];
const RULE_ACTIONS = [...NEW_RULE_ACTIONS, "RevokeSecurityGroupEgress", "RevokeSecurityGroupIngress"];
const BALANCER_GROUP_ACTIONS = [
  ...["AuthorizeSecurityGroupIngress", "CreateTags", "DeleteSecurityGroup", "RevokeSecurityGroupIngress"],
];

/** Tag of the EBS CSI driver on its volumes and snapshots. Source: kubernetes-sigs/aws-ebs-csi-driver docs/example-iam-policy.json. */
const CSI_TAG = "ebs.csi.aws.com/cluster";
/** Tag of the cloud controller manager on load balancers, listeners and target groups. Source: its pkg/providers/v1/aws.go. */
const SERVICE_TAG = "kubernetes.io/service-name";
/** Tag of the AWS Load Balancer Controller. Source: kubernetes-sigs/aws-load-balancer-controller pkg/deploy/tracking/provider.go. */
const OTHER_CONTROLLER_TAG = "elbv2.k8s.aws/cluster";

function ec2Parts(scope: StrictScope, statement: WholeStatement): readonly Part[] {
  const { cluster, marker, ec2 } = scope;
  const peerVpcs = peerVpcsOf(scope);
  const [groups, volumes] = [[ec2("security-group/*")], [ec2("volume/*")]];
  const inVpc = inKnownVpc(scope);
  const isUntagged = [isAbsent("aws:ResourceTag/Name"), isAbsent(`aws:ResourceTag/${CSI_TAG}`)];
  return [
    ["Own", namesIn(statement, ...WITHOUT_OWN), statement.resources, [onResource(marker)]],
    ...CREATIONS.map(({ sid, types }): Part => {
      const created = [...new Set(Object.values(types))].sort().map((type) => ec2(`${type}/*`));
      return [sid, Object.keys(types), created, [inRequest(marker)]];
    }),
    // At creation only: whether the resource can be created is decided above. Source: EC2 User Guide, "Grant permission to tag
    // Amazon EC2 resources during creation".
    ["TagNew", ["CreateTags"], [ec2("*"), ...(usesSnapshots(cluster) ? [scope.snapshots] : [])], [isPresent("ec2:CreateAction")]],
    // Terraform tags the root disk of a master or static node after the launch. Until then it has no tags at all.
    ["TagRootDisks", ["CreateTags"], volumes, [inRequest(marker), ...isUntagged]],
    // DKP never tags the root disk of the bastion. Source: deckhouse/deckhouse modules/030-cloud-provider-aws/candi/layouts/with-nat/
    // base-infrastructure/main.tf, root_block_device.
    ["BastionDisk", ["ModifyVolume"], cluster.bastion && cluster.layout === "WithNAT" ? volumes : [], isUntagged],
    ["Csi", VOLUME_ACTIONS, volumes, [onResource(OF_CSI)]],
    ["NewCsi", ["CopyVolumes", "CreateVolume"], volumes, [inRequest(OF_CSI)]],
    // Nobody tags network interfaces. Their groups need the marker, as everything of `Own`.
    ["Interfaces", INTERFACE_ACTIONS, [ec2("network-interface/*")], inVpc],
    // Before the UUID is known, the groups of load balancers have no tag that the policy can name.
    ["GroupRules", RULE_ACTIONS, cluster.uuid === undefined ? groups : [], inVpc],
    ["LbGroups", BALANCER_GROUP_ACTIONS, groups, [...clusterTag(scope, onResource), ...inVpc]],
    ["NewLbGroups", ["CreateSecurityGroup"], groups, clusterTag(scope, inRequest)],
    // New rules of a group, which is decided above.
    ["Rules", NEW_RULE_ACTIONS, [ec2("security-group-rule/*")]],
    // Terraform ends an association that is already gone, whose address AWS does not find: it has no tags.
    ["GoneAddresses", ["DisassociateAddress"], [ec2("elastic-ip/*")], [isAbsent("aws:ResourceTag/Name")]],
    ["Vpc", VPC_ACTIONS, existingVpc(scope)],
    ["PeerVpcs", ["DescribeVpcAttribute"], peerVpcs],
    [
      "PeerRoutes",
      ["CreateRoute", "DeleteRoute", "ReplaceRoute"],
      peerVpcs.length === 0 ? [] : [ec2("route-table/*")],
      [arnEquals("ec2:Vpc", ...peerVpcs)],
    ],
  ];
}

function snapshotParts(_: StrictScope, statement: WholeStatement): readonly Part[] {
  return [
    ["CsiSnapshots", namesIn(statement, "CreateSnapshot"), statement.resources, [onResource(OF_CSI)]],
    ["NewCsiSnapshots", ["CreateSnapshot"], statement.resources, [inRequest(OF_CSI)]],
  ];
}

/** `RunInstances` is authorized on everything that a launch uses and creates. */
function launchParts(scope: StrictScope, statement: WholeStatement): readonly Part[] {
  const { marker, ec2 } = scope;
  const names = namesIn(statement);
  const marked = ["security-group/*", "subnet/*"];
  const limited = ["instance/*", ...marked];
  return [
    // Images and their snapshots, the key pair, and new volumes and interfaces, which have no tags yet.
    ["Launch", names, statement.resources.filter((arn) => typeof arn === "string" || !limited.includes(arn.resource))],
    ["LaunchNew", names, [ec2("instance/*")], [inRequest(marker)]],
    // Also the user's own groups need the marker: in a VPC of several teams, the VPC limits nothing.
    ["LaunchInto", names, marked.map(ec2), [onResource(marker)]],
  ];
}

/** The requester is the cluster's VPC, the accepter a peered one. Source: VPC Peering Guide, "Identity and access management". */
function peeringVpcParts(scope: StrictScope): readonly Part[] {
  const existing = existingVpc(scope);
  const own: Part = ["PeeringRequester", ["CreateVpcPeeringConnection"], [scope.ec2("vpc/*")], [onResource(scope.marker)]];
  return [
    existing.length === 0 ? own : ["PeeringRequester", ["CreateVpcPeeringConnection"], existing],
    ["PeeringAccepter", ["AcceptVpcPeeringConnection"], peerVpcsOf(scope)],
  ];
}

/** The conditions of `minimal` name the peered VPCs, and each VPC of the account as the other side: here the cluster's own one. */
function peeringParts(scope: StrictScope, statement: WholeStatement): readonly Part[] {
  const [vpc] = inKnownVpc(scope);
  const narrowed = statement.conditions.map((one) =>
    one.variable === "ec2:RequesterVpc" && vpc !== undefined ? { ...one, values: vpc.values } : one,
  );
  return [["Peerings", namesIn(statement), statement.resources, narrowed]];
}

const NEW_BALANCERS = ["CreateLoadBalancer", "CreateTargetGroup"];

function loadBalancerParts(scope: StrictScope, statement: WholeStatement): readonly Part[] {
  const { resources } = statement;
  const inNew = [isPresent(`aws:RequestTag/${SERVICE_TAG}`), ...clusterTag(scope, inRequest)];
  return [
    ["NewLbs", NEW_BALANCERS, resources, inNew],
    // Source: Elastic Load Balancing User Guide, "Grant permission to tag resources during creation".
    ["TagNewLbs", ["AddTags"], resources, [isPresent("elasticloadbalancing:CreateAction")]],
    ["LoadBalancers", namesIn(statement, ...NEW_BALANCERS), resources, ofService(scope)],
  ];
}

function networkLoadBalancerParts(scope: StrictScope, statement: WholeStatement): readonly Part[] {
  return [
    ["NetworkLoadBalancers", namesIn(statement), statement.resources, ofService(scope)],
    // Older versions of the cloud controller manager do not tag listeners: pkg/providers/v1/aws_loadbalancer.go, createListenerV2.
    // The name of its load balancers is "a" and 31 characters of a UID: k8s.io/cloud-provider, DefaultLoadBalancerName.
    // "?" matches "/" too, so that a name of 15 characters fits as well: at least not the listeners of the other controller.
    [
      "LbListeners",
      ["DeleteListener", "ModifyListener"],
      [scope.loadBalancer(`listener/net/a${"?".repeat(31)}/*`)],
      [isAbsent(`aws:ResourceTag/${SERVICE_TAG}`), isAbsent(`aws:ResourceTag/${OTHER_CONTROLLER_TAG}`)],
    ],
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

/** The actions of a statement, without their service. */
function namesIn({ actions }: WholeStatement, ...except: readonly string[]): readonly string[] {
  return actions.map((action) => action.slice(action.indexOf(":") + 1)).filter((name) => !except.includes(name));
}

function onResource({ key, value }: Marker): Condition {
  return { test: "StringEquals", variable: `aws:ResourceTag/${key}`, values: [value] };
}

function inRequest({ key, value }: Marker): Condition {
  return { test: "StringEquals", variable: `aws:RequestTag/${key}`, values: [value] };
}

/** Source: IAM User Guide, "Condition operator to check existence of condition keys". */
const isPresent = (variable: string): Condition => ({ test: "Null", variable, values: ["false"] });
const isAbsent = (variable: string): Condition => ({ test: "Null", variable, values: ["true"] });

function arnEquals(variable: string, ...values: readonly Arn[]): Condition {
  return { test: "ArnEquals", variable, values };
}

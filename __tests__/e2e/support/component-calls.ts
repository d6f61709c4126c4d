import type { Feature } from "../../../src/iam/catalogue";
import type { Cluster } from "../../../src/iam/cluster";
import { grantedRows } from "../../../src/iam/policy-statements";
import type { Context } from "../../helpers/simulator";
import { MARKER, UUID } from "../../helpers/tagged-requests";
import type { DkpCall } from "./dkp-calls";
import { CLASSIC } from "./wire-calls";

// Calls of DKP's components in a running cluster, and of features that no run of its Terraform measured: the other actions of the
// catalogue. Their parameters are those that the action requires, with IDs of objects that do not exist.

const ID = "0123456789abcdef0";
const REGION = "eu-central-1";
const NAME = "a0123456789abcdef0123456789abcde";
const KMS_KEY = "01234567-89ab-cdef-0123-456789abcdef";
const CLUSTER_TAG = `kubernetes.io/cluster/${UUID}`;

const elb = (resource: string) => `arn:aws:elasticloadbalancing:${REGION}:123456789012:${resource}`;
const NLB = elb(`loadbalancer/net/${NAME}/0123456789abcdef`);
const LISTENER = elb(`listener/net/${NAME}/0123456789abcdef/0123456789abcdef`);
const TARGETS = elb("targetgroup/k8s-default/0123456789abcdef");

const ownTags = {
  "Tags.member.1.Key": CLUSTER_TAG,
  "Tags.member.1.Value": "owned",
  "Tags.member.2.Key": "kubernetes.io/service-name",
  "Tags.member.2.Value": "default/web",
};
const tagsOf = (type: string, at: number, key: string, value = "owned") => ({
  [`TagSpecification.${at}.ResourceType`]: type,
  [`TagSpecification.${at}.Tag.1.Key`]: key,
  [`TagSpecification.${at}.Tag.1.Value`]: value,
});
const ec2 = (name: string, parameters: Readonly<Record<string, string>> = {}): DkpCall => ({ action: `ec2:${name}`, parameters });
const balancer = (name: string, parameters: Readonly<Record<string, string>> = {}): DkpCall => ({
  action: `elasticloadbalancing:${name}`,
  parameters,
});
const classic = (name: string, parameters: Readonly<Record<string, string>> = {}): DkpCall => ({
  ...balancer(name, { LoadBalancerName: NAME, ...parameters }),
  version: CLASSIC,
});

const LAUNCH = {
  ImageId: `ami-${ID}`,
  SubnetId: `subnet-${ID}`,
  "SecurityGroupId.1": `sg-${ID}`,
  KeyName: "dev",
  MinCount: "1",
  MaxCount: "1",
  "IamInstanceProfile.Name": "dev-node",
  ...tagsOf("instance", 1, CLUSTER_TAG),
  ...tagsOf("volume", 2, CLUSTER_TAG),
};
const DISK = { AvailabilityZone: `${REGION}a`, Size: "1", ...tagsOf("volume", 1, "ebs.csi.aws.com/cluster", "true") };
const ENCRYPTED = { Encrypted: "true", KmsKeyId: KMS_KEY };

interface ComponentCall extends DkpCall {
  /** The features that all have to be enabled, for calls whose action alone does not decide. */
  readonly features?: readonly Feature[];
}

const withFeatures = (call: DkpCall, ...features: readonly Feature[]): ComponentCall => ({ ...call, features });

const CALLS: readonly ComponentCall[] = [
  // Cloud controller manager: classic load balancers.
  classic("CreateLoadBalancer", { "Subnets.member.1": `subnet-${ID}`, ...ownTags }),
  ...[
    "ApplySecurityGroupsToLoadBalancer",
    "AttachLoadBalancerToSubnets",
    "ConfigureHealthCheck",
    "CreateLoadBalancerListeners",
    "CreateLoadBalancerPolicy",
    "DeleteLoadBalancerListeners",
    "DeregisterInstancesFromLoadBalancer",
    "DescribeLoadBalancerAttributes",
    "DescribeLoadBalancerPolicies",
    "DetachLoadBalancerFromSubnets",
    "ModifyLoadBalancerAttributes",
    "RegisterInstancesWithLoadBalancer",
    "SetLoadBalancerPoliciesForBackendServer",
    "SetLoadBalancerPoliciesOfListener",
    "DeleteLoadBalancer",
  ].map((name) => classic(name)),
  { ...balancer("AddTags", { "LoadBalancerNames.member.1": NAME, ...ownTags }), version: CLASSIC },
  { ...balancer("DescribeLoadBalancers"), version: CLASSIC },
  // Cloud controller manager: network load balancers.
  balancer("CreateLoadBalancer", { Name: NAME, Type: "network", "Subnets.member.1": `subnet-${ID}`, ...ownTags }),
  balancer("CreateTargetGroup", { Name: "k8s-default", Protocol: "TCP", Port: "80", VpcId: `vpc-${ID}`, ...ownTags }),
  balancer("CreateListener", {
    LoadBalancerArn: NLB,
    Port: "80",
    Protocol: "TCP",
    "DefaultActions.member.1.TargetGroupArn": TARGETS,
  }),
  ...[NLB, LISTENER, TARGETS].map((arn) => balancer("AddTags", { "ResourceArns.member.1": arn, ...ownTags })),
  balancer("ModifyListener", { ListenerArn: LISTENER, Port: "81" }),
  balancer("ModifyLoadBalancerAttributes", { LoadBalancerArn: NLB }),
  balancer("SetSecurityGroups", { LoadBalancerArn: NLB, "SecurityGroups.member.1": `sg-${ID}` }),
  balancer("RegisterTargets", { TargetGroupArn: TARGETS, "Targets.member.1.Id": `i-${ID}` }),
  balancer("DeregisterTargets", { TargetGroupArn: TARGETS, "Targets.member.1.Id": `i-${ID}` }),
  balancer("ModifyTargetGroup", { TargetGroupArn: TARGETS }),
  balancer("ModifyTargetGroupAttributes", { TargetGroupArn: TARGETS }),
  ...["DescribeListeners", "DescribeTargetGroupAttributes", "DescribeTargetGroups", "DescribeTargetHealth"].map((name) =>
    balancer(name, name === "DescribeListeners" ? { LoadBalancerArn: NLB } : { TargetGroupArn: TARGETS }),
  ),
  balancer("DeleteListener", { ListenerArn: LISTENER }),
  balancer("DeleteTargetGroup", { TargetGroupArn: TARGETS }),
  balancer("DeleteLoadBalancer", { LoadBalancerArn: NLB }),
  // Cloud controller manager: network.
  ec2("CreateSecurityGroup", {
    GroupName: `k8s-elb-${NAME}`,
    GroupDescription: "x",
    VpcId: `vpc-${ID}`,
    ...tagsOf("security-group", 1, CLUSTER_TAG),
  }),
  ec2("DescribeSecurityGroups"),
  ...["AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress", "DeleteSecurityGroup"].map((name) =>
    ec2(name, { GroupId: `sg-${ID}` }),
  ),
  ec2("DescribeInstanceCreditSpecifications", { "InstanceId.1": `i-${ID}` }),
  ec2("DescribeInstanceTopology", { "InstanceId.1": `i-${ID}` }),
  ec2("DescribeVpcClassicLink"),
  ec2("DescribeVpcClassicLinkDnsSupport"),
  // Machine controller manager.
  ec2("RunInstances", LAUNCH),
  withFeatures(
    ec2("RunInstances", {
      ...LAUNCH,
      "BlockDeviceMapping.1.Ebs.KmsKeyId": KMS_KEY,
      "BlockDeviceMapping.1.Ebs.SnapshotId": `snap-${ID}`,
    }),
    "encrypted-volumes",
  ),
  withFeatures(ec2("RunInstances", { ...LAUNCH, "InstanceMarketOptions.MarketType": "spot" }), "spot-instances"),
  withFeatures({ action: "iam:CreateServiceLinkedRole", parameters: { AWSServiceName: "spot.amazonaws.com" } }, "spot-instances"),
  // EBS CSI.
  ec2("CreateVolume", DISK),
  withFeatures(ec2("CreateVolume", { ...DISK, ...ENCRYPTED }), "encrypted-volumes"),
  withFeatures(ec2("CreateVolume", { ...DISK, SnapshotId: `snap-${ID}` }), "volume-snapshots"),
  ec2("DetachVolume", { VolumeId: `vol-${ID}`, InstanceId: `i-${ID}` }),
  ec2("CreateSnapshot", { VolumeId: `vol-${ID}`, ...tagsOf("snapshot", 1, "ebs.csi.aws.com/cluster", "true") }),
  ec2("DeleteSnapshot", { SnapshotId: `snap-${ID}` }),
  withFeatures(ec2("DeleteTags", { "ResourceId.1": `snap-${ID}`, "Tag.1.Key": "team" }), "volume-snapshots"),
  ec2("DescribeSnapshots"),
  ec2("DescribeVolumeStatus"),
  ec2("EnableFastSnapshotRestores", { "SourceSnapshotId.1": `snap-${ID}`, "AvailabilityZone.1": `${REGION}a` }),
  ec2("CopyVolumes", { SourceVolumeId: `vol-${ID}` }),
  // Terraform: drift repair. cspell:ignore rtbassoc
  ec2("DescribeIamInstanceProfileAssociations"),
  ec2("AssociateIamInstanceProfile", { InstanceId: `i-${ID}`, "IamInstanceProfile.Name": "dev-node" }),
  ec2("ReplaceIamInstanceProfileAssociation", { AssociationId: `iip-assoc-${ID}`, "IamInstanceProfile.Name": "dev-node" }),
  ec2("DisassociateIamInstanceProfile", { AssociationId: `iip-assoc-${ID}` }),
  ec2("ReplaceRoute", { RouteTableId: `rtb-${ID}`, DestinationCidrBlock: "0.0.0.0/0", GatewayId: `igw-${ID}` }),
  ec2("ReplaceRouteTableAssociation", { AssociationId: `rtbassoc-${ID}`, RouteTableId: `rtb-${ID}` }),
  { action: "iam:UpdateAssumeRolePolicy", parameters: { RoleName: "dev-node", PolicyDocument: "{}" } },
];

/** Authorizations that a cluster requires and no call causes, with the reason. They are simulated only. */
export const NOT_CAUSED: Readonly<Record<string, string>> = Object.fromEntries([
  ...[
    "ec2:DeleteNetworkInterface network-interface",
    "ec2:DetachNetworkInterface instance",
    "ec2:DetachNetworkInterface network-interface",
  ].map((pair) => [pair, "no run had an interface that AWS Lambda left behind"]),
  ...[
    "ec2:AssociateAddress network-interface",
    "ec2:AssociateRouteTable internet-gateway",
    "ec2:AuthorizeSecurityGroupEgress security-group-rule",
    "ec2:AuthorizeSecurityGroupIngress security-group-rule",
    "ec2:CreateNatGateway vpc",
    "ec2:DisassociateAddress network-interface",
    "ec2:DisassociateRouteTable internet-gateway",
    "ec2:ModifyInstanceAttribute security-group",
    "ec2:ModifyInstanceAttribute volume",
    "ec2:ModifyNetworkInterfaceAttribute instance",
    "ec2:ModifyNetworkInterfaceAttribute subnet",
    "ec2:ReplaceRouteTableAssociation internet-gateway",
    "ec2:ReplaceRouteTableAssociation subnet",
  ].map((pair) => [pair, "no parameter of the request names the object; AWS may find it from another one"]),
]);

/** The calls of the components that a cluster requires. */
export function componentCalls(cluster: Cluster): readonly DkpCall[] {
  const required = grantedRows({ mode: "minimal", supplement: true, cluster }).map(({ action }) => action);
  return CALLS.filter(
    ({ action, features = [] }) => required.includes(action) && features.every((feature) => cluster.features.includes(feature)),
  ).map((call) => ({ ...call, parameters: ofCluster(call, cluster) }));
}

/** The machine controller manager gives `tags` to instances and volumes, and all components use the existing VPC. */
function ofCluster({ action, parameters = {} }: ComponentCall, { tags, existingVPCID }: Cluster): DkpCall["parameters"] {
  const given = action === "ec2:RunInstances" ? Object.entries(tags) : [];
  const added = given.flatMap(([key, value], at) =>
    [1, 2].flatMap((specification) => [
      [`TagSpecification.${specification}.Tag.${at + 2}.Key`, key],
      [`TagSpecification.${specification}.Tag.${at + 2}.Value`, value],
    ]),
  );
  const vpc = parameters.VpcId === undefined || existingVPCID === undefined ? {} : { VpcId: existingVPCID };
  return { ...parameters, ...Object.fromEntries(added), ...vpc };
}

const tagContext = (tags: Readonly<Record<string, string>>): Context =>
  Object.fromEntries(Object.entries(tags).map(([key, value]) => [`aws:ResourceTag/${key}`, value]));

const OWN = tagContext({ [MARKER.key]: MARKER.value });
const CSI = tagContext({ "ebs.csi.aws.com/cluster": "true" });
const BALANCER = tagContext({ [CLUSTER_TAG]: "owned", "kubernetes.io/service-name": "default/web" });

/** Who creates the objects of the calls above, by type of the ARN. Terraform's, and those of the machine controller manager, have the marker. */
const TAGS_BY_TYPE: Readonly<Record<string, Context>> = {
  instance: OWN,
  "route-table": OWN,
  subnet: OWN,
  vpc: OWN,
  volume: CSI,
  snapshot: CSI,
  "security-group": tagContext({ [CLUSTER_TAG]: "owned" }),
};

/** Objects that the components name and that do not exist in the account of the tests. */
export function componentObjects(vpcId: string, action: string, arn: string): Context | undefined {
  const [, , service, region, account, path = ""] = arn.split(":");
  const [type = "", id = ""] = path.split("/");
  if (service === "elasticloadbalancing") {
    return /^elasticloadbalancing:Create(?:LoadBalancer|TargetGroup)$/.test(action) ? {} : BALANCER;
  }
  // An association leads to its instance or route table.
  const isFound =
    id.endsWith(ID) ||
    id === "rtb-*" ||
    (id === "*" && action.endsWith("IamInstanceProfile")) ||
    action.endsWith("ProfileAssociation");
  const vpc = { "ec2:Vpc": `arn:aws:ec2:${region}:${account}:vpc/${vpcId}` };
  // The security groups of a node are Terraform's, the others those of load balancers.
  const tags = action === "ec2:RunInstances" && type === "security-group" ? OWN : TAGS_BY_TYPE[type];
  return service === "ec2" && isFound ? { ...vpc, ...tags } : undefined;
}

import type { Cluster } from "../../../src/iam/cluster";
import { type Change, type Condition, type Layout, MEASURED } from "../../helpers/measured-calls";
import { MARKER } from "../../helpers/tagged-requests";
import type { WireCall } from "./wire-calls";

// The measured calls of DKP's own Terraform with the parameters of their requests, in the order of a cluster's life: creation,
// changes, deletion.

/** A call whose parameters contain IDs from the responses to earlier calls, as `{vpc}`. */
export interface DkpCall extends WireCall {
  /** Elements of the response, by the name under which later calls use their text. */
  readonly keep?: Parameters;
  /** Absent: in every cluster for which the action was measured. */
  readonly when?: boolean;
}

/** What exists before the cluster: `vpc` is the existing VPC, if the cluster uses one. */
export type Existing = Readonly<Record<"image" | "peerVpc" | "peerRouteTable" | "vpc" | "otherGroup", string>>;

const CIDR = "10.222.0.0/16";
const TRUST = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" }],
});
const ROLE_POLICY = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action: "ec2:DescribeTags", Resource: "*" }],
});
const PUBLIC_KEY = Buffer.from(`ssh-ed25519 ${Buffer.from("\0\0\0\x0bssh-ed25519\0\0\0 ".padEnd(51, "k")).toString("base64")}`);

/** The conditions under which calls were measured that a cluster meets. A burstable instance type is possible in every one. */
function conditionsOf({ existingVPCID, peeredVPCs, tags, disableDefaultSecurityGroup }: Cluster): readonly Condition[] {
  const held: Readonly<Record<Condition, boolean>> = {
    burstable: true,
    "default-security-groups": !disableDefaultSecurityGroup,
    "own-vpc": existingVPCID === undefined,
    peering: peeredVPCs.length > 0,
    tags: Object.keys(tags).length > 0,
  };
  return (Object.keys(held) as Condition[]).filter((condition) => held[condition]);
}

/** The actions of DKP's Terraform that were measured for such a cluster and its changes. */
export function measuredActions(cluster: Cluster & { readonly layout: Layout }): readonly string[] {
  const conditions = conditionsOf(cluster);
  const letter = { WithNAT: "N", WithoutNAT: "W", Standard: "S" }[cluster.layout];
  const isPhaseOf = (phase: string) => !phase.includes("[") || phase.includes(letter);
  const happens = (change: Change) =>
    (change !== "imdsv2" || cluster.imdsv2 !== undefined) &&
    (change !== "instanceType" || cluster.features.includes("instance-type-change"));
  const rows = MEASURED.filter(
    ({ onlyWhen, calls = {}, changes = {} }) =>
      (onlyWhen === undefined || conditions.includes(onlyWhen)) &&
      (Object.values(calls).some((phases) => phases.split(" ").some(isPhaseOf)) ||
        (Object.keys(changes) as Change[]).some(happens)),
  );
  return [...new Set(rows.flatMap(({ actions }) => actions))].sort();
}

/** The measured calls of a cluster. */
export function dkpCalls(cluster: Cluster & { readonly layout: Layout }, existing: Existing): readonly DkpCall[] {
  const measured = measuredActions(cluster);
  return lifeOf(cluster, existing).filter(({ action, when }) => measured.includes(action) && when !== false);
}

/** Parameters of a `TagSpecification`. */
function tagged(type: string, tags: Parameters): Parameters {
  const pairs = numbered("TagSpecification.1.Tag", tags);
  return Object.keys(tags).length === 0 ? {} : { "TagSpecification.1.ResourceType": type, ...pairs };
}

function numbered(name: string, tags: Parameters): Parameters {
  return Object.fromEntries(
    Object.entries(tags).flatMap(([key, value], at) => [
      [`${name}.${at + 1}.Key`, key],
      [`${name}.${at + 1}.Value`, value],
    ]),
  );
}

type Parameters = Readonly<Record<string, string>>;

const call = (action: string, parameters: Parameters = {}, more: Pick<DkpCall, "keep" | "when"> = {}): DkpCall => ({
  action,
  parameters,
  ...more,
});

function lifeOf(cluster: Cluster & { readonly layout: Layout }, existing: Existing): readonly DkpCall[] {
  const { prefix = "dev", layout, tags, iamNodeRole } = cluster;
  const node = `${prefix}-node`;
  const uuid = { [`kubernetes.io/cluster/${prefix}`]: "shared", "kubernetes.io/cluster/0a1b2c3d": "shared" };
  const named = (type: string, name: string, more = {}) => tagged(type, { Name: name, ...more, ...tags });
  const hasNat = layout !== "WithoutNAT";
  const hasBastion = layout === "WithNAT";
  const ownVpc = cluster.existingVPCID === undefined;
  const hasGroups = !cluster.disableDefaultSecurityGroup;
  const group = hasGroups ? "{group}" : existing.otherGroup;
  const profile = { "IamInstanceProfile.Name": node };
  const launch = { ImageId: existing.image, KeyName: prefix, MinCount: "1", MaxCount: "1", InstanceType: "m5.large" };
  const rootDisk = {
    "BlockDeviceMapping.1.DeviceName": "/dev/sda1",
    "BlockDeviceMapping.1.Ebs.VolumeSize": "50",
    "BlockDeviceMapping.1.Ebs.VolumeType": "gp3",
  };
  const instanceTags = (name: string) => named("instance", name, uuid);
  const reads = (...actions: readonly string[]) => actions.map((action) => ({ action: `ec2:${action}` }));
  const each = (action: string, parameter: string, ...names: readonly string[]) =>
    names.map((name) => ({ action, parameters: { [parameter]: `{${name}}` } }));
  const tcp = (port: string) => ({
    "IpPermissions.1.IpProtocol": "tcp",
    "IpPermissions.1.FromPort": port,
    "IpPermissions.1.ToPort": port,
    "IpPermissions.1.IpRanges.1.CidrIp": "0.0.0.0/0",
  });
  const egress = { "IpPermissions.1.IpProtocol": "-1", "IpPermissions.1.IpRanges.1.CidrIp": "0.0.0.0/0" };
  const hasPeering = cluster.peeredVPCs.length > 0;
  const resourcesWithTags = [
    ...(ownVpc ? ["{vpc}"] : []),
    "{igw}",
    "{subnet}",
    "{routeTable}",
    ...(hasGroups ? ["{group}"] : []),
    ...(hasNat ? ["{nat}", "{natAddress}"] : ["{address}"]),
    ...(hasPeering ? ["{pcx}"] : []),
    "{keyPair}",
    "{master}",
    "{etcd}",
    "{rootVolume}",
  ];
  // A marker stays as long as the cluster.
  const removable = Object.fromEntries(Object.entries(tags).filter(([key]) => key !== MARKER.key));
  const onAll = Object.fromEntries(resourcesWithTags.map((id, at) => [`ResourceId.${at + 1}`, id]));
  const group3 = (name: string, keep: string, its: Parameters): DkpCall => ({
    action: "ec2:CreateSecurityGroup",
    parameters: { GroupName: `${prefix}-${name}`, GroupDescription: name, VpcId: "{vpc}", ...tagged("security-group", its) },
    keep: { [keep]: "groupId" },
  });
  return [
    call("sts:GetCallerIdentity"),
    ...reads("DescribeAvailabilityZones", "DescribeVpcs"),
    // Base infrastructure: identity.
    call("iam:CreateRole", { RoleName: node, Path: "/", AssumeRolePolicyDocument: TRUST, ...numbered("Tags.member", tags) }),
    call("iam:GetRole", { RoleName: node }),
    call("iam:ListRolePolicies", { RoleName: node }),
    call("iam:ListAttachedRolePolicies", { RoleName: node }),
    call("iam:PutRolePolicy", { RoleName: node, PolicyName: node, PolicyDocument: ROLE_POLICY }),
    call("iam:GetRolePolicy", { RoleName: node, PolicyName: node }),
    call("iam:CreateInstanceProfile", { InstanceProfileName: node, Path: "/" }),
    call("iam:AddRoleToInstanceProfile", { InstanceProfileName: node, RoleName: node }),
    call("iam:GetInstanceProfile", { InstanceProfileName: node }),
    // Base infrastructure: network.
    call(
      "ec2:ImportKeyPair",
      { KeyName: prefix, PublicKeyMaterial: PUBLIC_KEY.toString("base64"), ...tagged("key-pair", { Cluster: prefix, ...tags }) },
      { keep: { keyPair: "keyPairId" } },
    ),
    ...reads("DescribeKeyPairs"),
    call("ec2:CreateVpc", { CidrBlock: CIDR, ...named("vpc", prefix) }, { keep: { vpc: "vpcId" } }),
    call("ec2:ModifyVpcAttribute", { VpcId: "{vpc}", "EnableDnsHostnames.Value": "true" }),
    call("ec2:DescribeVpcAttribute", { VpcId: "{vpc}", Attribute: "enableDnsHostnames" }),
    ...reads("DescribeNetworkAcls"),
    call("ec2:CreateInternetGateway", named("internet-gateway", prefix), { keep: { igw: "internetGatewayId" } }),
    call("ec2:AttachInternetGateway", { InternetGatewayId: "{igw}", VpcId: "{vpc}" }),
    ...reads("DescribeInternetGateways"),
    ...["subnet", "secondSubnet"].map((keep, at) =>
      call(
        "ec2:CreateSubnet",
        { VpcId: "{vpc}", CidrBlock: `10.222.${at}.0/24`, ...named("subnet", `${prefix}-${at}`, uuid) },
        { keep: { [keep]: "subnetId" } },
      ),
    ),
    call("ec2:ModifySubnetAttribute", { SubnetId: "{subnet}", "MapPublicIpOnLaunch.Value": "true" }),
    ...reads("DescribeSubnets"),
    ...["routeTable", "otherRouteTable"].map((keep, at) =>
      call(
        "ec2:CreateRouteTable",
        { VpcId: "{vpc}", ...named("route-table", `${prefix}-${at}`, at === 0 ? uuid : {}) },
        { keep: { [keep]: "routeTableId" } },
      ),
    ),
    call("ec2:CreateRoute", { RouteTableId: "{routeTable}", DestinationCidrBlock: "0.0.0.0/0", GatewayId: "{igw}" }),
    call(
      "ec2:AssociateRouteTable",
      { RouteTableId: "{routeTable}", SubnetId: "{subnet}" },
      { keep: { association: "associationId" } },
    ),
    ...reads("DescribeRouteTables"),
    call(
      "ec2:AllocateAddress",
      { Domain: "vpc", ...named("elastic-ip", prefix) },
      { keep: { [hasNat ? "natAddress" : "address"]: "allocationId" } },
    ),
    call(
      "ec2:AllocateAddress",
      { Domain: "vpc", ...named("elastic-ip", `${prefix}-bastion`) },
      { keep: { address: "allocationId" }, when: hasBastion },
    ),
    ...reads("DescribeAddresses", "DescribeAddressesAttribute"),
    call(
      "ec2:CreateNatGateway",
      { SubnetId: "{subnet}", AllocationId: "{natAddress}", ...named("natgateway", prefix) },
      { keep: { nat: "natGatewayId" } },
    ),
    ...reads("DescribeNatGateways"),
    call(
      "ec2:CreateRoute",
      { RouteTableId: "{otherRouteTable}", DestinationCidrBlock: "0.0.0.0/0", NatGatewayId: "{nat}" },
      { when: hasNat },
    ),
    group3("node", "group", { ...uuid, ...tags }),
    group3("loadbalancer", "balancerGroup", tags),
    group3("ssh-accessible", "sshGroup", tags),
    call("ec2:RevokeSecurityGroupEgress", { GroupId: "{group}", ...egress }),
    call("ec2:AuthorizeSecurityGroupEgress", { GroupId: "{group}", ...egress }),
    call("ec2:AuthorizeSecurityGroupIngress", { GroupId: "{sshGroup}", ...tcp("22") }),
    ...reads("DescribeSecurityGroups", "DescribeSecurityGroupRules"),
    call(
      "ec2:CreateVpcPeeringConnection",
      { VpcId: "{vpc}", PeerVpcId: existing.peerVpc, ...named("vpc-peering-connection", prefix) },
      { keep: { pcx: "vpcPeeringConnectionId" } },
    ),
    call("ec2:AcceptVpcPeeringConnection", { VpcPeeringConnectionId: "{pcx}" }),
    call("ec2:CreateTags", { "ResourceId.1": "{pcx}", ...numbered("Tag", { Name: prefix, ...tags }) }, { when: hasPeering }),
    ...reads("DescribeVpcPeeringConnections"),
    call(
      "ec2:CreateRoute",
      { RouteTableId: existing.peerRouteTable, DestinationCidrBlock: CIDR, VpcPeeringConnectionId: "{pcx}" },
      { when: hasPeering },
    ),
    // Instances: master, static node, bastion.
    call("ec2:DescribeImages", { "ImageId.1": existing.image }),
    call("ec2:DescribeInstanceTypes", { "InstanceType.1": "m5.large" }),
    call(
      "ec2:RunInstances",
      {
        ...launch,
        ...profile,
        ...rootDisk,
        SubnetId: "{subnet}",
        "SecurityGroupId.1": group,
        ...instanceTags(`${prefix}-master-0`),
      },
      { keep: { master: "instanceId", interface: "networkInterfaceId" } },
    ),
    call(
      "ec2:RunInstances",
      {
        ...launch,
        ...profile,
        ...rootDisk,
        "NetworkInterface.1.DeviceIndex": "0",
        "NetworkInterface.1.SubnetId": "{secondSubnet}",
        "NetworkInterface.1.SecurityGroupId.1": group,
        "NetworkInterface.1.AssociatePublicIpAddress": "false",
        "MetadataOptions.HttpTokens": "required",
        ...instanceTags(`${prefix}-static-0`),
      },
      { keep: { static: "instanceId" } },
    ),
    call(
      "ec2:RunInstances",
      { ...launch, SubnetId: "{subnet}", "SecurityGroupId.1": group, ...named("instance", `${prefix}-bastion`) },
      { keep: { bastion: "instanceId" }, when: hasBastion },
    ),
    ...reads("DescribeInstances", "DescribeInstanceCreditSpecifications", "DescribeTags"),
    call(
      "ec2:DescribeVolumes",
      { "Filter.1.Name": "attachment.instance-id", "Filter.1.Value.1": "{master}" },
      { keep: { rootVolume: "volumeId" } },
    ),
    call("ec2:DescribeInstanceAttribute", { InstanceId: "{master}", Attribute: "disableApiTermination" }),
    call("ec2:ModifyInstanceAttribute", { InstanceId: "{master}", "SourceDestCheck.Value": "false" }),
    call("ec2:CreateTags", { "ResourceId.1": "{rootVolume}", ...numbered("Tag", tags) }, { when: Object.keys(tags).length > 0 }),
    call(
      "ec2:AssociateAddress",
      { AllocationId: "{address}", InstanceId: hasBastion ? "{bastion}" : "{master}" },
      { keep: { addressAssociation: "associationId" } },
    ),
    call(
      "ec2:CreateVolume",
      { AvailabilityZone: "eu-central-1a", Size: "20", VolumeType: "gp3", ...named("volume", `${prefix}-kubernetes-data-0`) },
      { keep: { etcd: "volumeId" } },
    ),
    call("ec2:AttachVolume", { VolumeId: "{etcd}", InstanceId: "{master}", Device: "/dev/sdf" }),
    // Changes of a running cluster.
    call("ec2:ModifyVolume", { VolumeId: "{etcd}", Size: "30" }),
    call("ec2:DescribeVolumesModifications", { "VolumeId.1": "{etcd}" }),
    call("ec2:StopInstances", { "InstanceId.1": "{master}" }),
    call(
      "ec2:ModifyInstanceAttribute",
      { InstanceId: "{master}", "InstanceType.Value": "m5.metal" },
      { when: cluster.features.includes("instance-type-change") },
    ),
    call("ec2:StartInstances", { "InstanceId.1": "{master}" }),
    call("ec2:ModifyInstanceMetadataOptions", { InstanceId: "{master}", HttpTokens: "required" }),
    call("ec2:ModifyNetworkInterfaceAttribute", {
      NetworkInterfaceId: "{interface}",
      "SecurityGroupId.1": group,
      "SecurityGroupId.2": existing.otherGroup,
    }),
    call("ec2:RevokeSecurityGroupIngress", { GroupId: "{sshGroup}", ...tcp("22") }),
    call("ec2:AuthorizeSecurityGroupIngress", {
      GroupId: "{sshGroup}",
      ...tcp("22"),
      "IpPermissions.1.IpRanges.1.CidrIp": "192.0.2.0/24",
    }),
    call("ec2:CreateTags", { ...onAll, ...numbered("Tag", tags) }, { when: Object.keys(tags).length > 0 }),
    call("ec2:DeleteTags", { ...onAll, ...numbered("Tag", removable) }),
    call("iam:TagRole", { RoleName: node, ...numbered("Tags.member", tags) }),
    call("iam:UntagRole", {
      RoleName: node,
      ...Object.fromEntries(Object.keys(tags).map((key, at) => [`TagKeys.member.${at + 1}`, key])),
    }),
    ...(iamNodeRole === undefined
      ? []
      : [
          call("iam:GetRole", { RoleName: iamNodeRole }),
          call("iam:RemoveRoleFromInstanceProfile", { InstanceProfileName: node, RoleName: node }),
          call("iam:AddRoleToInstanceProfile", { InstanceProfileName: node, RoleName: iamNodeRole }),
          call(
            "ec2:RunInstances",
            { ...launch, ...profile, SubnetId: "{subnet}", "SecurityGroupId.1": group, ...instanceTags(`${prefix}-static-1`) },
            { keep: { otherStatic: "instanceId" } },
          ),
          call("ec2:TerminateInstances", { "InstanceId.1": "{otherStatic}" }),
        ]),
    // Deletion.
    call("ec2:DisassociateAddress", { AssociationId: "{addressAssociation}" }, { when: layout !== "Standard" }),
    call("ec2:DisassociateAddress", { AssociationId: "{natAssociation}" }, { when: layout === "Standard" }),
    call("ec2:ModifyInstanceAttribute", { InstanceId: "{master}", "DisableApiTermination.Value": "false" }),
    call("ec2:TerminateInstances", { "InstanceId.1": "{master}", "InstanceId.2": "{static}" }),
    call("ec2:TerminateInstances", { "InstanceId.1": "{bastion}" }, { when: hasBastion }),
    call("ec2:DeleteVolume", { VolumeId: "{etcd}" }),
    call("ec2:DeleteNatGateway", { NatGatewayId: "{nat}" }),
    call("ec2:ReleaseAddress", { AllocationId: hasNat ? "{natAddress}" : "{address}" }),
    call("ec2:ReleaseAddress", { AllocationId: "{address}" }, { when: hasBastion }),
    call("ec2:DeleteRoute", { RouteTableId: existing.peerRouteTable, DestinationCidrBlock: CIDR }, { when: hasPeering }),
    call("ec2:DeleteVpcPeeringConnection", { VpcPeeringConnectionId: "{pcx}" }),
    call("ec2:DeleteRoute", { RouteTableId: "{routeTable}", DestinationCidrBlock: "0.0.0.0/0" }),
    call("ec2:DisassociateRouteTable", { AssociationId: "{association}" }),
    ...each("ec2:DeleteRouteTable", "RouteTableId", "routeTable", "otherRouteTable"),
    ...reads("DescribeNetworkInterfaces"),
    ...each("ec2:DeleteSecurityGroup", "GroupId", "sshGroup", "balancerGroup", "group"),
    ...each("ec2:DeleteSubnet", "SubnetId", "subnet", "secondSubnet"),
    call("ec2:DetachInternetGateway", { InternetGatewayId: "{igw}", VpcId: "{vpc}" }),
    call("ec2:DeleteInternetGateway", { InternetGatewayId: "{igw}" }),
    call("ec2:DeleteVpc", { VpcId: "{vpc}" }),
    call("ec2:DeleteKeyPair", { KeyName: prefix }),
    call("iam:ListInstanceProfilesForRole", { RoleName: node }),
    call("iam:RemoveRoleFromInstanceProfile", { InstanceProfileName: node, RoleName: iamNodeRole ?? node }),
    call("iam:DeleteInstanceProfile", { InstanceProfileName: node }),
    call("iam:DeleteRolePolicy", { RoleName: node, PolicyName: node }),
    call("iam:DeleteRole", { RoleName: node }),
  ];
}

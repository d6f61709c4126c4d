import type { Cluster } from "../../../src/iam/cluster";
import { type Change, type Condition, type Layout, MEASURED } from "../../helpers/measured-calls";
import { MARKER } from "../../helpers/tagged-requests";
import type { WireCall } from "./wire-calls";

// The measured calls of DKP's own Terraform with the parameters of their requests, in the order of a cluster's life: creation,
// changes, deletion.

/** A call whose parameters contain IDs from the responses to earlier calls, as `{vpc}`. */
export interface DkpCall extends WireCall {
  /** Elements of the response, by the name under which later calls use their text. */
  readonly keep?: Readonly<Record<string, string>>;
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
function tagged(type: string, tags: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const pairs = numbered("TagSpecification.1.Tag", tags);
  return Object.keys(tags).length === 0 ? {} : { "TagSpecification.1.ResourceType": type, ...pairs };
}

function numbered(name: string, tags: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(tags).flatMap(([key, value], at) => [
      [`${name}.${at + 1}.Key`, key],
      [`${name}.${at + 1}.Value`, value],
    ]),
  );
}

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
  const group3 = (name: string, keep: string, its: Readonly<Record<string, string>>): DkpCall => ({
    action: "ec2:CreateSecurityGroup",
    parameters: { GroupName: `${prefix}-${name}`, GroupDescription: name, VpcId: "{vpc}", ...tagged("security-group", its) },
    keep: { [keep]: "groupId" },
  });
  return [
    { action: "sts:GetCallerIdentity" },
    ...reads("DescribeAvailabilityZones", "DescribeVpcs"),
    // Base infrastructure: identity.
    {
      action: "iam:CreateRole",
      parameters: { RoleName: node, Path: "/", AssumeRolePolicyDocument: TRUST, ...numbered("Tags.member", tags) },
    },
    { action: "iam:GetRole", parameters: { RoleName: node } },
    { action: "iam:ListRolePolicies", parameters: { RoleName: node } },
    { action: "iam:ListAttachedRolePolicies", parameters: { RoleName: node } },
    { action: "iam:PutRolePolicy", parameters: { RoleName: node, PolicyName: node, PolicyDocument: ROLE_POLICY } },
    { action: "iam:GetRolePolicy", parameters: { RoleName: node, PolicyName: node } },
    { action: "iam:CreateInstanceProfile", parameters: { InstanceProfileName: node, Path: "/" } },
    { action: "iam:AddRoleToInstanceProfile", parameters: { InstanceProfileName: node, RoleName: node } },
    { action: "iam:GetInstanceProfile", parameters: { InstanceProfileName: node } },
    // Base infrastructure: network.
    {
      action: "ec2:ImportKeyPair",
      parameters: {
        KeyName: prefix,
        PublicKeyMaterial: PUBLIC_KEY.toString("base64"),
        ...tagged("key-pair", { Cluster: prefix, ...tags }),
      },
      keep: { keyPair: "keyPairId" },
    },
    ...reads("DescribeKeyPairs"),
    { action: "ec2:CreateVpc", parameters: { CidrBlock: CIDR, ...named("vpc", prefix) }, keep: { vpc: "vpcId" } },
    { action: "ec2:ModifyVpcAttribute", parameters: { VpcId: "{vpc}", "EnableDnsHostnames.Value": "true" } },
    { action: "ec2:DescribeVpcAttribute", parameters: { VpcId: "{vpc}", Attribute: "enableDnsHostnames" } },
    ...reads("DescribeNetworkAcls"),
    { action: "ec2:CreateInternetGateway", parameters: named("internet-gateway", prefix), keep: { igw: "internetGatewayId" } },
    { action: "ec2:AttachInternetGateway", parameters: { InternetGatewayId: "{igw}", VpcId: "{vpc}" } },
    ...reads("DescribeInternetGateways"),
    ...["subnet", "secondSubnet"].map((keep, at) => ({
      action: "ec2:CreateSubnet",
      parameters: { VpcId: "{vpc}", CidrBlock: `10.222.${at}.0/24`, ...named("subnet", `${prefix}-${at}`, uuid) },
      keep: { [keep]: "subnetId" },
    })),
    { action: "ec2:ModifySubnetAttribute", parameters: { SubnetId: "{subnet}", "MapPublicIpOnLaunch.Value": "true" } },
    ...reads("DescribeSubnets"),
    ...["routeTable", "otherRouteTable"].map((keep, at) => ({
      action: "ec2:CreateRouteTable",
      parameters: { VpcId: "{vpc}", ...named("route-table", `${prefix}-${at}`, at === 0 ? uuid : {}) },
      keep: { [keep]: "routeTableId" },
    })),
    {
      action: "ec2:CreateRoute",
      parameters: { RouteTableId: "{routeTable}", DestinationCidrBlock: "0.0.0.0/0", GatewayId: "{igw}" },
    },
    {
      action: "ec2:AssociateRouteTable",
      parameters: { RouteTableId: "{routeTable}", SubnetId: "{subnet}" },
      keep: { association: "associationId" },
    },
    ...reads("DescribeRouteTables"),
    {
      action: "ec2:AllocateAddress",
      parameters: { Domain: "vpc", ...named("elastic-ip", prefix) },
      keep: { [hasNat ? "natAddress" : "address"]: "allocationId" },
    },
    {
      action: "ec2:AllocateAddress",
      parameters: { Domain: "vpc", ...named("elastic-ip", `${prefix}-bastion`) },
      keep: { address: "allocationId" },
      when: hasBastion,
    },
    ...reads("DescribeAddresses", "DescribeAddressesAttribute"),
    {
      action: "ec2:CreateNatGateway",
      parameters: { SubnetId: "{subnet}", AllocationId: "{natAddress}", ...named("natgateway", prefix) },
      keep: { nat: "natGatewayId" },
    },
    ...reads("DescribeNatGateways"),
    {
      action: "ec2:CreateRoute",
      parameters: { RouteTableId: "{otherRouteTable}", DestinationCidrBlock: "0.0.0.0/0", NatGatewayId: "{nat}" },
      when: hasNat,
    },
    group3("node", "group", { ...uuid, ...tags }),
    group3("loadbalancer", "balancerGroup", tags),
    group3("ssh-accessible", "sshGroup", tags),
    { action: "ec2:RevokeSecurityGroupEgress", parameters: { GroupId: "{group}", ...egress } },
    { action: "ec2:AuthorizeSecurityGroupEgress", parameters: { GroupId: "{group}", ...egress } },
    { action: "ec2:AuthorizeSecurityGroupIngress", parameters: { GroupId: "{sshGroup}", ...tcp("22") } },
    ...reads("DescribeSecurityGroups", "DescribeSecurityGroupRules"),
    {
      action: "ec2:CreateVpcPeeringConnection",
      parameters: { VpcId: "{vpc}", PeerVpcId: existing.peerVpc, ...named("vpc-peering-connection", prefix) },
      keep: { pcx: "vpcPeeringConnectionId" },
    },
    { action: "ec2:AcceptVpcPeeringConnection", parameters: { VpcPeeringConnectionId: "{pcx}" } },
    {
      action: "ec2:CreateTags",
      parameters: { "ResourceId.1": "{pcx}", ...numbered("Tag", { Name: prefix, ...tags }) },
      when: hasPeering,
    },
    ...reads("DescribeVpcPeeringConnections"),
    {
      action: "ec2:CreateRoute",
      parameters: { RouteTableId: existing.peerRouteTable, DestinationCidrBlock: CIDR, VpcPeeringConnectionId: "{pcx}" },
      when: hasPeering,
    },
    // Instances: master, static node, bastion.
    { action: "ec2:DescribeImages", parameters: { "ImageId.1": existing.image } },
    { action: "ec2:DescribeInstanceTypes", parameters: { "InstanceType.1": "m5.large" } },
    {
      action: "ec2:RunInstances",
      parameters: {
        ...launch,
        ...profile,
        ...rootDisk,
        SubnetId: "{subnet}",
        "SecurityGroupId.1": group,
        ...instanceTags(`${prefix}-master-0`),
      },
      keep: { master: "instanceId", interface: "networkInterfaceId" },
    },
    {
      action: "ec2:RunInstances",
      parameters: {
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
      keep: { static: "instanceId" },
    },
    {
      action: "ec2:RunInstances",
      parameters: { ...launch, SubnetId: "{subnet}", "SecurityGroupId.1": group, ...named("instance", `${prefix}-bastion`) },
      keep: { bastion: "instanceId" },
      when: hasBastion,
    },
    ...reads("DescribeInstances", "DescribeInstanceCreditSpecifications", "DescribeTags"),
    {
      action: "ec2:DescribeVolumes",
      parameters: { "Filter.1.Name": "attachment.instance-id", "Filter.1.Value.1": "{master}" },
      keep: { rootVolume: "volumeId" },
    },
    { action: "ec2:DescribeInstanceAttribute", parameters: { InstanceId: "{master}", Attribute: "disableApiTermination" } },
    { action: "ec2:ModifyInstanceAttribute", parameters: { InstanceId: "{master}", "SourceDestCheck.Value": "false" } },
    {
      action: "ec2:CreateTags",
      parameters: { "ResourceId.1": "{rootVolume}", ...numbered("Tag", tags) },
      when: Object.keys(tags).length > 0,
    },
    {
      action: "ec2:AssociateAddress",
      parameters: { AllocationId: "{address}", InstanceId: hasBastion ? "{bastion}" : "{master}" },
      keep: { addressAssociation: "associationId" },
    },
    {
      action: "ec2:CreateVolume",
      parameters: {
        AvailabilityZone: "eu-central-1a",
        Size: "20",
        VolumeType: "gp3",
        ...named("volume", `${prefix}-kubernetes-data-0`),
      },
      keep: { etcd: "volumeId" },
    },
    { action: "ec2:AttachVolume", parameters: { VolumeId: "{etcd}", InstanceId: "{master}", Device: "/dev/sdf" } },
    // Changes of a running cluster.
    { action: "ec2:ModifyVolume", parameters: { VolumeId: "{etcd}", Size: "30" } },
    { action: "ec2:DescribeVolumesModifications", parameters: { "VolumeId.1": "{etcd}" } },
    { action: "ec2:StopInstances", parameters: { "InstanceId.1": "{master}" } },
    {
      action: "ec2:ModifyInstanceAttribute",
      parameters: { InstanceId: "{master}", "InstanceType.Value": "m5.metal" },
      when: cluster.features.includes("instance-type-change"),
    },
    { action: "ec2:StartInstances", parameters: { "InstanceId.1": "{master}" } },
    { action: "ec2:ModifyInstanceMetadataOptions", parameters: { InstanceId: "{master}", HttpTokens: "required" } },
    {
      action: "ec2:ModifyNetworkInterfaceAttribute",
      parameters: { NetworkInterfaceId: "{interface}", "SecurityGroupId.1": group, "SecurityGroupId.2": existing.otherGroup },
    },
    { action: "ec2:RevokeSecurityGroupIngress", parameters: { GroupId: "{sshGroup}", ...tcp("22") } },
    {
      action: "ec2:AuthorizeSecurityGroupIngress",
      parameters: { GroupId: "{sshGroup}", ...tcp("22"), "IpPermissions.1.IpRanges.1.CidrIp": "192.0.2.0/24" },
    },
    { action: "ec2:CreateTags", parameters: { ...onAll, ...numbered("Tag", tags) }, when: Object.keys(tags).length > 0 },
    { action: "ec2:DeleteTags", parameters: { ...onAll, ...numbered("Tag", removable) } },
    { action: "iam:TagRole", parameters: { RoleName: node, ...numbered("Tags.member", tags) } },
    {
      action: "iam:UntagRole",
      parameters: {
        RoleName: node,
        ...Object.fromEntries(Object.keys(tags).map((key, at) => [`TagKeys.member.${at + 1}`, key])),
      },
    },
    ...(iamNodeRole === undefined
      ? []
      : [
          { action: "iam:GetRole", parameters: { RoleName: iamNodeRole } },
          { action: "iam:RemoveRoleFromInstanceProfile", parameters: { InstanceProfileName: node, RoleName: node } },
          { action: "iam:AddRoleToInstanceProfile", parameters: { InstanceProfileName: node, RoleName: iamNodeRole } },
          {
            action: "ec2:RunInstances",
            parameters: {
              ...launch,
              ...profile,
              SubnetId: "{subnet}",
              "SecurityGroupId.1": group,
              ...instanceTags(`${prefix}-static-1`),
            },
            keep: { otherStatic: "instanceId" },
          },
          { action: "ec2:TerminateInstances", parameters: { "InstanceId.1": "{otherStatic}" } },
        ]),
    // Deletion.
    { action: "ec2:DisassociateAddress", parameters: { AssociationId: "{addressAssociation}" }, when: layout !== "Standard" },
    { action: "ec2:DisassociateAddress", parameters: { AssociationId: "{natAssociation}" }, when: layout === "Standard" },
    { action: "ec2:ModifyInstanceAttribute", parameters: { InstanceId: "{master}", "DisableApiTermination.Value": "false" } },
    { action: "ec2:TerminateInstances", parameters: { "InstanceId.1": "{master}", "InstanceId.2": "{static}" } },
    { action: "ec2:TerminateInstances", parameters: { "InstanceId.1": "{bastion}" }, when: hasBastion },
    { action: "ec2:DeleteVolume", parameters: { VolumeId: "{etcd}" } },
    { action: "ec2:DeleteNatGateway", parameters: { NatGatewayId: "{nat}" } },
    { action: "ec2:ReleaseAddress", parameters: { AllocationId: hasNat ? "{natAddress}" : "{address}" } },
    { action: "ec2:ReleaseAddress", parameters: { AllocationId: "{address}" }, when: hasBastion },
    {
      action: "ec2:DeleteRoute",
      parameters: { RouteTableId: existing.peerRouteTable, DestinationCidrBlock: CIDR },
      when: hasPeering,
    },
    { action: "ec2:DeleteVpcPeeringConnection", parameters: { VpcPeeringConnectionId: "{pcx}" } },
    { action: "ec2:DeleteRoute", parameters: { RouteTableId: "{routeTable}", DestinationCidrBlock: "0.0.0.0/0" } },
    { action: "ec2:DisassociateRouteTable", parameters: { AssociationId: "{association}" } },
    ...each("ec2:DeleteRouteTable", "RouteTableId", "routeTable", "otherRouteTable"),
    ...reads("DescribeNetworkInterfaces"),
    ...each("ec2:DeleteSecurityGroup", "GroupId", "sshGroup", "balancerGroup", "group"),
    ...each("ec2:DeleteSubnet", "SubnetId", "subnet", "secondSubnet"),
    { action: "ec2:DetachInternetGateway", parameters: { InternetGatewayId: "{igw}", VpcId: "{vpc}" } },
    { action: "ec2:DeleteInternetGateway", parameters: { InternetGatewayId: "{igw}" } },
    { action: "ec2:DeleteVpc", parameters: { VpcId: "{vpc}" } },
    { action: "ec2:DeleteKeyPair", parameters: { KeyName: prefix } },
    { action: "iam:ListInstanceProfilesForRole", parameters: { RoleName: node } },
    { action: "iam:RemoveRoleFromInstanceProfile", parameters: { InstanceProfileName: node, RoleName: iamNodeRole ?? node } },
    { action: "iam:DeleteInstanceProfile", parameters: { InstanceProfileName: node } },
    { action: "iam:DeleteRolePolicy", parameters: { RoleName: node, PolicyName: node } },
    { action: "iam:DeleteRole", parameters: { RoleName: node } },
  ];
}

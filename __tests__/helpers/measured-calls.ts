/**
 * The AWS calls of DKP's own Terraform, measured in November 2026: its HCL applied with Terraform 1.11.4 and
 * hashicorp/aws 5.100.0 against a local AWS, calls read from the provider's log. A record of what happened: correct it
 * only after measuring again. The catalogue is tested against it.
 */

export type Layout = "WithoutNAT" | "WithNAT" | "Standard";

/** One of DKP's three Terraform states. */
export type State = "base" | "master" | "static";

/** The settings of a run, beyond the layout. */
export type Condition = "own-vpc" | "peering" | "tags" | "default-security-groups" | "burstable";

/** A change of settings, applied to a running cluster. */
export type Change =
  | "additionalRolePolicies"
  | "additionalSecurityGroups"
  | "diskSizeGb"
  | "etcdDiskSize"
  | "iamNodeRole"
  | "imdsv2"
  | "instanceType"
  | "publicNetworkAllowList"
  | "sshAllowList"
  | "sshAllowListEmptied"
  | "sshPublicKey"
  | "tagsAdd"
  | "tagsChangeRemove";

export interface MeasuredRow {
  readonly actions: readonly string[];
  /**
   * Phases by state: C create, R refresh, D destroy; `C[NS]` only in the layouts named (W WithoutNAT, N WithNAT with a
   * bastion, S Standard), `C` in all three.
   */
  readonly calls?: Readonly<Partial<Record<State, string>>>;
  /** Changes that call it in addition to a refresh, with the states (b, m, s) that were measured. */
  readonly changes?: Readonly<Partial<Record<Change, string>>>;
  /** Absent: with any settings. */
  readonly onlyWhen?: Condition;
}

/** No separate requests, so no log shows them: AWS authorizes them within other calls. */
export const IMPLIED = ["ec2:CreateTags", "iam:PassRole"];

/** As `IMPLIED`, if the settings have `tags`: the role is created with them. */
export const IMPLIED_BY_TAGS = ["iam:TagRole"];

export const MEASURED: readonly MeasuredRow[] = [
  { actions: ["ec2:AcceptVpcPeeringConnection", "ec2:CreateVpcPeeringConnection"], calls: { base: "C" }, onlyWhen: "peering" },
  { actions: ["ec2:AllocateAddress"], calls: { base: "C[NS]", master: "C[W]", static: "C[W]" } },
  { actions: ["ec2:AssociateAddress"], calls: { base: "C[N]", master: "C[W]", static: "C[W]" } },
  {
    actions: [
      "ec2:AssociateRouteTable",
      "ec2:AttachInternetGateway",
      "ec2:CreateInternetGateway",
      "ec2:CreateRoute",
      "ec2:CreateRouteTable",
      "ec2:CreateSubnet",
      "ec2:ModifySubnetAttribute",
    ],
    calls: { base: "C" },
  },
  { actions: ["ec2:AttachVolume", "ec2:CreateVolume"], calls: { master: "C" } },
  {
    actions: ["ec2:AuthorizeSecurityGroupEgress", "ec2:CreateSecurityGroup"],
    calls: { base: "C" },
    onlyWhen: "default-security-groups",
  },
  {
    actions: ["ec2:AuthorizeSecurityGroupIngress"],
    calls: { base: "C" },
    changes: { publicNetworkAllowList: "b", sshAllowList: "b" },
    onlyWhen: "default-security-groups",
  },
  { actions: ["ec2:CreateNatGateway"], calls: { base: "C[NS]" } },
  { actions: ["ec2:CreateTags"], calls: { base: "C" }, onlyWhen: "peering" },
  {
    actions: ["ec2:CreateTags"],
    calls: { master: "C", static: "C" },
    changes: { tagsAdd: "bms", tagsChangeRemove: "bms" },
    onlyWhen: "tags",
  },
  { actions: ["ec2:CreateVpc", "ec2:ModifyVpcAttribute"], calls: { base: "C" }, onlyWhen: "own-vpc" },
  {
    actions: [
      "ec2:DeleteInternetGateway",
      "ec2:DeleteRoute",
      "ec2:DeleteRouteTable",
      "ec2:DeleteSubnet",
      "ec2:DetachInternetGateway",
      "ec2:DisassociateRouteTable",
    ],
    calls: { base: "D" },
  },
  { actions: ["ec2:DeleteKeyPair"], calls: { base: "D" }, changes: { sshPublicKey: "b" } },
  { actions: ["ec2:DeleteNatGateway"], calls: { base: "D[NS]" } },
  {
    actions: ["ec2:DeleteSecurityGroup"],
    calls: { base: "D" },
    changes: { sshAllowListEmptied: "b" },
    onlyWhen: "default-security-groups",
  },
  { actions: ["ec2:DeleteTags"], changes: { tagsChangeRemove: "bms" }, onlyWhen: "tags" },
  { actions: ["ec2:DeleteVolume"], calls: { master: "D" } },
  { actions: ["ec2:DeleteVpc"], calls: { base: "D" }, onlyWhen: "own-vpc" },
  { actions: ["ec2:DeleteVpcPeeringConnection"], calls: { base: "D" }, onlyWhen: "peering" },
  {
    actions: ["ec2:DescribeAddresses", "ec2:DescribeAddressesAttribute"],
    calls: { base: "C[NS] R[NS] D[NS]", master: "C[W] R[W] D[W]", static: "C[W] R[W] D[W]" },
  },
  {
    actions: ["ec2:DescribeAvailabilityZones", "ec2:DescribeSubnets", "ec2:DescribeVpcs"],
    calls: { base: "C R D", master: "C R D", static: "C R D" },
  },
  { actions: ["ec2:DescribeImages", "ec2:RunInstances"], calls: { base: "C[N]", master: "C", static: "C" } },
  {
    actions: [
      "ec2:DescribeInstanceAttribute",
      "ec2:DescribeInstanceTypes",
      "ec2:DescribeInstances",
      "ec2:DescribeTags",
      "ec2:DescribeVolumes",
    ],
    calls: { base: "C[N] R[N] D[N]", master: "C R D", static: "C R D" },
  },
  { actions: ["ec2:DescribeInstanceCreditSpecifications"], calls: { master: "C[N] R[N] D[N]" }, onlyWhen: "burstable" },
  {
    actions: ["ec2:DescribeInternetGateways", "ec2:DescribeKeyPairs", "ec2:DescribeRouteTables", "ec2:DescribeVpcAttribute"],
    calls: { base: "C R D" },
  },
  { actions: ["ec2:DescribeNatGateways"], calls: { base: "C[NS] R[NS] D[NS]" } },
  { actions: ["ec2:DescribeNetworkAcls"], calls: { base: "C R D" }, onlyWhen: "own-vpc" },
  { actions: ["ec2:DescribeNetworkInterfaces"], calls: { base: "D" }, changes: { sshAllowListEmptied: "b" } },
  { actions: ["ec2:DescribeSecurityGroupRules"], calls: { base: "R D" }, onlyWhen: "default-security-groups" },
  {
    actions: ["ec2:DescribeSecurityGroups"],
    calls: { base: "C R D", master: "C R D", static: "C R D" },
    onlyWhen: "default-security-groups",
  },
  { actions: ["ec2:DescribeVolumesModifications"], changes: { diskSizeGb: "bms" } },
  { actions: ["ec2:DescribeVpcPeeringConnections"], calls: { base: "C R D" }, onlyWhen: "peering" },
  { actions: ["ec2:DisassociateAddress", "ec2:ReleaseAddress"], calls: { base: "D[NS]", master: "D[W]", static: "D[W]" } },
  { actions: ["ec2:ImportKeyPair"], calls: { base: "C" }, changes: { sshPublicKey: "b" } },
  {
    actions: ["ec2:ModifyInstanceAttribute"],
    calls: { base: "C[N] D[N]", master: "C D", static: "C D" },
    changes: { instanceType: "bms" },
  },
  { actions: ["ec2:ModifyInstanceMetadataOptions"], changes: { imdsv2: "bms" } },
  { actions: ["ec2:ModifyNetworkInterfaceAttribute"], changes: { additionalSecurityGroups: "bms" } },
  { actions: ["ec2:ModifyVolume"], changes: { diskSizeGb: "bms", etcdDiskSize: "m" } },
  { actions: ["ec2:RevokeSecurityGroupEgress"], calls: { base: "C D" }, onlyWhen: "default-security-groups" },
  {
    actions: ["ec2:RevokeSecurityGroupIngress"],
    calls: { base: "D" },
    changes: { publicNetworkAllowList: "b", sshAllowList: "b", sshAllowListEmptied: "b" },
    onlyWhen: "default-security-groups",
  },
  { actions: ["ec2:StartInstances", "ec2:StopInstances"], changes: { instanceType: "bms" } },
  { actions: ["ec2:TerminateInstances"], calls: { base: "D[N]", master: "D", static: "D" } },
  { actions: ["iam:AddRoleToInstanceProfile"], calls: { base: "C" }, changes: { iamNodeRole: "b" } },
  { actions: ["iam:CreateInstanceProfile", "iam:CreateRole"], calls: { base: "C" } },
  {
    actions: ["iam:DeleteInstanceProfile", "iam:DeleteRole", "iam:DeleteRolePolicy", "iam:ListInstanceProfilesForRole"],
    calls: { base: "D" },
  },
  {
    actions: [
      "iam:GetInstanceProfile",
      "iam:GetRole",
      "iam:GetRolePolicy",
      "iam:ListAttachedRolePolicies",
      "iam:ListRolePolicies",
    ],
    calls: { base: "C R D" },
  },
  { actions: ["iam:PutRolePolicy"], calls: { base: "C" }, changes: { additionalRolePolicies: "b" } },
  { actions: ["iam:RemoveRoleFromInstanceProfile"], calls: { base: "D" }, changes: { iamNodeRole: "b" } },
  { actions: ["iam:TagRole"], changes: { tagsAdd: "b", tagsChangeRemove: "b" }, onlyWhen: "tags" },
  { actions: ["iam:UntagRole"], changes: { tagsChangeRemove: "b" }, onlyWhen: "tags" },
  { actions: ["sts:GetCallerIdentity"], calls: { base: "C R D", master: "C R D", static: "C R D" } },
];

/** The calls that a setting added to and removed from a plain run with an own VPC: create, refresh and destroy. */
export interface MeasuredOption {
  readonly option: string;
  /** Conditions of the run with the option, where a plain run has `own-vpc` and `default-security-groups`. */
  readonly conditions: readonly Condition[];
  readonly more: readonly string[];
  readonly fewer: readonly string[];
  /** Absent: in all layouts. */
  readonly layouts?: readonly Layout[];
}

export const PLAIN: readonly Condition[] = ["own-vpc", "default-security-groups"];

export const OPTIONS: readonly MeasuredOption[] = [
  {
    option: "existingVPCID",
    conditions: ["default-security-groups"],
    more: [],
    fewer: ["ec2:CreateVpc", "ec2:DeleteVpc", "ec2:DescribeNetworkAcls", "ec2:ModifyVpcAttribute"],
  },
  {
    option: "peeredVPCs",
    conditions: [...PLAIN, "peering"],
    more: [
      "ec2:AcceptVpcPeeringConnection",
      "ec2:CreateTags",
      "ec2:CreateVpcPeeringConnection",
      "ec2:DeleteVpcPeeringConnection",
      "ec2:DescribeVpcPeeringConnections",
    ],
    fewer: [],
  },
  { option: "tags at creation", conditions: [...PLAIN, "tags"], more: ["ec2:CreateTags"], fewer: [] },
  { option: "iamNodeRole at creation", conditions: PLAIN, more: [], fewer: [] },
  { option: "imdsv2 at creation", conditions: PLAIN, more: [], fewer: [] },
  {
    option: "disableDefaultSecurityGroup",
    conditions: ["own-vpc"],
    more: [],
    fewer: [
      "ec2:AuthorizeSecurityGroupEgress",
      "ec2:AuthorizeSecurityGroupIngress",
      "ec2:CreateSecurityGroup",
      "ec2:DeleteSecurityGroup",
      "ec2:DescribeSecurityGroupRules",
      "ec2:DescribeSecurityGroups",
      "ec2:RevokeSecurityGroupEgress",
      "ec2:RevokeSecurityGroupIngress",
    ],
  },
  {
    option: "a burstable instance type",
    conditions: [...PLAIN, "burstable"],
    more: ["ec2:DescribeInstanceCreditSpecifications"],
    fewer: [],
    layouts: ["WithNAT"],
  },
];

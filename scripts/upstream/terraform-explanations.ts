import type { Explanation } from "./explanation";

const README =
  "https://github.com/awslabs/iam-policy-autopilot/blob/0.3.0/iam-policy-autopilot-policy-generation/resources/config/terraform/README.md";
const resource = (name: string) =>
  `https://github.com/hashicorp/terraform-provider-aws/blob/v6.60.0/website/docs/r/${name}.html.markdown`;

const TAGGED = [
  "InstanceProfile",
  "MFADevice",
  "OpenIDConnectProvider",
  "Policy",
  "SAMLProvider",
  "ServerCertificate",
  "User",
];

/**
 * Differences from the call model of the Terraform provider: it has every call that a function can
 * reach, whatever the arguments.
 */
export const EXPLANATIONS_OF_TERRAFORM: readonly Explanation[] = [
  {
    components: ["terraform", "deployer"],
    actions: [
      "iam:ListRoleTags",
      ...TAGGED.flatMap((type) => [`iam:List${type}Tags`, `iam:Tag${type}`, `iam:Untag${type}`]),
    ],
    only: "sources",
    reason:
      "the model has the tag calls of all types of a service; the provider reads tags with the object, and changes those of the settings alone",
    source: README,
  },
  {
    components: ["terraform"],
    actions: [
      ...[
        "AssignIpv6Addresses",
        "AssignPrivateIpAddresses",
        "UnassignIpv6Addresses",
        "UnassignPrivateIpAddresses",
      ],
      ...[
        "DescribeLaunchTemplateVersions",
        "DescribeLaunchTemplates",
        "GetPasswordData",
        "ModifyPrivateDnsNameOptions",
      ],
      ...[
        "CancelSpotInstanceRequests",
        "DescribeSpotInstanceRequests",
        "MonitorInstances",
        "UnmonitorInstances",
      ],
      ...["ModifyInstanceCapacityReservationAttributes", "ModifyInstanceCpuOptions"],
      ...["ModifyInstanceCreditSpecification", "ModifyInstanceMaintenanceOptions"],
      ...["AssignPrivateNatGatewayAddress", "AssociateNatGatewayAddress"],
      ...["DisassociateNatGatewayAddress", "UnassignPrivateNatGatewayAddress"],
      ...[
        "AssociateSubnetCidrBlock",
        "AssociateVpcCidrBlock",
        "DisassociateSubnetCidrBlock",
        "DisassociateVpcCidrBlock",
      ],
      ...[
        "DisableVgwRoutePropagation",
        "EnableVgwRoutePropagation",
        "GetIpamPoolAllocations",
        "ModifyVpcTenancy",
      ],
      ...["ModifyVpcPeeringConnectionOptions", "UpdateSecurityGroupRuleDescriptionsEgress"],
      ...["UpdateSecurityGroupRuleDescriptionsIngress"],
    ].map((name) => `ec2:${name}`),
    only: "sources",
    reason:
      "arguments of instances and networks that DKP does not set: IPv6, IPAM, secondary addresses, launch templates, spot, ...",
    source: resource("vpc"),
  },
  {
    components: ["terraform"],
    actions: ["ec2:CreateSnapshot", "ec2:DescribeSnapshots", "ec2:DetachVolume"],
    only: "sources",
    reason:
      "DKP sets no final_snapshot; its volumes have skip_destroy, or leave with the instance, and ec2:DetachVolume is granted for the EBS CSI driver",
    source: resource("volume_attachment"),
  },
  {
    components: ["terraform"],
    actions: ["ec2:DeleteVpcEndpoints", "ec2:DescribeVpcEndpoints", "ec2:ModifyVpcEndpoint"],
    only: "sources",
    reason:
      "provider 6.x deletes the endpoints of GuardDuty with a subnet or a VPC; DKP has 5.83.1, and a denial is a warning",
    source: "https://github.com/hashicorp/terraform-provider-aws/pull/46953",
  },
  {
    components: ["terraform", "deployer"],
    actions: [
      ...[
        "AttachRolePolicy",
        "DetachRolePolicy",
        "DeleteRolePermissionsBoundary",
        "PutRolePermissionsBoundary",
      ],
      ...["UpdateRole", "UpdateRoleDescription"],
    ].map((name) => `iam:${name}`),
    only: "sources",
    reason:
      "arguments of a role that are not set, or that the deployer's policy allows only where the settings have them",
    source: resource("iam_role"),
  },
  {
    components: ["terraform"],
    actions: ["sts:GetCallerIdentity"],
    only: "catalogue",
    reason: "the provider and a data source call it; the model has resources alone",
    source: README,
  },
  {
    components: ["deployer"],
    actions: ["iam:UpdateGroup", "iam:UpdateUser"],
    only: "sources",
    reason: "another name or path, which the deployer's policy does not allow",
    source: resource("iam_user"),
  },
  {
    components: ["deployer"],
    actions: [
      "DeleteUserPermissionsBoundary",
      "PutUserPermissionsBoundary",
      "RemoveUserFromGroup",
      "TagRole",
      "UntagRole",
    ].map((name) => `iam:${name}`),
    only: "sources",
    reason: "deployments with or without a boundary, and without a group, a node role or tags",
    source: resource("iam_user"),
  },
  {
    components: ["deployer"],
    actions: ["iam:RemoveRoleFromInstanceProfile", "iam:SetDefaultPolicyVersion"],
    only: "sources",
    reason: "force_detach_policies and delay_after_policy_creation_in_ms are not set",
    source: resource("iam_policy"),
  },
  {
    components: ["deployer"],
    actions: [
      ...[
        "DeactivateMFADevice",
        "DeleteLoginProfile",
        "DeleteSSHPublicKey",
        "DeleteServiceSpecificCredential",
      ],
      ...[
        "DeleteSigningCertificate",
        "DeleteUserPolicy",
        "DeleteVirtualMFADevice",
        "ListMFADevices",
        "ListSSHPublicKeys",
      ],
      ...[
        "ListServiceSpecificCredentials",
        "ListSigningCertificates",
        "ListUserPolicies",
        "ListVirtualMFADevices",
      ],
      ...["GetAccessKeyLastUsed"],
    ].map((name) => `iam:${name}`),
    only: "catalogue",
    reason: "force_destroy of the user and imports, which the model does not follow; measured",
    source: resource("iam_user"),
  },
];

import type { Explanation } from "./explanation";
import { EXPLANATIONS_OF_TERRAFORM } from "./terraform-explanations";

export const EXPLANATIONS: readonly Explanation[] = [
  {
    components: ["cloud-controller-manager"],
    actions: ["ec2:DeleteTags"],
    only: "sources",
    reason:
      "only the tagging controller calls it, which is off by default and which DKP does not enable",
    source:
      "https://github.com/kubernetes/cloud-provider-aws/blob/v1.34.1/cmd/aws-cloud-controller-manager/main.go",
  },
  {
    components: ["cloud-controller-manager"],
    actions: ["ec2:DescribeNetworkInterfaces"],
    only: "sources",
    reason: "only for nodes of EKS on Fargate, whose names start with fargate-",
    source:
      "https://github.com/kubernetes/cloud-provider-aws/blob/v1.34.1/pkg/providers/v1/variant/fargate/fargate.go",
  },
  {
    components: ["cloud-controller-manager"],
    actions: ["elasticloadbalancing:SetSecurityGroups"],
    only: "catalogue",
    versions: "<1.37.0",
    reason: "the row is for newer versions, and only for the feature nlb-security-groups",
    source: "https://github.com/kubernetes/cloud-provider-aws/pull/1379",
  },
  {
    components: ["ebs-csi"],
    actions: [
      "sagemaker:AttachClusterNodeVolume",
      "sagemaker:DetachClusterNodeVolume",
      "sts:GetCallerIdentity",
    ],
    only: "sources",
    reason: "only for nodes of SageMaker HyperPod",
    source: "https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/v1.54.0/pkg/cloud/cloud.go",
  },
  {
    components: ["ebs-csi"],
    actions: ["ec2:LockSnapshot"],
    only: "sources",
    notShippedSince: "1.55.0",
    reason:
      "a VolumeSnapshotClass with lockMode; the driver deletes the snapshot if the call is denied",
    source: "https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/v1.64.0/docs/snapshot.md",
  },
  {
    components: ["ebs-csi"],
    actions: ["ec2:DescribeInstanceTypes"],
    only: "sources",
    notShippedSince: "1.59.0",
    reason:
      "reads the EBS cards of an instance type; if the call is denied, the driver uses a built-in table",
    source: "https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/v1.64.0/pkg/cloud/cloud.go",
  },
  {
    components: ["ebs-csi", "machine-controller-manager", "terraform"],
    actions: [
      "kms:CreateGrant",
      "kms:Decrypt",
      "kms:DescribeKey",
      "kms:GenerateDataKeyWithoutPlaintext",
      "kms:ReEncryptFrom",
      "kms:ReEncryptTo",
    ],
    only: "catalogue",
    reason: "EC2 calls KMS on behalf of the caller when it works with encrypted disks",
    source: "https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html",
  },
  {
    components: ["machine-controller-manager"],
    actions: ["ec2:CreateTags"],
    only: "catalogue",
    reason: "RunInstances with TagSpecifications requires it",
    source:
      "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html",
  },
  {
    components: ["machine-controller-manager", "terraform"],
    actions: ["iam:PassRole"],
    only: "catalogue",
    reason: "RunInstances with an instance profile requires it",
    source: "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html",
  },
  {
    components: ["machine-controller-manager"],
    actions: ["iam:CreateServiceLinkedRole"],
    only: "catalogue",
    reason: "EC2 creates its role for spot instances on behalf of the caller",
    source:
      "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/service-linked-roles-spot-instance-requests.html",
  },
  ...EXPLANATIONS_OF_TERRAFORM,
];

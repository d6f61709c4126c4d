/**
 * Waiters of the AWS SDK by service and the operation that they poll. The names are the same in
 * versions 1 and 2 of the SDK. Source: waiters of the API models,
 * https://github.com/aws/aws-sdk-go-v2/tree/main/service, files api_op_*.go.
 */
const OPERATIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  autoscaling: { DescribeAutoScalingGroups: "GroupExists GroupInService GroupNotExists" },
  ec2: {
    DescribeBundleTasks: "BundleTaskComplete",
    DescribeConversionTasks:
      "ConversionTaskCancelled ConversionTaskCompleted ConversionTaskDeleted",
    DescribeCustomerGateways: "CustomerGatewayAvailable",
    DescribeExportTasks: "ExportTaskCancelled ExportTaskCompleted",
    DescribeImageUsageReports: "ImageUsageReportAvailable",
    DescribeImages: "ImageAvailable ImageExists",
    DescribeImportSnapshotTasks: "SnapshotImported",
    DescribeInstanceStatus: "InstanceStatusOk SystemStatusOk",
    DescribeInstances: "InstanceExists InstanceRunning InstanceStopped InstanceTerminated",
    DescribeInternetGateways: "InternetGatewayExists",
    DescribeKeyPairs: "KeyPairExists",
    DescribeNatGateways: "NatGatewayAvailable NatGatewayDeleted",
    DescribeNetworkInterfaces: "NetworkInterfaceAvailable",
    DescribeSecondaryNetworks: "SecondaryNetworkCreateComplete SecondaryNetworkDeleteComplete",
    DescribeSecondarySubnets: "SecondarySubnetCreateComplete SecondarySubnetDeleteComplete",
    DescribeSecurityGroupVpcAssociations:
      "SecurityGroupVpcAssociationAssociated SecurityGroupVpcAssociationDisassociated",
    DescribeSecurityGroups: "SecurityGroupExists",
    DescribeSnapshots: "SnapshotCompleted",
    DescribeSpotInstanceRequests: "SpotInstanceRequestFulfilled",
    DescribeStoreImageTasks: "StoreImageTaskComplete",
    DescribeSubnets: "SubnetAvailable",
    DescribeVolumes: "VolumeAvailable VolumeDeleted VolumeInUse",
    DescribeVpcPeeringConnections: "VpcPeeringConnectionDeleted VpcPeeringConnectionExists",
    DescribeVpcs: "VpcAvailable VpcExists",
    DescribeVpnConnections: "VpnConnectionAvailable VpnConnectionDeleted",
    GetPasswordData: "PasswordDataAvailable",
  },
  elasticloadbalancing: {
    DescribeInstanceHealth: "AnyInstanceInService InstanceDeregistered InstanceInService",
    DescribeLoadBalancers: "LoadBalancerAvailable LoadBalancerExists LoadBalancersDeleted",
    DescribeTargetHealth: "TargetDeregistered TargetInService",
  },
  iam: {
    GetInstanceProfile: "InstanceProfileExists",
    GetPolicy: "PolicyExists",
    GetRole: "RoleExists",
    GetUser: "UserExists",
  },
};

/**
 * The operation that a waiter polls; undefined: not a waiter of the service. `service` is the
 * prefix of IAM actions.
 */
export function polledOperation(service: string, waiter: string): string | undefined {
  return Object.entries(OPERATIONS[service] ?? {}).find(([, waiters]) =>
    waiters.split(" ").includes(waiter),
  )?.[0];
}

/** Every waiter of a service. */
export function waitersOf(service: string): readonly string[] {
  return Object.values(OPERATIONS[service] ?? {}).flatMap((waiters) => waiters.split(" "));
}

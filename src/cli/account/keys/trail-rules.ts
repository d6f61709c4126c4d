/**
 * An action that leaves something in the account that can be used without the key. Where an action has several rules, the first one
 * counts whose fields the event has.
 *
 * `{field}` in `undo` is the value of that field in `responseElements`, else in `requestParameters`; `{request.field}` only of the
 * latter, and `{request.add.field}` only below `add`. `{field...}` stands for all values; a command with `{field*}` is repeated for
 * each value.
 */
export interface TrailRule {
  /** As `TrailEvent.action`. */
  readonly action: string;
  /** What the action created or changed: "role". */
  readonly object: string;
  /** The fields that name it. */
  readonly names: readonly string[];
  /** Further fields that show how far it reaches. */
  readonly details?: readonly string[];
  /** What it allows, in one sentence. */
  readonly risk: string;
  /** Commands of the AWS CLI that remove it, or that show what to restore. */
  readonly undo: readonly string[];
  /** Whether the commands have no `--region`: IAM has one endpoint for all Regions. */
  readonly isGlobal?: boolean;
}

const PERMISSIONS = "whoever has it can act with these permissions";
const NODES = "instances launched with the role have these permissions";
const OPEN = "opens the instances of the group to these addresses";
const COPY = "is a copy of data";
const SHARE = "others read the data from their own account";
const CODE = "runs code at the cost of the account, with the credentials of its role";

type CallRule = Omit<TrailRule, "action" | "isGlobal"> & { readonly call: string };

/** Names of fields: IAM API Reference; CloudTrail writes them in lower camel case. */
const IAM: readonly CallRule[] = [
  {
    call: "CreateUser",
    object: "user",
    names: ["userName"],
    risk: "is a further identity in the account",
    undo: ["aws iam delete-user --user-name {userName}"],
  },
  {
    call: "CreateAccessKey",
    object: "access key",
    names: ["accessKeyId"],
    details: ["userName"],
    risk: "works after the leaked key is deactivated",
    undo: ["aws iam delete-access-key --user-name {userName} --access-key-id {accessKeyId}"],
  },
  {
    call: "CreateLoginProfile",
    object: "password of the user",
    names: ["userName"],
    risk: "opens the AWS console",
    undo: ["aws iam delete-login-profile --user-name {userName}"],
  },
  {
    call: "UpdateLoginProfile",
    object: "password of the user",
    names: ["userName"],
    risk: "opens the AWS console with a password that the attacker chose",
    undo: ["aws iam delete-login-profile --user-name {userName}"],
  },
  {
    call: "AttachUserPolicy",
    object: "policy of the user",
    names: ["userName", "policyArn"],
    risk: PERMISSIONS,
    undo: ["aws iam detach-user-policy --user-name {userName} --policy-arn {policyArn}"],
  },
  {
    call: "PutUserPolicy",
    object: "inline policy of the user",
    names: ["userName", "policyName"],
    risk: PERMISSIONS,
    undo: ["aws iam delete-user-policy --user-name {userName} --policy-name {policyName}"],
  },
  {
    call: "AddUserToGroup",
    object: "membership in the group",
    names: ["groupName", "userName"],
    risk: "gives the user the permissions of the group",
    undo: ["aws iam remove-user-from-group --group-name {groupName} --user-name {userName}"],
  },
  {
    call: "CreateGroup",
    object: "group",
    names: ["groupName"],
    risk: "can give permissions to users",
    undo: ["aws iam delete-group --group-name {groupName}"],
  },
  {
    call: "AttachGroupPolicy",
    object: "policy of the group",
    names: ["groupName", "policyArn"],
    risk: PERMISSIONS,
    undo: ["aws iam detach-group-policy --group-name {groupName} --policy-arn {policyArn}"],
  },
  {
    call: "PutGroupPolicy",
    object: "inline policy of the group",
    names: ["groupName", "policyName"],
    risk: PERMISSIONS,
    undo: ["aws iam delete-group-policy --group-name {groupName} --policy-name {policyName}"],
  },
  {
    call: "CreateRole",
    object: "role",
    names: ["roleName"],
    risk: "whoever its trust policy names can assume it, also from another account",
    undo: ["aws iam delete-role --role-name {roleName}"],
  },
  {
    call: "UpdateAssumeRolePolicy",
    object: "trust policy of the role",
    names: ["roleName"],
    risk: "whoever it names can assume the role; write the former document to trust-policy.json (DKP's roles trust EC2 alone)",
    undo: ["aws iam update-assume-role-policy --role-name {roleName} --policy-document file://trust-policy.json"],
  },
  {
    call: "AttachRolePolicy",
    object: "policy of the role",
    names: ["roleName", "policyArn"],
    risk: NODES,
    undo: ["aws iam detach-role-policy --role-name {roleName} --policy-arn {policyArn}"],
  },
  {
    call: "PutRolePolicy",
    object: "inline policy of the role",
    names: ["roleName", "policyName"],
    risk: `${NODES}; DKP writes the policy <prefix>-node of its role itself, and dhctl converge restores it`,
    undo: ["aws iam delete-role-policy --role-name {roleName} --policy-name {policyName}"],
  },
  {
    call: "CreateInstanceProfile",
    object: "instance profile",
    names: ["instanceProfileName"],
    risk: "gives a role to instances",
    undo: ["aws iam delete-instance-profile --instance-profile-name {instanceProfileName}"],
  },
  {
    call: "AddRoleToInstanceProfile",
    object: "role of the instance profile",
    names: ["instanceProfileName", "roleName"],
    risk: "instances launched with the profile have the permissions of the role",
    undo: [
      "aws iam remove-role-from-instance-profile --instance-profile-name {instanceProfileName} --role-name {request.roleName}",
    ],
  },
  {
    call: "CreatePolicy",
    object: "policy",
    names: ["policyName"],
    risk: "can be attached to any user or role",
    undo: ["aws iam delete-policy --policy-arn {arn}"],
  },
  {
    call: "CreatePolicyVersion",
    object: "version of the policy",
    names: ["policyArn", "versionId"],
    risk: "changes the permissions of everybody who has the policy; make the former version the default first",
    undo: [
      "aws iam set-default-policy-version --policy-arn {policyArn} --version-id FORMER",
      "aws iam delete-policy-version --policy-arn {policyArn} --version-id {versionId}",
    ],
  },
  {
    call: "SetDefaultPolicyVersion",
    object: "default version of the policy",
    names: ["policyArn", "versionId"],
    risk: "changes the permissions of everybody who has the policy",
    undo: ["aws iam set-default-policy-version --policy-arn {policyArn} --version-id FORMER"],
  },
  {
    call: "CreateSAMLProvider",
    object: "SAML provider",
    names: ["sAMLProviderArn"],
    risk: "lets an external identity provider assume roles",
    undo: ["aws iam delete-saml-provider --saml-provider-arn {sAMLProviderArn}"],
  },
  {
    call: "CreateOpenIDConnectProvider",
    object: "OpenID Connect provider",
    names: ["openIDConnectProviderArn"],
    risk: "lets an external identity provider assume roles",
    undo: ["aws iam delete-open-id-connect-provider --open-id-connect-provider-arn {openIDConnectProviderArn}"],
  },
];

/** Names of fields: EC2 API Reference; lists are below `items` in CloudTrail. */
const EC2: readonly CallRule[] = [
  {
    call: "RunInstances",
    object: "instances",
    names: ["instanceId"],
    details: ["instanceType", "keyName", "request.arn", "request.name"],
    risk: CODE,
    undo: [
      "aws ec2 terminate-instances --instance-ids {instanceId...}",
      "aws ec2 wait instance-terminated --instance-ids {instanceId...}",
    ],
  },
  {
    call: "RequestSpotInstances",
    object: "spot requests",
    names: ["spotInstanceRequestId"],
    risk: CODE,
    undo: ["aws ec2 cancel-spot-instance-requests --spot-instance-request-ids {spotInstanceRequestId...}"],
  },
  {
    call: "CreateLaunchTemplate",
    object: "launch template",
    names: ["launchTemplateId"],
    risk: "launches instances with what the attacker chose",
    undo: ["aws ec2 delete-launch-template --launch-template-id {launchTemplateId}"],
  },
  {
    call: "AssociateIamInstanceProfile",
    object: "instance profile of the instance",
    names: ["request.instanceId"],
    details: ["request.name", "request.arn"],
    risk: "the instance has the permissions of the role",
    undo: ["aws ec2 disassociate-iam-instance-profile --association-id {associationId}"],
  },
  {
    call: "ReplaceIamInstanceProfileAssociation",
    object: "instance profile of the association",
    names: ["request.associationId"],
    details: ["request.name", "request.arn"],
    risk: "the instance has the permissions of the role",
    undo: ["aws ec2 disassociate-iam-instance-profile --association-id {associationId}"],
  },
  {
    call: "ModifyInstanceAttribute",
    object: "attribute of the instance",
    names: ["instanceId"],
    details: ["attribute", "groupId"],
    risk: "changed user data runs at the next start, changed security groups open it; compare, then restore",
    undo: [
      "aws ec2 describe-instance-attribute --instance-id {instanceId} --attribute userData",
      "aws ec2 describe-instance-attribute --instance-id {instanceId} --attribute groupSet",
    ],
  },
  {
    call: "ModifyInstanceMetadataOptions",
    object: "metadata options of the instance",
    names: ["instanceId"],
    details: ["httpTokens", "httpPutResponseHopLimit"],
    risk: "without tokens, a request forged on the instance reads the credentials of its role",
    undo: ["aws ec2 modify-instance-metadata-options --instance-id {instanceId} --http-tokens required"],
  },
  {
    call: "CreateKeyPair",
    object: "key pair",
    names: ["keyName"],
    risk: "gives access to the instances that were launched with it",
    undo: ["aws ec2 delete-key-pair --key-name {keyName}"],
  },
  {
    call: "ImportKeyPair",
    object: "key pair",
    names: ["keyName"],
    risk: "gives access to the instances that were launched with it",
    undo: ["aws ec2 delete-key-pair --key-name {keyName}"],
  },
  {
    call: "CreateSecurityGroup",
    object: "security group",
    names: ["groupId"],
    details: ["groupName"],
    risk: "can open instances to other networks",
    undo: ["aws ec2 delete-security-group --group-id {groupId}"],
  },
  {
    call: "AuthorizeSecurityGroupIngress",
    object: "opening of the security group",
    names: ["groupId"],
    details: ["request.ipProtocol", "request.fromPort", "request.toPort", "request.cidrIp", "request.cidrIpv6"],
    risk: OPEN,
    undo: ["aws ec2 revoke-security-group-ingress --group-id {groupId} --security-group-rule-ids {securityGroupRuleId...}"],
  },
  {
    call: "AuthorizeSecurityGroupEgress",
    object: "opening of the security group for outgoing traffic",
    names: ["groupId"],
    details: ["request.ipProtocol", "request.fromPort", "request.toPort", "request.cidrIp", "request.cidrIpv6"],
    risk: "lets data leave to these addresses",
    undo: ["aws ec2 revoke-security-group-egress --group-id {groupId} --security-group-rule-ids {securityGroupRuleId...}"],
  },
  {
    call: "CreateVpcPeeringConnection",
    object: "VPC peering connection",
    names: ["vpcPeeringConnectionId"],
    details: ["request.peerOwnerId", "request.peerVpcId"],
    risk: "connects the network with another one, perhaps of another account",
    undo: ["aws ec2 delete-vpc-peering-connection --vpc-peering-connection-id {vpcPeeringConnectionId}"],
  },
  {
    call: "AcceptVpcPeeringConnection",
    object: "accepted VPC peering connection",
    names: ["vpcPeeringConnectionId"],
    risk: "connects the network with another one, perhaps of another account",
    undo: ["aws ec2 delete-vpc-peering-connection --vpc-peering-connection-id {vpcPeeringConnectionId}"],
  },
  {
    call: "CreateRoute",
    object: "route",
    names: ["routeTableId", "destinationCidrBlock"],
    risk: "sends traffic elsewhere",
    undo: ["aws ec2 delete-route --route-table-id {routeTableId} --destination-cidr-block {destinationCidrBlock}"],
  },
  {
    call: "ReplaceRoute",
    object: "route",
    names: ["routeTableId", "destinationCidrBlock"],
    risk: "sends traffic elsewhere; restore the former target",
    undo: ["aws ec2 describe-route-tables --route-table-ids {routeTableId}"],
  },
  {
    call: "CreateRouteTable",
    object: "route table",
    names: ["routeTableId"],
    risk: "can send traffic elsewhere",
    undo: ["aws ec2 delete-route-table --route-table-id {routeTableId}"],
  },
  {
    call: "AssociateRouteTable",
    object: "association of the route table",
    names: ["request.routeTableId", "request.subnetId"],
    risk: "sends the traffic of the subnet elsewhere",
    undo: ["aws ec2 disassociate-route-table --association-id {associationId}"],
  },
  {
    call: "ReplaceRouteTableAssociation",
    object: "association of the route table",
    names: ["request.routeTableId", "newAssociationId"],
    risk: "sends the traffic of the subnet elsewhere; associate the former table again",
    undo: ["aws ec2 disassociate-route-table --association-id {newAssociationId}"],
  },
  {
    call: "CreateVpc",
    object: "VPC",
    names: ["vpcId"],
    risk: "is a network for instances of the attacker",
    undo: ["aws ec2 delete-vpc --vpc-id {vpcId}"],
  },
  {
    call: "CreateSubnet",
    object: "subnet",
    names: ["subnetId"],
    risk: "is a network for instances of the attacker",
    undo: ["aws ec2 delete-subnet --subnet-id {subnetId}"],
  },
  {
    call: "CreateInternetGateway",
    object: "internet gateway",
    names: ["internetGatewayId"],
    risk: "can connect a VPC with the internet",
    undo: ["aws ec2 delete-internet-gateway --internet-gateway-id {internetGatewayId}"],
  },
  {
    call: "AttachInternetGateway",
    object: "internet gateway of the VPC",
    names: ["internetGatewayId", "vpcId"],
    risk: "connects the VPC with the internet",
    undo: ["aws ec2 detach-internet-gateway --internet-gateway-id {internetGatewayId} --vpc-id {vpcId}"],
  },
  {
    call: "CreateNatGateway",
    object: "NAT gateway",
    names: ["natGatewayId"],
    risk: "connects subnets with the internet",
    undo: ["aws ec2 delete-nat-gateway --nat-gateway-id {natGatewayId}"],
  },
  {
    call: "CreateNetworkInterface",
    object: "network interface",
    names: ["networkInterfaceId"],
    risk: "gives an instance an address in the subnet",
    undo: ["aws ec2 delete-network-interface --network-interface-id {networkInterfaceId}"],
  },
  {
    call: "CreateVpcEndpoint",
    object: "VPC endpoint",
    names: ["vpcEndpointId"],
    risk: "connects the VPC with a service, perhaps of another account",
    undo: ["aws ec2 delete-vpc-endpoints --vpc-endpoint-ids {vpcEndpointId}"],
  },
  {
    call: "AllocateAddress",
    object: "Elastic IP address",
    names: ["publicIp"],
    risk: "is an address that the attacker can use",
    undo: ["aws ec2 release-address --allocation-id {allocationId}"],
  },
  {
    call: "AssociateAddress",
    object: "association of the Elastic IP address",
    names: ["associationId"],
    risk: "makes an instance reachable from the internet",
    undo: ["aws ec2 disassociate-address --association-id {associationId}"],
  },
  {
    call: "CreateVolume",
    object: "volume",
    names: ["volumeId"],
    details: ["request.snapshotId"],
    risk: COPY,
    undo: ["aws ec2 delete-volume --volume-id {volumeId}"],
  },
  {
    call: "CopyVolumes",
    object: "copied volumes",
    names: ["volumeId"],
    details: ["request.sourceVolumeId"],
    risk: COPY,
    undo: ["aws ec2 delete-volume --volume-id {volumeId*}"],
  },
  {
    call: "AttachVolume",
    object: "attached volume",
    names: ["volumeId"],
    details: ["instanceId"],
    risk: "gives the instance the data of the volume, or the volume in place of another one",
    undo: ["aws ec2 detach-volume --volume-id {volumeId} --instance-id {instanceId}"],
  },
  {
    call: "CreateSnapshot",
    object: "snapshot",
    names: ["snapshotId"],
    details: ["volumeId"],
    risk: COPY,
    undo: ["aws ec2 delete-snapshot --snapshot-id {snapshotId}"],
  },
  {
    call: "CreateSnapshots",
    object: "snapshots",
    names: ["snapshotId"],
    risk: COPY,
    undo: ["aws ec2 delete-snapshot --snapshot-id {snapshotId*}"],
  },
  {
    call: "CopySnapshot",
    object: "copied snapshot",
    names: ["snapshotId"],
    risk: COPY,
    undo: ["aws ec2 delete-snapshot --snapshot-id {snapshotId}"],
  },
  {
    call: "ModifySnapshotAttribute",
    object: "snapshot shared with accounts:",
    names: ["snapshotId", "request.add.userId"],
    risk: SHARE,
    undo: [
      "aws ec2 modify-snapshot-attribute --snapshot-id {snapshotId} --attribute createVolumePermission --operation-type remove --user-ids {request.add.userId...}",
    ],
  },
  {
    call: "ModifySnapshotAttribute",
    object: "snapshot shared with everybody:",
    names: ["snapshotId", "request.add.group"],
    risk: SHARE,
    undo: [
      "aws ec2 modify-snapshot-attribute --snapshot-id {snapshotId} --attribute createVolumePermission --operation-type remove --group-names {request.add.group...}",
    ],
  },
  {
    call: "CreateImage",
    object: "image",
    names: ["imageId"],
    risk: COPY,
    undo: ["aws ec2 deregister-image --image-id {imageId}"],
  },
  {
    call: "ModifyImageAttribute",
    object: "image shared with accounts:",
    names: ["imageId", "request.add.userId"],
    risk: SHARE,
    undo: [
      "aws ec2 modify-image-attribute --image-id {imageId} --attribute launchPermission --operation-type remove --user-ids {request.add.userId...}",
    ],
  },
  {
    call: "ModifyImageAttribute",
    object: "image shared with everybody:",
    names: ["imageId", "request.add.group"],
    risk: SHARE,
    undo: [
      "aws ec2 modify-image-attribute --image-id {imageId} --attribute launchPermission --operation-type remove --user-groups {request.add.group...}",
    ],
  },
];

/** Network and Application Load Balancers have ARNs, Classic Load Balancers only names. Source: both API References. */
const ELB: readonly CallRule[] = [
  {
    call: "CreateLoadBalancer",
    object: "load balancer",
    names: ["loadBalancerArn"],
    risk: "sends traffic to instances of the attacker",
    undo: ["aws elbv2 delete-load-balancer --load-balancer-arn {loadBalancerArn}"],
  },
  {
    call: "CreateLoadBalancer",
    object: "classic load balancer",
    names: ["loadBalancerName"],
    risk: "sends traffic to instances of the attacker",
    undo: ["aws elb delete-load-balancer --load-balancer-name {loadBalancerName}"],
  },
  {
    call: "CreateTargetGroup",
    object: "target group",
    names: ["targetGroupArn"],
    risk: "receives the traffic of a load balancer",
    undo: ["aws elbv2 delete-target-group --target-group-arn {targetGroupArn}"],
  },
  {
    call: "CreateListener",
    object: "listener",
    names: ["listenerArn"],
    risk: "sends the traffic of the load balancer elsewhere",
    undo: ["aws elbv2 delete-listener --listener-arn {listenerArn}"],
  },
  {
    call: "ModifyListener",
    object: "changed listener",
    names: ["listenerArn"],
    risk: "sends the traffic of the load balancer elsewhere; compare, then restore",
    undo: ["aws elbv2 describe-listeners --listener-arns {listenerArn}"],
  },
  {
    call: "RegisterTargets",
    object: "targets of the target group",
    names: ["targetGroupArn", "id"],
    risk: "receive the traffic of the load balancer",
    undo: ["aws elbv2 deregister-targets --target-group-arn {targetGroupArn} --targets Id={id*}"],
  },
  {
    call: "RegisterInstancesWithLoadBalancer",
    object: "instances of the classic load balancer",
    names: ["loadBalancerName", "request.instanceId"],
    risk: "receive the traffic of the load balancer",
    undo: [
      "aws elb deregister-instances-from-load-balancer --load-balancer-name {loadBalancerName} --instances {request.instanceId...}",
    ],
  },
];

const OTHER: readonly TrailRule[] = [
  {
    action: "kms:CreateGrant",
    object: "KMS grant",
    names: ["keyId", "grantId"],
    details: ["granteePrincipal"],
    risk: "lets its principal use the key",
    undo: ["aws kms revoke-grant --key-id {keyId} --grant-id {grantId}"],
  },
  {
    action: "sts:GetSessionToken",
    object: "session of the user",
    names: ["accessKeyId"],
    details: ["expiration"],
    risk: "works after the key is deactivated; the Deny of step 2 stops it",
    undo: [],
  },
  {
    action: "sts:AssumeRole",
    object: "session of the role",
    names: ["roleArn"],
    details: ["accessKeyId", "expiration"],
    risk: "works until it expires; the Deny on the role stops the sessions from before it, also those of DKP's nodes until they get new ones",
    undo: [
      `aws iam put-role-policy --role-name {roleName} --policy-name AWSRevokeOlderSessions --policy-document "$(printf '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"DateLessThan":{"aws:TokenIssueTime":"%s"}}}]}' "$(date -u +%Y-%m-%dT%H:%M:%SZ)")"`,
    ],
    isGlobal: true,
  },
  {
    action: "cloudtrail:StopLogging",
    object: "stopped trail",
    names: ["name"],
    risk: "no file has the events after it; event history has them for 90 days",
    undo: ["aws cloudtrail start-logging --name {name}"],
  },
];

/** What actions leave in the account. What no rule covers is reported by the name of the action. */
export const TRAIL_RULES: readonly TrailRule[] = [
  ...IAM.map(({ call, ...rule }) => ({ ...rule, action: `iam:${call}`, isGlobal: true })),
  ...EC2.map(({ call, ...rule }) => ({ ...rule, action: `ec2:${call}` })),
  ...ELB.map(({ call, ...rule }) => ({ ...rule, action: `elasticloadbalancing:${call}` })),
  ...OTHER,
];

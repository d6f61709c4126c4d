import { CreateLaunchTemplateCommand, CreateVpcCommand, CreateVpcPeeringConnectionCommand } from "@aws-sdk/client-ec2";
import { AddRoleToInstanceProfileCommand, CreateInstanceProfileCommand, CreateRoleCommand } from "@aws-sdk/client-iam";
import type { LocalAws } from "./local-aws";
import { CLASSIC, type WireCall } from "./wire-calls";

// The abuses as requests that an attacker with the key can send.

/** A request of an attacker. */
export interface Attack extends WireCall {
  /** Only of the account in which roles of these names have other paths: IAM has one role of a name. */
  readonly otherPaths?: boolean;
}

/** The account that owns what is not the victim's. */
export const OTHER_ACCOUNT = "999999999999";

const REGION = "eu-central-1";
const ELSEWHERE = "us-west-2";
const OWN = "123456789012";
const ID = "0123456789abcdef0";
/** Objects of the other account, which the tests name by this ID. */
const SHARED = "0123456789abcdef9";

const KEY = "01234567-89ab-cdef-0123-456789abcdef";
const STATE = "/example-terraform-state/deckhouse/terraform.tfstate";

/** The owners of the objects of the other account. */
export const OWNERS: Readonly<Record<string, string>> = Object.fromEntries(
  ["i", "subnet", "sg", "rtb", "vol", "vpc"].map((type) => [`${type}-${SHARED}`, OTHER_ACCOUNT]),
);

const iam = (resource: string) => `arn:aws:iam::${OWN}:${resource}`;
const elb = (resource: string, account = OWN) => `arn:aws:elasticloadbalancing:${REGION}:${account}:${resource}`;
const onRole = (action: string, RoleName: string, more = {}): Attack => ({
  action: `iam:${action}`,
  parameters: { RoleName, ...more },
});
const putPolicy = (role: string): Attack => onRole("PutRolePolicy", role, { PolicyName: "x", PolicyDocument: "{}" });
const createRole = (role: string, Path = "/"): Attack => onRole("CreateRole", role, { Path, AssumeRolePolicyDocument: "{}" });
/** Passes a role by means of the cluster's own profile, which the policy allows to change. */
const pass = (RoleName: string): Attack => ({
  action: "iam:AddRoleToInstanceProfile",
  parameters: { InstanceProfileName: "dev-node", RoleName },
});
const onProfile = (action: string, InstanceProfileName: string, more = {}): Attack => ({
  action: `iam:${action}`,
  parameters: { InstanceProfileName, ...more },
});
const onUser = (action: string, more = {}): Attack => ({
  action: `iam:${action}`,
  parameters: { UserName: "deckhouse", ...more },
});
const linkedRole = (service: string): Attack => ({
  action: "iam:CreateServiceLinkedRole",
  parameters: { AWSServiceName: `${service}.amazonaws.com` },
});
const ec2 = (name: string, parameters: Readonly<Record<string, string>> = {}, region = REGION): Attack => ({
  action: `ec2:${name}`,
  parameters,
  region,
});
const launch = (more: Readonly<Record<string, string>> = {}, region = REGION) =>
  ec2(
    "RunInstances",
    {
      ImageId: `ami-${ID}`,
      SubnetId: `subnet-${ID}`,
      "SecurityGroupId.1": `sg-${ID}`,
      KeyName: "dev",
      MinCount: "1",
      MaxCount: "1",
      ...more,
    },
    region,
  );
const ingress = (GroupId: string, region = REGION) =>
  ec2(
    "AuthorizeSecurityGroupIngress",
    { GroupId, "IpPermissions.1.IpProtocol": "-1", "IpPermissions.1.IpRanges.1.CidrIp": "0.0.0.0/0" },
    region,
  );
const kms = (name: string, KeyId = KEY): Attack => ({ action: `kms:${name}`, parameters: { KeyId } });
const balancer = (name: string, parameters: Readonly<Record<string, string>> = {}): Attack => ({
  action: `elasticloadbalancing:${name}`,
  parameters,
});
const json = (action: string, parameters: Readonly<Record<string, string>>): Attack => ({ action, parameters });

/** The abuses that an attacker can send, by their description. @param victims from `createVictims` */
export function attacks(victims: Victims): Readonly<Record<string, Attack>> {
  return {
    "passes an administrator role to an instance": launch({ "IamInstanceProfile.Name": "Admin" }),
    "passes a role with a longer name": pass("dev-node2"),
    "passes a role with a letter before the name": pass("xdev-node"),
    "passes a role of that name with a path": { ...pass("dev-node"), otherPaths: true },
    "passes the node role of another cluster": pass("prod-node"),
    "passes a role of the node role's name without its path": { ...pass("dkp-node"), otherPaths: true },
    "passes the node role to Lambda": {
      action: "lambda:CreateFunction",
      parameters: { FunctionName: "x", Role: iam("role/dev-node") },
      rest: "POST /2015-03-31/functions",
    },
    "passes the node role to ECS": json("ecs:RegisterTaskDefinition", { family: "x", taskRoleArn: iam("role/dev-node") }),
    "passes the node role to CloudFormation": json("cloudformation:CreateStack", {
      StackName: "x",
      RoleARN: iam("role/dev-node"),
    }),
    "passes iamNodeRole to Lambda": {
      action: "lambda:CreateFunction",
      parameters: { FunctionName: "x", Role: iam("role/apps/dkp-node") },
      rest: "POST /2015-03-31/functions",
    },
    "writes the policy of an administrator role": putPolicy("Admin"),
    "writes the policy of a role with a longer name": putPolicy("dev-node2"),
    "writes the policy of a role with a letter before the name": putPolicy("xdev-node"),
    "writes the policy of iamNodeRole, which DKP only reads": putPolicy("dkp-node"),
    "writes the policy of a role of that name with a path": { ...putPolicy("dev-node"), otherPaths: true },
    "deletes the policy of another role": onRole("DeleteRolePolicy", "Admin", { PolicyName: "x" }),
    "reads the policy of another role": onRole("GetRolePolicy", "Admin", { PolicyName: "x" }),
    "creates another role": createRole("other-node"),
    "creates a role with a path": { ...createRole("dev-node", "/evil/"), otherPaths: true },
    "deletes another role": onRole("DeleteRole", "Admin"),
    "deletes iamNodeRole": onRole("DeleteRole", "dkp-node"),
    "reads another role": onRole("GetRole", "Admin"),
    "tags the node role with a key that the settings do not have": onRole("TagRole", "dev-node", {
      "Tags.member.1.Key": "team",
      "Tags.member.1.Value": "a",
      "Tags.member.2.Key": "admin",
      "Tags.member.2.Value": "a",
    }),
    "tags another role": onRole("TagRole", "Admin", { "Tags.member.1.Key": "team", "Tags.member.1.Value": "a" }),
    "adds a role to another profile": onProfile("AddRoleToInstanceProfile", "Admin", { RoleName: "dev-node" }),
    "removes a role from another profile": onProfile("RemoveRoleFromInstanceProfile", "prod-node", { RoleName: "prod-node" }),
    "creates another profile": onProfile("CreateInstanceProfile", "dev-node2"),
    "deletes another profile": onProfile("DeleteInstanceProfile", "prod-node"),
    "attaches a managed policy to the node role": onRole("AttachRolePolicy", "dev-node", {
      PolicyArn: "arn:aws:iam::aws:policy/AdministratorAccess",
    }),
    "lets others assume the node role": onRole("UpdateAssumeRolePolicy", "Admin", { PolicyDocument: "{}" }),
    "removes the boundary from a role": onRole("DeleteRolePermissionsBoundary", "dev-node"),
    "assumes a role": json("sts:AssumeRole", { RoleArn: iam("role/Admin"), RoleSessionName: "x" }),
    "creates a user": { action: "iam:CreateUser", parameters: { UserName: "evil" } },
    "creates another key for itself": onUser("CreateAccessKey"),
    "attaches another policy to itself": onUser("AttachUserPolicy", { PolicyArn: "arn:aws:iam::aws:policy/AdministratorAccess" }),
    "writes a policy for itself": onUser("PutUserPolicy", { PolicyName: "x", PolicyDocument: "{}" }),
    "broadens its own policy": json("iam:CreatePolicyVersion", {
      PolicyArn: iam("policy/D8CloudProviderAWS"),
      PolicyDocument: "{}",
      SetAsDefault: "true",
    }),
    "joins the administrators": onUser("AddUserToGroup", { GroupName: "Admins" }),
    "sets the password of a user": onUser("CreateLoginProfile", { Password: "x" }),
    "creates the service-linked role of RDS": linkedRole("rds"),
    "creates the service-linked role of Auto Scaling": linkedRole("autoscaling"),
    "creates a service-linked role for EKS": linkedRole("eks"),
    "launches instances in another region": launch({}, ELSEWHERE),
    "launches instances from an image in another region": launch({}, ELSEWHERE),
    "terminates instances in another region": ec2("TerminateInstances", { "InstanceId.1": `i-${ID}` }, ELSEWHERE),
    "deletes a VPC in another region": ec2("DeleteVpc", { VpcId: `vpc-${ID}` }, ELSEWHERE),
    "deletes disks in another region": ec2("DeleteVolume", { VolumeId: `vol-${ID}` }, ELSEWHERE),
    "opens a security group in another region": ingress(`sg-${ID}`, ELSEWHERE),
    "lists instances in another region": ec2("DescribeInstances", {}, ELSEWHERE),
    "lists VPCs in another region": ec2("DescribeVpcs", {}, ELSEWHERE),
    "lists load balancers in another region": { ...balancer("DescribeLoadBalancers"), region: ELSEWHERE },
    "deletes load balancers in another region": {
      ...balancer("DeleteLoadBalancer", { LoadBalancerName: "web" }),
      region: ELSEWHERE,
      version: CLASSIC,
    },
    "terminates an instance of another account": ec2("TerminateInstances", { "InstanceId.1": `i-${SHARED}` }),
    "launches instances in a subnet that another account shares": launch({ SubnetId: `subnet-${SHARED}` }),
    "changes a security group that another account shares": ingress(`sg-${SHARED}`),
    "deletes a route of another account": ec2("DeleteRoute", {
      RouteTableId: `rtb-${SHARED}`,
      DestinationCidrBlock: "0.0.0.0/0",
    }),
    "attaches a disk of another account": ec2("AttachVolume", {
      VolumeId: `vol-${SHARED}`,
      InstanceId: `i-${ID}`,
      Device: "/dev/sdf",
    }),
    "peers with a VPC of an account that is not configured": ec2("CreateVpcPeeringConnection", {
      VpcId: `vpc-${SHARED}`,
      PeerVpcId: `vpc-${ID}`,
    }),
    "redirects a load balancer of another account": balancer("ModifyListener", {
      ListenerArn: elb("listener/net/web/0123456789abcdef/0123456789abcdef", OTHER_ACCOUNT),
    }),
    "requests peering with a VPC of another account": ec2("CreateVpcPeeringConnection", {
      VpcId: `vpc-${ID}`,
      PeerVpcId: `vpc-${SHARED}`,
      PeerOwnerId: OTHER_ACCOUNT,
    }),
    "accepts peering with a VPC of another account": ec2("AcceptVpcPeeringConnection", {
      VpcPeeringConnectionId: victims.requestedPeering,
    }),
    "deletes a peering of another account": ec2("DeleteVpcPeeringConnection", {
      VpcPeeringConnectionId: victims.externalPeering,
    }),
    "redirects an application load balancer": balancer("ModifyListener", {
      ListenerArn: elb("listener/app/web/0123456789abcdef/0123456789abcdef"),
    }),
    "removes a listener of an application load balancer": balancer("DeleteListener", {
      ListenerArn: elb("listener/app/web/0123456789abcdef/0123456789abcdef"),
    }),
    "adds a listener to an application load balancer": balancer("CreateListener", {
      LoadBalancerArn: elb("loadbalancer/app/web/0123456789abcdef"),
    }),
    "deletes another key pair": ec2("DeleteKeyPair", { KeyName: "admin" }),
    "imports another key pair": ec2("ImportKeyPair", { KeyName: "dev2", PublicKeyMaterial: "c3No" }),
    "launches instances with another key pair": launch({ KeyName: "admin" }),
    "launches instances with a launch template": launch({ "LaunchTemplate.LaunchTemplateId": victims.launchTemplate }),
    "decrypts without a service": kms("Decrypt"),
    "decrypts with a key of another region": ec2("CreateVolume", {
      AvailabilityZone: `${REGION}a`,
      Size: "1",
      Encrypted: "true",
      KmsKeyId: `arn:aws:kms:${ELSEWHERE}:${OWN}:key/${KEY}`,
    }),
    "creates a data key without a service": kms("GenerateDataKeyWithoutPlaintext"),
    "changes the policy of a key": kms("PutKeyPolicy"),
    "deletes a key": kms("ScheduleKeyDeletion"),
    "reads a key of another account": kms("DescribeKey", `arn:aws:kms:${REGION}:${OTHER_ACCOUNT}:key/${KEY}`),
    "reads the Terraform state": { action: "s3:GetObject", rest: `GET ${STATE}` },
    "lists the buckets": { action: "s3:ListAllMyBuckets", rest: "GET /" },
    "overwrites the Terraform state": { action: "s3:PutObject", rest: `PUT ${STATE}` },
    "reads a secret": json("secretsmanager:GetSecretValue", {
      SecretId: `arn:aws:secretsmanager:${REGION}:${OWN}:secret:db-AbCdEf`,
    }),
    "reads a parameter": json("ssm:GetParameter", { Name: `arn:aws:ssm:${REGION}:${OWN}:parameter/db` }),
    "runs a command on instances": json("ssm:SendCommand", { Target: `arn:aws:ec2:${REGION}:${OWN}:instance/i-${ID}` }),
    "reads the console of an instance": ec2("GetConsoleOutput", { InstanceId: `i-${ID}` }),
    "reads an instance's password": ec2("GetPasswordData", { InstanceId: `i-${ID}` }),
    "shares a disk's snapshot with the world": ec2("ModifySnapshotAttribute", { SnapshotId: `snap-${ID}` }),
    "shares an image with the world": ec2("ModifyImageAttribute", { ImageId: `ami-${ID}` }),
    "deletes the flow logs": ec2("DeleteFlowLogs", { "FlowLogId.1": `fl-${ID}` }),
    "stops the trail": json("cloudtrail:StopLogging", { Name: `arn:aws:cloudtrail:${REGION}:${OWN}:trail/main` }),
    "runs a function": {
      action: "lambda:InvokeFunction",
      parameters: { Payload: `arn:aws:lambda:${REGION}:${OWN}:function:admin` },
      rest: "POST /2015-03-31/functions/admin/invocations",
    },
  };
}

/** The abuses that no request expresses, with the reason. They are simulated only. */
export const NOT_A_REQUEST: Readonly<Record<string, string>> = {
  "passes a role of another account": "IAM finds roles of an instance profile by name, in the own account",
  "passes the node role without a service": "iam:PassRole is part of other requests, and AWS sets iam:PassedToService",
  "lists instances without a region": "every signature names a Region",
  "deletes a load balancer of another account": "a request names a classic load balancer by name, in the own account",
  "decrypts for another service": "AWS sets kms:ViaService when another service uses the key",
  "grants itself a key": "AWS sets kms:ViaService when another service uses the key",
  "grants a key outside of EC2": "AWS sets kms:ViaService when another service uses the key",
};

/** What attackers name by an ID that AWS generates. */
export interface Victims {
  readonly launchTemplate: string;
  /** From a VPC of the other account to an own one. */
  readonly requestedPeering: string;
  /** Between two VPCs of the other account. */
  readonly externalPeering: string;
  /** The owners of objects of the other account, by ID. */
  readonly owners: Readonly<Record<string, string>>;
}

/** Creates the roles, profiles and peering connections that attackers name. */
export async function createVictims(aws: LocalAws, otherPaths: boolean): Promise<Victims> {
  const client = aws.iam();
  const roles = {
    Admin: "/",
    "dev-node": otherPaths ? "/evil/" : "/",
    "dev-node2": "/",
    "dkp-node": otherPaths ? "/" : "/apps/",
    "prod-node": "/",
    "xdev-node": "/",
  };
  const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [] });
  for (const [RoleName, Path] of Object.entries(roles)) {
    await client.send(new CreateRoleCommand({ RoleName, Path, AssumeRolePolicyDocument }));
  }
  for (const name of ["Admin", "dev-node", "prod-node"]) {
    await client.send(new CreateInstanceProfileCommand({ InstanceProfileName: name }));
    await client.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName: name, RoleName: name }));
  }
  const api = aws.ec2();
  const vpcs = [10, 11, 12].map(
    async (block) => (await api.send(new CreateVpcCommand({ CidrBlock: `10.${block}.0.0/16` }))).Vpc?.VpcId ?? "",
  );
  const [own = "", other = "", third = ""] = await Promise.all(vpcs);
  const peer = async (VpcId: string, PeerVpcId: string) => {
    const { VpcPeeringConnection } = await api.send(new CreateVpcPeeringConnectionCommand({ VpcId, PeerVpcId }));
    return VpcPeeringConnection?.VpcPeeringConnectionId ?? "";
  };
  const LaunchTemplateData = { InstanceType: "m5.large" } as const;
  const template = await api.send(new CreateLaunchTemplateCommand({ LaunchTemplateName: "x", LaunchTemplateData }));
  return {
    launchTemplate: template.LaunchTemplate?.LaunchTemplateId ?? "",
    requestedPeering: await peer(other, own),
    externalPeering: await peer(other, third),
    owners: { [other]: OTHER_ACCOUNT, [third]: OTHER_ACCOUNT },
  };
}

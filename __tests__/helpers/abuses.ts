import type { Environment } from "../../src/iam/policy-statements";
import { iamArn } from "./required-requests";
import type { Request } from "./simulator";

/** Something that an attacker with the key should not be able to do. */
export interface Abuse extends Request {
  readonly what: string;
  /** Whether the documented policy allows it. */
  readonly documented: boolean;
}

/** What `scoped` and `minimal` must deny to the key of a cluster with prefix `dev` and node role `/apps/dkp-node`. */
export function abuses(environment: Environment): readonly Abuse[] {
  const { partition, region, account } = environment;
  const iam = (resource: string) => iamArn(environment, resource);
  const inRegion = { "aws:RequestedRegion": region };
  const elsewhere = { "aws:RequestedRegion": "us-west-2" };
  const ec2 = (resource: string, where = region, owner = account) => `arn:${partition}:ec2:${where}:${owner}:${resource}`;
  const elb = (resource: string, where = region, owner = account) =>
    `arn:${partition}:elasticloadbalancing:${where}:${owner}:${resource}`;
  const kms = (where = region, owner = account) =>
    `arn:${partition}:kms:${where}:${owner}:key/01234567-89ab-cdef-0123-456789abcdef`;
  const toEc2 = { "iam:PassedToService": "ec2.amazonaws.com" };
  const other = "999999999999";

  const abuse = (
    documented: boolean,
    what: string,
    action: string,
    resource: string,
    context: Request["context"] = inRegion,
  ): Abuse => ({ what, action, resource, context, documented });
  const inDocumented = (what: string, action: string, resource: string, context?: Request["context"]) =>
    abuse(true, what, action, resource, context);
  const neverAllowed = (what: string, action: string, resource: string, context?: Request["context"]) =>
    abuse(false, what, action, resource, context);

  return [
    // Other roles: PassRole, writes, creation.
    inDocumented("passes an administrator role to an instance", "iam:PassRole", iam("role/Admin"), toEc2),
    inDocumented("passes a role with a longer name", "iam:PassRole", iam("role/dev-node2"), toEc2),
    inDocumented("passes a role with a letter before the name", "iam:PassRole", iam("role/xdev-node"), toEc2),
    inDocumented("passes a role of that name with a path", "iam:PassRole", iam("role/evil/dev-node"), toEc2),
    inDocumented("passes the node role of another cluster", "iam:PassRole", iam("role/prod-node"), toEc2),
    inDocumented("passes a role of the node role's name without its path", "iam:PassRole", iam("role/dkp-node"), toEc2),
    inDocumented("passes a role of another account", "iam:PassRole", `arn:${partition}:iam::${other}:role/dev-node`, toEc2),
    inDocumented("passes the node role to Lambda", "iam:PassRole", iam("role/dev-node"), {
      "iam:PassedToService": "lambda.amazonaws.com",
    }),
    inDocumented("passes the node role to ECS", "iam:PassRole", iam("role/dev-node"), {
      "iam:PassedToService": "ecs-tasks.amazonaws.com",
    }),
    inDocumented("passes the node role to CloudFormation", "iam:PassRole", iam("role/dev-node"), {
      "iam:PassedToService": "cloudformation.amazonaws.com",
    }),
    inDocumented("passes the node role without a service", "iam:PassRole", iam("role/dev-node"), {}),
    inDocumented("passes iamNodeRole to Lambda", "iam:PassRole", iam("role/apps/dkp-node"), {
      "iam:PassedToService": "lambda.amazonaws.com",
    }),
    inDocumented("writes the policy of an administrator role", "iam:PutRolePolicy", iam("role/Admin")),
    inDocumented("writes the policy of a role with a longer name", "iam:PutRolePolicy", iam("role/dev-node2")),
    inDocumented("writes the policy of a role with a letter before the name", "iam:PutRolePolicy", iam("role/xdev-node")),
    inDocumented("writes the policy of iamNodeRole, which DKP only reads", "iam:PutRolePolicy", iam("role/apps/dkp-node")),
    inDocumented("writes the policy of a role of that name with a path", "iam:PutRolePolicy", iam("role/evil/dev-node")),
    inDocumented("deletes the policy of another role", "iam:DeleteRolePolicy", iam("role/Admin")),
    inDocumented("reads the policy of another role", "iam:GetRolePolicy", iam("role/Admin")),
    inDocumented("creates another role", "iam:CreateRole", iam("role/other-node")),
    inDocumented("creates a role with a path", "iam:CreateRole", iam("role/evil/dev-node")),
    inDocumented("deletes another role", "iam:DeleteRole", iam("role/Admin")),
    inDocumented("deletes iamNodeRole", "iam:DeleteRole", iam("role/apps/dkp-node")),
    inDocumented("reads another role", "iam:GetRole", iam("role/Admin")),
    inDocumented("tags the node role with a key that the settings do not have", "iam:TagRole", iam("role/dev-node"), {
      "aws:TagKeys": ["team", "admin"],
    }),
    inDocumented("tags another role", "iam:TagRole", iam("role/Admin")),
    inDocumented("adds a role to another profile", "iam:AddRoleToInstanceProfile", iam("instance-profile/Admin")),
    inDocumented("removes a role from another profile", "iam:RemoveRoleFromInstanceProfile", iam("instance-profile/prod-node")),
    inDocumented("creates another profile", "iam:CreateInstanceProfile", iam("instance-profile/dev-node2")),
    inDocumented("deletes another profile", "iam:DeleteInstanceProfile", iam("instance-profile/prod-node")),
    neverAllowed("attaches a managed policy to the node role", "iam:AttachRolePolicy", iam("role/dev-node")),
    neverAllowed("lets others assume the node role", "iam:UpdateAssumeRolePolicy", iam("role/Admin")),
    neverAllowed("removes the boundary from a role", "iam:DeleteRolePermissionsBoundary", iam("role/dev-node")),
    neverAllowed("assumes a role", "sts:AssumeRole", iam("role/Admin")),
    // Users, keys, policies.
    neverAllowed("creates a user", "iam:CreateUser", iam("user/evil")),
    neverAllowed("creates another key for itself", "iam:CreateAccessKey", iam("user/deckhouse")),
    neverAllowed("attaches another policy to itself", "iam:AttachUserPolicy", iam("user/deckhouse")),
    neverAllowed("writes a policy for itself", "iam:PutUserPolicy", iam("user/deckhouse")),
    neverAllowed("broadens its own policy", "iam:CreatePolicyVersion", iam("policy/D8CloudProviderAWS")),
    neverAllowed("joins the administrators", "iam:AddUserToGroup", iam("group/Admins")),
    neverAllowed("sets the password of a user", "iam:CreateLoginProfile", iam("user/deckhouse")),
    // Service-linked roles of services that DKP does not use.
    inDocumented(
      "creates the service-linked role of RDS",
      "iam:CreateServiceLinkedRole",
      iam("role/aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS"),
      { "iam:AWSServiceName": "rds.amazonaws.com" },
    ),
    inDocumented(
      "creates the service-linked role of Auto Scaling",
      "iam:CreateServiceLinkedRole",
      iam("role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"),
      { "iam:AWSServiceName": "autoscaling.amazonaws.com" },
    ),
    inDocumented(
      "creates a service-linked role for EKS",
      "iam:CreateServiceLinkedRole",
      iam("role/aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS"),
      { "iam:AWSServiceName": "eks.amazonaws.com" },
    ),
    // Another region.
    inDocumented("launches instances in another region", "ec2:RunInstances", ec2("instance/*", "us-west-2"), elsewhere),
    inDocumented(
      "launches instances from an image in another region",
      "ec2:RunInstances",
      `arn:${partition}:ec2:us-west-2::image/ami-0123456789abcdef0`,
      elsewhere,
    ),
    inDocumented(
      "terminates instances in another region",
      "ec2:TerminateInstances",
      ec2("instance/i-0123456789abcdef0", "us-west-2"),
      elsewhere,
    ),
    inDocumented("deletes a VPC in another region", "ec2:DeleteVpc", ec2("vpc/vpc-0123456789abcdef0", "us-west-2"), elsewhere),
    inDocumented(
      "deletes disks in another region",
      "ec2:DeleteVolume",
      ec2("volume/vol-0123456789abcdef0", "us-west-2"),
      elsewhere,
    ),
    inDocumented(
      "opens a security group in another region",
      "ec2:AuthorizeSecurityGroupIngress",
      ec2("security-group/sg-0123456789abcdef0", "us-west-2"),
      elsewhere,
    ),
    inDocumented("lists instances in another region", "ec2:DescribeInstances", "*", elsewhere),
    inDocumented("lists VPCs in another region", "ec2:DescribeVpcs", "*", elsewhere),
    inDocumented("lists load balancers in another region", "elasticloadbalancing:DescribeLoadBalancers", "*", elsewhere),
    inDocumented(
      "deletes load balancers in another region",
      "elasticloadbalancing:DeleteLoadBalancer",
      elb("loadbalancer/web", "us-west-2"),
      elsewhere,
    ),
    inDocumented("lists instances without a region", "ec2:DescribeInstances", "*", {}),
    // Resources that other accounts own or share.
    inDocumented(
      "terminates an instance of another account",
      "ec2:TerminateInstances",
      ec2("instance/i-0123456789abcdef0", region, other),
    ),
    inDocumented(
      "launches instances in a subnet that another account shares",
      "ec2:RunInstances",
      ec2("subnet/subnet-0123456789abcdef0", region, other),
    ),
    inDocumented(
      "changes a security group that another account shares",
      "ec2:AuthorizeSecurityGroupIngress",
      ec2("security-group/sg-0123456789abcdef0", region, other),
    ),
    inDocumented(
      "deletes a route of another account",
      "ec2:DeleteRoute",
      ec2("route-table/rtb-0123456789abcdef0", region, other),
    ),
    inDocumented("attaches a disk of another account", "ec2:AttachVolume", ec2("volume/vol-0123456789abcdef0", region, other)),
    inDocumented(
      "peers with a VPC of an account that is not configured",
      "ec2:CreateVpcPeeringConnection",
      ec2("vpc/vpc-0123456789abcdef0", region, other),
    ),
    inDocumented(
      "deletes a load balancer of another account",
      "elasticloadbalancing:DeleteLoadBalancer",
      elb("loadbalancer/web", region, other),
    ),
    inDocumented(
      "redirects a load balancer of another account",
      "elasticloadbalancing:ModifyListener",
      elb("listener/net/web/0123456789abcdef/0123456789abcdef", region, other),
    ),
    inDocumented(
      "requests peering with a VPC of another account",
      "ec2:CreateVpcPeeringConnection",
      ec2(`vpc-peering-connection/*`),
      {
        ...inRegion,
        "ec2:AccepterVpc": ec2("vpc/vpc-0123456789abcdef0", region, other),
        "ec2:RequesterVpc": ec2("vpc/vpc-0123456789abcdef0"),
      },
    ),
    inDocumented(
      "accepts peering with a VPC of another account",
      "ec2:AcceptVpcPeeringConnection",
      ec2("vpc-peering-connection/pcx-0123456789abcdef0"),
      {
        ...inRegion,
        "ec2:AccepterVpc": ec2("vpc/vpc-0123456789abcdef0"),
        "ec2:RequesterVpc": ec2("vpc/vpc-0123456789abcdef0", region, other),
      },
    ),
    inDocumented(
      "deletes a peering of another account",
      "ec2:DeleteVpcPeeringConnection",
      ec2("vpc-peering-connection/pcx-0123456789abcdef0"),
      {
        ...inRegion,
        "ec2:AccepterVpc": ec2("vpc/vpc-0123456789abcdef0", region, other),
        "ec2:RequesterVpc": ec2("vpc/vpc-0123456789abcdef0", region, other),
      },
    ),
    // Application load balancers: DKP has none.
    inDocumented(
      "redirects an application load balancer",
      "elasticloadbalancing:ModifyListener",
      elb("listener/app/web/0123456789abcdef/0123456789abcdef"),
    ),
    inDocumented(
      "removes a listener of an application load balancer",
      "elasticloadbalancing:DeleteListener",
      elb("listener/app/web/0123456789abcdef/0123456789abcdef"),
    ),
    inDocumented(
      "adds a listener to an application load balancer",
      "elasticloadbalancing:CreateListener",
      elb("loadbalancer/app/web/0123456789abcdef"),
    ),
    // Key pairs: DKP has one.
    inDocumented("deletes another key pair", "ec2:DeleteKeyPair", ec2("key-pair/admin")),
    inDocumented("imports another key pair", "ec2:ImportKeyPair", ec2("key-pair/dev2")),
    inDocumented("launches instances with another key pair", "ec2:RunInstances", ec2("key-pair/admin")),
    inDocumented("launches instances with a launch template", "ec2:RunInstances", ec2("launch-template/lt-0123456789abcdef0")),
    // Encryption keys.
    neverAllowed("decrypts without a service", "kms:Decrypt", kms(), inRegion),
    neverAllowed("decrypts for another service", "kms:Decrypt", kms(), {
      ...inRegion,
      "kms:ViaService": `s3.${region}.amazonaws.com`,
    }),
    neverAllowed("decrypts with a key of another region", "kms:Decrypt", kms("us-west-2"), {
      "kms:ViaService": `ec2.${region}.amazonaws.com`,
    }),
    neverAllowed("creates a data key without a service", "kms:GenerateDataKeyWithoutPlaintext", kms(), inRegion),
    neverAllowed("grants itself a key", "kms:CreateGrant", kms(), {
      ...inRegion,
      "kms:GrantIsForAWSResource": "false",
      "kms:ViaService": `ec2.${region}.amazonaws.com`,
    }),
    neverAllowed("grants a key outside of EC2", "kms:CreateGrant", kms(), {
      ...inRegion,
      "kms:GrantIsForAWSResource": "true",
      "kms:ViaService": `rds.${region}.amazonaws.com`,
    }),
    neverAllowed("changes the policy of a key", "kms:PutKeyPolicy", kms(), inRegion),
    neverAllowed("deletes a key", "kms:ScheduleKeyDeletion", kms(), inRegion),
    inDocumented("reads a key of another account", "kms:DescribeKey", kms(region, other), inRegion),
    // Actions unrelated to a cluster.
    neverAllowed(
      "reads the Terraform state",
      "s3:GetObject",
      `arn:${partition}:s3:::example-terraform-state/deckhouse/terraform.tfstate`,
    ),
    neverAllowed("lists the buckets", "s3:ListAllMyBuckets", "*"),
    neverAllowed(
      "overwrites the Terraform state",
      "s3:PutObject",
      `arn:${partition}:s3:::example-terraform-state/deckhouse/terraform.tfstate`,
    ),
    neverAllowed(
      "reads a secret",
      "secretsmanager:GetSecretValue",
      `arn:${partition}:secretsmanager:${region}:${account}:secret:db-AbCdEf`,
    ),
    neverAllowed("reads a parameter", "ssm:GetParameter", `arn:${partition}:ssm:${region}:${account}:parameter/db`),
    neverAllowed("runs a command on instances", "ssm:SendCommand", ec2("instance/i-0123456789abcdef0")),
    neverAllowed("reads the console of an instance", "ec2:GetConsoleOutput", ec2("instance/i-0123456789abcdef0")),
    neverAllowed("reads an instance's password", "ec2:GetPasswordData", ec2("instance/i-0123456789abcdef0")),
    neverAllowed(
      "shares a disk's snapshot with the world",
      "ec2:ModifySnapshotAttribute",
      `arn:${partition}:ec2:${region}::snapshot/snap-0123456789abcdef0`,
    ),
    neverAllowed(
      "shares an image with the world",
      "ec2:ModifyImageAttribute",
      `arn:${partition}:ec2:${region}::image/ami-0123456789abcdef0`,
    ),
    neverAllowed("deletes the flow logs", "ec2:DeleteFlowLogs", ec2("vpc-flow-log/fl-0123456789abcdef0")),
    neverAllowed("stops the trail", "cloudtrail:StopLogging", `arn:${partition}:cloudtrail:${region}:${account}:trail/main`),
    neverAllowed("runs a function", "lambda:InvokeFunction", `arn:${partition}:lambda:${region}:${account}:function:admin`),
  ];
}

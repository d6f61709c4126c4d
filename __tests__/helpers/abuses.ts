import type { Environment } from "../../src/iam/policy-statements";
import { iamArn } from "./required-requests";
import type { Request } from "./simulator";

const ID = "0123456789abcdef0";

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

  const ec2There = (resource: string) => ec2(resource, "us-west-2");
  const ec2Theirs = (resource: string) => ec2(resource, region, other);
  const peering = (accepter: typeof ec2There, requester: typeof ec2There) => ({
    ...inRegion,
    "ec2:AccepterVpc": accepter(`vpc/vpc-${ID}`),
    "ec2:RequesterVpc": requester(`vpc/vpc-${ID}`),
  });
  const passedTo = (service: string) => ({ "iam:PassedToService": `${service}.amazonaws.com` });
  const linked = (service: string) => ({ "iam:AWSServiceName": `${service}.amazonaws.com` });
  const serviceRole = (name: string) => iam(`role/aws-service-role/${name}`);

  const abuse = (
    documented: boolean,
    what: string,
    action: string,
    resource: string,
    context: Request["context"] = inRegion,
  ): Abuse => ({ what, action, resource, context, documented });
  /** Of what the documented policy allows, and of what no policy does. */
  const allowed = (what: string, action: string, resource: string, context?: Request["context"]) =>
    abuse(true, what, action, resource, context);
  const denied = (what: string, action: string, resource: string, context?: Request["context"]) =>
    abuse(false, what, action, resource, context);

  return [
    // Other roles: PassRole, writes, creation.
    allowed("passes an administrator role to an instance", "iam:PassRole", iam("role/Admin"), toEc2),
    allowed("passes a role with a longer name", "iam:PassRole", iam("role/dev-node2"), toEc2),
    allowed("passes a role with a letter before the name", "iam:PassRole", iam("role/xdev-node"), toEc2),
    allowed("passes a role of that name with a path", "iam:PassRole", iam("role/evil/dev-node"), toEc2),
    allowed("passes the node role of another cluster", "iam:PassRole", iam("role/prod-node"), toEc2),
    allowed("passes a role of the node role's name without its path", "iam:PassRole", iam("role/dkp-node"), toEc2),
    allowed("passes a role of another account", "iam:PassRole", `arn:${partition}:iam::${other}:role/dev-node`, toEc2),
    allowed("passes the node role to Lambda", "iam:PassRole", iam("role/dev-node"), passedTo("lambda")),
    allowed("passes the node role to ECS", "iam:PassRole", iam("role/dev-node"), passedTo("ecs-tasks")),
    allowed("passes the node role to CloudFormation", "iam:PassRole", iam("role/dev-node"), passedTo("cloudformation")),
    allowed("passes the node role without a service", "iam:PassRole", iam("role/dev-node"), {}),
    allowed("passes iamNodeRole to Lambda", "iam:PassRole", iam("role/apps/dkp-node"), passedTo("lambda")),
    allowed("writes the policy of an administrator role", "iam:PutRolePolicy", iam("role/Admin")),
    allowed("writes the policy of a role with a longer name", "iam:PutRolePolicy", iam("role/dev-node2")),
    allowed("writes the policy of a role with a letter before the name", "iam:PutRolePolicy", iam("role/xdev-node")),
    allowed("writes the policy of iamNodeRole, which DKP only reads", "iam:PutRolePolicy", iam("role/apps/dkp-node")),
    allowed("writes the policy of a role of that name with a path", "iam:PutRolePolicy", iam("role/evil/dev-node")),
    allowed("deletes the policy of another role", "iam:DeleteRolePolicy", iam("role/Admin")),
    allowed("reads the policy of another role", "iam:GetRolePolicy", iam("role/Admin")),
    allowed("creates another role", "iam:CreateRole", iam("role/other-node")),
    allowed("creates a role with a path", "iam:CreateRole", iam("role/evil/dev-node")),
    allowed("deletes another role", "iam:DeleteRole", iam("role/Admin")),
    allowed("deletes iamNodeRole", "iam:DeleteRole", iam("role/apps/dkp-node")),
    allowed("reads another role", "iam:GetRole", iam("role/Admin")),
    allowed("tags the node role with a key that the settings do not have", "iam:TagRole", iam("role/dev-node"), {
      "aws:TagKeys": ["team", "admin"],
    }),
    allowed("tags another role", "iam:TagRole", iam("role/Admin")),
    allowed("adds a role to another profile", "iam:AddRoleToInstanceProfile", iam("instance-profile/Admin")),
    allowed("removes a role from another profile", "iam:RemoveRoleFromInstanceProfile", iam("instance-profile/prod-node")),
    allowed("creates another profile", "iam:CreateInstanceProfile", iam("instance-profile/dev-node2")),
    allowed("deletes another profile", "iam:DeleteInstanceProfile", iam("instance-profile/prod-node")),
    denied("attaches a managed policy to the node role", "iam:AttachRolePolicy", iam("role/dev-node")),
    denied("lets others assume the node role", "iam:UpdateAssumeRolePolicy", iam("role/Admin")),
    denied("removes the boundary from a role", "iam:DeleteRolePermissionsBoundary", iam("role/dev-node")),
    denied("assumes a role", "sts:AssumeRole", iam("role/Admin")),
    // Users, keys, policies.
    denied("creates a user", "iam:CreateUser", iam("user/evil")),
    denied("creates another key for itself", "iam:CreateAccessKey", iam("user/deckhouse")),
    denied("attaches another policy to itself", "iam:AttachUserPolicy", iam("user/deckhouse")),
    denied("writes a policy for itself", "iam:PutUserPolicy", iam("user/deckhouse")),
    denied("broadens its own policy", "iam:CreatePolicyVersion", iam("policy/D8CloudProviderAWS")),
    denied("joins the administrators", "iam:AddUserToGroup", iam("group/Admins")),
    denied("sets the password of a user", "iam:CreateLoginProfile", iam("user/deckhouse")),
    // Service-linked roles of services that DKP does not use.
    allowed(
      "creates the service-linked role of RDS",
      "iam:CreateServiceLinkedRole",
      serviceRole("rds.amazonaws.com/AWSServiceRoleForRDS"),
      linked("rds"),
    ),
    allowed(
      "creates the service-linked role of Auto Scaling",
      "iam:CreateServiceLinkedRole",
      serviceRole("autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"),
      linked("autoscaling"),
    ),
    allowed(
      "creates a service-linked role for EKS",
      "iam:CreateServiceLinkedRole",
      serviceRole("eks.amazonaws.com/AWSServiceRoleForAmazonEKS"),
      linked("eks"),
    ),
    // Another region.
    allowed("launches instances in another region", "ec2:RunInstances", ec2There("instance/*"), elsewhere),
    allowed(
      "launches instances from an image in another region",
      "ec2:RunInstances",
      `arn:${partition}:ec2:us-west-2::image/ami-${ID}`,
      elsewhere,
    ),
    allowed("terminates instances in another region", "ec2:TerminateInstances", ec2There(`instance/i-${ID}`), elsewhere),
    allowed("deletes a VPC in another region", "ec2:DeleteVpc", ec2There(`vpc/vpc-${ID}`), elsewhere),
    allowed("deletes disks in another region", "ec2:DeleteVolume", ec2There(`volume/vol-${ID}`), elsewhere),
    allowed(
      "opens a security group in another region",
      "ec2:AuthorizeSecurityGroupIngress",
      ec2There(`security-group/sg-${ID}`),
      elsewhere,
    ),
    allowed("lists instances in another region", "ec2:DescribeInstances", "*", elsewhere),
    allowed("lists VPCs in another region", "ec2:DescribeVpcs", "*", elsewhere),
    allowed("lists load balancers in another region", "elasticloadbalancing:DescribeLoadBalancers", "*", elsewhere),
    allowed(
      "deletes load balancers in another region",
      "elasticloadbalancing:DeleteLoadBalancer",
      elb("loadbalancer/web", "us-west-2"),
      elsewhere,
    ),
    allowed("lists instances without a region", "ec2:DescribeInstances", "*", {}),
    // Resources that other accounts own or share.
    allowed("terminates an instance of another account", "ec2:TerminateInstances", ec2Theirs(`instance/i-${ID}`)),
    allowed("launches instances in a subnet that another account shares", "ec2:RunInstances", ec2Theirs(`subnet/subnet-${ID}`)),
    allowed(
      "changes a security group that another account shares",
      "ec2:AuthorizeSecurityGroupIngress",
      ec2Theirs(`security-group/sg-${ID}`),
    ),
    allowed("deletes a route of another account", "ec2:DeleteRoute", ec2Theirs(`route-table/rtb-${ID}`)),
    allowed("attaches a disk of another account", "ec2:AttachVolume", ec2Theirs(`volume/vol-${ID}`)),
    allowed(
      "peers with a VPC of an account that is not configured",
      "ec2:CreateVpcPeeringConnection",
      ec2Theirs(`vpc/vpc-${ID}`),
    ),
    allowed(
      "deletes a load balancer of another account",
      "elasticloadbalancing:DeleteLoadBalancer",
      elb("loadbalancer/web", region, other),
    ),
    allowed(
      "redirects a load balancer of another account",
      "elasticloadbalancing:ModifyListener",
      elb("listener/net/web/0123456789abcdef/0123456789abcdef", region, other),
    ),
    allowed(
      "requests peering with a VPC of another account",
      "ec2:CreateVpcPeeringConnection",
      ec2(`vpc-peering-connection/*`),
      peering(ec2Theirs, ec2),
    ),
    allowed(
      "accepts peering with a VPC of another account",
      "ec2:AcceptVpcPeeringConnection",
      ec2(`vpc-peering-connection/pcx-${ID}`),
      peering(ec2, ec2Theirs),
    ),
    allowed(
      "deletes a peering of another account",
      "ec2:DeleteVpcPeeringConnection",
      ec2(`vpc-peering-connection/pcx-${ID}`),
      peering(ec2Theirs, ec2Theirs),
    ),
    // Application load balancers: DKP has none.
    allowed(
      "redirects an application load balancer",
      "elasticloadbalancing:ModifyListener",
      elb("listener/app/web/0123456789abcdef/0123456789abcdef"),
    ),
    allowed(
      "removes a listener of an application load balancer",
      "elasticloadbalancing:DeleteListener",
      elb("listener/app/web/0123456789abcdef/0123456789abcdef"),
    ),
    allowed(
      "adds a listener to an application load balancer",
      "elasticloadbalancing:CreateListener",
      elb("loadbalancer/app/web/0123456789abcdef"),
    ),
    // Key pairs: DKP has one.
    allowed("deletes another key pair", "ec2:DeleteKeyPair", ec2("key-pair/admin")),
    allowed("imports another key pair", "ec2:ImportKeyPair", ec2("key-pair/dev2")),
    allowed("launches instances with another key pair", "ec2:RunInstances", ec2("key-pair/admin")),
    allowed("launches instances with a launch template", "ec2:RunInstances", ec2(`launch-template/lt-${ID}`)),
    // Encryption keys.
    denied("decrypts without a service", "kms:Decrypt", kms(), inRegion),
    denied("decrypts for another service", "kms:Decrypt", kms(), {
      ...inRegion,
      "kms:ViaService": `s3.${region}.amazonaws.com`,
    }),
    denied("decrypts with a key of another region", "kms:Decrypt", kms("us-west-2"), {
      "kms:ViaService": `ec2.${region}.amazonaws.com`,
    }),
    denied("creates a data key without a service", "kms:GenerateDataKeyWithoutPlaintext", kms(), inRegion),
    denied("grants itself a key", "kms:CreateGrant", kms(), {
      ...inRegion,
      "kms:GrantIsForAWSResource": "false",
      "kms:ViaService": `ec2.${region}.amazonaws.com`,
    }),
    denied("grants a key outside of EC2", "kms:CreateGrant", kms(), {
      ...inRegion,
      "kms:GrantIsForAWSResource": "true",
      "kms:ViaService": `rds.${region}.amazonaws.com`,
    }),
    denied("changes the policy of a key", "kms:PutKeyPolicy", kms(), inRegion),
    denied("deletes a key", "kms:ScheduleKeyDeletion", kms(), inRegion),
    allowed("reads a key of another account", "kms:DescribeKey", kms(region, other), inRegion),
    // Actions unrelated to a cluster.
    denied(
      "reads the Terraform state",
      "s3:GetObject",
      `arn:${partition}:s3:::example-terraform-state/deckhouse/terraform.tfstate`,
    ),
    denied("lists the buckets", "s3:ListAllMyBuckets", "*"),
    denied(
      "overwrites the Terraform state",
      "s3:PutObject",
      `arn:${partition}:s3:::example-terraform-state/deckhouse/terraform.tfstate`,
    ),
    denied(
      "reads a secret",
      "secretsmanager:GetSecretValue",
      `arn:${partition}:secretsmanager:${region}:${account}:secret:db-AbCdEf`,
    ),
    denied("reads a parameter", "ssm:GetParameter", `arn:${partition}:ssm:${region}:${account}:parameter/db`),
    denied("runs a command on instances", "ssm:SendCommand", ec2(`instance/i-${ID}`)),
    denied("reads the console of an instance", "ec2:GetConsoleOutput", ec2(`instance/i-${ID}`)),
    denied("reads an instance's password", "ec2:GetPasswordData", ec2(`instance/i-${ID}`)),
    denied(
      "shares a disk's snapshot with the world",
      "ec2:ModifySnapshotAttribute",
      `arn:${partition}:ec2:${region}::snapshot/snap-${ID}`,
    ),
    denied("shares an image with the world", "ec2:ModifyImageAttribute", `arn:${partition}:ec2:${region}::image/ami-${ID}`),
    denied("deletes the flow logs", "ec2:DeleteFlowLogs", ec2(`vpc-flow-log/fl-${ID}`)),
    denied("stops the trail", "cloudtrail:StopLogging", `arn:${partition}:cloudtrail:${region}:${account}:trail/main`),
    denied("runs a function", "lambda:InvokeFunction", `arn:${partition}:lambda:${region}:${account}:function:admin`),
  ];
}

import type { Place } from "../../src/iam/policy-statements";
import { iamArn } from "./requests";
import type { Request } from "./simulator";

/** Something that a stolen key should not be able to do. */
export interface Abuse extends Request {
  readonly what: string;
  /** Whether the documented policy allows it. */
  readonly documented: boolean;
}

/** What `scoped` and `minimal` must refuse to the key of a cluster with prefix `dev` and node role `/apps/dkp-node`. */
export function abuses(place: Place): readonly Abuse[] {
  const { partition, region, account } = place;
  const iam = (resource: string) => iamArn(place, resource);
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
  ): Abuse => ({
    what,
    action,
    resource,
    context,
    documented,
  });
  const open = (what: string, action: string, resource: string, context?: Request["context"]) =>
    abuse(true, what, action, resource, context);
  const closed = (what: string, action: string, resource: string, context?: Request["context"]) =>
    abuse(false, what, action, resource, context);

  return [
    // Other roles: passed, written, made.
    open("passes an administrator's role to a machine", "iam:PassRole", iam("role/Admin"), toEc2),
    open("passes a role with a longer name", "iam:PassRole", iam("role/dev-node2"), toEc2),
    open("passes a role with a letter before the name", "iam:PassRole", iam("role/xdev-node"), toEc2),
    open("passes a role of that name with a path", "iam:PassRole", iam("role/evil/dev-node"), toEc2),
    open("passes the node role of another cluster", "iam:PassRole", iam("role/prod-node"), toEc2),
    open("passes a role of the node role's name without its path", "iam:PassRole", iam("role/dkp-node"), toEc2),
    open("passes a role of another account", "iam:PassRole", `arn:${partition}:iam::${other}:role/dev-node`, toEc2),
    open("passes the node role to Lambda", "iam:PassRole", iam("role/dev-node"), {
      "iam:PassedToService": "lambda.amazonaws.com",
    }),
    open("passes the node role to ECS", "iam:PassRole", iam("role/dev-node"), {
      "iam:PassedToService": "ecs-tasks.amazonaws.com",
    }),
    open("passes the node role to CloudFormation", "iam:PassRole", iam("role/dev-node"), {
      "iam:PassedToService": "cloudformation.amazonaws.com",
    }),
    open("passes the node role to nobody in particular", "iam:PassRole", iam("role/dev-node"), {}),
    open("passes iamNodeRole to Lambda", "iam:PassRole", iam("role/apps/dkp-node"), {
      "iam:PassedToService": "lambda.amazonaws.com",
    }),
    open("writes the policy of an administrator's role", "iam:PutRolePolicy", iam("role/Admin")),
    open("writes the policy of a role with a longer name", "iam:PutRolePolicy", iam("role/dev-node2")),
    open("writes the policy of a role with a letter before the name", "iam:PutRolePolicy", iam("role/xdev-node")),
    open("writes the policy of iamNodeRole, which DKP only reads", "iam:PutRolePolicy", iam("role/apps/dkp-node")),
    open("writes the policy of a role of that name with a path", "iam:PutRolePolicy", iam("role/evil/dev-node")),
    open("deletes the policy of another role", "iam:DeleteRolePolicy", iam("role/Admin")),
    open("reads the policy of another role", "iam:GetRolePolicy", iam("role/Admin")),
    open("makes another role", "iam:CreateRole", iam("role/other-node")),
    open("makes a role with a path", "iam:CreateRole", iam("role/evil/dev-node")),
    open("deletes another role", "iam:DeleteRole", iam("role/Admin")),
    open("deletes iamNodeRole", "iam:DeleteRole", iam("role/apps/dkp-node")),
    open("looks at another role", "iam:GetRole", iam("role/Admin")),
    open("tags another role", "iam:TagRole", iam("role/Admin")),
    open("puts a role into another profile", "iam:AddRoleToInstanceProfile", iam("instance-profile/Admin")),
    open("takes a role out of another profile", "iam:RemoveRoleFromInstanceProfile", iam("instance-profile/prod-node")),
    open("makes another profile", "iam:CreateInstanceProfile", iam("instance-profile/dev-node2")),
    open("deletes another profile", "iam:DeleteInstanceProfile", iam("instance-profile/prod-node")),
    closed("attaches a managed policy to the node role", "iam:AttachRolePolicy", iam("role/dev-node")),
    closed("lets others assume the node role", "iam:UpdateAssumeRolePolicy", iam("role/Admin")),
    closed("takes the boundary off a role", "iam:DeleteRolePermissionsBoundary", iam("role/dev-node")),
    closed("assumes a role", "sts:AssumeRole", iam("role/Admin")),
    // Users, keys, policies.
    closed("makes a user", "iam:CreateUser", iam("user/evil")),
    closed("makes itself another key", "iam:CreateAccessKey", iam("user/deckhouse")),
    closed("gives itself another policy", "iam:AttachUserPolicy", iam("user/deckhouse")),
    closed("writes itself a policy", "iam:PutUserPolicy", iam("user/deckhouse")),
    closed("widens its own policy", "iam:CreatePolicyVersion", iam("policy/D8CloudProviderAWS")),
    closed("joins the administrators", "iam:AddUserToGroup", iam("group/Admins")),
    closed("gives a user a password", "iam:CreateLoginProfile", iam("user/deckhouse")),
    // Service-linked roles of services that DKP does not use.
    open(
      "makes the service-linked role of RDS",
      "iam:CreateServiceLinkedRole",
      iam("role/aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS"),
      {
        "iam:AWSServiceName": "rds.amazonaws.com",
      },
    ),
    open(
      "makes the service-linked role of Auto Scaling",
      "iam:CreateServiceLinkedRole",
      iam("role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"),
      {
        "iam:AWSServiceName": "autoscaling.amazonaws.com",
      },
    ),
    open(
      "makes a service-linked role for EKS",
      "iam:CreateServiceLinkedRole",
      iam("role/aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS"),
      {
        "iam:AWSServiceName": "eks.amazonaws.com",
      },
    ),
    // Another region.
    open("starts machines in another region", "ec2:RunInstances", ec2("instance/*", "us-west-2"), elsewhere),
    open(
      "starts machines from an image in another region",
      "ec2:RunInstances",
      `arn:${partition}:ec2:us-west-2::image/ami-0123456789abcdef0`,
      elsewhere,
    ),
    open(
      "ends machines in another region",
      "ec2:TerminateInstances",
      ec2("instance/i-0123456789abcdef0", "us-west-2"),
      elsewhere,
    ),
    open("deletes a network in another region", "ec2:DeleteVpc", ec2("vpc/vpc-0123456789abcdef0", "us-west-2"), elsewhere),
    open("deletes disks in another region", "ec2:DeleteVolume", ec2("volume/vol-0123456789abcdef0", "us-west-2"), elsewhere),
    open(
      "opens a firewall in another region",
      "ec2:AuthorizeSecurityGroupIngress",
      ec2("security-group/sg-0123456789abcdef0", "us-west-2"),
      elsewhere,
    ),
    open("lists machines in another region", "ec2:DescribeInstances", "*", elsewhere),
    open("lists networks in another region", "ec2:DescribeVpcs", "*", elsewhere),
    open("lists load balancers in another region", "elasticloadbalancing:DescribeLoadBalancers", "*", elsewhere),
    open(
      "deletes load balancers in another region",
      "elasticloadbalancing:DeleteLoadBalancer",
      elb("loadbalancer/web", "us-west-2"),
      elsewhere,
    ),
    open("lists machines without a region", "ec2:DescribeInstances", "*", {}),
    // What other accounts own or share.
    open("ends a machine of another account", "ec2:TerminateInstances", ec2("instance/i-0123456789abcdef0", region, other)),
    open(
      "starts machines in a subnet that another account shares",
      "ec2:RunInstances",
      ec2("subnet/subnet-0123456789abcdef0", region, other),
    ),
    open(
      "changes a firewall that another account shares",
      "ec2:AuthorizeSecurityGroupIngress",
      ec2("security-group/sg-0123456789abcdef0", region, other),
    ),
    open("deletes a route of another account", "ec2:DeleteRoute", ec2("route-table/rtb-0123456789abcdef0", region, other)),
    open("attaches a disk of another account", "ec2:AttachVolume", ec2("volume/vol-0123456789abcdef0", region, other)),
    open(
      "peers with a network of an account that is not named",
      "ec2:CreateVpcPeeringConnection",
      ec2("vpc/vpc-0123456789abcdef0", region, other),
    ),
    open(
      "deletes a load balancer of another account",
      "elasticloadbalancing:DeleteLoadBalancer",
      elb("loadbalancer/web", region, other),
    ),
    open(
      "sends a load balancer of another account elsewhere",
      "elasticloadbalancing:ModifyListener",
      elb("listener/net/web/0123456789abcdef/0123456789abcdef", region, other),
    ),
    // Key pairs: DKP has one.
    open("deletes another key pair", "ec2:DeleteKeyPair", ec2("key-pair/admin")),
    open("brings in another key pair", "ec2:ImportKeyPair", ec2("key-pair/dev2")),
    open("starts machines with another key pair", "ec2:RunInstances", ec2("key-pair/admin")),
    open("starts machines by a launch template", "ec2:RunInstances", ec2("launch-template/lt-0123456789abcdef0")),
    // Encryption keys.
    closed("decrypts by itself", "kms:Decrypt", kms(), inRegion),
    closed("decrypts for another service", "kms:Decrypt", kms(), { ...inRegion, "kms:ViaService": `s3.${region}.amazonaws.com` }),
    closed("decrypts with a key of another region", "kms:Decrypt", kms("us-west-2"), {
      "kms:ViaService": `ec2.${region}.amazonaws.com`,
    }),
    closed("makes a data key by itself", "kms:GenerateDataKeyWithoutPlaintext", kms(), inRegion),
    closed("grants itself a key", "kms:CreateGrant", kms(), {
      ...inRegion,
      "kms:GrantIsForAWSResource": "false",
      "kms:ViaService": `ec2.${region}.amazonaws.com`,
    }),
    closed("grants a key outside of EC2", "kms:CreateGrant", kms(), {
      ...inRegion,
      "kms:GrantIsForAWSResource": "true",
      "kms:ViaService": `rds.${region}.amazonaws.com`,
    }),
    closed("changes the policy of a key", "kms:PutKeyPolicy", kms(), inRegion),
    closed("deletes a key", "kms:ScheduleKeyDeletion", kms(), inRegion),
    open("looks at a key of another account", "kms:DescribeKey", kms(region, other), inRegion),
    // What has nothing to do with a cluster.
    closed(
      "reads the Terraform state",
      "s3:GetObject",
      `arn:${partition}:s3:::example-terraform-state/deckhouse/terraform.tfstate`,
    ),
    closed("lists the buckets", "s3:ListAllMyBuckets", "*"),
    closed(
      "overwrites the Terraform state",
      "s3:PutObject",
      `arn:${partition}:s3:::example-terraform-state/deckhouse/terraform.tfstate`,
    ),
    closed(
      "reads a secret",
      "secretsmanager:GetSecretValue",
      `arn:${partition}:secretsmanager:${region}:${account}:secret:db-AbCdEf`,
    ),
    closed("reads a parameter", "ssm:GetParameter", `arn:${partition}:ssm:${region}:${account}:parameter/db`),
    closed("runs a command on machines", "ssm:SendCommand", ec2("instance/i-0123456789abcdef0")),
    closed("reads the console of a machine", "ec2:GetConsoleOutput", ec2("instance/i-0123456789abcdef0")),
    closed("reads a machine's password", "ec2:GetPasswordData", ec2("instance/i-0123456789abcdef0")),
    closed(
      "shares a disk's snapshot with the world",
      "ec2:ModifySnapshotAttribute",
      `arn:${partition}:ec2:${region}::snapshot/snap-0123456789abcdef0`,
    ),
    closed(
      "shares an image with the world",
      "ec2:ModifyImageAttribute",
      `arn:${partition}:ec2:${region}::image/ami-0123456789abcdef0`,
    ),
    closed("switches off the flow logs", "ec2:DeleteFlowLogs", ec2("vpc-flow-log/fl-0123456789abcdef0")),
    closed("stops the trail", "cloudtrail:StopLogging", `arn:${partition}:cloudtrail:${region}:${account}:trail/main`),
    closed("runs a function", "lambda:InvokeFunction", `arn:${partition}:lambda:${region}:${account}:function:admin`),
  ];
}

import { execFile } from "node:child_process";
import { setMaxListeners } from "node:events";
import { join } from "node:path";
import {
  AllocateAddressCommand,
  AttachInternetGatewayCommand,
  CreateInternetGatewayCommand,
  CreateKeyPairCommand,
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  RegisterImageCommand,
  RunInstancesCommand,
} from "@aws-sdk/client-ec2";
import {
  AddRoleToInstanceProfileCommand,
  AttachRolePolicyCommand,
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreateInstanceProfileCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
} from "@aws-sdk/client-iam";
import { connect } from "../../src/aws-api/client";
import { NODE_TRUST, nodePolicy } from "../../src/iam/node-role-permissions";
import { policyDocument } from "../../src/iam/policy-document";
import { policyStatements } from "../../src/iam/policy-statements";
import { ADMIN_ACTIONS, adminPolicy } from "../../src/preflight/all-checks";
import type { Result, Verdict } from "../../src/preflight/check";
import { runPreflight } from "../../src/preflight/runner";
import { deployment } from "../helpers/deployment";
import { type Call, type Credentials, LocalAws } from "./support/local-aws";
import { Deployments, folder, PROJECT, removeFolders } from "./support/project";
import {
  ec2Answer,
  ec2Error,
  imageAnswer,
  noQuota,
  queryError,
  quotaAnswer,
  type Simulation,
  StubAws,
  simulationAnswer,
  type WireAnswers,
} from "./support/stub-aws";
import type { Terraform } from "./support/terraform";

const SCRIPT = join(PROJECT, "bin/dkp-access");
const REGION = "eu-central-1";
const ACCOUNT = "123456789012";
const AMI = "ami-0aad10862ade98f27";
/** The principal that runs the preflight: an administrator as long as the local AWS does not enforce IAM. */
const ADMIN: Credentials = {
  accessKeyId: "preflight",
  secretAccessKey: "test",
};

interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

const environmentOf = (url: string, key: Credentials) => ({
  AWS_ENDPOINT_URL: url,
  AWS_ACCESS_KEY_ID: key.accessKeyId,
  AWS_SECRET_ACCESS_KEY: key.secretAccessKey,
  AWS_EC2_METADATA_DISABLED: "true",
});

/** Runs the command on one deployment, `dev`. */
function preflight(settings: string, url: string, args: readonly string[] = [], key: Credentials = ADMIN): Promise<Ended> {
  const path = folder({ "cdktf.json": "{}", "deployments/dev.yaml": settings });
  const env = { PATH: process.env.PATH ?? "", ...environmentOf(url, key) };
  return new Promise((resolve) => {
    execFile(process.execPath, [SCRIPT, "preflight", "dev", ...args], { cwd: path, env }, (error, stdout, stderr) => {
      resolve({ status: Number(error?.code ?? 0), stdout, stderr });
    });
  });
}

/** The results of the checks, run in this process because starting another one takes longer than all calls. */
async function resultsOf(
  text: string,
  url: string,
  options: { readonly existingCluster?: boolean; readonly asKey?: boolean } = {},
  key: Credentials = ADMIN,
): Promise<readonly Result[]> {
  Object.assign(process.env, environmentOf(url, key));
  const { signal } = new AbortController();
  setMaxListeners(0, signal);
  const aws = connect({ alwaysOnRegion: "us-east-1", signal });
  return runPreflight(deployment(text), aws, {
    asKey: false,
    existingCluster: false,
    timeout: 60,
    signal,
    progress: () => undefined,
    ...options,
  });
}

const settings = (cluster: string, more = "", region = REGION) =>
  `region: ${region}\nbackend: { local: {} }\n${more}cluster: { ${cluster} }\n`;

const master = (fields: string) => `masterNodeGroup: { replicas: 3, instanceClass: { ${fields} } }`;

/** Creates the objects that the checks can find on the local AWS. */
async function createFixtures(aws: LocalAws) {
  const [ec2, iam] = [aws.ec2(), aws.iam()];
  const createVpc = async (name: string) => {
    const { Vpc } = await ec2.send(
      new CreateVpcCommand({
        CidrBlock: "10.0.0.0/16",
        TagSpecifications: [{ ResourceType: "vpc", Tags: [{ Key: "Name", Value: name }] }],
      }),
    );
    return Vpc?.VpcId ?? "";
  };
  const role = async (RoleName: string, service = "ec2.amazonaws.com", Path = "/") => {
    const trust = {
      ...NODE_TRUST,
      Statement: [{ ...NODE_TRUST.Statement[0], Principal: { Service: service } }],
    };
    await iam.send(
      new CreateRoleCommand({
        RoleName,
        Path,
        AssumeRolePolicyDocument: JSON.stringify(trust),
      }),
    );
  };
  const allow = (RoleName: string, policy: object) =>
    iam.send(
      new PutRolePolicyCommand({
        RoleName,
        PolicyName: "nodes",
        PolicyDocument: JSON.stringify(policy),
      }),
    );

  const [free, open, taken] = [await createVpc("free"), await createVpc("open"), await createVpc("taken")];
  await createVpc("conditional");
  const { InternetGateway } = await ec2.send(new CreateInternetGatewayCommand());
  const gateway = InternetGateway?.InternetGatewayId ?? "";
  await ec2.send(
    new AttachInternetGatewayCommand({
      VpcId: open,
      InternetGatewayId: gateway,
    }),
  );

  await role("nodes");
  await allow("nodes", nodePolicy([]));
  await role("managed", "ec2.amazonaws.com", "/apps/");
  const { Policy } = await iam.send(
    new CreatePolicyCommand({
      PolicyName: "NodeReads",
      PolicyDocument: JSON.stringify(nodePolicy(["s3:Get*"])),
    }),
  );
  await iam.send(new AttachRolePolicyCommand({ RoleName: "managed", PolicyArn: Policy?.Arn }));
  await role("wrong", "lambda.amazonaws.com");
  await allow("wrong", {
    Version: "2012-10-17",
    Statement: { Effect: "Allow", Action: "ec2:describetags", Resource: "*" },
  });

  await role("taken-node");
  await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: "taken-node" }));
  await iam.send(
    new AddRoleToInstanceProfileCommand({
      InstanceProfileName: "taken-node",
      RoleName: "taken-node",
    }),
  );
  const { KeyPairId: keyPair } = await ec2.send(new CreateKeyPairCommand({ KeyName: "taken" }));
  const { GroupId: group } = await ec2.send(
    new CreateSecurityGroupCommand({
      GroupName: "taken-node",
      Description: "nodes",
      VpcId: taken,
    }),
  );
  const { Subnet } = await ec2.send(
    new CreateSubnetCommand({
      VpcId: taken,
      CidrBlock: "10.0.0.0/20",
      TagSpecifications: [
        {
          ResourceType: "subnet",
          Tags: [{ Key: "Name", Value: "taken-public-0" }],
        },
      ],
    }),
  );
  const { Instances = [] } = await ec2.send(
    new RunInstancesCommand({
      MinCount: 1,
      MaxCount: 1,
      ImageId: "ami-03cf127a",
      SubnetId: Subnet?.SubnetId,
      TagSpecifications: [
        {
          ResourceType: "instance",
          Tags: [{ Key: "kubernetes.io/cluster/taken", Value: "shared" }],
        },
      ],
    }),
  );
  await ec2.send(new AllocateAddressCommand({ Domain: "vpc" }));
  await ec2.send(new AllocateAddressCommand({ Domain: "vpc" }));
  const { ImageId: registered } = await ec2.send(new RegisterImageCommand({ Name: "registered" }));
  return {
    free,
    open,
    gateway,
    taken,
    keyPair,
    group,
    subnet: Subnet?.SubnetId,
    instance: Instances[0]?.InstanceId,
    registered,
  };
}

/** A check with a verdict: from the local AWS, or from the stub if the local AWS does not support it. */
interface Case {
  readonly check: string;
  readonly verdict: Verdict;
  readonly by: "local AWS" | "stub";
  readonly settings: (fixtures: Fixtures) => string;
  readonly existingCluster?: boolean;
  readonly answers?: WireAnswers;
  /** What was found, and what to do. */
  readonly says: (fixtures: Fixtures) => readonly [found: string, remedy?: string];
}

type Fixtures = Awaited<ReturnType<typeof createFixtures>>;

const simulate = (denials: Simulation): WireAnswers => ({
  SimulatePrincipalPolicy: (parameters) => simulationAnswer("SimulatePrincipalPolicy", parameters, denials),
});
const image = (of: Omit<Parameters<typeof imageAnswer>[0], "id">): WireAnswers => ({
  DescribeImages: () => imageAnswer({ id: AMI, ...of }),
});

const IMAGE = settings(master(`ami: ${AMI}`));
const PREFIX =
  "choose another cluster.prefix, delete it if it is left over, or add --existing-cluster if the cluster already exists";
const X86 = "and the node software of DKP requires x86_64";
const nodes = (check: string, found: string, remedy?: string) => ({
  check,
  found,
  remedy,
});
const NAMES = [
  ["role name", "role", "EntityAlreadyExists", `arn:aws:iam::${ACCOUNT}:role/taken-node`],
  ["instance profile name", "instance profile", "EntityAlreadyExists", `arn:aws:iam::${ACCOUNT}:instance-profile/taken-node`],
] as const;

const CASES: readonly Case[] = [
  {
    check: "account",
    verdict: "ok",
    by: "local AWS",
    settings: () => settings("", `accountId: "${ACCOUNT}"\n`),
    says: () => [`account ${ACCOUNT}, as arn:aws:sts::${ACCOUNT}:user/moto`],
  },
  {
    check: "account",
    verdict: "failed",
    by: "local AWS",
    settings: () => settings("", 'accountId: "111111111111"\n'),
    says: () => [
      `the credentials belong to account ${ACCOUNT} (arn:aws:sts::${ACCOUNT}:user/moto), and accountId is 111111111111`,
      "use credentials of 111111111111 (AWS_PROFILE, provider.profile or provider.assumeRoleArn), or correct accountId",
    ],
  },
  {
    check: "account",
    verdict: "failed",
    by: "stub",
    settings: () => settings(""),
    answers: {
      GetCallerIdentity: () => queryError(403, "InvalidClientTokenId", "The security token included in the request is invalid."),
    },
    says: () => [
      "AWS rejects the credentials (InvalidClientTokenId: The security token included in the request is invalid.)",
      "use the credentials that apply the stack: environment, AWS_PROFILE or provider.profile",
    ],
  },
  {
    check: "region",
    verdict: "ok",
    by: "local AWS",
    settings: () => settings(""),
    says: () => ["eu-central-1 is enabled (opt-in-not-required)"],
  },
  {
    check: "region",
    verdict: "failed",
    by: "local AWS",
    settings: () => settings("", "", "ap-east-1"),
    says: () => [
      "ap-east-1 is not enabled in this account (not-opted-in)",
      'enable it under "AWS Regions" of the account\'s page, or aws account enable-region --region-name ap-east-1; it takes minutes to hours',
    ],
  },
  {
    check: "region",
    verdict: "failed",
    by: "local AWS",
    settings: () => settings("", "", "eu-centrel-1"),
    says: () => ["AWS has no region eu-centrel-1", 'correct region: did you mean "eu-central-1"?'],
  },
  {
    check: "image",
    verdict: "ok",
    by: "stub",
    settings: () => settings(master(`ami: ${AMI}, diskSizeGb: 8`)),
    answers: image({ ephemeral: { "/dev/sdb": "ephemeral0" } }),
    says: () => [
      `masterNodeGroup: ${AMI} is available, x86_64, one EBS disk /dev/sda1 of 8 GiB; also maps ephemeral0 at /dev/sdb, which has an effect only on instance types with instance store volumes`,
    ],
  },
  {
    check: "image",
    verdict: "failed",
    by: "stub",
    settings: () => IMAGE,
    answers: image({ disks: { "/dev/sda1": 8, "/dev/sdf": 20 } }),
    says: () => [
      `masterNodeGroup: ${AMI} has 2 disks (/dev/sda1, /dev/sdf), and DKP requires exactly one, the root disk /dev/sda1`,
      "create an image with only the root disk: start an instance from it, detach the other disks, create an image",
    ],
  },
  {
    check: "image",
    verdict: "failed",
    by: "stub",
    settings: () => IMAGE,
    answers: image({ disks: { "/dev/sdf": 20 } }),
    says: () => [
      `masterNodeGroup: ${AMI} has one disk (/dev/sdf), and DKP requires exactly one, the root disk /dev/sda1`,
      "create an image with only the root disk: start an instance from it, detach the other disks, create an image",
    ],
  },
  {
    check: "image",
    verdict: "failed",
    by: "stub",
    settings: () => IMAGE,
    answers: image({ state: "pending" }),
    says: () => [`masterNodeGroup: ${AMI} is pending`, "use an image whose state is available"],
  },
  {
    check: "image",
    verdict: "failed",
    by: "stub",
    settings: () => IMAGE,
    answers: image({ architecture: "arm64" }),
    says: () => [`masterNodeGroup: ${AMI} is for arm64, ${X86}`, "use an image for x86_64"],
  },
  {
    check: "image",
    verdict: "failed",
    by: "stub",
    settings: () => settings(master(`ami: ${AMI}, diskSizeGb: 20`)),
    answers: image({ disks: { "/dev/sda1": 30 } }),
    says: () => [
      `masterNodeGroup: ${AMI} has a disk of 30 GiB, diskSizeGb is 20, and EC2 rejects a disk that is smaller than the disk of the image`,
      "set cluster.masterNodeGroup.instanceClass.diskSizeGb to 30 or more",
    ],
  },
  {
    check: "image",
    verdict: "failed",
    by: "stub",
    settings: () => settings(master(`ami: ${AMI}, instanceType: m5.large`)),
    answers: image({ ena: false }),
    says: () => [`masterNodeGroup: ${AMI} has no EnaSupport, which m5.large requires`, "use an image with EnaSupport"],
  },
  {
    check: "image",
    verdict: "warning",
    by: "stub",
    settings: () => IMAGE,
    answers: image({ imds: "v2.0" }),
    says: () => [
      `masterNodeGroup: ${AMI} starts instances that accept only IMDSv2 (ImdsSupport v2.0), and DKP expects that only with imdsv2`,
      "set cluster.imdsv2: true here and in DKP, or use an image without ImdsSupport",
    ],
  },
  {
    check: "image",
    verdict: "failed",
    by: "local AWS",
    settings: ({ registered }) => settings(master(`ami: ${registered}`)),
    says: ({ registered }) => [
      `masterNodeGroup: ${registered} has a root device of type standard, DKP requires EBS`,
      "use an image with an EBS root disk",
    ],
  },
  {
    check: "image",
    verdict: "failed",
    by: "local AWS",
    settings: () => IMAGE,
    says: () => [
      `masterNodeGroup: ${AMI} does not exist in eu-central-1, or is not shared with this account`,
      "correct cluster.masterNodeGroup.instanceClass.ami; image IDs differ between regions",
    ],
  },
  {
    check: "image",
    verdict: "skipped",
    by: "local AWS",
    settings: () => settings(""),
    says: () => ["masterNodeGroup: no image is set", "set cluster.masterNodeGroup.instanceClass.ami"],
  },
  {
    check: "instance type",
    verdict: "ok",
    by: "local AWS",
    settings: () => settings("withNAT: { bastionInstance: { instanceClass: { instanceType: t3.small } } }"),
    says: () => ["withNAT.bastionInstance: t3.small is available in eu-central-1, x86_64"],
  },
  {
    check: "instance type",
    verdict: "failed",
    by: "local AWS",
    settings: () => settings(master("instanceType: m6g.large")),
    says: () => [
      `masterNodeGroup: m6g.large is arm64, ${X86}`,
      "set cluster.masterNodeGroup.instanceClass.instanceType to a type for x86_64",
    ],
  },
  {
    check: "instance type",
    verdict: "failed",
    by: "local AWS",
    settings: () => settings("nodeGroups: [{ name: front, replicas: 1, instanceClass: { instanceType: m5.huge } }]"),
    says: () => [
      "nodeGroups.front: eu-central-1 has no instance type m5.huge",
      "correct cluster.nodeGroups.front.instanceClass.instanceType",
    ],
  },
  {
    check: "existing VPC",
    verdict: "ok",
    by: "local AWS",
    settings: ({ free }) => settings(`existingVPCID: ${free}`),
    says: ({ free }) => [`${free} exists and has no internet gateway`],
  },
  {
    check: "existing VPC",
    verdict: "failed",
    by: "local AWS",
    settings: ({ open }) => settings(`existingVPCID: ${open}`),
    says: ({ open, gateway }) => [
      `${open} has the internet gateway ${gateway}, and DKP attaches its own in every layout`,
      "use another VPC, detach the gateway if nothing uses it, or add --existing-cluster if it belongs to the cluster",
    ],
  },
  {
    check: "existing VPC",
    verdict: "ok",
    by: "local AWS",
    settings: ({ open }) => settings(`existingVPCID: ${open}`),
    existingCluster: true,
    says: ({ open, gateway }) => [`${open} exists, with ${gateway}`],
  },
  {
    check: "existing VPC",
    verdict: "failed",
    by: "local AWS",
    settings: () => settings("existingVPCID: vpc-0123456789abcdef0"),
    says: () => ["vpc-0123456789abcdef0 does not exist in eu-central-1 of this account", "correct cluster.existingVPCID"],
  },
  {
    check: "iamNodeRole",
    verdict: "ok",
    by: "local AWS",
    settings: () => settings("iamNodeRole: nodes"),
    says: () => ["nodes trusts EC2 and allows ec2:DescribeTags and ec2:DescribeInstances"],
  },
  {
    check: "iamNodeRole",
    verdict: "ok",
    by: "local AWS",
    settings: () => settings("prefix: dev, iamNodeRole: managed, iamNodeRolePath: /apps/", "policy: { mode: scoped }\n"),
    says: () => ["managed trusts EC2 and allows ec2:DescribeTags and ec2:DescribeInstances"],
  },
  {
    check: "iamNodeRole",
    verdict: "failed",
    by: "local AWS",
    settings: () => settings("prefix: dev, iamNodeRole: managed", "policy: { mode: scoped }\n"),
    says: () => [
      "the path of managed is /apps/, and the policy allows DKP to pass it under /",
      "set cluster.iamNodeRolePath to /apps/ and apply",
    ],
  },
  {
    check: "iamNodeRole",
    verdict: "failed",
    by: "local AWS",
    settings: () => settings("iamNodeRole: wrong"),
    says: () => [
      "wrong does not trust EC2: instances cannot use it",
      "allow sts:AssumeRole to ec2.amazonaws.com in its trust policy",
    ],
  },
  {
    check: "iamNodeRole",
    verdict: "failed",
    by: "local AWS",
    settings: () => settings("iamNodeRole: wrong"),
    says: () => ["wrong cannot call ec2:DescribeInstances", 'allow ec2:DescribeInstances on "*": without it, nodes do not join'],
  },
  {
    check: "iamNodeRole",
    verdict: "unknown",
    by: "stub",
    settings: () => settings("iamNodeRole: managed"),
    answers: {
      GetPolicy: () => queryError(403, "AccessDenied", "User is not authorized to perform: iam:GetPolicy"),
    },
    says: () => [
      "it is unknown whether managed may call ec2:DescribeTags: iam:GetPolicy returned AccessDenied",
      'allow ec2:DescribeTags on "*": without it, nodes do not join',
    ],
  },
  {
    check: "iamNodeRole",
    verdict: "failed",
    by: "local AWS",
    settings: () => settings("iamNodeRole: absent"),
    says: () => [
      "absent does not exist, and DKP does not create it",
      "create the role, set nodeRole so that an apply creates it, or correct cluster.iamNodeRole",
    ],
  },
  {
    check: "iamNodeRole",
    verdict: "ok",
    by: "local AWS",
    settings: () => settings("iamNodeRole: dkp-nodes", "nodeRole: { name: dkp-nodes }\n"),
    says: () => ["dkp-nodes does not exist yet, and the next apply creates it (nodeRole)"],
  },
  ...NAMES.flatMap(([check, what, code, arn]): readonly Case[] => [
    {
      check,
      verdict: "ok",
      by: "local AWS",
      settings: () => settings("prefix: dev"),
      says: () => [`the ${what} dev-node does not exist yet`],
    },
    {
      check,
      verdict: "failed",
      by: "local AWS",
      settings: () => settings("prefix: taken"),
      says: () => [
        `the ${what} taken-node exists (${arn}), and DKP creates it itself: the bootstrap would fail with ${code}`,
        PREFIX,
      ],
    },
    {
      check,
      verdict: "ok",
      by: "local AWS",
      settings: () => settings("prefix: taken"),
      existingCluster: true,
      says: () => [`the ${what} taken-node exists (${arn}), as --existing-cluster expects`],
    },
    {
      check,
      verdict: "warning",
      by: "local AWS",
      settings: () => settings("prefix: dev"),
      existingCluster: true,
      says: () => [
        `the ${what} dev-node does not exist, and --existing-cluster expects the cluster`,
        "check cluster.prefix, region and account",
      ],
    },
  ]),
  {
    check: "key pair name",
    verdict: "ok",
    by: "local AWS",
    settings: () => settings("prefix: dev"),
    says: () => ["the key pair dev does not exist yet"],
  },
  {
    check: "key pair name",
    verdict: "failed",
    by: "local AWS",
    settings: () => settings("prefix: taken"),
    says: ({ keyPair }) => [
      `the key pair taken exists (${keyPair}), and DKP creates it itself: the bootstrap would fail with InvalidKeyPair.Duplicate`,
      PREFIX,
    ],
  },
  {
    check: "same prefix",
    verdict: "ok",
    by: "local AWS",
    settings: () => settings("prefix: dev"),
    says: () => ["no object has a name of a cluster with the prefix dev"],
  },
  {
    check: "same prefix",
    verdict: "failed",
    by: "local AWS",
    settings: () => settings("prefix: taken"),
    says: ({ instance, group, subnet, taken }) => [
      `a cluster with the prefix taken seems to exist: instances ${instance}; security groups ${group} (taken-node); subnets ${subnet}; VPCs ${taken}; DKP finds subnets and security groups by name and would confuse the two clusters`,
      "choose another cluster.prefix, delete what is left over, or add --existing-cluster if it is this cluster",
    ],
  },
  {
    check: "same prefix",
    verdict: "ok",
    by: "local AWS",
    settings: ({ taken }) => settings(`prefix: taken, existingVPCID: ${taken}`),
    existingCluster: true,
    says: ({ instance, group, subnet }) => [
      `a cluster with the prefix taken exists (instances ${instance}; security groups ${group} (taken-node); subnets ${subnet}), as --existing-cluster expects`,
    ],
  },
  {
    check: "same prefix",
    verdict: "warning",
    by: "local AWS",
    settings: () => settings("prefix: perhaps"),
    says: () => [
      expect.stringMatching(
        /^the name that DKP gives to its VPC is in use: VPCs vpc-[0-9a-f]+; another cluster may have the prefix perhaps$/,
      ),
      "verify that there is none, or choose another cluster.prefix",
    ],
  },
  {
    check: "Elastic IPs",
    verdict: "ok",
    by: "stub",
    settings: () => settings(`layout: WithoutNAT, ${master("")}`),
    answers: { GetServiceQuota: () => quotaAnswer(5) },
    says: () => ["the cluster requires 3 in eu-central-1, 2 are in use, the quota is 5"],
  },
  {
    check: "Elastic IPs",
    verdict: "failed",
    by: "stub",
    settings: () => settings(`layout: WithoutNAT, ${master("")}, nodeGroups: [{ name: front, replicas: 2 }]`),
    answers: {
      GetServiceQuota: noQuota,
      GetAWSDefaultServiceQuota: () => quotaAnswer(5),
    },
    says: () => [
      "the cluster requires 5 in eu-central-1, 2 are in use, and the quota is 5",
      "raise it to 7 or more: aws service-quotas request-service-quota-increase --service-code ec2 --quota-code L-0263D0A3 --desired-value 7 --region eu-central-1; or release addresses",
    ],
  },
  {
    check: "Elastic IPs",
    verdict: "unknown",
    by: "stub",
    settings: () => settings("layout: Standard"),
    answers: { GetServiceQuota: noQuota, GetAWSDefaultServiceQuota: noQuota },
    says: () => [
      "the cluster requires 1 in eu-central-1, 2 are in use, and Service Quotas does not return the quota",
      'look up "EC2-VPC Elastic IPs" (L-0263D0A3) in the Service Quotas console of eu-central-1',
    ],
  },
  {
    check: "Elastic IPs",
    verdict: "skipped",
    by: "local AWS",
    settings: () => settings("layout: WithoutNAT"),
    says: () => ["the number of addresses that the cluster requires is not known", "set cluster.masterNodeGroup.replicas"],
  },
  {
    check: "Elastic IPs",
    verdict: "skipped",
    by: "local AWS",
    settings: () => settings("layout: Standard"),
    existingCluster: true,
    says: () => ["the cluster already has its addresses, as --existing-cluster expects"],
  },
  {
    check: "permissions",
    verdict: "ok",
    by: "stub",
    settings: () => settings(""),
    answers: simulate({}),
    says: () => ["the user deckhouse is allowed all 128 actions"],
  },
  {
    check: "permissions",
    verdict: "ok",
    by: "stub",
    settings: () => settings("prefix: dev", "policy: { mode: scoped }\n"),
    answers: {
      SimulatePrincipalPolicy: () => queryError(404, "NoSuchEntity", "The user with name deckhouse cannot be found."),
      SimulateCustomPolicy: (parameters) => simulationAnswer("SimulateCustomPolicy", parameters, {}),
    },
    says: () => [
      "the policy that an apply creates is allowed all 123 actions; denials by an SCP are visible only once the user exists",
    ],
  },
  {
    check: "permissions",
    verdict: "failed",
    by: "stub",
    settings: () => settings(""),
    answers: simulate({ "ec2:DescribeAddressesAttribute": "implicitDeny" }),
    says: () => [
      "the user deckhouse: no policy allows, or one denies, ec2:DescribeAddressesAttribute",
      "apply if the settings have not been applied yet; npx dkp-access policy deckhouse prints the policy",
    ],
  },
  {
    check: "permissions",
    verdict: "failed",
    by: "stub",
    settings: () => settings(""),
    answers: simulate({ "ec2:RunInstances": "SCP", "iam:CreateRole": "SCP" }),
    says: () => [
      "the user deckhouse: an SCP of the organization denies 2 actions: ec2:RunInstances, iam:CreateRole",
      "have the administrator of the organization allow them; if its SCPs have conditions, which the simulator does not evaluate reliably, test the key itself with --as-key",
    ],
  },
  {
    check: "permissions",
    verdict: "failed",
    by: "stub",
    settings: () => settings(""),
    answers: simulate({ "iam:PassRole": "boundary" }),
    says: () => [
      "the user deckhouse: the permissions boundary denies iam:PassRole",
      "allow them in the boundary, or set another user.permissionsBoundary",
    ],
  },
  {
    check: "permissions",
    verdict: "warning",
    by: "stub",
    settings: () => settings(""),
    answers: simulate({ "autoscaling:DescribeTags": "explicitDeny" }),
    says: () => [
      "the user deckhouse: no policy allows, or one denies, autoscaling:DescribeTags, which this cluster is not known to call",
      "apply if the settings have not been applied yet; npx dkp-access policy deckhouse prints the policy",
    ],
  },
  {
    check: "permissions",
    verdict: "unknown",
    by: "stub",
    settings: () => settings(""),
    answers: simulate({ "ec2:CreateVpc": "unknown context" }),
    says: () => [
      "the user deckhouse: the simulator returns no decision for ec2:CreateVpc",
      "test the key itself with --as-key once it exists",
    ],
  },
  {
    check: "permissions",
    verdict: "ok",
    by: "stub",
    settings: () => settings(""),
    answers: {
      SimulatePrincipalPolicy: (parameters, times) =>
        times <= 2 ? queryError(400, "Throttling", "Rate exceeded") : simulationAnswer("SimulatePrincipalPolicy", parameters, {}),
    },
    says: () => ["the user deckhouse is allowed all 128 actions"],
  },
  {
    check: "permissions",
    verdict: "unknown",
    by: "stub",
    settings: () => settings(""),
    answers: {
      SimulatePrincipalPolicy: () => queryError(403, "AccessDenied", "not authorized to perform: iam:SimulatePrincipalPolicy"),
    },
    says: () => [
      "iam:SimulatePrincipalPolicy is denied to these credentials",
      "allow iam:SimulatePrincipalPolicy; npx dkp-access preflight --permissions prints the whole policy",
    ],
  },
];

describe("preflight", () => {
  let aws: LocalAws;
  let stub: StubAws;
  let fixtures: Fixtures;
  /** All calls of the command, to the local AWS and to the stub. */
  const observedCalls: Call[] = [];

  const recordCalls = async () => {
    const calls = (await aws.calls()) as readonly (Call & {
      readonly accessKeyId: string;
    })[];
    observedCalls.push(...calls.filter(({ accessKeyId }) => accessKeyId === ADMIN.accessKeyId));
    observedCalls.push(...stub.calls.splice(0));
  };

  beforeAll(async () => {
    aws = await LocalAws.start();
    stub = await StubAws.start(aws);
    fixtures = await createFixtures(aws);
    await aws.calls();
  });

  afterEach(recordCalls);

  afterAll(async () => {
    stub.stop();
    await aws.stop();
    removeFolders();
  });

  it.each(
    CASES.map((row) => ({
      ...row,
      title: `${row.check}: ${row.verdict}, by the ${row.by}`,
    })),
  )("reports the $title", async ({ check, verdict, by, existingCluster = false, answers = {}, ...row }) => {
    stub.say(answers);
    const results = await resultsOf(row.settings(fixtures), by === "stub" ? stub.url : aws.url, { existingCluster });
    const [found, remedy] = row.says(fixtures);
    const reported = results
      .filter((result) => result.check === check)
      .map((result) => nodes(result.verdict, result.found, result.remedy));
    expect(reported).toContainEqual(nodes(verdict, found, remedy));
  });

  it("shows every check both passing and failing", () => {
    const checks = [...new Set(CASES.map(({ check }) => check))];
    const shown = (verdict: Verdict) =>
      checks.filter((check) => CASES.some((row) => row.check === check && row.verdict === verdict));
    expect([shown("ok"), shown("failed")]).toEqual([checks, checks]);
  });

  it("makes exactly the calls that --permissions lists", () => {
    expect([...new Set(observedCalls.map(({ service, action }) => `${service}:${action}`))].sort()).toEqual(ADMIN_ACTIONS);
    expect(ADMIN_ACTIONS.filter((action) => !/:(Describe|Get|List|Simulate)/.test(action))).toEqual([]);
  });

  it("prints each result, its source and remedy, and the progress", async () => {
    stub.say({
      GetServiceQuota: () => quotaAnswer(5),
      ...simulate({}),
      ...image({}),
    });
    const cluster = `prefix: dev, layout: WithoutNAT, existingVPCID: ${
      fixtures.open
    }, ${master(`ami: ${AMI}, instanceType: m5.large`)}`;
    const { status, stdout } = await preflight(settings(cluster), stub.url);
    expect(stdout).toBe(
      [
        "dev: preflight of a cluster in eu-central-1",
        "",
        `ok       account                account ${ACCOUNT}, as arn:aws:sts::${ACCOUNT}:user/moto; accountId is not set [sts:GetCallerIdentity]`,
        "ok       region                 eu-central-1 is enabled (opt-in-not-required) [ec2:DescribeRegions in us-east-1]",
        `ok       image                  masterNodeGroup: ${AMI} is available, x86_64, one EBS disk /dev/sda1 of 8 GiB [ec2:DescribeImages in eu-central-1]`,
        "ok       instance type          masterNodeGroup: m5.large is available in eu-central-1, x86_64 [ec2:DescribeInstanceTypes in eu-central-1]",
        `failed  existing VPC           ${fixtures.open} has the internet gateway ${fixtures.gateway}, and DKP attaches its own in every layout [ec2:DescribeVpcs, ec2:DescribeInternetGateways in eu-central-1]`,
        "                                -> use another VPC, detach the gateway if nothing uses it, or add --existing-cluster if it belongs to the cluster",
        "skipped  iamNodeRole            cluster.iamNodeRole is not set: nodes use the role that DKP creates [no call]",
        "ok       role name              the role dev-node does not exist yet [iam:GetRole]",
        "ok       instance profile name  the instance profile dev-node does not exist yet [iam:GetInstanceProfile]",
        "ok       key pair name          the key pair dev does not exist yet [ec2:DescribeKeyPairs in eu-central-1]",
        "ok       same prefix            no object has a name of a cluster with the prefix dev [ec2:DescribeInstances, ec2:DescribeSecurityGroups, ec2:DescribeSubnets, ec2:DescribeVpcs in eu-central-1]",
        "ok       Elastic IPs            the cluster requires 3 in eu-central-1, 2 are in use, the quota is 5 [ec2:DescribeAddresses, servicequotas:GetServiceQuota in eu-central-1]",
        "ok       permissions            the user deckhouse is allowed all 126 actions [iam:SimulatePrincipalPolicy]",
        "",
        "ok: 10, failed: 1, skipped: 1",
        "",
      ].join("\n"),
    );
    expect(status).toBe(2);
  });

  it("reports unknown results, not passed ones, when AWS does not respond in time", async () => {
    const never = { status: 400, body: "" };
    stub.say({
      SimulatePrincipalPolicy: () => queryError(400, "Throttling", "Rate exceeded"),
      GetServiceQuota: () => never,
    });
    const { status, stdout, stderr } = await preflight(settings(""), stub.url, ["--timeout", "3"]);
    expect(status).toBe(3);
    expect(stdout).toContain("unknown  permissions            no response within 3 seconds [iam:SimulatePrincipalPolicy]\n");
    expect(stdout).toContain("-> try again with a longer --timeout\n");
    expect(stderr).toMatch(/^waiting for .*permissions \.\.\.$/m);
  });

  it("assumes the role that provider.assumeRoleArn names, and reports when it cannot", async () => {
    const role = `provider: { assumeRoleArn: "arn:aws:iam::${ACCOUNT}:role/wrong" }\n`;
    const { stdout } = await preflight(settings("", role), aws.url);
    expect(stdout).toContain(`account ${ACCOUNT}, as arn:aws:sts::${ACCOUNT}:assumed-role/wrong/dkp-access; accountId`);
    stub.say({ AssumeRole: () => queryError(403, "AccessDenied", "not authorized to perform: sts:AssumeRole") });
    const refused = await preflight(settings("", role), stub.url);
    expect(refused.stdout).toContain(
      "failed  account                provider.assumeRoleArn cannot be assumed (AccessDenied: not authorized to perform: sts:AssumeRole)",
    );
    expect(refused.status).toBe(2);
  });

  it("reports that AWS cannot be reached, and makes no more calls", async () => {
    const { status, stdout } = await preflight(settings(""), "http://127.0.0.1:1");
    expect(status).toBe(3);
    expect(stdout).toContain("sts:GetCallerIdentity: AWS cannot be reached (connect ECONNREFUSED 127.0.0.1:1)");
    expect(stdout).toContain("skipped      permissions            means something only once the account is right: see above");
  });

  it.each([
    [["--timeout", "soon"], '--timeout: "soon" is not a number of seconds up to 3600; write for example --timeout 120\n'],
    [["--quick"], "unknown option '--quick'; npx dkp-access COMMAND --help shows the usage\n"],
  ])("takes %j for wrong use", async (args, stderr) => {
    expect(await preflight(settings(""), aws.url, args)).toEqual({
      status: 1,
      stdout: "",
      stderr,
    });
  });

  it("prints for machines, with the exit code that it ends with", async () => {
    const { status, stdout } = await preflight(settings("", 'accountId: "111111111111"\n'), aws.url, ["--format", "json"]);
    const { results, ...rest } = JSON.parse(stdout) as { results: readonly Result[] };
    expect({ status, ...rest }).toEqual({ status: 2, stack: "dev", region: REGION, exitCode: 2 });
    expect(results[0]).toMatchObject({ check: "account", verdict: "failed", source: "sts:GetCallerIdentity" });
  });

  it("has a help text", async () => {
    expect(await preflight(settings(""), aws.url, ["--help"])).toMatchObject({
      status: 0,
      stdout: expect.stringContaining("Exit codes:"),
    });
  });

  describe("where IAM is enforced", () => {
    /** A user with one policy, and its key. */
    const userWith = async (UserName: string, policy: object): Promise<Credentials> => {
      const iam = aws.iam();
      await iam.send(new CreateUserCommand({ UserName }));
      await iam.send(
        new PutUserPolicyCommand({
          UserName,
          PolicyName: "only",
          PolicyDocument: JSON.stringify(policy),
        }),
      );
      return keyOf(UserName);
    };
    const keyOf = async (UserName: string): Promise<Credentials> => {
      const { AccessKey } = await aws.iam().send(new CreateAccessKeyCommand({ UserName }));
      return {
        accessKeyId: AccessKey?.AccessKeyId ?? "",
        secretAccessKey: AccessKey?.SecretAccessKey ?? "",
      };
    };
    const enforced = async <T>(work: () => Promise<T>): Promise<T> => {
      await aws.enforceIam(true);
      try {
        return await work();
      } finally {
        await aws.enforceIam(false);
      }
    };
    const denied = (action: string) => `${action} is denied to these credentials`;
    const EVERYTHING = () =>
      settings(
        `prefix: taken, layout: Standard, existingVPCID: ${fixtures.free}, iamNodeRole: managed, ${master(
          `ami: ${AMI}, instanceType: m5.large`,
        )}`,
      );

    it("works with exactly the permissions that --permissions prints", async () => {
      const { stdout } = await preflight(settings(""), aws.url, ["--permissions"]);
      expect(JSON.parse(stdout)).toEqual(adminPolicy());
      const key = await userWith("checker", JSON.parse(stdout) as object);
      const results = await enforced(() => resultsOf(EVERYTHING(), aws.url, {}, key));
      expect(results.filter(({ found }) => found.includes("denied to these credentials"))).toEqual([]);
      // The emulator has neither a simulator nor this quota.
      const unknownChecks = results.filter(({ verdict }) => verdict === "unknown").map(({ check }) => check);
      expect(unknownChecks).toEqual(["Elastic IPs", "permissions"]);
    });

    it("reports unknown without permissions, never fails, and names the missing permissions", async () => {
      const key = await userWith("nobody", {
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Action: "sts:GetCallerIdentity", Resource: "*" }],
      });
      const results = await enforced(() => resultsOf(EVERYTHING(), aws.url, {}, key));
      expect(results.map(({ verdict, check, found }) => [verdict, check, found])).toEqual([
        ["ok", "account", `account ${ACCOUNT}, as arn:aws:iam::${ACCOUNT}:user/nobody; accountId is not set`],
        ...[
          ["region", denied("ec2:DescribeRegions")],
          ["image", denied("ec2:DescribeImages")],
          ["instance type", denied("ec2:DescribeInstanceTypes")],
          ["existing VPC", denied("ec2:DescribeVpcs")],
          ["iamNodeRole", denied("iam:GetRole")],
          ["role name", denied("iam:GetRole")],
          ["instance profile name", denied("iam:GetInstanceProfile")],
          ["key pair name", denied("ec2:DescribeKeyPairs")],
          ["same prefix", denied("ec2:DescribeInstances")],
          ["Elastic IPs", denied("ec2:DescribeAddresses")],
          ["permissions", denied("iam:SimulatePrincipalPolicy")],
        ].map(([check, action]) => ["unknown", check, action]),
      ]);
    });

    it("checks the key with dry runs, and changes nothing", async () => {
      const { region, policy, cluster } = deployment("");
      const environment = { partition: "aws", region, account: ACCOUNT };
      const document = policyDocument(
        policyStatements({
          mode: policy.mode,
          supplement: false,
          cluster,
          environment,
        }),
      );
      const iam = aws.iam();
      const { Policy } = await iam.send(
        new CreatePolicyCommand({
          PolicyName: "D8CloudProviderAWS",
          PolicyDocument: JSON.stringify(document),
        }),
      );
      await iam.send(new CreateUserCommand({ UserName: "deckhouse" }));
      await iam.send(
        new AttachUserPolicyCommand({
          UserName: "deckhouse",
          PolicyArn: Policy?.Arn,
        }),
      );
      const key = await keyOf("deckhouse");
      const vpcs = await aws.query(ADMIN, "ec2", "DescribeVpcs");
      const user = `arn:aws:iam::${ACCOUNT}:user/deckhouse`;
      const masters = settings(master("ami: ami-03cf127a, instanceType: m5.large"));
      const results = await enforced(() => resultsOf(masters, aws.url, { asKey: true }, key));
      expect(results.map(({ verdict, found, source }) => [verdict, found, source])).toEqual([
        ["ok", `account ${ACCOUNT}, as ${user}; accountId is not set`, "sts:GetCallerIdentity"],
        ["ok", `the key belongs to ${user}`, "sts:GetCallerIdentity"],
        ["failed", "the key may not call ec2:DescribeAddressesAttribute", "dry runs of EC2 in eu-central-1"],
        ...[
          "DescribeInstanceTopology",
          "DescribeInstances",
          "AllocateAddress",
          "CreateVpc",
          "CreateInternetGateway",
          "RunInstances",
        ].map((operation) => ["ok", `the key may call ec2:${operation}`, "dry runs of EC2 in eu-central-1"]),
      ]);
      expect(await aws.query(ADMIN, "ec2", "DescribeVpcs")).toBe(vpcs);
    });
  });

  it.each([
    [
      "DryRunOperation",
      "Request would have succeeded, but DryRun flag is set.",
      ["ok", "the key may call ec2:DescribeInstanceTopology"],
    ],
    [
      "UnauthorizedOperation",
      "You are not authorized to perform this operation.",
      ["failed", "the key may not call ec2:DescribeInstanceTopology", "apply if the settings have not been applied yet"],
    ],
    [
      "UnauthorizedOperation",
      "You are not authorized to perform: ec2:DescribeInstanceTopology with an explicit deny in a service control policy",
      ["failed", "an SCP denies ec2:DescribeInstanceTopology to the key", "have the administrator of the organization allow it"],
    ],
    [
      "UnauthorizedOperation",
      "You are not authorized to perform: ec2:DescribeInstanceTopology because no permissions boundary allows the action",
      [
        "failed",
        "the permissions boundary denies ec2:DescribeInstanceTopology to the key",
        "allow it in the boundary, or set another user.permissionsBoundary",
      ],
    ],
    [
      "UnsupportedOperation",
      "The functionality you requested is not available in this region.",
      ["skipped", "the region does not have ec2:DescribeInstanceTopology, and DKP does not require it there"],
    ],
    [
      "InvalidParameterValue",
      "That is no value",
      [
        "unknown",
        "ec2:DescribeInstanceTopology returned InvalidParameterValue: That is no value",
        "read the error above; it is about the call, not about the key",
      ],
    ],
  ])("reports the response of EC2 to a dry run: %s: %s", async (code, message, [verdict, found, remedy]) => {
    const dryRuns: string[] = [];
    const answer = (parameters: URLSearchParams) => {
      dryRuns.push(`${parameters.get("Action")} ${parameters.get("DryRun")}`);
      return ec2Error(code === "DryRunOperation" ? 412 : 403, code, message);
    };
    const operations = [
      "DescribeAddressesAttribute",
      "DescribeInstanceTopology",
      "DescribeInstances",
      "AllocateAddress",
      "CreateVpc",
      "CreateInternetGateway",
      "RunInstances",
    ];
    stub.say({
      GetCallerIdentity: () => ({
        status: 200,
        body: `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>arn:aws:iam::${ACCOUNT}:user/deckhouse</Arn><UserId>AIDA</UserId><Account>${ACCOUNT}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`,
      }),
      ...Object.fromEntries(operations.map((operation) => [operation, answer])),
    });
    const results = await resultsOf(settings(master(`ami: ${AMI}, instanceType: m5.large`)), stub.url, { asKey: true });
    expect(results.map((result) => nodes(result.verdict, result.found, result.remedy))).toContainEqual(
      nodes(verdict ?? "", found ?? "", remedy),
    );
    expect(dryRuns.sort()).toEqual(operations.map((operation) => `${operation} true`).sort());
    stub.calls.splice(0);
  });

  describe("in the stack, with preflight: true", () => {
    const NAMES_OF_ITS_OWN = "user: { name: checked }\npolicy: { name: checked }\n";
    const checked = (region = REGION) => `${settings(master(`ami: ${AMI}`), NAMES_OF_ITS_OWN, region)}preflight: true\n`;
    let deployments: Deployments;
    let terraform: Terraform;

    beforeAll(() => {
      deployments = Deployments.of({ dev: checked() });
      terraform = deployments.terraform("dev", stub);
      terraform.init();
    });

    it("Terraform warns about region and image, and still applies", async () => {
      stub.say({
        DescribeRegions: () =>
          ec2Answer(
            "DescribeRegions",
            "<regionInfo><item><regionName>us-east-1</regionName><regionEndpoint>ec2.us-east-1.amazonaws.com</regionEndpoint><optInStatus>opt-in-not-required</optInStatus></item></regionInfo>",
          ),
        ...image({
          disks: { "/dev/sda1": 8, "/dev/sdf": 20 },
          ephemeral: { "/dev/sdb": "ephemeral0" },
          architecture: "arm64",
        }),
      });
      const { status, output } = await terraform.start("apply", "-auto-approve");
      // Terraform frames warnings and wraps their lines to the width of the terminal.
      const said = output.replaceAll(/[\s\u2500-\u257f]+/g, " ");
      for (const warning of [
        'eu-central-1 is not enabled in this account; enable it under "AWS Regions" of the account\'s page',
        `${AMI} has other disks than its root disk, and DKP takes exactly one`,
        `${AMI} is not for x86_64, which DKP's node software needs`,
      ]) {
        expect(said).toContain(warning);
      }
      expect(said).not.toContain("has no EBS root disk");
      expect(said).toContain("Apply complete! Resources: 4 added");
      expect(status).toBe(0);
    });

    it("reports nothing when all checks pass, and reads data in every plan", async () => {
      stub.say(image({ ephemeral: { "/dev/sdb": "ephemeral0" } }));
      const { status, output } = await terraform.start("plan", "-detailed-exitcode");
      expect(output).not.toContain("Warning");
      expect(output).toContain("Plan: 0 to add, 0 to change, 0 to destroy.");
      expect(status).toBe(2);
    });

    it("Terraform fails before any check in a region that is not enabled", async () => {
      deployments.change({ dev: checked("ap-east-1") });
      const { status, output } = await terraform.start("plan");
      expect(output).toContain("InvalidClientTokenId: The security token included in the request is invalid");
      expect(output).not.toContain("Check block assertion failed");
      expect(status).toBe(1);
    });
  });
});

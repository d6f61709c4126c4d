import { setMaxListeners } from "node:events";
import type { Image } from "@aws-sdk/client-ec2";
import type { EvaluationResult } from "@aws-sdk/client-iam";
import { AwsError } from "../../src/cli/account/aws/operations";
import type { PreflightFound } from "../../src/cli/account/preflight/check";
import type { CheckResult } from "../../src/cli/account/preflight/report";
import type { PreflightRules } from "../../src/cli/account/preflight/rules";
import { runPreflight } from "../../src/cli/account/preflight/runner";
import type { StateResource } from "../../src/cli/terraform/state-file";
import { deployment } from "./deployment";
import { ENCRYPTION_KEY, EXPIRED_KEY } from "./pgp-keys";

const ACCOUNT = "123456789012";
const arn = (resource: string) => `arn:aws:iam::${ACCOUNT}:${resource}`;

/** What AWS returns, by action: one value, or what follows from the input; an error is thrown. */
export type Responses = Readonly<Record<string, object | ((input: Readonly<Record<string, unknown>>) => object)>>;

/** An account of the preflight, and how it runs. */
export interface Account {
  /** @default the smallest settings */
  readonly settings?: string;
  readonly responses?: Responses;
  readonly existingCluster?: boolean;
  readonly asKey?: boolean;
  readonly profile?: string;
  /** A call that gets no response before the time limit. */
  readonly hangs?: string;
  /** The managed resources of the state. @default none is readable */
  readonly state?: readonly StateResource[];
}

const missing = (action: string) => new AwsError(action, "NoSuchEntity", "none");

/** A new account: nothing has a name of the deployment, and everything is allowed. */
const NEW_ACCOUNT: Responses = {
  "sts:GetCallerIdentity": { Account: ACCOUNT, Arn: arn("user/admin") },
  "ec2:DescribeRegions": {
    Regions: [
      { RegionName: "eu-central-1", OptInStatus: "opt-in-not-required" },
      { RegionName: "me-south-1", OptInStatus: "not-opted-in" },
    ],
  },
  "ec2:DescribeKeyPairs": new AwsError("ec2:DescribeKeyPairs", "InvalidKeyPair.NotFound", "none"),
  ...Object.fromEntries(
    ["GetUser", "GetGroup", "GetRole", "GetPolicy", "GetInstanceProfile"].map((call) => [`iam:${call}`, missing(`iam:${call}`)]),
  ),
  "iam:SimulatePrincipalPolicy": simulation({}),
};

/** The results of the simulator: allowed, unless the action is listed. */
function simulation(results: Readonly<Record<string, Partial<EvaluationResult>>>) {
  return ({ ActionNames = [] }: { readonly ActionNames?: readonly string[] }) => ({
    EvaluationResults: ActionNames.map((EvalActionName) => ({
      EvalActionName,
      EvalDecision: "allowed",
      ...results[EvalActionName],
    })),
  });
}

/** Runs the preflight. */
export async function preflightIn(account: Account = {}): Promise<readonly CheckResult[]> {
  const { settings = "", responses = {}, existingCluster = false, asKey = false, profile, hangs, state } = account;
  const all: Responses = { ...NEW_ACCOUNT, ...responses };
  const limit = new AbortController();
  setMaxListeners(0, limit.signal);
  const call = async (action: string, input: object) => {
    if (action === hangs) {
      limit.abort();
      await new Promise(() => undefined);
    }
    const response = all[action] ?? {};
    const value = typeof response === "function" ? response(input as Readonly<Record<string, unknown>>) : response;
    if (value instanceof Error) {
      throw value;
    }
    return [value];
  };
  const dryRun = async (operation: string) => all[operation] ?? { code: "DryRunOperation", message: "" };
  const aws = { call, dryRun };
  const read = async () => (state === undefined ? { unread: "not synthesized" } : { value: state });
  return runPreflight(deployment(settings), aws as unknown as Parameters<typeof runPreflight>[1], {
    asKey,
    existingCluster,
    profile,
    state: read,
    timeout: 5,
    signal: limit.signal,
    progress: () => undefined,
  });
}

export const findingsOf = (results: readonly CheckResult[], check: string): readonly PreflightFound[] =>
  results.filter((result) => result.check === check).flatMap(({ findings }) => findings);

const AMI = "ami-0aad10862ade98f27";
const EBS = { Ebs: { VolumeSize: 8 } };
const image = (more: Partial<Image>): Account => ({
  settings: `cluster: { amis: [${AMI}] }`,
  responses: {
    "ec2:DescribeImages": {
      Images: [
        {
          State: "available",
          Architecture: "x86_64",
          RootDeviceType: "ebs",
          RootDeviceName: "/dev/sda1",
          BlockDeviceMappings: [{ DeviceName: "/dev/sda1", ...EBS }],
          EnaSupport: true,
          ...more,
        },
      ],
    },
  },
});

const PREFIX = "cluster: { prefix: dev }";
const STRICT = "policy: { mode: strict }\ncluster: { prefix: dev, layout: Standard, tags: { dkp-cluster: dev } }";
const networks = (allowed: string) => `${PREFIX}\nuser: { allowedNetworks: { ${allowed} } }`;

/** The network of a cluster: its own addresses, and those of a cluster whose prefix begins with the same word. */
const NETWORK: Responses = {
  "ec2:DescribeVpcs": { Vpcs: [{ VpcId: "vpc-0123456789abcdef0" }] },
  "ec2:DescribeNatGateways": {
    NatGateways: [
      { NatGatewayId: "nat-1", NatGatewayAddresses: [{ PublicIp: "203.0.113.7" }], Tags: [{ Key: "Name", Value: "dev" }] },
      { NatGatewayId: "nat-2", NatGatewayAddresses: [{ PublicIp: "203.0.113.8" }], Tags: [{ Key: "Name", Value: "dev-eu" }] },
    ],
  },
  "ec2:DescribeAddresses": {
    Addresses: [
      ["dev-natgw", "203.0.113.7"],
      ["dev-bastion", "198.51.100.9", "i-bastion"],
      ["dev-master-0", "198.51.100.3", "i-master"],
      ["dev-eu-natgw", "203.0.113.9"],
      ["dev-eu-bastion", "203.0.113.10", "i-other"],
      ["dev-eu-master-0", "203.0.113.11", "i-other"],
    ].map(([Value, PublicIp, InstanceId]) => ({ PublicIp, InstanceId, Tags: [{ Key: "Name", Value }] })),
  },
  "ec2:DescribeInstances": { Reservations: [{ Instances: [{ InstanceId: "i-master" }, { InstanceId: "i-bastion" }] }] },
};
const endpoint = (service: string, more: object = {}) => ({
  VpcEndpointId: "vpce-0123456789abcdef0",
  VpcId: "vpc-0123456789abcdef0",
  ServiceName: `com.amazonaws.eu-central-1.${service}`,
  VpcEndpointType: "Interface",
  PrivateDnsEnabled: true,
  ...more,
});
const endpoints = (...VpcEndpoints: readonly object[]): Responses => ({
  ...NETWORK,
  "ec2:DescribeVpcEndpoints": { VpcEndpoints },
});

const NAMES =
  "user: { name: own }\npolicy: { name: own }\nattachment: user-and-group\ngroup: { name: own }\nnodeRole: { name: own }\n";
const OWN: Responses = {
  "iam:GetUser": { User: { Arn: arn("user/own"), Path: "/", CreateDate: new Date("2025-02-03T04:05:06Z") } },
  "iam:GetPolicy": { Policy: { Arn: arn("policy/own"), Path: "/" } },
  "iam:GetGroup": { Group: { Arn: arn("group/own"), Path: "/" } },
  "iam:GetRole": ({ RoleName }) => (RoleName === "own" ? { Role: { Arn: arn("role/own"), Path: "/" } } : missing("iam:GetRole")),
};
const managed = (address: string, name: string): StateResource => ({ address, tainted: false, attributes: { name } });

type Rule = keyof PreflightRules;

type Case = readonly [check: string, title: string, account: Account, ...expected: readonly (Rule | readonly [Rule, string])[]];

const DENIED: Partial<EvaluationResult> = { EvalDecision: "implicitDeny" };

/** Settings whose permissions require several additional policies. */
const ADDITIONAL = `policy: { mode: scoped }
cluster:
  prefix: dev
  formerIamNodeRoles: [${Array.from({ length: 80 }, (_, index) => `/apps/former-role-of-the-nodes-${index}`).join(", ")}]
`;
const [, SECOND] = deployment(ADDITIONAL).policies;

const ROWS: readonly Case[] = [
  ["account", "any, if the settings name none", {}, "account-not-set"],
  ["account", "the one of the settings", { settings: `accountId: "${ACCOUNT}"` }, ["account-ok", "accountId"]],
  ["account", "another one", { settings: 'accountId: "111111111111"' }, ["account-differs", "accountId"]],
  ...(
    [
      ["no credentials", "sts:GetCallerIdentity", "CredentialsProviderError", "credentials-missing"],
      ["an expired token", "sts:GetCallerIdentity", "ExpiredToken", "credentials-rejected"],
      ["a role that cannot be assumed", "sts:AssumeRole", "AccessDenied", ["role-not-assumed", "provider.assumeRoleArn"]],
      ["a denied call, which is not about the credentials", "sts:GetCallerIdentity", "AccessDenied", "call-denied"],
      ["no network", "sts:GetCallerIdentity", "unreachable", "call-unreachable"],
      ["a response of a proxy", "sts:GetCallerIdentity", "not a response of AWS", "call-not-aws"],
      ["throttled calls", "sts:GetCallerIdentity", "RequestLimitExceeded", "call-throttled"],
      ["an error of AWS", "sts:GetCallerIdentity", "InternalError", "call-failed"],
    ] as const
  ).map(([title, action, code, expected]): Case => {
    return ["account", title, { responses: { "sts:GetCallerIdentity": new AwsError(action, code, "why") } }, expected];
  }),
  [
    "account",
    "an unknown profile",
    {
      profile: "other",
      responses: { "sts:GetCallerIdentity": new AwsError("sts:GetCallerIdentity", "CredentialsProviderError", "why") },
    },
    "credentials-missing",
  ],
  ["account", "the key of the user", { asKey: true, settings: "user: { name: admin }" }, "account-not-set", "key-owner-ok"],
  ["account", "the key of somebody else", { asKey: true }, "account-not-set", "key-owner-differs"],
  ["image", "not run without an account", { settings: 'accountId: "111111111111"' }, "check-not-run"],
  ["key", "not run without the key", { asKey: true }, "check-not-run"],

  ["region", "enabled", {}, ["region-ok", "region"]],
  ["region", "not enabled", { settings: "region: me-south-1" }, "region-disabled"],
  ["region", "unknown", { settings: "region: eu-central-2" }, "region-unknown"],
  ["key-pair-name", "not run in a Region that is not enabled", { settings: `region: me-south-1\n${PREFIX}` }, "check-not-run"],
  ["node-role-name", "run there, because IAM is global", { settings: `region: me-south-1\n${PREFIX}` }, "dkp-name-free"],

  ["image", "none", {}, ["setting-not-set", "cluster.amis"]],
  ["image", "with one EBS disk", image({}), "image-ok"],
  [
    "image",
    "with an instance store volume",
    image({
      BlockDeviceMappings: [
        { DeviceName: "/dev/sda1", ...EBS },
        { DeviceName: "/dev/sdb", VirtualName: "ephemeral0" },
      ],
    }),
    "image-ok",
  ],
  ["image", "that does not exist", { settings: `cluster: { amis: [${AMI}] }` }, "image-missing"],
  ["image", "that is pending", image({ State: "pending" }), "image-state"],
  ["image", "with a root device that is not EBS", image({ RootDeviceType: "instance-store" }), "image-root-device"],
  [
    "image",
    "with a second disk",
    image({
      BlockDeviceMappings: [
        { DeviceName: "/dev/sda1", ...EBS },
        { DeviceName: "/dev/sdf", ...EBS },
      ],
    }),
    "image-disks",
  ],
  [
    "image",
    "whose one disk is not the root disk",
    image({ BlockDeviceMappings: [{ DeviceName: "/dev/sdf", ...EBS }] }),
    "image-disks",
  ],
  ["image", "for arm64", image({ Architecture: "arm64" }), "image-architecture"],
  ["image", "without ENA", image({ EnaSupport: false }), "image-ena"],
  ["image", "that accepts only IMDSv2", image({ ImdsSupport: "v2.0" }), ["image-imdsv2", "cluster.imdsv2"]],
  [
    "image",
    "that accepts only IMDSv2, as the settings expect",
    { ...image({ ImdsSupport: "v2.0" }), settings: `cluster: { amis: [${AMI}], imdsv2: true }` },
    "image-ok",
  ],

  ["resource-names", "free", {}, "names-free"],
  [
    "resource-names",
    "of objects whose owner only a former state shows, and of ours",
    { settings: NAMES, responses: OWN, state: [] },
    ["name-owner-unknown", "user.name"],
    ["name-unmanaged", "policy.name"],
    ["name-unmanaged", "group.name"],
    ["name-unmanaged", "nodeRole.name"],
  ],
  [
    "resource-names",
    "that another deployment uses",
    {
      settings: `${NAMES}import: { policy: true }`,
      responses: {
        ...OWN,
        "iam:ListEntitiesForPolicy": { PolicyUsers: [{ UserName: "second" }] },
        "iam:GetGroup": { Group: { Arn: arn("group/own"), Path: "/" }, Users: [{ UserName: "second" }] },
        "iam:ListInstanceProfilesForRole": { InstanceProfiles: [{ InstanceProfileName: "other-node" }] },
      },
      state: [],
    },
    ["name-owner-unknown", "user.name"],
    ["name-of-another", "policy.name"],
    ["name-of-another", "group.name"],
    ["name-of-another", "nodeRole.name"],
  ],
  [
    "resource-names",
    "of objects that the state manages",
    {
      responses: { "iam:GetUser": OWN["iam:GetUser"] ?? {} },
      settings: "user: { name: own }",
      state: [managed("aws_iam_user.user", "own")],
    },
    "names-free",
    ["name-managed", "user.name"],
  ],
  [
    "resource-names",
    "where the state has another object at the address",
    {
      responses: { "iam:GetUser": OWN["iam:GetUser"] ?? {} },
      settings: "user: { name: own }",
      state: [managed("aws_iam_user.user", "old")],
    },
    "names-free",
    ["name-address-taken", "user.name"],
  ],
  [
    "resource-names",
    "without a readable state",
    { responses: { "iam:GetUser": OWN["iam:GetUser"] ?? {} }, settings: "user: { name: own }" },
    "names-free",
    ["name-state-unread", "user.name"],
  ],
  ...([{}, { state: [] }] as const).map((state): Case => {
    const settings = "user: { name: own }\nimport: { user: true }";
    const responses = { "iam:GetUser": OWN["iam:GetUser"] ?? {} };
    return [
      "resource-names",
      `that import names (${JSON.stringify(state)})`,
      { responses, settings, ...state },
      "names-free",
      ["name-imported", "user.name"],
    ];
  }),
  [
    "resource-names",
    "that import names and nothing has",
    { settings: "import: { policy: true }" },
    "names-free",
    ["name-import-missing", "import.policy"],
  ],
  [
    "resource-names",
    "of a policy that import names under another path",
    {
      settings: "policy: { name: own }\nimport: { policy: true }",
      responses: { "iam:ListPolicies": { Policies: [{ PolicyName: "OWN", Arn: arn("policy/team/OWN"), Path: "/team/" }] } },
      state: [],
    },
    "names-free",
    ["name-import-path", "policy.path"],
  ],
  [
    "resource-names",
    "of a role that import names under another path",
    {
      settings: "nodeRole: { name: own }\nimport: { nodeRole: true }",
      responses: { "iam:GetRole": { Role: { Arn: arn("role/apps/own"), Path: "/apps/" } } },
      state: [],
    },
    "names-free",
    ["name-import-path", "nodeRole.path"],
  ],
  [
    "resource-names",
    "of a role under another path",
    {
      settings: "nodeRole: { name: own }",
      responses: {
        "iam:GetUser": { User: { Arn: arn("user/deckhouse"), Path: "/" } },
        "iam:GetRole": { Role: { Arn: arn("role/apps/own"), Path: "/apps/" } },
      },
      state: [managed("aws_iam_user.user", "deckhouse")],
    },
    "names-free",
    "name-managed",
    ["name-unmanaged", "nodeRole.name"],
  ],
  [
    "resource-names",
    "of one of several additional policies",
    {
      settings: ADDITIONAL,
      responses: {
        "iam:GetUser": OWN["iam:GetUser"] ?? {},
        "iam:GetPolicy": ({ PolicyArn }) =>
          PolicyArn === arn(`policy/${SECOND?.name}`) ? { Policy: { Arn: PolicyArn, Path: "/" } } : missing("iam:GetPolicy"),
      },
      state: [managed("aws_iam_user.user", "deckhouse")],
    },
    "names-free",
    "name-managed",
    "name-in-part",
  ],
  [
    "resource-names",
    "that cannot be read",
    { responses: { "iam:GetUser": new AwsError("iam:GetUser", "AccessDenied", "no") } },
    "names-free",
    ["object-unread", "user.name"],
  ],

  ...["node-role-name", "instance-profile-name", "key-pair-name"].flatMap((check): readonly Case[] => {
    const responses = {
      "iam:GetRole": { Role: { Arn: arn("role/dev-node") } },
      "iam:GetInstanceProfile": { InstanceProfile: { Arn: arn("instance-profile/dev-node") } },
      "ec2:DescribeKeyPairs": { KeyPairs: [{ KeyPairId: "key-1" }] },
    };
    return [
      [check, "of no prefix", {}, ["setting-not-set", "cluster.prefix"]],
      [check, "unused before the cluster exists", { settings: PREFIX }, ["dkp-name-free", "cluster.prefix"]],
      [check, "in use before the cluster exists", { settings: PREFIX, responses }, "dkp-name-taken"],
      [check, "in use by the cluster", { settings: PREFIX, responses, existingCluster: true }, "dkp-name-expected"],
      [check, "unused although the cluster exists", { settings: PREFIX, existingCluster: true }, "dkp-name-absent"],
    ];
  }),
  ["prefix-in-use", "no prefix", {}, "setting-not-set"],
  ["prefix-in-use", "free", { settings: PREFIX }, "prefix-free"],
  ["prefix-in-use", "of a cluster that is not there", { settings: PREFIX, existingCluster: true }, "prefix-absent"],
  ...Object.entries({
    "ec2:DescribeInstances": {
      Reservations: [{ Instances: Array.from({ length: 14 }, (_, at) => ({ InstanceId: `i-${at}` })) }],
    },
    "ec2:DescribeSecurityGroups": { SecurityGroups: [{ GroupId: "sg-1", GroupName: "dev-node" }] },
    "ec2:DescribeSubnets": { Subnets: [{ SubnetId: "subnet-1" }] },
  }).flatMap(([call, response]): readonly Case[] => [
    ["prefix-in-use", `by what ${call} finds`, { settings: PREFIX, responses: { [call]: response } }, "prefix-in-use"],
    [
      "prefix-in-use",
      `by the cluster, as ${call} finds`,
      { settings: PREFIX, responses: { [call]: response }, existingCluster: true },
      "prefix-expected",
    ],
  ]),
  [
    "prefix-in-use",
    "by a VPC alone",
    { settings: PREFIX, responses: { "ec2:DescribeVpcs": { Vpcs: [{ VpcId: "vpc-0123456789abcdef0" }] } } },
    "prefix-vpc",
  ],

  ["marker", "of another mode", {}, "marker-not-used"],
  ["marker", "free before the cluster exists", { settings: STRICT }, ["marker-free", "policy.mode"]],
  [
    "marker",
    "in use before the cluster exists",
    { settings: STRICT, responses: { "ec2:DescribeTags": { Tags: [{ ResourceId: "i-1" }] } } },
    "marker-in-use",
  ],
  ["marker", "of a cluster that is not there", { settings: STRICT, existingCluster: true }, "marker-no-objects"],
  [
    "marker",
    "on every object of the cluster",
    {
      settings: STRICT,
      existingCluster: true,
      responses: {
        "ec2:DescribeSecurityGroups": { SecurityGroups: [{ GroupId: "sg-1" }] },
        "ec2:DescribeTags": { Tags: [{ ResourceId: "sg-1" }] },
      },
    },
    "marker-everywhere",
  ],
  [
    "marker",
    "not on a security group",
    {
      settings: STRICT,
      existingCluster: true,
      responses: { "ec2:DescribeSecurityGroups": { SecurityGroups: [{ GroupId: "sg-1" }] } },
    },
    "marker-lacking",
  ],

  ["source-addresses", "of no prefix", {}, ["setting-not-set", "cluster.prefix"]],
  ["source-addresses", "of a new cluster, without networks", { settings: PREFIX }, "networks-not-set"],
  [
    "source-addresses",
    "without networks",
    { settings: PREFIX, responses: endpoints(endpoint("ec2")) },
    ["networks-not-set", "user.allowedNetworks"],
  ],
  ["source-addresses", "of a new cluster", { settings: networks("cidrs: [203.0.113.0/24]") }, "sources-not-yet"],
  [
    "source-addresses",
    "not found",
    { settings: networks("cidrs: [203.0.113.0/24]"), existingCluster: true },
    "sources-not-found",
  ],
  [
    "source-addresses",
    "inside, outside, and a bastion outside; none of another cluster",
    { settings: networks("cidrs: [203.0.113.7/32, '2001:db8::/32']"), responses: NETWORK },
    "sources-allowed",
    "source-outside",
    "bastion-outside",
  ],
  [
    "source-addresses",
    "all inside",
    { settings: networks("cidrs: [203.0.113.7/32, 198.51.100.0/24]"), responses: NETWORK },
    "sources-allowed",
  ],
  [
    "source-addresses",
    "that do not matter where each service has an allowed endpoint",
    {
      settings: networks("vpcs: [vpc-0123456789abcdef0]"),
      responses: endpoints(...["ec2", "elasticloadbalancing", "iam", "sts"].map((service) => endpoint(service))),
    },
    "endpoint-allowed",
    "endpoint-allowed",
    "endpoint-allowed",
    "endpoint-allowed",
  ],
  [
    "source-addresses",
    "of an endpoint outside",
    { settings: networks("cidrs: [203.0.113.7/32, 198.51.100.0/24]"), responses: endpoints(endpoint("ec2")) },
    "sources-allowed",
    "endpoint-outside",
  ],
  [
    "source-addresses",
    "of an allowed endpoint",
    {
      settings: networks("cidrs: [203.0.113.7/32, 198.51.100.0/24], vpcEndpoints: [vpce-0123456789abcdef0]"),
      responses: endpoints(endpoint("ec2")),
    },
    "sources-allowed",
    "endpoint-allowed",
  ],
  [
    "source-addresses",
    "of no endpoint that takes no calls: without private DNS, a gateway, another service",
    {
      settings: networks("cidrs: [203.0.113.7/32, 198.51.100.0/24]"),
      responses: endpoints(
        endpoint("ec2", { PrivateDnsEnabled: false }),
        endpoint("ec2", { VpcEndpointType: "Gateway" }),
        endpoint("s3"),
      ),
    },
    "sources-allowed",
  ],

  ["permissions", "without a response", { hangs: "iam:SimulatePrincipalPolicy" }, "timed-out"],
  ["permissions", "of the user", {}, ["permissions-ok", "policy"]],
  [
    "permissions",
    "of the policy before the first apply",
    {
      responses: {
        "iam:SimulatePrincipalPolicy": missing("iam:SimulatePrincipalPolicy"),
        "iam:SimulateCustomPolicy": simulation({}),
      },
    },
    "permissions-planned-ok",
  ],
  [
    "permissions",
    "of the policy, within a boundary that cannot be read",
    {
      settings: `user: { permissionsBoundary: "${arn("policy/B")}" }`,
      responses: {
        "iam:SimulatePrincipalPolicy": missing("iam:SimulatePrincipalPolicy"),
        "iam:GetPolicy": new AwsError("iam:GetPolicy", "AccessDenied", "no"),
      },
    },
    ["object-unread", "user.permissionsBoundary"],
  ],
  [
    "permissions",
    "denied by each denier, from the worst on, and undecided",
    {
      responses: {
        "iam:SimulatePrincipalPolicy": simulation({
          "ec2:RunInstances": DENIED,
          "ec2:CreateVpc": { ...DENIED, PermissionsBoundaryDecisionDetail: { AllowedByPermissionsBoundary: false } },
          "ec2:CreateSubnet": { ...DENIED, OrganizationsDecisionDetail: { AllowedByOrganizations: false } },
          "ec2:AttachVolume": { ...DENIED, MissingContextValues: ["aws:PrincipalTag/team"] },
        }),
      },
    },
    "permission-denied-by-scp",
    "permission-denied-by-boundary",
    "permission-denied-by-policy",
    "permission-undecided",
  ],
  [
    "permissions",
    "denied of an action that this cluster does not call",
    {
      settings: "cluster: { prefix: dev, layout: WithoutNAT }",
      responses: { "iam:SimulatePrincipalPolicy": simulation({ "ec2:CreateNatGateway": DENIED }) },
    },
    "permission-denied-unused",
  ],

  ["pgp-keys", "none", {}, "pgp-keys-none"],
  ["pgp-keys", "of no keys", { settings: "accessKeys: none" }, "pgp-keys-none"],
  ["pgp-keys", "valid", { settings: `accessKeys: { primary: { pgpKey: ${ENCRYPTION_KEY} } }` }, "pgp-keys-ok"],
  [
    "pgp-keys",
    "expired",
    { settings: `accessKeys: { primary: { pgpKey: ${EXPIRED_KEY} }, secondary: { pgpKey: ${EXPIRED_KEY} } }` },
    ["pgp-key-unusable", "accessKeys.primary.pgpKey"],
    ["pgp-key-unusable", "accessKeys.secondary.pgpKey"],
  ],

  [
    "key",
    "in dry runs",
    {
      asKey: true,
      settings: "user: { name: admin }",
      responses: {
        DescribeAddressesAttribute: { code: "UnsupportedOperation", message: "not available in this region" },
        DescribeInstanceTopology: { code: "UnauthorizedOperation", message: "You are not authorized to perform this operation." },
        DescribeInstances: { code: "UnauthorizedOperation", message: "with an explicit deny in a service control policy" },
        AllocateAddress: { code: "UnauthorizedOperation", message: "with an explicit deny in an identity-based policy" },
        CreateVpc: { code: "UnauthorizedOperation", message: "because no permissions boundary allows the action" },
        CreateInternetGateway: { code: "InvalidParameterValue", message: "That is no value" },
      },
    },
    "key-call-absent",
    "key-denied",
    "key-denied-by-scp",
    "key-denied-by-policy",
    "key-denied-by-boundary",
    "key-call-failed",
  ],
  [
    "key",
    "in dry runs that are allowed",
    { asKey: true, settings: "user: { name: admin }" },
    ...Array<Rule>(6).fill("key-allowed"),
  ],
];

/** One check in an account, and what it finds: the rules, and where it is stated the field. */
export const CASES = ROWS.map(([check, title, account, ...expected]) => ({
  check,
  title,
  account,
  expected: expected.map((one) => (typeof one === "string" ? { rule: one } : { rule: one[0], field: one[1] })),
}));

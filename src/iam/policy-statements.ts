import { ACCOUNT_ID, type Arn } from "./arns";
import { CATALOGUE, type CatalogueRow, type ClusterCondition, LINKED_SERVICES } from "./catalogue";
import {
  type Cluster,
  conditionsOf,
  nodeRoleName,
  otherNodeRoles,
  reasons,
  usesSnapshots,
} from "./cluster";
import { type Networks, otherNetworkConditions } from "./networks";
import {
  type PolicyCondition,
  type PolicyStatement,
  type PolicyValue,
  type Statement,
  withAccount,
} from "./policy-document";

export const MODES = ["documented", "scoped", "minimal"] as const;
export type Mode = (typeof MODES)[number];

/** Where a policy applies. */
export interface Environment {
  readonly partition: string;
  readonly region: string;
  /**
   * 12 digits.
   * @default unknown: `ACCOUNT_ID` in ARNs
   */
  readonly account?: string | undefined;
}

export interface PolicyOptions {
  readonly mode: Mode;
  readonly environment: Environment;
  /** `scoped` and `minimal` require its prefix, `minimal` its layout. */
  readonly cluster: Cluster;
  /**
   * Denies requests from all other networks.
   * @default requests from every network are allowed
   */
  readonly allowedNetworks?: Networks | undefined;
}

/**
 * The statements of the policy of a deployment, in a stable order.
 * @throws Error if a mode other than `documented` has no prefix
 */
export function policyStatements(options: PolicyOptions): readonly PolicyStatement[] {
  return withAccount(requiredStatements(options), options.environment.account ?? ACCOUNT_ID);
}

/** The same statements with ARNs as values. */
export function requiredStatements(options: PolicyOptions): readonly Statement[] {
  const { mode, allowedNetworks } = options;
  const statements = mode === "documented" ? documentedPolicy(options) : scopedPolicy(options);
  if (allowedNetworks === undefined) {
    return statements;
  }
  const conditions = otherNetworkConditions(allowedNetworks);
  const ofNone = statement("DenyOtherNetworks", ["*"], ["*"], conditions);
  return [{ effect: "Deny", ...ofNone }, ...statements];
}

/**
 * Conditions of actions that `scoped` limits to what the settings list: peered VPCs, tag keys, KMS
 * keys used by EC2. Without them, the action applies to nothing.
 */
const LIMITED_TO_SETTINGS: readonly ClusterCondition[] = [
  "peering",
  "tags",
  "feature:encrypted-volumes",
];

const actionsOf = (rows: readonly CatalogueRow[]): readonly string[] =>
  rows.map(({ action }) => action);

/** Rows that a mode grants; sorted by action. */
export function grantedRows({
  mode,
  cluster,
}: Omit<PolicyOptions, "environment">): readonly CatalogueRow[] {
  const conditions = conditionsOf(cluster);
  const isRequired = (row: CatalogueRow) => reasons(row, conditions).length > 0;
  const isLimited = ({ resources, requiredWhen: [condition, ...others] }: CatalogueRow) =>
    resources.length > 0 &&
    condition !== undefined &&
    others.length === 0 &&
    LIMITED_TO_SETTINGS.includes(condition);
  const isKept = (row: CatalogueRow) =>
    mode === "documented" || (mode === "scoped" && !isLimited(row));
  return CATALOGUE.filter((row) => isRequired(row) || (row.documented && isKept(row)));
}

function documentedPolicy(options: PolicyOptions): readonly Statement[] {
  const rows = grantedRows(options);
  return [
    // The Sid of the DKP documentation, so that a policy that was created from it stays
    // recognizable.
    statement("VisualEditor0", actionsOf(rows.filter((row) => row.documented)), ["*"]),
    statement("DkpAlsoCalls", actionsOf(rows.filter((row) => !row.documented)), ["*"]),
  ].filter(({ actions }) => actions.length > 0);
}

/**
 * Each action on as few resources as DKP requires. The order below is the order of the statements.
 */
function scopedPolicy(options: PolicyOptions): readonly Statement[] {
  const { environment, cluster } = options;
  const { prefix } = cluster;
  if (prefix === undefined) {
    throw new Error(`policy mode ${options.mode} requires cluster.prefix`);
  }
  const arns = arnsOf(environment, prefix, cluster);
  // Source: IAM User Guide, "AWS global condition context keys", aws:RequestedRegion.
  const inRegion = equals("aws:RequestedRegion", environment.region);
  const runInstancesOn = cluster.features.includes("spot-instances")
    ? [...RUN_INSTANCES_ON, "spot-instances-request/*"]
    : RUN_INSTANCES_ON;
  const viaEc2 = viaService("ec2", environment.region);
  // Only requests of kms:CreateGrant carry this key: `IfExists`, so that one statement has the ARNs
  // of all actions. Source: KMS Developer Guide, "kms:GrantIsForAWSResource"; Service Authorization
  // Reference, condition keys of kms:CreateGrant.
  const forAwsResource: PolicyCondition = {
    test: "BoolIfExists",
    variable: "kms:GrantIsForAWSResource",
    values: ["true"],
  };
  // The VPC of a request is always an own one: the requester's, or when accepting the accepter's.
  // Its partner is in the conditions of the connection. Source: VPC Peering Guide, "Identity and
  // access management for VPC peering".
  const ownVpc = arns.ec2("vpc/*");
  const betweenVpcs: readonly PolicyCondition<PolicyValue>[] = [
    { test: "ArnEquals", variable: "ec2:AccepterVpc", values: arns.peerVpcs },
    { test: "ArnEquals", variable: "ec2:RequesterVpc", values: [ownVpc] },
  ];
  // Creation and every change of tags carry the keys. Source: Service Authorization Reference,
  // iam:TagRole and iam:UntagRole.
  const withTagKeys: PolicyCondition = {
    test: "ForAllValues:StringEquals",
    variable: "aws:TagKeys",
    values: Object.keys(cluster.tags).sort(),
  };
  // IAM requests have the Region of IAM, so a condition on the cluster's Region would never match.
  const toEc2 = equals("iam:PassedToService", ...passedTo(environment));
  const groups = groupRows(grantedRows(options));
  const services = LINKED_SERVICES.filter(
    (service) => reasons(service, conditionsOf(cluster)).length > 0,
  );
  // Source: IAM User Guide, "Available keys for AWS services", iam:AWSServiceName.
  const forServices = equals("iam:AWSServiceName", ...services.map(({ service }) => service));
  return [
    statement("Account", groups.account, ["*"]),
    statement("Read", groups.read, ["*"], [inRegion]),
    statement("Ec2", groups.ec2, [arns.ec2("*")]),
    statement("Snapshots", usesSnapshots(cluster) ? groups.snapshots : [], [arns.snapshots]),
    statement("KeyPair", groups.keyPair, [arns.keyPair]),
    statement("RunInstances", groups.runInstances, [
      arns.images,
      arns.snapshots,
      arns.keyPair,
      ...runInstancesOn.map(arns.ec2),
    ]),
    statement("PeeringVpcs", groups.peeringVpcs, [ownVpc]),
    statement("Peerings", groups.peering, [arns.ec2("vpc-peering-connection/*")], betweenVpcs),
    statement("LoadBalancers", groups.loadBalancers, arns.loadBalancers),
    statement("NetworkLoadBalancers", groups.networkLoadBalancers, arns.networkLoadBalancers),
    statement("KeysOfDisks", groups.keys, arns.keys, [forAwsResource, viaEc2]),
    statement("NodeRole", groups.nodeRole, [arns.dkpRole, arns.dkpProfile]),
    statement("NodeRoleTags", groups.nodeRoleTags, [arns.dkpRole], [withTagKeys]),
    statement(
      "OtherNodeRoles",
      arns.otherNodeRoles.length > 0 ? groups.readRole : [],
      arns.otherNodeRoles,
    ),
    statement("PassNodeRole", groups.passRole, [arns.dkpRole, ...arns.otherNodeRoles], [toEc2]),
    statement("ServiceLinkedRoles", groups.linkedRoles, [arns.linkedRoles], [forServices]),
  ].filter(({ actions }) => actions.length > 0);
}

/** Resource types of RunInstances in the account, without the key pair, whose name is known. */
const RUN_INSTANCES_ON = [
  "instance/*",
  "network-interface/*",
  "security-group/*",
  "subnet/*",
  "volume/*",
];

/** The statement of an action: the first one whose predicate matches. */
const GROUPS = {
  account: ({ action }) => action.startsWith("sts:"),
  passRole: ({ action }) => action === "iam:PassRole",
  linkedRoles: ({ action }) => action === "iam:CreateServiceLinkedRole",
  nodeRoleTags: ({ action }) => action === "iam:TagRole" || action === "iam:UntagRole",
  nodeRole: ({ action }) => action.startsWith("iam:"),
  keys: ({ action }) => action.startsWith("kms:"),
  read: ({ resources }) => resources.length === 0,
  // DKP has no application and gateway load balancers, and these actions do not apply to classic
  // ones.
  networkLoadBalancers: ({ action, resources }) =>
    action.startsWith("elasticloadbalancing:") &&
    resources.every((type) => /^(?:listener|loadbalancer)\/./.test(type)),
  loadBalancers: ({ action }) => action.startsWith("elasticloadbalancing:"),
  runInstances: ({ action }) => action === "ec2:RunInstances",
  peering: ({ action }) => action.endsWith("VpcPeeringConnection"),
  keyPair: ({ resources }) => resources.length === 1 && resources[0] === "key-pair",
  snapshotsOnly: ({ resources }) => resources.every((type) => type === "snapshot"),
  ec2: () => true,
} satisfies Readonly<Record<string, (row: CatalogueRow) => boolean>>;

type Group = keyof typeof GROUPS;

const GROUP_NAMES = Object.keys(GROUPS) as Group[];

/** Computed once, because it takes most of the time of a policy. */
const GROUP_OF: ReadonlyMap<CatalogueRow, Group | undefined> = new Map(
  CATALOGUE.map((row) => [row, GROUP_NAMES.find((name) => GROUPS[name](row))]),
);

/** Actions by statement, and those that a second statement contains as well. */
function groupRows(rows: readonly CatalogueRow[]) {
  const actionsIf = (isIn: (row: CatalogueRow) => boolean) => actionsOf(rows.filter(isIn));
  const groups = Object.fromEntries(
    GROUP_NAMES.map((name) => [name, actionsIf((row) => GROUP_OF.get(row) === name)]),
  ) as Record<Group, readonly string[]>;
  return {
    ...groups,
    snapshots: actionsIf(
      ({ action, resources }) => action !== "ec2:RunInstances" && resources.includes("snapshot"),
    ),
    peeringVpcs: groups.peering.filter((action) => action !== "ec2:DeleteVpcPeeringConnection"),
    readRole: actionsIf(({ action }) => action === "iam:GetRole"),
  };
}

function arnsOf(environment: Environment, prefix: string, cluster: Cluster) {
  const { partition, region } = environment;
  const regional = (service: string, resource: string): Arn => {
    return { partition, service, region, resource };
  };
  const ec2 = (resource: string) => regional("ec2", resource);
  const iam = (resource: string): Arn => ({ partition, service: "iam", region: "", resource });
  const peerVpcs = [
    ...[...new Set(cluster.peeredVPCs)].sort().map((vpc) => ec2(`vpc/${vpc}`)),
    ...[...cluster.peerAccountIds].sort().map((account) => ({ ...ec2("vpc/*"), account })),
  ];
  const role = (pathAndName: string) => iam(`role/${pathAndName}`);
  return {
    ec2,
    // ARNs of images and snapshots have no account.
    images: { ...ec2("image/*"), account: "" },
    snapshots: { ...ec2("snapshot/*"), account: "" },
    keyPair: ec2(`key-pair/${prefix}`),
    peerVpcs,
    loadBalancers: [regional("elasticloadbalancing", "*")],
    networkLoadBalancers: ["listener/net/*", "loadbalancer/net/*"].map((type) =>
      regional("elasticloadbalancing", type),
    ),
    keys:
      cluster.kmsKeyArns.length > 0 ? [...cluster.kmsKeyArns].sort() : [regional("kms", "key/*")],
    dkpRole: role(nodeRoleName(prefix)),
    dkpProfile: iam(`instance-profile/${nodeRoleName(prefix)}`),
    otherNodeRoles: otherNodeRoles(cluster).map((pathAndName) => role(pathAndName.slice(1))),
    linkedRoles: role("aws-service-role/*"),
  };
}

function statement(
  sid: string,
  actions: readonly string[],
  resources: readonly PolicyValue[],
  conditions: readonly PolicyCondition<PolicyValue>[] = [],
): Statement {
  return { sid, actions, resources, conditions };
}

/** A condition that matches any of the values. */
export function equals(variable: string, ...values: readonly string[]): PolicyCondition {
  return { test: "StringEquals", variable, values };
}

/**
 * Limits a KMS action to calls of another service on behalf of the principal. The names of the
 * services end in `.amazonaws.com` in all partitions, also in China. Source: KMS Developer Guide,
 * "kms:ViaService"; kubernetes/kops#18372.
 */
export function viaService(service: "ec2" | "s3", region: string): PolicyCondition {
  return equals("kms:ViaService", `${service}.${region}.amazonaws.com`);
}

/**
 * Names of EC2 as the service that a role is passed to. Source: IAM User Guide, "Grant a user
 * permissions to pass a role to an AWS service"; in China both names are in use:
 * https://docs.amazonaws.cn/en_us/IAM/latest/UserGuide/id_roles_use_passrole.html.
 */
function passedTo({ partition }: Environment): readonly string[] {
  return partition === "aws-cn"
    ? ["ec2.amazonaws.com", "ec2.amazonaws.com.cn"]
    : ["ec2.amazonaws.com"];
}

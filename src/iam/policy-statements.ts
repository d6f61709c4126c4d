import { iamResourceArn } from "./arns";
import { CATALOGUE, type CatalogueRow, LINKED_SERVICES } from "./catalogue";
import { type Cluster, circumstancesOf, nodeRoleName, otherNodeRoles, reasons } from "./cluster";
import { dnsSuffix } from "./partitions";

export const MODES = ["documented", "scoped", "minimal"] as const;
export type Mode = (typeof MODES)[number];

/** A condition of a statement: all of a statement's conditions must hold. */
export interface PolicyCondition {
  readonly test: "ArnEquals" | "BoolIfExists" | "ForAllValues:StringEquals" | "StringEquals";
  readonly variable: string;
  readonly values: readonly string[];
}

/** One statement of an identity policy. All are `Allow`: what is not listed is denied. */
export interface PolicyStatement {
  readonly sid: string;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions: readonly PolicyCondition[];
}

/** Where a policy is for. */
export interface Place {
  readonly partition: string;
  readonly region: string;
  /** 12 digits, or a Terraform reference to them. */
  readonly account: string;
}

export interface PolicyOptions {
  readonly mode: Mode;
  /** Adds what this cluster needs and the DKP page lacks. */
  readonly supplement: boolean;
  readonly place: Place;
  /** `scoped` and `minimal` need its prefix, `minimal` its layout. */
  readonly cluster: Cluster;
}

/** The statements of a deployment's policy, in a stable order. @throws Error if `scoped` or `minimal` lack a prefix */
export function policyStatements(options: PolicyOptions): readonly PolicyStatement[] {
  return options.mode === "documented" ? documentedPolicy(options) : scopedPolicy(options);
}

/** Rows that this cluster needs and the DKP page lacks. */
export function supplementOf(cluster: Cluster): readonly CatalogueRow[] {
  const circumstances = circumstancesOf(cluster);
  return CATALOGUE.filter((row) => !row.documented && reasons(row, circumstances).length > 0);
}

/** Rows that a mode grants; sorted by action. */
export function grantedRows({ mode, supplement, cluster }: Omit<PolicyOptions, "place">): readonly CatalogueRow[] {
  const circumstances = circumstancesOf(cluster);
  const extra = supplement ? supplementOf(cluster) : [];
  return CATALOGUE.filter((row) =>
    row.documented ? mode !== "minimal" || reasons(row, circumstances).length > 0 : extra.includes(row),
  );
}

function documentedPolicy(options: PolicyOptions): readonly PolicyStatement[] {
  const rows = grantedRows(options);
  return [
    // The page's own sid: policies made from the page stay recognizable.
    statement("VisualEditor0", actionsOf(rows.filter((row) => row.documented)), ["*"]),
    statement("DkpAlsoCalls", actionsOf(rows.filter((row) => !row.documented)), ["*"]),
  ].filter(({ actions }) => actions.length > 0);
}

/** Each action as tight as it can be without changing what DKP does. The order below is the order of the statements. */
function scopedPolicy(options: PolicyOptions): readonly PolicyStatement[] {
  const { place, cluster } = options;
  const { prefix } = cluster;
  if (prefix === undefined) {
    throw new Error(`policy mode ${options.mode} needs cluster.prefix`);
  }
  const arns = arnsOf(place, prefix, cluster);
  const inRegion = equals("aws:RequestedRegion", place.region);
  const runInstancesOn = [
    ...RUN_INSTANCES_ON,
    ...(cluster.features.includes("spot-instances") ? ["spot-instances-request/*"] : []),
  ];
  const viaEc2 = equals("kms:ViaService", `ec2.${place.region}.${dnsSuffix(place.partition)}`);
  // Only grants tell what they are for.
  const forAwsResource: PolicyCondition = { test: "BoolIfExists", variable: "kms:GrantIsForAWSResource", values: ["true"] };
  const groups = groupRows(grantedRows(options));
  const services = LINKED_SERVICES.filter((service) => reasons(service, circumstancesOf(cluster)).length > 0);
  return [
    statement("Account", groups.account, ["*"]),
    statement("Read", groups.read, ["*"], [inRegion]),
    statement("Ec2", groups.ec2, [arns.ec2("*"), arns.snapshots]),
    statement("KeyPair", groups.keyPair, [arns.keyPair]),
    statement("RunInstances", groups.runInstances, [arns.images, arns.snapshots, arns.keyPair, ...runInstancesOn.map(arns.ec2)]),
    statement("PeerAccounts", cluster.peerAccountIds.length > 0 ? groups.peering : [], arns.peerVpcs),
    statement("LoadBalancers", groups.loadBalancers, [arns.loadBalancers]),
    statement("KeysOfDisks", groups.keys, [arns.keys], [forAwsResource, viaEc2]),
    statement("NodeRole", groups.nodeRole, arns.nodeRole),
    statement("OtherNodeRoles", arns.otherNodeRoles.length > 0 ? groups.readRole : [], arns.otherNodeRoles),
    // IAM is asked in its own region, so a condition on the region would never hold here.
    statement(
      "PassNodeRole",
      groups.passRole,
      [arns.role(nodeRoleName(prefix)), ...arns.otherNodeRoles],
      [equals("iam:PassedToService", ...passedTo(place))],
    ),
    statement(
      "ServiceLinkedRoles",
      groups.linkedRoles,
      [arns.role("aws-service-role/*")],
      [equals("iam:AWSServiceName", ...services.map(({ service }) => service))],
    ),
  ].filter(({ actions }) => actions.length > 0);
}

/** What RunInstances is authorized on in the account, key pair left out: DKP has one, known by name. */
const RUN_INSTANCES_ON = ["instance/*", "network-interface/*", "security-group/*", "subnet/*", "volume/*"];

/** Which statement an action belongs to: the first whose test it passes. */
const GROUPS = {
  account: ({ action }) => action.startsWith("sts:"),
  passRole: ({ action }) => action === "iam:PassRole",
  linkedRoles: ({ action }) => action === "iam:CreateServiceLinkedRole",
  nodeRole: ({ action }) => action.startsWith("iam:"),
  keys: ({ action }) => action.startsWith("kms:"),
  read: ({ resources }) => resources.length === 0,
  loadBalancers: ({ action }) => action.startsWith("elasticloadbalancing:"),
  runInstances: ({ action }) => action === "ec2:RunInstances",
  keyPair: ({ resources }) => resources.length === 1 && resources[0] === "key-pair",
  ec2: () => true,
} satisfies Readonly<Record<string, (row: CatalogueRow) => boolean>>;

type Group = keyof typeof GROUPS;

/** Actions by statement, and the two that stand in a second one as well. */
function groupRows(rows: readonly CatalogueRow[]): Readonly<Record<Group | "peering" | "readRole", readonly string[]>> {
  const names = Object.keys(GROUPS) as Group[];
  const groupOf = (row: CatalogueRow) => names.find((name) => GROUPS[name](row));
  const groups = Object.fromEntries(names.map((name) => [name, actionsOf(rows.filter((row) => groupOf(row) === name))]));
  return {
    ...(groups as Record<Group, readonly string[]>),
    peering: actionsOf(rows.filter(({ action }) => action === "ec2:CreateVpcPeeringConnection")),
    readRole: actionsOf(rows.filter(({ action }) => action === "iam:GetRole")),
  };
}

function arnsOf(place: Place, prefix: string, cluster: Cluster) {
  const { partition, region, account } = place;
  const regional = (service: string, owner: string, resource: string) =>
    `arn:${partition}:${service}:${region}:${owner}:${resource}`;
  const iam = (resource: string) => iamResourceArn(place, resource);
  const role = (pathAndName: string) => iam(`role/${pathAndName}`);
  return {
    ec2: (resource: string) => regional("ec2", account, resource),
    // Public images and snapshots, like all of them, have no account in their ARN.
    images: regional("ec2", "", "image/*"),
    snapshots: regional("ec2", "", "snapshot/*"),
    keyPair: regional("ec2", account, `key-pair/${prefix}`),
    peerVpcs: [...cluster.peerAccountIds].sort().map((peer) => regional("ec2", peer, "vpc/*")),
    loadBalancers: regional("elasticloadbalancing", account, "*"),
    keys: regional("kms", account, "key/*"),
    nodeRole: [role(nodeRoleName(prefix)), iam(`instance-profile/${nodeRoleName(prefix)}`)],
    otherNodeRoles: otherNodeRoles(cluster).map((pathAndName) => role(pathAndName.slice(1))),
    role,
  };
}

function statement(
  sid: string,
  actions: readonly string[],
  resources: readonly string[],
  conditions: readonly PolicyCondition[] = [],
): PolicyStatement {
  return { sid, actions, resources, conditions };
}

/** A condition that holds for any of the values. */
export function equals(variable: string, ...values: readonly string[]): PolicyCondition {
  return { test: "StringEquals", variable, values };
}

function actionsOf(rows: readonly CatalogueRow[]): readonly string[] {
  return rows.map(({ action }) => action);
}

/** Names of EC2 when a role is passed to it; China uses both. */
function passedTo({ partition }: Place): readonly string[] {
  return partition === "aws-cn" ? ["ec2.amazonaws.com", "ec2.amazonaws.com.cn"] : ["ec2.amazonaws.com"];
}

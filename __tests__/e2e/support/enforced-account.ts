import {
  AssociateRouteTableCommand,
  CreateRouteTableCommand,
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DescribeImagesCommand,
} from "@aws-sdk/client-ec2";
import { CreateRoleCommand } from "@aws-sdk/client-iam";
import { ENVIRONMENT } from "../../helpers/clusters";
import { MARKER } from "../../helpers/tagged-requests";
import type { Account } from "./authorizations";
import type { Existing } from "./dkp-calls";
import { EnforcingGate } from "./enforcing-gate";
import type { LocalAws } from "./local-aws";

/**
 * Creates what the user has before the cluster: a VPC, another one to peer with, a security group with the marker, the node
 * role `/apps/dkp-node`; finds an image.
 */
export async function createExisting(aws: LocalAws): Promise<Existing> {
  const api = aws.ec2();
  const { Images: [image] = [] } = await api.send(new DescribeImagesCommand({ Owners: ["amazon"], MaxResults: 5 }));
  const [vpc = "", peerVpc = ""] = await Promise.all(
    ["10.222.0.0/16", "10.1.0.0/16"].map(async (CidrBlock) => (await api.send(new CreateVpcCommand({ CidrBlock }))).Vpc?.VpcId),
  );
  const { RouteTable } = await api.send(new CreateRouteTableCommand({ VpcId: peerVpc }));
  const { Subnet } = await api.send(new CreateSubnetCommand({ VpcId: peerVpc, CidrBlock: "10.1.0.0/24" }));
  await api.send(new AssociateRouteTableCommand({ RouteTableId: RouteTable?.RouteTableId, SubnetId: Subnet?.SubnetId }));
  const TagSpecifications = [{ ResourceType: "security-group" as const, Tags: [{ Key: MARKER.key, Value: MARKER.value }] }];
  const ownGroup = new CreateSecurityGroupCommand({ GroupName: "own", Description: "own", VpcId: vpc, TagSpecifications });
  const { GroupId } = await api.send(ownGroup);
  const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [] });
  await aws.iam().send(new CreateRoleCommand({ RoleName: "dkp-node", Path: "/apps/", AssumeRolePolicyDocument }));
  return { image: image?.ImageId ?? "", vpc, peerVpc, peerRouteTable: RouteTable?.RouteTableId ?? "", otherGroup: GroupId ?? "" };
}

/**
 * Uses a copy of an account with two enforcing gates before it: one executes the calls that it allows, the other one does not.
 * @param owners the accounts that own objects of other accounts, by ID
 * @param objects tags and VPCs of objects that do not exist there, for policies with conditions on them
 */
export async function withGates<Result>(
  account: LocalAws,
  owners: Readonly<Record<string, string>>,
  use: (gate: EnforcingGate, dryRun: EnforcingGate) => Promise<Result>,
  objects?: Account["objects"],
): Promise<Result> {
  const copy = await account.copy();
  const gate = await EnforcingGate.before(copy, ENVIRONMENT.account, { owners, objects });
  const dryRun = await EnforcingGate.before(copy, ENVIRONMENT.account, { owners, objects, executes: false });
  try {
    return await use(gate, dryRun);
  } finally {
    gate.stop();
    dryRun.stop();
    await copy.stop();
  }
}

import {
  AssociateRouteTableCommand,
  CreateRouteTableCommand,
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DescribeImagesCommand,
} from "@aws-sdk/client-ec2";
import { CreateRoleCommand } from "@aws-sdk/client-iam";
import { fittingStatements } from "../../src/iam/action-patterns";
import type { Cluster } from "../../src/iam/cluster";
import { type PolicyDocument, policyDocument } from "../../src/iam/policy-document";
import { clusterOf, ENVIRONMENT } from "../helpers/clusters";
import type { Layout } from "../helpers/measured-calls";
import { type Answered, sendAll } from "./support/call-sequence";
import { dkpCalls, type Existing, measuredActions } from "./support/dkp-calls";
import { EnforcingGate } from "./support/enforcing-gate";
import { LocalAws } from "./support/local-aws";

const LAYOUTS: readonly Layout[] = ["Standard", "WithNAT", "WithoutNAT"];
let aws: LocalAws;
let existing: Existing;

beforeAll(async () => {
  aws = await LocalAws.start();
  existing = await createExisting();
});
afterAll(() => aws.stop());

async function createExisting(): Promise<Existing> {
  const ec2 = aws.ec2();
  const [image] = (await ec2.send(new DescribeImagesCommand({ Owners: ["099720109477"] }))).Images ?? [];
  const vpc = async (CidrBlock: string) => (await ec2.send(new CreateVpcCommand({ CidrBlock }))).Vpc?.VpcId ?? "";
  const [own, peerVpc] = [await vpc("10.222.0.0/16"), await vpc("10.1.0.0/16")];
  const { RouteTable } = await ec2.send(new CreateRouteTableCommand({ VpcId: peerVpc }));
  const { Subnet } = await ec2.send(new CreateSubnetCommand({ VpcId: peerVpc, CidrBlock: "10.1.0.0/24" }));
  await ec2.send(new AssociateRouteTableCommand({ RouteTableId: RouteTable?.RouteTableId, SubnetId: Subnet?.SubnetId }));
  const { GroupId } = await ec2.send(new CreateSecurityGroupCommand({ GroupName: "own", Description: "own", VpcId: own }));
  await aws
    .iam()
    .send(
      new CreateRoleCommand({
        RoleName: "dkp-node",
        Path: "/apps/",
        AssumeRolePolicyDocument: '{"Version":"2012-10-17","Statement":[]}',
      }),
    );
  return {
    image: image?.ImageId ?? "",
    vpc: own,
    peerVpc,
    peerRouteTable: RouteTable?.RouteTableId ?? "",
    otherGroup: GroupId ?? "",
  };
}

const documentsOf = (mode: "scoped" | "minimal", cluster: Cluster): readonly PolicyDocument[] => [
  policyDocument(fittingStatements({ mode, supplement: true, environment: ENVIRONMENT, cluster })),
];

const options = (): Partial<Cluster> => ({
  bastion: true,
  peeredVPCs: [existing.peerVpc],
  tags: { team: "platform" },
  imdsv2: true,
  iamNodeRole: "dkp-node",
  iamNodeRolePath: "/apps/",
  features: ["instance-type-change"],
});
const variants: Record<string, () => Partial<Cluster>> = {
  plain: () => ({ bastion: true }),
  "every option": options,
  "an existing VPC": () => ({ existingVPCID: existing.vpc, disableDefaultSecurityGroup: true, bastion: true }),
};

describe.each(LAYOUTS)("%s", (layout) => {
  it.each(["scoped", "minimal"] as const)("%s", async (mode) => {
    for (const [name, variant] of Object.entries(variants)) {
      const start = Date.now();
      const cluster = { ...clusterOf(variant()), layout };
      const copy = await aws.copy();
      const gate = await EnforcingGate.before(copy, ENVIRONMENT.account);
      const key = await gate.createUser("deckhouse", documentsOf(mode, cluster));
      const calls = dkpCalls(cluster, existing);
      const answers = await sendAll(gate, key, calls, { vpc: existing.vpc });
      gate.stop();
      await copy.stop();
      const bad = (a: Answered) =>
        `${a.call.action} ${a.status} ${/<Code>[\s\S]*?<\/Message>/.exec(a.body)?.[0] ?? a.body.slice(0, 300)}`;
      console.log(layout, mode, name, calls.length, Date.now() - start, answers.filter((a) => a.status >= 300).map(bad));
      expect([...new Set(calls.map((c) => c.action))].sort()).toEqual(measuredActions(cluster));
      expect(answers.filter((a) => a.denied).map(bad)).toEqual([]);
    }
  });
});

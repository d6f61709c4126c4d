import type { ResourceType, Tag } from "@aws-sdk/client-ec2";
import { ADMIN_ACTIONS, CHECKS } from "../../../src/cli/account/preflight/checks";
import { readState } from "../../../src/cli/terraform/state-file";
import { allowing, type LocalAws } from "../support/local-aws";
import { createRole, createVpc, observedCalls, resultsOf, rulesOf, settings, testAws } from "../support/preflight";
import { queryError, simulationAnswer } from "../support/stub-aws";

const tagged = (type: ResourceType, ...Tags: Tag[]) => ({ TagSpecifications: [{ ResourceType: type, Tags }] });
const named = (type: ResourceType, name: string) => tagged(type, { Key: "Name", Value: name });

/**
 * A cluster with the prefix `taken` in WithNAT with a bastion, an Elastic IP of `taken-eu`, a node of an EKS cluster `dev`, and objects
 * with the name `own`.
 */
async function createFixtures(local: LocalAws) {
  const [ec2, iam] = [local.ec2(), local.iam()];
  await createRole(local, "taken-node");
  await iam.createInstanceProfile({ InstanceProfileName: "taken-node" });
  await iam.addRoleToInstanceProfile({ InstanceProfileName: "taken-node", RoleName: "taken-node" });
  await ec2.createKeyPair({ KeyName: "taken" });
  const vpc = await createVpc(local, "taken");
  await ec2.createSecurityGroup({ GroupName: "taken-node", Description: "nodes", VpcId: vpc });
  const subnet = await ec2.createSubnet({
    VpcId: vpc,
    CidrBlock: "10.0.0.0/20",
    ...named("subnet", "taken-public-0"),
  });
  const SubnetId = subnet.Subnet?.SubnetId ?? "";
  const master = await ec2.runInstances({
    MinCount: 1,
    MaxCount: 1,
    ImageId: "ami-03cf127a",
    SubnetId,
    KeyName: "taken",
    IamInstanceProfile: { Name: "taken-node" },
    ...tagged("instance", { Key: "kubernetes.io/cluster/taken", Value: "shared" }),
  });
  await ec2.runInstances({
    MinCount: 1,
    MaxCount: 1,
    ImageId: "ami-03cf127a",
    SubnetId,
    ...tagged("instance", { Key: "kubernetes.io/cluster/dev", Value: "owned" }),
  });
  const addresses = new Map<string, string>();
  for (const name of ["taken-natgw", "taken-bastion", "taken-master-0", "taken-eu-natgw"]) {
    const { AllocationId, PublicIp = "" } = await ec2.allocateAddress({ Domain: "vpc", ...named("elastic-ip", name) });
    addresses.set(name, PublicIp);
    if (name === "taken-master-0") {
      await ec2.associateAddress({ AllocationId, InstanceId: master.Instances?.[0]?.InstanceId });
    }
  }
  const endpoint = await ec2.createVpcEndpoint({
    VpcId: vpc,
    VpcEndpointType: "Interface",
    ServiceName: "com.amazonaws.eu-central-1.ec2",
    SubnetIds: [SubnetId],
    PrivateDnsEnabled: true,
  });
  for (const UserName of ["own", "second"]) {
    await iam.createUser({ UserName });
  }
  await iam.createGroup({ GroupName: "own" });
  await iam.addUserToGroup({ GroupName: "own", UserName: "second" });
  await createRole(local, "own");
  await iam.createPolicy({ PolicyName: "own", Path: "/team/", PolicyDocument: allowing("*") });
  const { ImageId } = await ec2.registerImage({ Name: "registered" });
  return { addresses, image: ImageId, endpoint: endpoint.VpcEndpoint?.VpcEndpointId ?? "" };
}

type Fixtures = Awaited<ReturnType<typeof createFixtures>>;

const TAKEN =
  "user: { name: own, allowedNetworks: { cidrs: [192.0.2.0/24] } }\npolicy: { name: own, mode: minimal }\nattachment: user-and-group\ngroup: { name: own }\nnodeRole: { name: own }\n";

/** Level and rule of each finding, by check that found something besides the account, where all names are taken. */
const FOUND = {
  image: ["attention image-root-device", "attention image-architecture", "note image-ena"],
  "resource-names": [
    "attention object-owner-unknown",
    "attention object-owner-unknown",
    "attention object-of-another",
    "attention object-owner-unknown",
  ],
  "prefix-in-use": ["attention prefix-in-use"],
  "source-addresses": ["attention source-outside", "attention endpoint-outside"],
  permissions: [
    "attention permission-denied-by-scp",
    "attention permission-denied-by-boundary",
    "attention permission-denied-by-policy",
    "unverifiable permission-undecided",
  ],
};

describe("the checks of the preflight", () => {
  // One local AWS for all: each start takes longer than all cases of a check.
  const aws = testAws();
  let fixtures: Fixtures;

  beforeAll(async () => {
    fixtures = await createFixtures(aws().local);
    await observedCalls(aws());
  });

  /** Level and rule of each finding on the wire, by check; the first two simulations are throttled. */
  const found = async (
    text: string,
    denials: Parameters<typeof simulationAnswer>[1],
    options?: Parameters<typeof rulesOf>[2],
  ) => {
    const { stub } = aws();
    stub.say({
      SimulatePrincipalPolicy: (parameters, times) =>
        times <= 2 ? queryError(400, "Throttling", "Rate exceeded") : simulationAnswer(parameters, denials),
    });
    const rules = Object.entries(await rulesOf(text, stub.url, options));
    return Object.fromEntries(rules.filter(([, own]) => own.some((rule) => rule !== "unverifiable setting-not-set")));
  };

  it("find nothing but the account in a new one", async () => {
    const text = settings("prefix: dev, layout: Standard", "policy: { mode: minimal }\n");
    expect(await found(text, {})).toEqual({ account: ["note account-ok"], "source-addresses": ["note networks-not-set"] });
  });

  it("find that all names are taken, and that the key is not allowed everything", async () => {
    const denials = {
      "ec2:DescribeAddressesAttribute": "implicitDeny",
      "ec2:RunInstances": "SCP",
      "iam:PassRole": "boundary",
      "ec2:CreateVpc": "unknown context",
    } as const;
    const text = settings(`prefix: taken, layout: Standard, amis: [${fixtures.image}]`, TAKEN);
    const rules = await found(text, denials, { state: async () => ({ value: readState("") }) });
    expect(rules).toEqual({ account: ["note account-ok"], ...FOUND });
  });

  it("find the addresses of the cluster, and none of a cluster whose prefix begins with the same word", async () => {
    const results = await resultsOf(settings("prefix: taken"), aws().local.url);
    const found = results.flatMap(({ check, findings }) => (check === "source-addresses" ? findings : []));
    const sources = ["taken-natgw", "taken-master-0"].map((name) => expect.stringContaining(fixtures.addresses.get(name) ?? ""));
    expect(found).toMatchObject([
      { rule: "networks-not-set", values: { sources: expect.arrayContaining([...sources, `${fixtures.endpoint} (ec2)`]) } },
    ]);
    expect(JSON.stringify(found)).not.toContain(fixtures.addresses.get("taken-eu-natgw"));
  });

  it("make every call that they list in these accounts, and no call is missing in --permissions", async () => {
    const observed = await observedCalls(aws());
    expect(observed).toEqual(expect.arrayContaining(CHECKS.flatMap(({ calls }) => calls)));
    expect(observed.filter((call) => !ADMIN_ACTIONS.includes(call))).toEqual([]);
  });
});

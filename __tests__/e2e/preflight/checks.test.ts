import {
  AllocateAddressCommand,
  AssociateAddressCommand,
  CreateKeyPairCommand,
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateVpcEndpointCommand,
  RegisterImageCommand,
  type ResourceType,
  RunInstancesCommand,
  type Tag,
} from "@aws-sdk/client-ec2";
import {
  AddRoleToInstanceProfileCommand,
  AddUserToGroupCommand,
  CreateGroupCommand,
  CreateInstanceProfileCommand,
  CreatePolicyCommand,
  CreateUserCommand,
} from "@aws-sdk/client-iam";
import { ADMIN_ACTIONS, CHECKS } from "../../../src/cli/account/preflight/checks";
import { readState } from "../../../src/cli/terraform/state-file";
import type { LocalAws } from "../support/local-aws";
import {
  AMI,
  createRole,
  createVpc,
  imageResponse,
  observedCalls,
  resultsOf,
  rulesOf,
  settings,
  simulate,
  testAws,
} from "../support/preflight";
import { queryError, simulationAnswer, type WireAnswers } from "../support/stub-aws";

const EVERYTHING = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }] };
const tagged = (type: ResourceType, ...Tags: Tag[]) => ({ TagSpecifications: [{ ResourceType: type, Tags }] });
const named = (type: ResourceType, name: string) => tagged(type, { Key: "Name", Value: name });

/**
 * A cluster with the prefix `taken` in WithNAT with a bastion, an Elastic IP of `taken-eu`, a node of an EKS cluster `dev`, and objects
 * with the name `own`.
 */
async function createFixtures(local: LocalAws) {
  const [ec2, iam] = [local.ec2(), local.iam()];
  await createRole(local, "taken-node");
  await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: "taken-node" }));
  await iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName: "taken-node", RoleName: "taken-node" }));
  await ec2.send(new CreateKeyPairCommand({ KeyName: "taken" }));
  const vpc = await createVpc(local, "taken");
  await ec2.send(new CreateSecurityGroupCommand({ GroupName: "taken-node", Description: "nodes", VpcId: vpc }));
  const subnet = await ec2.send(
    new CreateSubnetCommand({
      VpcId: vpc,
      CidrBlock: "10.0.0.0/20",
      ...named("subnet", "taken-public-0"),
    }),
  );
  const SubnetId = subnet.Subnet?.SubnetId ?? "";
  const master = await ec2.send(
    new RunInstancesCommand({
      MinCount: 1,
      MaxCount: 1,
      ImageId: "ami-03cf127a",
      SubnetId,
      KeyName: "taken",
      IamInstanceProfile: { Name: "taken-node" },
      ...tagged("instance", { Key: "kubernetes.io/cluster/taken", Value: "shared" }),
    }),
  );
  await ec2.send(
    new RunInstancesCommand({
      MinCount: 1,
      MaxCount: 1,
      ImageId: "ami-03cf127a",
      SubnetId,
      ...tagged("instance", { Key: "kubernetes.io/cluster/dev", Value: "owned" }),
    }),
  );
  const addresses = new Map<string, string>();
  for (const name of ["taken-natgw", "taken-bastion", "taken-master-0", "taken-eu-natgw"]) {
    const { AllocationId, PublicIp = "" } = await ec2.send(
      new AllocateAddressCommand({ Domain: "vpc", ...named("elastic-ip", name) }),
    );
    addresses.set(name, PublicIp);
    if (name === "taken-master-0") {
      await ec2.send(new AssociateAddressCommand({ AllocationId, InstanceId: master.Instances?.[0]?.InstanceId }));
    }
  }
  const endpoint = await ec2.send(
    new CreateVpcEndpointCommand({
      VpcId: vpc,
      VpcEndpointType: "Interface",
      ServiceName: "com.amazonaws.eu-central-1.ec2",
      SubnetIds: [SubnetId],
      PrivateDnsEnabled: true,
    }),
  );
  const PolicyDocument = JSON.stringify(EVERYTHING);
  for (const UserName of ["own", "second"]) {
    await iam.send(new CreateUserCommand({ UserName }));
  }
  await iam.send(new CreateGroupCommand({ GroupName: "own" }));
  await iam.send(new AddUserToGroupCommand({ GroupName: "own", UserName: "second" }));
  await createRole(local, "own");
  await iam.send(new CreatePolicyCommand({ PolicyName: "own", Path: "/team/", PolicyDocument }));
  const { ImageId } = await ec2.send(new RegisterImageCommand({ Name: "registered" }));
  return {
    vpc,
    addresses,
    image: ImageId,
    endpoint: endpoint.VpcEndpoint?.VpcEndpointId ?? "",
  };
}

type Fixtures = Awaited<ReturnType<typeof createFixtures>>;

const OWN =
  "user: { name: own, NETWORKS }\npolicy: { name: own, mode: minimal }\nattachment: user-and-group\ngroup: { name: own }\nnodeRole: { name: own }\n";

interface Account {
  readonly settings: (fixtures: Fixtures) => string;
  readonly options?: Parameters<typeof resultsOf>[2];
  readonly answers?: WireAnswers;
  /** Level and rule of each finding, by check that found something besides the account. */
  readonly expected: Readonly<Record<string, readonly string[]>>;
}

const ACCOUNTS: Readonly<Record<string, Account>> = {
  "a new account": {
    settings: () =>
      settings(
        `prefix: dev, layout: Standard, amis: [${AMI}]`,
        "user: { allowedNetworks: { cidrs: [203.0.113.0/24] } }\npolicy: { mode: minimal }\n",
      ),
    answers: { ...imageResponse, ...simulate({}) },
    expected: {
      "source-addresses": ["unverifiable sources-not-found"],
    },
  },
  "an account where all names are taken, and the key is not allowed everything": {
    settings: ({ image }) =>
      settings(
        `prefix: taken, layout: Standard, amis: [${image}]`,
        OWN.replace("NETWORKS", "allowedNetworks: { cidrs: [192.0.2.0/24] }"),
      ),
    options: { state: async () => ({ value: readState("") }) },
    answers: simulate({
      "ec2:DescribeAddressesAttribute": "implicitDeny",
      "ec2:RunInstances": "SCP",
      "iam:PassRole": "boundary",
      "ec2:CreateVpc": "unknown context",
    }),
    expected: {
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
    },
  },
  "a state that cannot be read": {
    settings: ({ endpoint }) =>
      settings("prefix: taken, layout: Standard", OWN.replace("NETWORKS", `allowedNetworks: { vpcEndpoints: [${endpoint}] }`)),
    // Throttled, then in two pages.
    answers: {
      SimulatePrincipalPolicy: (parameters, times) =>
        times <= 2 ? queryError(400, "Throttling", "Rate exceeded") : simulationAnswer(parameters, {}),
    },
    expected: {
      "resource-names": Array<string>(4).fill("unverifiable name-state-unread"),
      "prefix-in-use": ["attention prefix-in-use"],
      "source-addresses": ["attention source-outside"],
    },
  },
  "a user that does not exist yet": {
    settings: () => settings(`amis: [${AMI}]`),
    answers: { SimulatePrincipalPolicy: () => queryError(404, "NoSuchEntity", "The user with name deckhouse cannot be found.") },
    expected: { image: ["attention image-missing"], permissions: ["unverifiable permissions-not-yet"] },
  },
};

describe("the checks of the preflight", () => {
  // One local AWS for all: each start takes longer than all cases of a check.
  const aws = testAws();
  let fixtures: Fixtures;

  beforeAll(async () => {
    fixtures = await createFixtures(aws().local);
    await observedCalls(aws());
  });

  it.each(Object.entries(ACCOUNTS))("find %s", async (_, { settings: settingsOf, options, answers, expected }) => {
    const { local, stub } = aws();
    stub.say(answers ?? {});
    const rules = await rulesOf(settingsOf(fixtures), answers === undefined ? local.url : stub.url, options);
    const found = Object.entries(rules).filter(([, own]) => own.some((rule) => rule !== "unverifiable setting-not-set"));
    expect(Object.fromEntries(found)).toEqual({ account: ["note account-ok"], ...expected });
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

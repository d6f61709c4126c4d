import { createServer } from "node:http";
import type { ResourceType, Tag } from "@aws-sdk/client-ec2";
import { dryCalls } from "../../../packages/cli/src/account/preflight/checks/key-dry-run";
import { readState } from "../../../packages/cli/src/terraform/state-file";
import { NODE_TRUST } from "../../../src/iam/node-role-permissions";
import { policyDocument } from "../../../src/iam/policy-document";
import { policyStatements } from "../../../src/iam/policy-statements";
import { ACCOUNT } from "../../helpers/aws-answers";
import { deployment } from "../../helpers/deployment";
import { allowing, LocalAws } from "../support/local-aws";
import { preflight, rulesOf, settings } from "../support/preflight";
import { Deployments } from "../support/project";
import { listening } from "../support/server";
import { DKP_ACCESS, jsonOf, terraformEnvironment } from "../support/terraform";

const tagged = (type: ResourceType, ...Tags: Tag[]) => ({
  TagSpecifications: [{ ResourceType: type, Tags }],
});
const named = (type: ResourceType, name: string) => tagged(type, { Key: "Name", Value: name });

async function createFixtures(local: LocalAws) {
  const [ec2, iam] = [local.ec2(), local.iam()];
  const AssumeRolePolicyDocument = JSON.stringify(NODE_TRUST);
  for (const RoleName of ["operator", "own", "taken-node"]) {
    await iam.createRole({ RoleName, AssumeRolePolicyDocument });
  }
  await iam.createInstanceProfile({ InstanceProfileName: "taken-node" });
  await ec2.createKeyPair({ KeyName: "taken" });
  const { Vpc } = await ec2.createVpc({ CidrBlock: "10.0.0.0/16", ...named("vpc", "taken") });
  const vpc = Vpc?.VpcId ?? "";
  await ec2.createSecurityGroup({ GroupName: "taken-node", Description: "nodes", VpcId: vpc });
  const { Subnet } = await ec2.createSubnet({
    VpcId: vpc,
    CidrBlock: "10.0.0.0/20",
    ...named("subnet", "taken-public-0"),
  });
  const SubnetId = Subnet?.SubnetId ?? "";
  const master = await ec2.runInstances({
    MinCount: 1,
    MaxCount: 1,
    ImageId: "ami-03cf127a",
    SubnetId,
    ...tagged("instance", { Key: "kubernetes.io/cluster/taken", Value: "shared" }),
  });
  const addresses = new Map<string, string>();
  for (const name of ["taken-natgw", "taken-bastion", "taken-master-0", "taken-eu-natgw"]) {
    const { AllocationId, PublicIp = "" } = await ec2.allocateAddress({
      Domain: "vpc",
      ...named("elastic-ip", name),
    });
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
  await iam.createPolicy({ PolicyName: "own", Path: "/team/", PolicyDocument: allowing("*") });
  const { ImageId } = await ec2.registerImage({ Name: "registered" });
  return { addresses, image: ImageId, endpoint: endpoint.VpcEndpoint?.VpcEndpointId ?? "" };
}

const TAKEN =
  "user: { name: own, allowedNetworks: { cidrs: [192.0.2.0/24] } }\npolicy: { name: own, mode: minimal }\nnodeRole: { name: own }\n";

const FOUND = {
  account: ["note account-ok"],
  image: ["attention image-differs", "attention image-differs"],
  "resource-names": [
    "attention object-unmanaged",
    "attention object-unmanaged",
    "attention object-unmanaged",
  ],
  "prefix-in-use": ["attention prefix-in-use"],
};

describe("preflight", () => {
  let aws: LocalAws;
  let fixtures: Awaited<ReturnType<typeof createFixtures>>;

  beforeAll(async () => {
    aws = await LocalAws.start();
    fixtures = await createFixtures(aws);
  });

  const found = async (text: string, options?: Parameters<typeof rulesOf>[2]) => {
    const rules = Object.entries(await rulesOf(text, aws.url, options));
    return Object.fromEntries(
      rules.filter(([, own]) => own.some((rule) => rule !== "unverifiable setting-not-set")),
    );
  };

  it("finds nothing but the account in a new one", async () => {
    const rules = await found(
      settings("prefix: dev, layout: Standard", "policy: { mode: minimal }\n"),
    );
    expect(rules).toEqual({
      account: ["note account-ok"],
    });
  });

  it("finds that all names are taken", async () => {
    const text = settings(`prefix: taken, layout: Standard, amis: [${fixtures.image}]`, TAKEN);
    expect(await found(text, { state: async () => ({ value: readState("") }) })).toEqual(FOUND);
  });

  it("reports unknown results, not passed ones, when AWS does not respond in time", async () => {
    const silent = `http://${await listening(createServer(() => undefined))}`;
    const { status, stdout, stderr } = await preflight(settings(""), silent, ["--timeout", "3"]);
    expect(status).toBe(3);
    expect(stdout).toMatch(/^unverifiable: account: sts:GetCallerIdentity: no answer within 3 s$/m);
    expect(stdout).toMatch(/^passed: none$/m);
    expect(stdout).toMatch(
      /^not checked, because the check account did not pass: .*prefix-in-use/m,
    );
    expect(stderr).toMatch(/^querying AWS \.\.\.$/m);
  });

  it("assumes provider.assumeRoleArn, except with --as-key", async () => {
    const role = `provider: { assumeRoleArn: "arn:aws:iam::${ACCOUNT}:role/operator" }\n`;
    const { stdout } = await preflight(settings("", role), aws.url);
    expect(stdout).toContain(
      `the credentials are arn:aws:sts::${ACCOUNT}:assumed-role/operator/dkp-access in the account ${ACCOUNT}; accountId`,
    );
    const { stdout: asKey } = await preflight(settings("", role), aws.url, ["--as-key"]);
    expect(asKey).toMatch(/^note: account: the credentials are arn:aws:sts::\d+:user\//m);
  });

  describe("with a key of a user", () => {
    const EVERYTHING = () =>
      settings(
        `prefix: taken, layout: Standard, amis: [${fixtures.image}]`,
        "policy: { mode: minimal }\n",
      );

    it("works with exactly the permissions that --policy prints", async () => {
      const { stdout } = await preflight(EVERYTHING(), aws.url, ["--policy"]);
      const key = await aws.createUser("checker", stdout);
      const rules = await rulesOf(EVERYTHING(), aws.url, {}, key);
      const unverifiable = Object.entries(rules).filter(([, own]) =>
        own.some((rule) => rule.startsWith("unverifiable")),
      );
      expect(unverifiable).toEqual([]);
    });

    it("reports what cannot be verified without permissions, check by check", async () => {
      const key = await aws.createUser("nobody", allowing("sts:GetCallerIdentity"));
      const { account, ...others } = await rulesOf(EVERYTHING(), aws.url, {}, key);
      expect(account).toEqual(["note account-ok"]);
      expect(new Set(Object.values(others).flat())).toEqual(new Set(["unverifiable call-denied"]));
    });

    it("checks the key with dry runs, and changes nothing: --as-key", async () => {
      const text = settings("amis: [ami-03cf127a]");
      const { region, policy, cluster } = deployment(text);
      const environment = { partition: "aws", region, account: ACCOUNT };
      const document = policyDocument(
        policyStatements({ mode: policy.mode, cluster, environment }).map((statement) => ({
          ...statement,
          actions: statement.actions.filter(
            (action) => action !== "ec2:DescribeAddressesAttribute",
          ),
        })),
      );
      const iam = aws.iam();
      const { Policy } = await iam.createPolicy({
        PolicyName: "D8CloudProviderAWS",
        PolicyDocument: JSON.stringify(document),
      });
      await iam.createUser({ UserName: "deckhouse" });
      await iam.attachUserPolicy({ UserName: "deckhouse", PolicyArn: Policy?.Arn });
      const key = await aws.createKey();
      const { Vpcs } = await aws.ec2().describeVpcs({});
      await aws.calls();
      const rules = await rulesOf(text, aws.url, { asKey: true }, key);
      expect(rules).toEqual({
        account: ["note account-ok"],
        key: ["attention permission-denied-by-policy"],
      });
      const calls = (await aws.calls())
        .filter(({ service }) => service === "ec2")
        .map(({ action }) => action);
      expect(calls.sort()).toEqual(Object.keys(dryCalls(deployment(text))).sort());
      expect((await aws.ec2().describeVpcs({})).Vpcs).toEqual(Vpcs);
    });
  });
});

interface PreflightJson {
  readonly findings: readonly {
    readonly rule: string;
    readonly values: { readonly path?: string };
  }[];
}

it("preflight shows whose names exist; imported as keys prints, nothing is replaced and the state manages them", async () => {
  const aws = await LocalAws.start();
  const iam = aws.iam();
  await iam.createUser({ UserName: "deckhouse" });
  await iam.createPolicy({
    PolicyName: "D8CloudProviderAWS",
    Path: "/team/",
    PolicyDocument: allowing("*"),
  });
  const AssumeRolePolicyDocument = JSON.stringify(NODE_TRUST);
  await iam.createRole({ RoleName: "dkp-nodes", Path: "/apps/", AssumeRolePolicyDocument });
  const deployments = Deployments.of(settings("", "nodeRole: { name: dkp-nodes }\n"));
  const terraform = deployments.terraform(aws);
  const program = <T>(command: string) => {
    const args = [...DKP_ACCESS, command, "deckhouse", "--format", "json"] as const;
    return jsonOf(deployments.path, terraformEnvironment(aws), ...args) as T;
  };
  const names = () =>
    program<PreflightJson>("preflight").findings.flatMap(({ rule, values }) =>
      /^(?:name|object)-/.test(rule) ? [[rule, values.path].join(" ").trim()] : [],
    );
  expect(names()).toEqual(Array(3).fill("name-state-unread"));
  terraform.init();
  expect(names()).toEqual([
    "object-unmanaged",
    "object-unmanaged /team/",
    "object-unmanaged /apps/",
  ]);
  const withPaths = settings(
    "",
    "nodeRole: { name: dkp-nodes, path: /apps/ }\npolicy: { path: /team/ }\n",
  );
  deployments.change(withPaths);
  const imports = { user: true, policy: true, nodeRole: true };
  deployments.change(`${withPaths}import: ${JSON.stringify(imports)}\n`);
  expect(terraform.apply()).toMatch(/3 imported, \d+ added, \d+ changed, 0 destroyed/);
  expect(names()).toEqual([]);
});

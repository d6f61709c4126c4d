import { CreateUserCommand, PutUserPolicyCommand } from "@aws-sdk/client-iam";
import { adminPolicy } from "../../../src/cli/account/preflight/all-checks";
import type { Result } from "../../../src/cli/account/preflight/check";
import type { Credentials, LocalAws } from "../support/local-aws";
import {
  ACCOUNT,
  AMI,
  createManagedRole,
  createRole,
  createVpc,
  enforced,
  imageResponse,
  keyOf,
  preflight,
  REGION,
  resultsOf,
  settings,
  simulate,
  testAws,
} from "../support/preflight";
import { queryError } from "../support/stub-aws";

async function createFixtures(local: LocalAws) {
  await createManagedRole(local);
  await createRole(local, "operator");
  return { free: await createVpc(local, "free") };
}

describe("preflight", () => {
  const aws = testAws();
  let fixtures: Awaited<ReturnType<typeof createFixtures>>;

  beforeAll(async () => {
    fixtures = await createFixtures(aws().local);
  });

  it("prints each result with its source and remedy", async () => {
    aws().stub.say({ ...simulate({}), ...imageResponse({ disks: { "/dev/sda1": 8, "/dev/sdf": 20 } }) });
    const cluster = `prefix: dev, layout: WithoutNAT, amis: [${AMI}]`;
    const { status, stdout } = await preflight(settings(cluster), aws().stub.url);
    expect(stdout).toBe(
      [
        "dev: preflight of a cluster in eu-central-1",
        "",
        `ok       account                account ${ACCOUNT}, as arn:aws:sts::${ACCOUNT}:user/moto; accountId is not set [sts:GetCallerIdentity]`,
        "ok       region                 eu-central-1 is enabled (opt-in-not-required) [ec2:DescribeRegions in us-east-1]",
        `failed   image                  ${AMI} has 2 disks (/dev/sda1, /dev/sdf), and DKP requires exactly one, the root disk /dev/sda1 [ec2:DescribeImages in eu-central-1]`,
        "                                -> create an image with only the root disk: start an instance from it, detach the other disks, create an image",
        "ok       own names              user deckhouse, policy D8CloudProviderAWS: do not exist yet [iam:GetUser, iam:GetPolicy, iam:ListPolicies]",
        "ok       role name              the role dev-node does not exist yet [iam:GetRole]",
        "ok       instance profile name  the instance profile dev-node does not exist yet [iam:GetInstanceProfile]",
        "ok       key pair name          the key pair dev does not exist yet [ec2:DescribeKeyPairs in eu-central-1]",
        "ok       same prefix            no object has a name of a cluster with the prefix dev [ec2:DescribeInstances, ec2:DescribeSecurityGroups, ec2:DescribeSubnets, ec2:DescribeVpcs in eu-central-1]",
        "skipped  marker                 policy.mode is not strict [no call]",
        "skipped  source addresses       user.allowedNetworks is not set: a leaked key works in every network; the calls of the cluster have no known source yet [ec2:DescribeVpcs, ec2:DescribeAddresses in eu-central-1]",
        "                                -> set user.allowedNetworks to their sources once the cluster exists, and to the address of whoever runs dhctl",
        "ok       permissions            the user deckhouse is allowed all 127 actions [iam:SimulatePrincipalPolicy]",
        "skipped  OpenPGP keys           no pgpKey is set [no call]",
        "",
        "ok: 8, failed: 1, skipped: 3",
        "",
      ].join("\n"),
    );
    expect(status).toBe(2);
  });

  it("reports unknown results, not passed ones, when AWS does not respond in time", async () => {
    aws().stub.say({ SimulatePrincipalPolicy: () => queryError(400, "Throttling", "Rate exceeded") });
    const { status, stdout, stderr } = await preflight(settings(""), aws().stub.url, ["--timeout", "3"]);
    expect(status).toBe(3);
    expect(stdout).toContain("unknown  permissions            no response within 3 seconds [iam:SimulatePrincipalPolicy]\n");
    expect(stdout).toContain("-> try again with a longer --timeout\n");
    expect(stderr).toMatch(/^waiting for the check permissions \.\.\.$/m);
  });

  it("reports that AWS cannot be reached, and makes no more calls", async () => {
    const { status, stdout } = await preflight(settings(""), "http://127.0.0.1:1");
    expect(status).toBe(3);
    expect(stdout).toContain("sts:GetCallerIdentity: AWS cannot be reached (connect ECONNREFUSED 127.0.0.1:1)");
    expect(stdout).toContain('skipped  permissions            depends on check "account", whose result is unknown');
  });

  it.each([
    [["--timeout", "soon"], '--timeout: "soon" is not a number of seconds up to 3600; write for example --timeout 120\n'],
    [["--quick"], "unknown option '--quick'; dkp-access preflight --help shows the usage\n"],
  ])("rejects the wrong arguments %j", async (args, stderr) => {
    expect(await preflight(settings(""), aws().local.url, args)).toEqual({ status: 1, stdout: "", stderr });
  });

  it("prints JSON with the exit code", async () => {
    const { status, stdout } = await preflight(settings("", 'accountId: "111111111111"\n'), aws().local.url, [
      "--format",
      "json",
    ]);
    const { results, ...rest } = JSON.parse(stdout) as { results: readonly Result[] };
    expect({ status, ...rest }).toEqual({ status: 2, stack: "dev", region: REGION, exitCode: 2 });
    expect(results[0]).toMatchObject({ check: "account", verdict: "failed", source: "sts:GetCallerIdentity" });
  });

  it("names the setting that would enable each check that minimal settings skip", async () => {
    const results = await resultsOf(settings(""), aws().local.url);
    expect(
      results.filter(({ verdict }) => verdict === "skipped").map(({ check, found, remedy }) => `${check}: ${remedy ?? found}`),
    ).toEqual([
      "image: set cluster.amis",
      "role name: set cluster.prefix",
      "instance profile name: set cluster.prefix",
      "key pair name: set cluster.prefix",
      "same prefix: set cluster.prefix",
      "marker: policy.mode is not strict",
      "source addresses: set cluster.prefix",
      "OpenPGP keys: no pgpKey is set",
    ]);
  });

  it("prints its help", async () => {
    expect(await preflight(settings(""), aws().local.url, ["--help"])).toMatchObject({
      status: 0,
      stdout: expect.stringContaining("Exit codes:"),
    });
  });

  describe("with provider.assumeRoleArn", () => {
    const role = `provider: { assumeRoleArn: "arn:aws:iam::${ACCOUNT}:role/operator" }\n`;

    it("assumes the role", async () => {
      const { stdout } = await preflight(settings("", role), aws().local.url);
      expect(stdout).toContain(`account ${ACCOUNT}, as arn:aws:sts::${ACCOUNT}:assumed-role/operator/dkp-access; accountId`);
    });

    it("fails if the role cannot be assumed", async () => {
      const { stub } = aws();
      stub.say({ AssumeRole: () => queryError(403, "AccessDenied", "not authorized to perform: sts:AssumeRole") });
      const { status, stdout } = await preflight(settings("", role), stub.url);
      expect(stdout).toContain(
        "failed   account                provider.assumeRoleArn cannot be assumed (AccessDenied: not authorized to perform: sts:AssumeRole)",
      );
      expect(status).toBe(2);
    });
  });

  describe("with IAM enforced", () => {
    /** A user with one policy, and its key. */
    const userWith = async (UserName: string, policy: object): Promise<Credentials> => {
      const iam = aws().local.iam();
      await iam.send(new CreateUserCommand({ UserName }));
      await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: "only", PolicyDocument: JSON.stringify(policy) }));
      return keyOf(aws().local, UserName);
    };
    const denied = (action: string) => `${action} is denied to these credentials`;
    const EVERYTHING = () =>
      settings(
        `prefix: taken, layout: Standard, existingVPCID: ${fixtures.free}, tags: { dkp-cluster: taken }, amis: [${AMI}]`,
        "policy: { mode: strict }\n",
      );

    it("works with exactly the permissions that --permissions prints", async () => {
      const { stdout } = await preflight(settings(""), aws().local.url, ["--permissions"]);
      expect(JSON.parse(stdout)).toEqual(adminPolicy());
      const key = await userWith("checker", JSON.parse(stdout) as object);
      const results = await enforced(aws().local, () => resultsOf(EVERYTHING(), aws().local.url, {}, key));
      expect(results.filter(({ found }) => found.includes("denied to these credentials"))).toEqual([]);
      // The emulator has no simulator.
      const unknownChecks = results.filter(({ verdict }) => verdict === "unknown").map(({ check }) => check);
      expect(unknownChecks).toEqual(["permissions"]);
    });

    it("reports unknown results without permissions, and names the missing permissions", async () => {
      const key = await userWith("nobody", {
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Action: "sts:GetCallerIdentity", Resource: "*" }],
      });
      const results = await enforced(aws().local, () => resultsOf(EVERYTHING(), aws().local.url, {}, key));
      expect(results.map(({ verdict, check, found }) => [verdict, check, found])).toEqual([
        ["ok", "account", `account ${ACCOUNT}, as arn:aws:iam::${ACCOUNT}:user/nobody; accountId is not set`],
        ...[
          ["region", denied("ec2:DescribeRegions")],
          ["image", denied("ec2:DescribeImages")],
          ["own names", denied("iam:GetUser")],
          ["role name", denied("iam:GetRole")],
          ["instance profile name", denied("iam:GetInstanceProfile")],
          ["key pair name", denied("ec2:DescribeKeyPairs")],
          ["same prefix", denied("ec2:DescribeInstances")],
          ["marker", denied("ec2:DescribeTags")],
          ["source addresses", denied("ec2:DescribeNatGateways")],
          ["permissions", denied("iam:SimulatePrincipalPolicy")],
        ].map(([check, action]) => ["unknown", check, action]),
        ["skipped", "OpenPGP keys", "no pgpKey is set"],
      ]);
    });
  });
});

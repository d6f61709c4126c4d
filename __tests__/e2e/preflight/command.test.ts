import { adminPolicy } from "../../../src/cli/account/preflight/checks";
import { allowing } from "../support/local-aws";
import { ACCOUNT, AMI, createRole, createVpc, preflight, rulesOf, settings, testAws } from "../support/preflight";
import { queryError, SILENCE } from "../support/stub-aws";

describe("preflight", () => {
  const aws = testAws();
  let vpc: string;

  beforeAll(async () => {
    await createRole(aws().local, "operator");
    vpc = await createVpc(aws().local, "free");
  });

  it("reports unknown results, not passed ones, when AWS does not respond in time", async () => {
    aws().stub.say({ SimulatePrincipalPolicy: () => SILENCE });
    const { status, stdout, stderr } = await preflight(settings(""), aws().stub.url, ["--timeout", "15"]);
    expect(status).toBe(3);
    expect(stdout).toMatch(/^unverifiable: permissions: iam:SimulatePrincipalPolicy: no answer within 15 s$/m);
    expect(stdout).toContain("-> try again with a longer --timeout\n");
    expect(stderr).toMatch(/^waiting for the check permissions \.\.\.$/m);
  });

  it("reports that AWS cannot be reached, and makes no more calls", async () => {
    const { status, stdout } = await preflight(settings(""), "http://127.0.0.1:1");
    expect(status).toBe(3);
    expect(stdout).toContain("sts:GetCallerIdentity: AWS cannot be reached (connect ECONNREFUSED 127.0.0.1:1)");
    expect(stdout).toMatch(/^unverifiable: permissions: it was not run/m);
  });

  it("names the profile of which no credentials are found", async () => {
    const none = { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined };
    const profile = { ...none, AWS_PROFILE: "unknown", AWS_CONFIG_FILE: "/dev/null", AWS_SHARED_CREDENTIALS_FILE: "/dev/null" };
    const { status, stdout } = await preflight(settings(""), aws().local.url, [], profile);
    expect(status).toBe(2);
    expect(stdout).toMatch(/^attention: account: no credentials were found for the profile unknown /m);
  });

  describe("with provider.assumeRoleArn", () => {
    const role = `provider: { assumeRoleArn: "arn:aws:iam::${ACCOUNT}:role/operator" }\n`;

    it("assumes the role", async () => {
      const { stdout } = await preflight(settings("", role), aws().local.url);
      expect(stdout).toContain(
        `the credentials are arn:aws:sts::${ACCOUNT}:assumed-role/operator/dkp-access in the account ${ACCOUNT}; accountId`,
      );
    });

    it("fails if the role cannot be assumed", async () => {
      const { stub } = aws();
      stub.say({ AssumeRole: () => queryError(403, "AccessDenied", "not authorized to perform: sts:AssumeRole") });
      const { status, stdout } = await preflight(settings("", role), stub.url);
      expect(stdout).toMatch(/^attention: account: provider.assumeRoleArn cannot be assumed \(AccessDenied: not authorized to/m);
      expect(status).toBe(2);
    });
  });

  describe("with IAM enforced", () => {
    const EVERYTHING = () =>
      settings(`prefix: taken, layout: Standard, existingVPCID: ${vpc}, amis: [${AMI}]`, "policy: { mode: minimal }\n");

    it("works with exactly the permissions that --permissions prints", async () => {
      const { stdout } = await preflight(settings(""), aws().local.url, ["--permissions"]);
      expect(JSON.parse(stdout)).toEqual(adminPolicy());
      const key = await aws().local.createUser("checker", stdout);
      const rules = await aws().local.enforced(() => rulesOf(EVERYTHING(), aws().local.url, {}, key));
      // The emulator has no simulator.
      const unverifiable = Object.entries(rules).filter(([, own]) => own.some((rule) => rule.startsWith("unverifiable")));
      expect(unverifiable).toEqual([["permissions", ["unverifiable call-failed"]]]);
    });

    it("reports what cannot be verified without permissions, check by check", async () => {
      const key = await aws().local.createUser("nobody", allowing("sts:GetCallerIdentity"));
      const rules = await aws().local.enforced(() => rulesOf(EVERYTHING(), aws().local.url, {}, key));
      const { account, "resource-names": names, "pgp-keys": pgpKeys, ...others } = rules;
      expect({ account, pgpKeys }).toEqual({ account: ["note account-ok"], pgpKeys: [] });
      expect(new Set(names)).toEqual(new Set(["unverifiable object-denied"]));
      expect(new Set(Object.values(others).flat())).toEqual(new Set(["unverifiable call-denied"]));
    });
  });
});

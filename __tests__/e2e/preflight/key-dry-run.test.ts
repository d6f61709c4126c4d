import { AttachUserPolicyCommand, CreatePolicyCommand, CreateUserCommand } from "@aws-sdk/client-iam";
import { DRY_CALLS } from "../../../src/cli/account/preflight/checks/key-dry-run";
import { policyDocument } from "../../../src/iam/policy-document";
import { policyStatements } from "../../../src/iam/policy-statements";
import { deployment } from "../../helpers/deployment";
import { ACCOUNT, ADMIN, AMI, enforced, keyOf, rulesOf, settings, testAws } from "../support/preflight";
import { ec2Error } from "../support/stub-aws";

describe("preflight --as-key", () => {
  const aws = testAws();

  it("checks the key with dry runs, and changes nothing", async () => {
    const { region, policy, cluster } = deployment("");
    const environment = { partition: "aws", region, account: ACCOUNT };
    const document = policyDocument(policyStatements({ mode: policy.mode, supplement: false, cluster, environment }));
    const iam = aws().local.iam();
    const { Policy } = await iam.send(
      new CreatePolicyCommand({ PolicyName: "D8CloudProviderAWS", PolicyDocument: JSON.stringify(document) }),
    );
    await iam.send(new CreateUserCommand({ UserName: "deckhouse" }));
    await iam.send(new AttachUserPolicyCommand({ UserName: "deckhouse", PolicyArn: Policy?.Arn }));
    const key = await keyOf(aws().local, "deckhouse");
    const vpcs = await aws().local.query(ADMIN, "ec2", "DescribeVpcs");
    const image = settings("amis: [ami-03cf127a]");
    const rules = await enforced(aws().local, () => rulesOf(image, aws().local.url, { asKey: true }, key));
    expect(rules).toEqual({
      account: ["note account-not-set", "note key-owner-ok"],
      // The emulator lacks the action.
      key: ["attention key-denied", ...Array<string>(6).fill("note key-allowed")],
    });
    expect(await aws().local.query(ADMIN, "ec2", "DescribeVpcs")).toBe(vpcs);
  });

  it.each([
    ["DryRunOperation", 412, "note key-allowed"],
    ["UnauthorizedOperation", 403, "attention key-denied"],
    ["UnsupportedOperation", 403, "note key-call-absent"],
    ["InvalidParameterValue", 403, "unverifiable key-call-failed"],
  ])("sends each call as a dry run, and reports the response of EC2: %s", async (code, status, rule) => {
    const dryRuns: string[] = [];
    const answer = (parameters: URLSearchParams) => {
      dryRuns.push(`${parameters.get("Action")} ${parameters.get("DryRun")}`);
      return ec2Error(status, code, "You are not authorized to perform this operation.");
    };
    const operations = DRY_CALLS.map(({ operation }) => operation);
    aws().stub.say({
      GetCallerIdentity: () => ({
        status: 200,
        body: `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>arn:aws:iam::${ACCOUNT}:user/deckhouse</Arn><UserId>AIDA</UserId><Account>${ACCOUNT}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`,
      }),
      ...Object.fromEntries(operations.map((operation) => [operation, answer])),
    });
    const { key } = await rulesOf(settings(`amis: [${AMI}]`), aws().stub.url, { asKey: true });
    expect(key).toEqual(operations.map(() => rule));
    expect(dryRuns.sort()).toEqual(operations.map((operation) => `${operation} true`).sort());
  });
});

import { DRY_CALLS } from "../../../src/cli/account/preflight/checks/key-dry-run";
import { policyDocument } from "../../../src/iam/policy-document";
import { policyStatements } from "../../../src/iam/policy-statements";
import { deployment } from "../../helpers/deployment";
import { ACCOUNT, ADMIN, rulesOf, settings, testAws } from "../support/preflight";

describe("preflight --as-key", () => {
  const aws = testAws();

  it("checks the key with dry runs, and changes nothing", async () => {
    const { region, policy, cluster } = deployment("");
    const environment = { partition: "aws", region, account: ACCOUNT };
    const document = policyDocument(policyStatements({ mode: policy.mode, supplement: false, cluster, environment }));
    const iam = aws().local.iam();
    const { Policy } = await iam.createPolicy({ PolicyName: "D8CloudProviderAWS", PolicyDocument: JSON.stringify(document) });
    await iam.createUser({ UserName: "deckhouse" });
    await iam.attachUserPolicy({ UserName: "deckhouse", PolicyArn: Policy?.Arn });
    const key = await aws().local.createKey("deckhouse");
    const vpcs = await (await aws().local.query(ADMIN, "ec2", "DescribeVpcs")).text();
    const image = settings("amis: [ami-03cf127a]");
    await aws().local.calls();
    const rules = await aws().local.enforced(() => rulesOf(image, aws().local.url, { asKey: true }, key));
    expect(rules).toEqual({
      account: ["note account-ok"],
      // The emulator lacks the action.
      key: ["attention permission-denied-by-policy"],
    });
    const calls = (await aws().local.calls()).filter(({ service }) => service === "ec2").map(({ action }) => action);
    expect(calls.sort()).toEqual(DRY_CALLS.map(({ operation }) => operation).sort());
    expect(await (await aws().local.query(ADMIN, "ec2", "DescribeVpcs")).text()).toBe(vpcs);
  });
});

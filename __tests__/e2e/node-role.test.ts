import { LocalAws } from "./support/local-aws";
import { Deployments } from "./support/project";
import type { Terraform } from "./support/terraform";

const NAMES = ["Logs", "Metrics"];
const settings = (policies: readonly string[]) => {
  const arns = policies.map((name) => `'arn:aws:iam::123456789012:policy/${name}'`);
  return `region: eu-central-1\nbackend: { local: {} }\nnodeRole: { name: dkp-nodes, path: /dkp/, managedPolicyArns: [${arns.join(", ")}] }\n`;
};

describe("the node role of a live deployment", () => {
  let aws: LocalAws;
  let deployments: Deployments;
  let terraform: Terraform;

  beforeAll(async () => {
    aws = await LocalAws.start();
    const Statement = [{ Effect: "Allow", Action: "cloudwatch:PutMetricData", Resource: "*" }];
    const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement });
    for (const PolicyName of NAMES) {
      await aws.iam().createPolicy({ PolicyName, PolicyDocument });
    }
    deployments = Deployments.of({ deckhouse: settings(NAMES) });
    terraform = deployments.terraform("deckhouse", aws);
    terraform.init();
    terraform.apply();
  });

  it("keeps the remaining policies when an earlier one is removed, and only detaches that one", async () => {
    deployments.change({ deckhouse: settings(["Metrics"]) });
    await aws.calls();
    terraform.apply();
    expect(await aws.changes()).toEqual(["DetachRolePolicy"]);
    const { AttachedPolicies = [] } = await aws.iam().listAttachedRolePolicies({ RoleName: "dkp-nodes" });
    expect(AttachedPolicies.map(({ PolicyName }) => PolicyName)).toEqual(["Metrics"]);
  });
});

import { type Credentials, LocalAws } from "./support/local-aws";
import { Operator } from "./support/operator";
import { Deployments } from "./support/project";
import { Terraform } from "./support/terraform";

const SETTINGS = "region: eu-central-1\nbackend: { local: {} }\n";

describe("a first deployment that may not read what it created", () => {
  let aws: LocalAws;
  let operator: Operator;
  let terraform: Terraform;

  /** Applies while a read action is denied, which taints the new resource, and allows the action afterwards. */
  const taintBy = async (denied: string, settings: string) => {
    const deployments = Deployments.of({ deckhouse: `${SETTINGS}${settings}\n` });
    terraform = new Terraform(deployments.terraform("deckhouse", aws).folder, aws, "terraform", operator.key);
    terraform.init();
    await operator.deny(denied);
    const { status, output } = await terraform.start("apply", "-auto-approve");
    expect({ status, denied: output.includes(`not authorized to perform: ${denied}`) }).toEqual({ status: 1, denied: true });
    await operator.deny();
  };

  beforeEach(async () => {
    aws = await LocalAws.start();
    operator = await Operator.in(aws);
  });

  it.each([
    ["aws_iam_user.user", "iam:GetUser"],
    ["aws_iam_policy.policy", "iam:GetPolicy"],
    ["aws_iam_user_policy_attachment.policy-attachment", "iam:ListAttachedUserPolicies"],
  ])("has a tainted %s, which fails to apply until it is untainted (recover.md#tainted)", async (address, denied) => {
    await taintBy(denied, "");
    const refused = terraform.attempt("apply", "-auto-approve");
    expect(refused.status).toBe(1);
    expect(refused.output).toContain("Error: Instance cannot be destroyed");
    expect(refused.output.replaceAll(/\s+/g, " ")).toContain(`Resource ${address} has lifecycle.prevent_destroy set`);
    terraform.run("untaint", address);
    terraform.apply();
    expect(await operator.allows(terraform.key())).toBe(true);
  });

  it("has a tainted group, which the next apply replaces, and the key works", async () => {
    await taintBy("iam:GetGroup", "attachment: group");
    expect(terraform.run("apply", "-auto-approve")).toContain("aws_iam_group.group: Destruction complete");
    expect(await operator.allows(terraform.key())).toBe(true);
  });
});

describe("a live deployment with a tainted resource", () => {
  let aws: LocalAws;
  let operator: Operator;
  let deployments: Deployments;
  let terraform: Terraform;
  let key: Credentials;

  beforeAll(async () => {
    aws = await LocalAws.start();
    deployments = Deployments.of({ deckhouse: `${SETTINGS}attachment: group\nprotect: false\n` });
    operator = await Operator.in(aws);
    terraform = new Terraform(deployments.terraform("deckhouse", aws).folder, aws, "terraform", operator.key);
    terraform.init();
    terraform.apply();
    key = terraform.key();
  });

  it.each([
    ["aws_iam_policy.policy", "protect: false", "EntityAlreadyExists"],
    ["aws_iam_group.group", "protect: true", "DeleteConflict"],
    ["aws_iam_user.user", "protect: true", "Instance cannot be destroyed"],
  ])("fails for %s with %s, and untaint recovers without a denied call of the key", async (address, protect, message) => {
    deployments.change({ deckhouse: `${SETTINGS}attachment: group\n${protect}\n` });
    terraform.run("taint", address);
    expect(await operator.monitor(terraform.folder, () => operator.allows(key), "apply", "-auto-approve")).toMatchObject({
      status: 1,
      output: expect.stringContaining(message),
      deniedAfter: [],
    });
    terraform.run("untaint", address);
    expect(terraform.isUpToDate()).toBe(true);
    expect(await operator.allows(key)).toBe(true);
  });
});

import { allowing, type Credentials, LocalAws } from "./support/local-aws";
import { Deployments } from "./support/project";
import { type Finished, Terraform } from "./support/terraform";

const SETTINGS = "region: eu-central-1\nbackend: { local: {} }\n";

function expectGuarded({ status, output }: Finished, address: string) {
  expect(status).toBe(1);
  expect(output).toContain("Error: Instance cannot be destroyed");
  expect(output.replaceAll(/\s+/g, " ")).toContain(
    `Resource ${address} has lifecycle.prevent_destroy set`,
  );
}

describe("guards of a live deployment", () => {
  let aws: LocalAws;
  let deployments: Deployments;
  let terraform: Terraform;

  const settings = (more: string) => deployments.change(`${SETTINGS}${more}\n`);

  beforeAll(async () => {
    aws = await LocalAws.start();
    deployments = Deployments.of(SETTINGS);
    terraform = deployments.terraform(aws);
    terraform.init();
    terraform.apply();
  });

  it.each([
    ["a new user name", "user: { name: deckhouse2 }", [], "aws_iam_access_key.user"],
    ["a new case of the user name", "user: { name: Deckhouse }", [], "aws_iam_access_key.user"],
    ["a new policy name", "policy: { name: Other }", [], "aws_iam_policy.policy"],
    ["a new policy path", "policy: { path: /platform/ }", [], "aws_iam_policy.policy"],
    ["-replace of the key", "", ["-replace=aws_iam_access_key.user"], "aws_iam_access_key.user"],
  ])("rejects %s and names the resource", (_, more, args, address) => {
    settings(more);
    expectGuarded(terraform.attempt("plan", ...args), address);
  });

  it.each([
    [
      "tags",
      "tags: { team: platform }",
      { "aws_iam_policy.policy": "update", "aws_iam_user.user": "update" },
    ],
    ["the user's path", "user: { path: /platform/ }", { "aws_iam_user.user": "update" }],
    [
      "the boundary",
      "user: { permissionsBoundary: 'arn:aws:iam::aws:policy/PowerUserAccess' }",
      { "aws_iam_user.user": "update" },
    ],
    ["the policy's content", "features: [volume-snapshots]", { "aws_iam_policy.policy": "update" }],
    ["the account", "accountId: '123456789012'", {}],
  ])("changes %s in place", (_, more, actions) => {
    settings(more);
    expect(terraform.plannedActions()).toEqual(actions);
  });

  it("changes the region without changes to resources", () => {
    deployments.change(SETTINGS.replace("eu-central-1", "eu-west-1"));
    expect(terraform.plannedActions()).toEqual({});
  });

  it("rejects another account than the one in the settings", () => {
    settings("accountId: '111111111111'");
    expect(terraform.attempt("plan").output).toContain("AWS account ID not allowed: 123456789012");
  });

  it("leaves one key when an unprotected user is renamed", async () => {
    settings("protect: false\nuser: { name: renamed }");
    terraform.apply();
    expect((await aws.keysOf("renamed")).map(({ AccessKeyId }) => AccessKeyId)).toEqual([
      terraform.output("access_key_id"),
    ]);
  });
});

describe("a first deployment that may not read what it created", () => {
  let aws: LocalAws;
  let operator: Credentials;
  let terraform: Terraform;

  const taintBy = async (denied: string, settings: string) => {
    const deployments = Deployments.of(`${SETTINGS}${settings}\n`);
    terraform = new Terraform(deployments.terraform(aws).folder, aws, "terraform", operator);
    terraform.init();
    const denial = { UserName: "operator", PolicyName: "denial" };
    const Statement = { Effect: "Deny", Action: denied, Resource: "*" };
    await aws.iam().putUserPolicy({
      ...denial,
      PolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement }),
    });
    const { status, output } = await terraform.start("apply", "-auto-approve");
    expect({ status, denied: output.includes(`not authorized to perform: ${denied}`) }).toEqual({
      status: 1,
      denied: true,
    });
    await aws.iam().deleteUserPolicy(denial);
  };

  beforeEach(async () => {
    aws = await LocalAws.start();
    operator = await aws.createUser("operator", allowing("*"));
  });

  it.each([
    ["aws_iam_user.user", "iam:GetUser"],
    ["aws_iam_policy.policy", "iam:GetPolicy"],
    ["aws_iam_user_policy_attachment.policy-attachment", "iam:ListAttachedUserPolicies"],
  ])(
    "has a tainted %s, which fails to apply until it is untainted (recover.md#tainted)",
    async (address, denied) => {
      await taintBy(denied, "");
      expectGuarded(terraform.attempt("apply", "-auto-approve"), address);
      terraform.run("untaint", address);
      terraform.apply();
      expect(await aws.accepts(terraform.key())).toBe(true);
    },
  );
});

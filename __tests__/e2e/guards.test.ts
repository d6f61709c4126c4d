import { ENCRYPTION_KEY } from "../helpers/pgp-keys";
import { LocalAws } from "./support/local-aws";
import { Deployments } from "./support/project";
import type { Terraform } from "./support/terraform";

const SETTINGS = "region: eu-central-1\nbackend: { local: {} }\n";

describe("guards of a live deployment", () => {
  let aws: LocalAws;
  let deployments: Deployments;
  let terraform: Terraform;

  const settings = (more: string) => deployments.change({ deckhouse: `${SETTINGS}${more}\n` });

  beforeAll(async () => {
    aws = await LocalAws.start();
    deployments = Deployments.of({ deckhouse: SETTINGS });
    terraform = deployments.terraform("deckhouse", aws);
    terraform.init();
    terraform.apply();
  });

  it.each([
    ["a new user name", "user: { name: deckhouse2 }", [], "aws_iam_access_key.user"],
    ["a new case of the user name", "user: { name: Deckhouse }", [], "aws_iam_access_key.user"],
    ["a new policy name", "policy: { name: Other }", [], "aws_iam_policy.policy"],
    ["a new policy path", "policy: { path: /platform/ }", [], "aws_iam_policy.policy"],
    ["an OpenPGP key for a live key", `accessKeys: { primary: { pgpKey: ${ENCRYPTION_KEY} } }`, [], "aws_iam_access_key.user"],
    ["-replace of the key", "", ["-replace=aws_iam_access_key.user"], "aws_iam_access_key.user"],
  ])("rejects %s and names the resource", (_, more, args, address) => {
    settings(more);
    const { status, output } = terraform.attempt("plan", ...args);
    expect(status).toBe(1);
    expect(output).toContain("Instance cannot be destroyed");
    expect(output.replaceAll(/\s+/g, " ")).toContain(`Resource ${address} has lifecycle.prevent_destroy set`);
  });

  it("ignores a new policy description, which AWS cannot change", () => {
    settings("policy: { description: Something else }");
    expect(terraform.isUpToDate()).toBe(true);
  });

  it.each([
    ["tags", "tags: { team: platform }", { "aws_iam_policy.policy": "update", "aws_iam_user.user": "update" }],
    ["the user's path", "user: { path: /platform/ }", { "aws_iam_user.user": "update" }],
    [
      "the boundary",
      "user: { permissionsBoundary: 'arn:aws:iam::aws:policy/PowerUserAccess' }",
      { "aws_iam_user.user": "update" },
    ],
    ["forceDestroy", "user: { forceDestroy: true }", { "aws_iam_user.user": "update" }],
    ["the policy's content", "policy: { supplement: false }", { "aws_iam_policy.policy": "update" }],
    ["the account", "accountId: '123456789012'", {}],
  ])("changes %s in place", (_, more, actions) => {
    settings(more);
    expect(terraform.plannedActions()).toEqual(actions);
  });

  it("changes the region without changes to resources", () => {
    deployments.change({ deckhouse: SETTINGS.replace("eu-central-1", "eu-west-1") });
    expect(terraform.plannedActions()).toEqual({});
  });

  it("rejects another account than the one in the settings", () => {
    settings("accountId: '111111111111'");
    expect(terraform.attempt("plan").output).toContain("AWS account ID not allowed: 123456789012");
  });

  it("leaves one key when an unprotected user is renamed", async () => {
    settings("protect: false\nuser: { name: renamed }");
    terraform.apply();
    const { AccessKeyMetadata = [] } = await aws.iam().listAccessKeys({ UserName: "renamed" });
    expect(AccessKeyMetadata.map(({ AccessKeyId }) => AccessKeyId)).toEqual([terraform.output("access_key_id")]);
  });
});

import { IamUser } from "@cdktf/provider-aws/lib/iam-user";
import {
  App,
  DataTerraformRemoteStateHttp,
  TerraformHclModule,
  TerraformLocal,
  TerraformOutput,
  TerraformVariable,
  Testing,
} from "cdktf";
import { Construct } from "constructs";
import { DeckhouseAccessStack } from "../src/stack";
import { deployment, SEVERAL_POLICIES } from "./helpers/deployment";

/** The Terraform JSON of a deployment, without CDKTF's comments. */
function synth(settings = "", scope: Construct = Testing.app()): Terraform {
  return JSON.parse(Testing.synth(new DeckhouseAccessStack(scope, deployment(settings)), true)) as Terraform;
}

interface Terraform {
  readonly resource: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>;
  readonly data: Terraform["resource"];
  readonly output: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly import?: readonly Readonly<Record<string, string>>[];
}

/** A reference as it stands in Terraform JSON. */
const reference = (to: string) => `\${${to}}`;

const addresses = (blocks: Terraform["resource"]) =>
  Object.entries(blocks).flatMap(([type, named]) => Object.keys(named).map((name) => `${type}.${name}`));

describe("the contract with other workspaces", () => {
  it("has exactly these addresses and outputs, wherever the stack is in somebody else's tree", () => {
    const { resource, data, output } = synth("", new Construct(Testing.app(), "clusters"));
    expect(addresses(resource).sort()).toEqual([
      "aws_iam_access_key.user",
      "aws_iam_policy.policy",
      "aws_iam_user.user",
      "aws_iam_user_policy_attachment.policy-attachment",
    ]);
    expect(addresses(data)).toEqual(["aws_iam_policy_document.policy"]);
    expect(Object.keys(output).sort()).toEqual([
      "access_key_id",
      "access_key_slot",
      "account_id",
      "policy_arn",
      "policy_name",
      "region",
      "secret_access_key",
      "user_arn",
      "user_name",
    ]);
  });
});

describe("import", () => {
  it.each([
    ["attachment", { to: "aws_iam_user_policy_attachment.policy-attachment", id: "deckhouse/ARN" }],
    ["policy", { to: "aws_iam_policy.policy", id: "ARN" }],
    ["user", { to: "aws_iam_user.user", id: "deckhouse" }],
  ])("imports %s alone, with the account of the credentials in an ARN, and no node role", (what, block) => {
    const { import: blocks, data } = synth(`nodeRole: { name: n }\nimport: { ${what}: true }`);
    const arn = `arn:aws:iam::${reference("data.aws_caller_identity.current.account_id")}:policy/D8CloudProviderAWS`;
    expect(blocks).toEqual([{ ...block, id: block.id.replace("ARN", () => arn) }]);
    expect(data.aws_caller_identity !== undefined).toBe(what !== "user");
  });
});

describe("addresses that would collide", () => {
  const stackWith = (add: (stack: DeckhouseAccessStack) => void) => {
    const stack = new DeckhouseAccessStack(new App({ stackTraces: false, outdir: Testing.app().outdir }), deployment());
    add(stack);
    return stack;
  };

  it.each<[string, (scope: Construct) => void, string]>([
    ["resources", (scope) => new IamUser(scope, "same", { name: "a" }).overrideLogicalId("same"), "aws_iam_user.same"],
    ["outputs", (scope) => new TerraformOutput(scope, "same", { value: "x" }), "output.same"],
    ["local values", (scope) => new TerraformLocal(scope, "same", 1), "locals.same"],
    ["variables", (scope) => new TerraformVariable(scope, "same", {}), "variable.same"],
    ["modules", (scope) => new TerraformHclModule(scope, "same", { source: "example/module/aws" }), "module.same"],
    ["states", (scope) => new DataTerraformRemoteStateHttp(scope, "same", { address: "x" }), "data.terraform_remote_state.same"],
  ])("are refused instead of merged for %s", (_, add, address) => {
    const stack = stackWith((scope) => {
      for (const id of ["one", "two"]) {
        add(new Construct(scope, id));
      }
    });
    expect(() => Testing.synth(stack, true)).toThrow(
      `deckhouse/two/same: has the address ${address} of deckhouse/one/same; give it another ID`,
    );
  });
});

describe("the stack of permissions that exceed one policy", () => {
  it("changes the first policy after the second one is attached to each principal, and before it is detached", () => {
    const { resource } = synth(`region: eu-central-1\nbackend: { local: {} }\n${SEVERAL_POLICIES}attachment: user-and-group`);
    const attachments = ["aws_iam_user_policy_attachment", "aws_iam_group_policy_attachment"];
    expect(resource.aws_iam_policy?.policy).toMatchObject({
      depends_on: attachments.map((type) => `${type}.policy-attachment-2`),
    });
    for (const type of attachments) {
      // Terraform otherwise destroys it before it changes the first policy.
      expect(resource[type]?.["policy-attachment-2"]?.lifecycle).toEqual({ create_before_destroy: true });
    }
  });
});

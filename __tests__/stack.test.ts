import { IamUser } from "@cdktf/provider-aws/lib/iam-user";
import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { SsmParameter } from "@cdktf/provider-aws/lib/ssm-parameter";
import {
  App,
  Aspects,
  DataTerraformRemoteStateHttp,
  Fn,
  TerraformHclModule,
  TerraformLocal,
  TerraformOutput,
  TerraformStack,
  TerraformVariable,
  Testing,
} from "cdktf";
import { Construct } from "constructs";
import {
  AccessKey,
  AccessPolicy,
  AccessUser,
  DeckhouseAccessStack,
  defineDeployments,
  deploymentPolicies,
  NodeRole,
  PolicyAttachment,
  policyStatements,
} from "../src/index";
import { clusterOf, FEATURE_NAMES, optionsWith } from "./helpers/clusters";
import { deployment, SEVERAL_POLICIES } from "./helpers/deployment";

const terraformOf = (stack: TerraformStack) => JSON.parse(Testing.synth(stack, true)) as Terraform;

const synth = (settings = "", scope: Construct = Testing.app()) =>
  terraformOf(new DeckhouseAccessStack(scope, deployment(settings)));

interface Terraform {
  readonly resource: Readonly<
    Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>
  >;
  readonly data: Terraform["resource"];
  readonly output: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly import?: readonly Readonly<Record<string, string>>[];
}

const reference = (to: string) => `\${${to}}`;

const addresses = (blocks: Terraform["resource"]) =>
  Object.entries(blocks)
    .flatMap(([type, named]) => Object.keys(named).map((name) => `${type}.${name}`))
    .sort();

it("the contract with other workspaces has exactly these addresses and outputs, wherever the stack is in somebody else's tree", () => {
  const { resource, data, output } = synth("", new Construct(Testing.app(), "clusters"));
  expect(addresses(resource)).toEqual([
    "aws_iam_access_key.user",
    "aws_iam_policy.policy",
    "aws_iam_user.user",
    "aws_iam_user_policy_attachment.policy-attachment",
  ]);
  expect(addresses(data)).toEqual(["aws_iam_policy_document.policy"]);
  expect(Object.keys(output).sort()).toEqual([
    "access_key_id",
    "account_id",
    "policy_arn",
    "policy_name",
    "region",
    "secret_access_key",
    "user_arn",
    "user_name",
  ]);
});

it.each([
  ["attachment", { to: "aws_iam_user_policy_attachment.policy-attachment", id: "deckhouse/ARN" }],
  ["policy", { to: "aws_iam_policy.policy", id: "ARN" }],
  ["user", { to: "aws_iam_user.user", id: "deckhouse" }],
])(
  "import: { %s: true } imports that alone, with the account of the credentials in an ARN, and no node role",
  (what, block) => {
    const { import: blocks, data } = synth(`nodeRole: { name: n }\nimport: { ${what}: true }`);
    const arn = `arn:aws:iam::${reference("data.aws_caller_identity.current.account_id")}:policy/D8CloudProviderAWS`;
    expect(blocks).toEqual([{ ...block, id: block.id.replace("ARN", () => arn) }]);
    expect(data.aws_caller_identity !== undefined).toBe(what !== "user");
  },
);

describe("addresses that would collide", () => {
  const stackWith = (add: (stack: DeckhouseAccessStack) => void) => {
    const stack = new DeckhouseAccessStack(
      new App({ stackTraces: false, outdir: Testing.app().outdir }),
      deployment(),
    );
    add(stack);
    return stack;
  };

  it.each<[string, (scope: Construct) => void, string]>([
    [
      "resources",
      (scope) => new IamUser(scope, "same", { name: "a" }).overrideLogicalId("same"),
      "aws_iam_user.same",
    ],
    ["outputs", (scope) => new TerraformOutput(scope, "same", { value: "x" }), "output.same"],
    ["local values", (scope) => new TerraformLocal(scope, "same", 1), "locals.same"],
    ["variables", (scope) => new TerraformVariable(scope, "same", {}), "variable.same"],
    [
      "modules",
      (scope) => new TerraformHclModule(scope, "same", { source: "example/module/aws" }),
      "module.same",
    ],
    [
      "states",
      (scope) => new DataTerraformRemoteStateHttp(scope, "same", { address: "x" }),
      "data.terraform_remote_state.same",
    ],
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

it("the stack of two policies changes the first one after the second one is attached, and before it is detached", () => {
  const { resource } = synth(`region: eu-central-1\nbackend: { local: {} }\n${SEVERAL_POLICIES}`);
  expect(resource.aws_iam_policy?.policy).toMatchObject({
    depends_on: ["aws_iam_user_policy_attachment.policy-attachment-2"],
  });
  // Terraform otherwise destroys it before it changes the first policy.
  expect(resource.aws_iam_user_policy_attachment?.["policy-attachment-2"]?.lifecycle).toEqual({
    create_before_destroy: true,
  });
});

it("the constructs in the stack of another program can be created more than once, each with its own addresses", () => {
  const stack = new TerraformStack(Testing.app(), "platform");
  new AwsProvider(stack, "aws", { region: "eu-central-1" });
  for (const name of ["dev", "prod"]) {
    const cluster = new Construct(stack, name);
    const user = new AccessUser(cluster, "user", { name });
    const policy = new AccessPolicy(cluster, "policy", { name, statements: [] });
    new PolicyAttachment(cluster, "attachment", { user, policy });
    new AccessKey(cluster, "key", { user });
    new NodeRole(cluster, "nodes", { name: `${name}-nodes` });
  }
  const { resource, data } = terraformOf(stack);
  expect([addresses(data).length, addresses(resource).length]).toEqual([2, 2 * 6]);
});

describe("the checks of single constructs", () => {
  const roles = { iamNodeRole: "nodes", tags: { team: "platform" } };
  const peeredVPCs = ["vpc-0123456789abcdef0"];
  const cluster = clusterOf({
    ...roles,
    layout: "WithNAT",
    bastion: true,
    peeredVPCs,
    features: FEATURE_NAMES,
  });
  const options = optionsWith("minimal", cluster);
  const build = (create: (scope: Construct) => void) => Testing.synthScope(create);

  it("reject names and paths like the settings", () => {
    expect(() => build((scope) => new AccessUser(scope, "user", { name: "deck house" }))).toThrow(
      'user: name: "deck house" is not an IAM user name, which has 1 to 64 characters of A-Z a-z 0-9 and _ + = , . @ -',
    );
    expect(() =>
      build((scope) => new NodeRole(scope, "role", { name: "nodes", path: "nodes" })),
    ).toThrow('role: path: "nodes" is not an IAM path');
  });

  it("require the prefix of the cluster in the modes that use it", () => {
    const withoutPrefix = { ...options, cluster: { ...options.cluster, prefix: undefined } };
    expect(() => policyStatements(withoutPrefix)).toThrow(
      "policy mode minimal requires cluster.prefix",
    );
  });

  it("reject a policy over IAM's limit, which deploymentPolicies divides", () => {
    const statements = policyStatements(options);
    expect(() =>
      build((scope) => new AccessPolicy(scope, "policy", { name: "dkp", statements })),
    ).toThrow(
      /policy: statements: the policy has 7\d{3} characters, IAM allows 6144; divide it with deploymentPolicies/,
    );
    const unresolved = statements.map((statement) => ({
      ...statement,
      sid: Fn.join("", [statement.sid]),
    }));
    expect(() =>
      build((scope) => new AccessPolicy(scope, "policy", { name: "dkp", statements: unresolved })),
    ).not.toThrow();
    const json = build((scope) => {
      for (const part of deploymentPolicies(options, "dkp")) {
        new AccessPolicy(scope, `policy-${part.number}`, { ...part, account: "123456789012" });
      }
    });
    expect(Object.keys(JSON.parse(json).resource.aws_iam_policy)).toHaveLength(2);
    expect(json).not.toContain(":*:role/nodes");
  });

  it("accept references, whose values only Terraform knows", () => {
    build(
      (scope) =>
        new AccessUser(scope, "user", {
          name: new TerraformVariable(scope, "name", {}).stringValue,
        }),
    );
  });
});

describe("the stack in somebody else's program", () => {
  const backend = { s3: { bucket: "state", region: "eu-central-1" } };

  it("takes aspects, and resources that refer to its user", () => {
    const permissionsBoundary = "arn:aws:iam::123456789012:policy/PlatformBoundary";
    const { dkp } = defineDeployments({ dkp: { region: "eu-central-1", backend } });
    const stack = new DeckhouseAccessStack(Testing.app(), dkp);
    Aspects.of(stack).add({
      visit: (node) => node instanceof IamUser && Object.assign(node, { permissionsBoundary }),
    });
    new SsmParameter(stack, "user-arn", { name: "/dkp", type: "String", value: stack.user.arn });
    const { resource } = terraformOf(stack);
    expect(resource.aws_iam_user?.user).toMatchObject({
      permissions_boundary: permissionsBoundary,
    });
    expect(resource.aws_ssm_parameter?.["user-arn"]).toMatchObject({
      value: expect.stringContaining("{aws_iam_user.user.arn}"),
    });
    expect(stack).toMatchObject({
      key: { accessKeyId: expect.any(String) },
      policies: [expect.anything()],
    });
    expect(stack.nodeRole).toBeUndefined();
  });

  it("takes more of their resources, which may refer to their other stacks", () => {
    const app = new App({ outdir: Testing.app().outdir, stackTraces: false });
    const other = new TerraformStack(app, "other");
    new AwsProvider(other, "aws", { region: "eu-central-1" });
    const theirs = new SsmParameter(other, "theirs", { name: "a", type: "String", value: "b" });
    const { dkp } = defineDeployments({ dkp: { region: "eu-central-1", backend } });
    const stack = new DeckhouseAccessStack(app, dkp);
    new SsmParameter(stack, "added", { name: "c", type: "String", value: theirs.arn });
    app.synth();
    const { resource, data } = terraformOf(stack);
    expect(Object.keys(data.terraform_remote_state ?? {})).toHaveLength(1);
    expect(resource.aws_ssm_parameter?.added?.value).toMatch(/^\$\{data\.terraform_remote_state\./);
  });
});

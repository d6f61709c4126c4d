import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { SsmParameter } from "@cdktf/provider-aws/lib/ssm-parameter";
import { App, TerraformStack, Testing } from "cdktf";
import { Construct } from "constructs";
import {
  AccessGroup,
  AccessKeys,
  AccessPolicy,
  AccessUser,
  DeckhouseAccessStack,
  defineDeployments,
  NodeRole,
  PLAIN_CLUSTER,
  PolicyAttachment,
  policyStatements,
} from "../../src/index";

type Blocks = Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>;

/** The Terraform JSON of a stack, without CDKTF's comments. */
const terraformOf = (stack: TerraformStack) =>
  JSON.parse(Testing.synth(stack, true)) as { readonly resource: Blocks; readonly data: Blocks };

const addresses = (blocks: Blocks) =>
  Object.entries(blocks)
    .flatMap(([type, named]) => Object.keys(named).map((name) => `${type}.${name}`))
    .sort();

/** All constructs of a cluster's access, in a construct of another program. */
class ClusterAccess extends Construct {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    const user = new AccessUser(this, "user", { name: id });
    const policy = new AccessPolicy(this, "policy", {
      name: id,
      statements: policyStatements({
        mode: "scoped",
        supplement: true,
        environment: { partition: "aws", region: "eu-central-1", account: "123456789012" },
        cluster: { ...PLAIN_CLUSTER, prefix: id },
      }),
    });
    new PolicyAttachment(this, "attachment", { user, policy });
    new AccessGroup(this, "group", { name: id, user, policies: [policy] });
    new AccessKeys(this, "keys", { user, secondary: { status: "Inactive" } });
    new NodeRole(this, "nodes", { name: `${id}-nodes` });
  }
}

describe("the constructs in the stack of another program", () => {
  it("can be created more than once, each with its own addresses", () => {
    const stack = new TerraformStack(Testing.app(), "platform");
    new AwsProvider(stack, "aws", { region: "eu-central-1" });
    new ClusterAccess(stack, "dev");
    new ClusterAccess(stack, "prod");
    const { resource, data } = terraformOf(stack);
    expect(addresses(data)).toHaveLength(2);
    expect(addresses(resource)).toHaveLength(2 * 10);
    expect(addresses(resource).filter((address) => address.startsWith("aws_iam_role_policy."))).toEqual([
      expect.stringMatching(/^aws_iam_role_policy\.dev_nodes_inline-policy_node_[0-9A-F]{8}$/),
      expect.stringMatching(/^aws_iam_role_policy\.prod_nodes_inline-policy_node_[0-9A-F]{8}$/),
    ]);
  });

  it("refer to each other by those addresses", () => {
    const stack = new TerraformStack(Testing.app(), "platform");
    new AwsProvider(stack, "aws", { region: "eu-central-1" });
    new ClusterAccess(stack, "dev");
    const { resource, data } = terraformOf(stack);
    const [document] = Object.keys(data.aws_iam_policy_document ?? {});
    const [policy] = Object.values(resource.aws_iam_policy ?? {});
    expect(policy?.policy).toBe(`\${data.aws_iam_policy_document.${document}.json}`);
  });
});

describe("the stack in somebody else's program", () => {
  const backend = { s3: { bucket: "state", region: "eu-central-1" } };

  it("has the documented addresses, wherever it is in their tree", () => {
    const { dkp } = defineDeployments({ dkp: { region: "eu-central-1", backend } });
    const stack = new DeckhouseAccessStack(new Construct(Testing.app(), "clusters"), dkp);
    expect(addresses(terraformOf(stack).resource)).toEqual([
      "aws_iam_access_key.user",
      "aws_iam_policy.policy",
      "aws_iam_user.user",
      "aws_iam_user_policy_attachment.policy-attachment",
    ]);
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

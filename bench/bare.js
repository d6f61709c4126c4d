// The baseline of bench.mjs: the same AWS access as a bare CDKTF program, without this project, with the same resources and outputs;
// bench.mjs compares them. STACKS is the number of stacks that it creates.
const { App, Fn, S3Backend, TerraformOutput, TerraformStack } = require("cdktf");
const {
  DataAwsIamPolicyDocument,
} = require("@cdktf/provider-aws/lib/data-aws-iam-policy-document");
const { IamAccessKey } = require("@cdktf/provider-aws/lib/iam-access-key");
const { IamPolicy } = require("@cdktf/provider-aws/lib/iam-policy");
const { IamUser } = require("@cdktf/provider-aws/lib/iam-user");
const { IamUserPolicyAttachment } = require("@cdktf/provider-aws/lib/iam-user-policy-attachment");
const { AwsProvider } = require("@cdktf/provider-aws/lib/provider");
const documented = [...new Set(require("../__tests__/helpers/documented-actions.json"))];
const SUPPLEMENT = [
  "ec2:DescribeAddressesAttribute",
  "ec2:DescribeNetworkAcls",
  "ec2:ReplaceRoute",
];

const OUTPUTS = {
  access_key_id:
    "Access key id to hand to DKP: provider.providerAccessKeyId of AWSClusterConfiguration",
  account_id: "AWS account of the user",
  policy_arn: "ARN of the managed policy",
  policy_name: "Name of the managed policy attached to the user",
  region: "AWS region that DKP runs in: provider.region of AWSClusterConfiguration",
  secret_access_key:
    "Secret access key to hand to DKP: provider.providerSecretAccessKey of AWSClusterConfiguration",
  user_arn: "ARN of the IAM user",
  user_name: "Name of the IAM user that DKP acts as",
};
const lifecycle = { preventDestroy: true };

const app = new App();
for (let number = 1; number <= Number(process.env.STACKS ?? 1); number++) {
  const id = `deckhouse-${number}`;
  const region = "eu-central-1";
  const stack = new TerraformStack(app, id);
  const backend = { bucket: "example-terraform-state", key: `${id}/terraform.tfstate`, region };
  new S3Backend(stack, { ...backend, encrypt: true, useLockfile: true });
  new AwsProvider(stack, "aws", { region });
  const user = new IamUser(stack, "user", { name: id, path: "/", forceDestroy: false, lifecycle });
  const key = new IamAccessKey(stack, "key", {
    user: user.name,
    lifecycle: { ...lifecycle, ignoreChanges: ["status"] },
  });
  const document = new DataAwsIamPolicyDocument(stack, "document", {
    statement: [
      { sid: "VisualEditor0", effect: "Allow", actions: documented, resources: ["*"] },
      { sid: "DkpAlsoCalls", effect: "Allow", actions: SUPPLEMENT, resources: ["*"] },
    ],
  });
  const policy = new IamPolicy(stack, "policy", {
    name: `D8CloudProviderAWS-${number}`,
    policy: document.json,
    path: "/",
    description: "Deckhouse policy",
    lifecycle: { ...lifecycle, createBeforeDestroy: true, ignoreChanges: ["description"] },
  });
  new IamUserPolicyAttachment(stack, "attachment", {
    user: user.name,
    policyArn: policy.arn,
    lifecycle,
  });
  const values = {
    access_key_id: key.id,
    account_id: Fn.element(Fn.split(":", user.arn), 4),
    policy_arn: policy.arn,
    policy_name: policy.name,
    region,
    secret_access_key: key.secret,
    user_arn: user.arn,
    user_name: user.name,
  };
  for (const [name, description] of Object.entries(OUTPUTS)) {
    const sensitive = name === "secret_access_key" ? true : undefined;
    new TerraformOutput(stack, name, { description, value: values[name], sensitive });
  }
}
app.synth();

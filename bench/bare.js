// The baseline of bench.mjs: the same AWS access as a bare CDKTF program, without this project.
// STACKS is the number of stacks that it creates.
const { App, S3Backend, TerraformStack } = require("cdktf");
const { DataAwsIamPolicyDocument } = require("@cdktf/provider-aws/lib/data-aws-iam-policy-document");
const { IamAccessKey } = require("@cdktf/provider-aws/lib/iam-access-key");
const { IamPolicy } = require("@cdktf/provider-aws/lib/iam-policy");
const { IamUser } = require("@cdktf/provider-aws/lib/iam-user");
const { IamUserPolicyAttachment } = require("@cdktf/provider-aws/lib/iam-user-policy-attachment");
const { AwsProvider } = require("@cdktf/provider-aws/lib/provider");
const documented = [...new Set(require("../__tests__/helpers/documented-actions.json"))];

const app = new App();
for (let number = 1; number <= Number(process.env.STACKS ?? 1); number++) {
  const stack = new TerraformStack(app, `deckhouse-${number}`);
  new S3Backend(stack, { bucket: "example-terraform-state", key: `${number}/terraform.tfstate`, region: "eu-central-1" });
  new AwsProvider(stack, "aws", { region: "eu-central-1" });
  const user = new IamUser(stack, "user", { name: `deckhouse-${number}` });
  new IamAccessKey(stack, "key", { user: user.name });
  const document = new DataAwsIamPolicyDocument(stack, "document", {
    statement: [
      { sid: "VisualEditor0", effect: "Allow", actions: documented, resources: ["*"] },
      { sid: "DkpAlsoCalls", effect: "Allow", actions: ["ec2:DescribeAddressesAttribute"], resources: ["*"] },
    ],
  });
  const policy = new IamPolicy(stack, "policy", { name: `D8CloudProviderAWS-${number}`, policy: document.json });
  new IamUserPolicyAttachment(stack, "attachment", { user: user.name, policyArn: policy.arn });
}
app.synth();

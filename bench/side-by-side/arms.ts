import { PAGE_HCL } from "../../__tests__/e2e/support/documented-commands";
import { PROJECT } from "../../__tests__/helpers/project-root";

/**
 * A way to the same AWS access: what a person writes, the commands before Terraform's, and the
 * folder in which Terraform runs.
 */
export interface Arm {
  readonly name: string;
  readonly key: "hcl" | "guarded" | "cdktf" | "ours";
  readonly files: Readonly<Record<string, string>>;
  readonly synth: readonly (readonly string[])[];
  readonly folder: string;
}

const BACKEND = `
terraform {
  backend "s3" {
    bucket = "acme-terraform-state"
    key    = "deckhouse/terraform.tfstate"
    region = "eu-central-1"
  }
}
`;

const [, POLICY = ""] = /policy = <<EOF\n([\s\S]*?)EOF\n/.exec(PAGE_HCL) ?? [];

/**
 * What DKP calls and its documentation lacks: `documented: false` in src/iam/catalogue.yaml,
 * without a feature.
 */
const ADDITIONAL = [
  "ec2:DescribeAddressesAttribute",
  "ec2:DescribeNetworkAcls",
  "ec2:ReplaceRoute",
];

/** The documented policy with the actions that DKP calls in addition. */
const COMPLETE_POLICY = POLICY.replace(
  '"Action": [',
  `"Action": [${ADDITIONAL.map((action) => `"${action}", `).join("")}`,
);

/** The documented resources as a careful author writes them. */
const GUARDED_HCL = `locals {
  policy = jsonencode(jsondecode(file("policy.json")))
}
provider "aws" {
  region              = "eu-central-1"
  allowed_account_ids = ["123456789012"]
}
resource "aws_iam_user" "user" {
  name = "deckhouse"
  lifecycle {
    prevent_destroy = true
  }
}
resource "aws_iam_access_key" "user" {
  user = aws_iam_user.user.name
  lifecycle {
    prevent_destroy = true
  }
}
resource "aws_iam_policy" "policy" {
  name        = "D8CloudProviderAWS"
  path        = "/"
  description = "Deckhouse policy"
  policy      = local.policy
  lifecycle {
    prevent_destroy = true
    ignore_changes  = [description]
    precondition {
      condition     = length(local.policy) <= 6144
      error_message = "IAM accepts 6,144 characters."
    }
    precondition {
      condition     = !strcontains(local.policy, ":*\\"")
      error_message = "The policy must name each action."
    }
  }
}
resource "aws_iam_user_policy_attachment" "policy-attachment" {
  user       = aws_iam_user.user.name
  policy_arn = aws_iam_policy.policy.arn
  lifecycle {
    prevent_destroy = true
  }
}
`;

const MAIN_TS = `import { readFileSync } from "node:fs";
import { IamAccessKey } from "@cdktf/provider-aws/lib/iam-access-key";
import { IamPolicy } from "@cdktf/provider-aws/lib/iam-policy";
import { IamUser } from "@cdktf/provider-aws/lib/iam-user";
import { IamUserPolicyAttachment } from "@cdktf/provider-aws/lib/iam-user-policy-attachment";
import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { App, S3Backend, TerraformStack } from "cdktf";

const app = new App();
const stack = new TerraformStack(app, "deckhouse");
new S3Backend(stack, { bucket: "acme-terraform-state", key: "deckhouse/terraform.tfstate", region: "eu-central-1" });
new AwsProvider(stack, "aws", { region: "eu-central-1" });
const user = new IamUser(stack, "user", { name: "deckhouse" });
new IamAccessKey(stack, "key", { user: user.name });
const document = readFileSync("policy.json", "utf8");
const policy = new IamPolicy(stack, "policy", { name: "D8CloudProviderAWS", description: "Deckhouse policy", policy: document });
new IamUserPolicyAttachment(stack, "attachment", { user: user.name, policyArn: policy.arn });
app.synth();
`;

const SETTINGS = {
  "deployments/deckhouse.yaml": `region: eu-central-1
accountId: "123456789012"
backend:
  s3:
    bucket: acme-terraform-state
    region: eu-central-1
`,
};

const STACK = "cdktf.out/stacks/deckhouse";
const TSC = ["node", "node_modules/typescript/bin/tsc"];

/** The program as the package has it. */
export const PROGRAM = ["node", `${PROJECT}/dist/program.js`] as const;

const HCL: Arm = {
  name: "HCL",
  key: "hcl",
  files: { "main.tf": `${PAGE_HCL}${BACKEND}` },
  synth: [],
  folder: ".",
};
const CDKTF: Arm = {
  name: "plain CDKTF",
  key: "cdktf",
  files: { "main.ts": MAIN_TS, "policy.json": POLICY },
  synth: [TSC, ["node", "main.js"]],
  folder: STACK,
};
const GUARDED: Arm = {
  name: "HCL with guards",
  key: "guarded",
  files: { "main.tf": `${GUARDED_HCL}${BACKEND}`, "policy.json": COMPLETE_POLICY },
  synth: [],
  folder: ".",
};
export const OURS: Arm = {
  name: "this project",
  key: "ours",
  files: SETTINGS,
  synth: [[...PROGRAM, "synth"]],
  folder: STACK,
};
export const ARMS = [HCL, GUARDED, CDKTF, OURS] as const;

const COMPILER = { module: "nodenext", strict: true, skipLibCheck: true, types: ["node"] };
/** Files that a template writes, and not a person. */
export const GENERATED: Readonly<Record<string, string>> = {
  "cdktf.json": '{ "language": "typescript", "app": "node main.js" }',
  "package.json": "{}",
  "tsconfig.json": JSON.stringify({ compilerOptions: COMPILER, files: ["main.ts"] }),
};

/** The provider of the local mirror, where the bindings require another version. */
export const PROVIDER =
  '{"terraform":{"required_providers":{"aws":{"source":"hashicorp/aws","version":">= 5.100.0, < 7.0.0"}}}}';

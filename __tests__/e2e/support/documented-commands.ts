import pageActions from "../../helpers/documented-actions.json";
import type { Credentials, LocalAws } from "./local-aws";
import { folder } from "./project";
import { mustSucceed, runIn } from "./terraform";

/** The documented commands and the documented HCL create it. */
export const PAGE_POLICY_ARN = "arn:aws:iam::123456789012:policy/D8CloudProviderAWS";

export class PageCommands {
  /** @param actions of the policy */
  constructor(
    private readonly aws: LocalAws,
    private readonly actions: readonly string[] = pageActions,
  ) {}

  private iam(command: string, ...args: readonly string[]) {
    const Action = this.actions;
    const statement = { Sid: "VisualEditor0", Effect: "Allow", Action, Resource: "*" };
    const path = folder({
      "policy.json": JSON.stringify({ Version: "2012-10-17", Statement: [statement] }),
    });
    const environment = {
      PATH: process.env.PATH ?? "",
      HOME: path,
      AWS_DEFAULT_REGION: "eu-central-1",
      ...this.aws.environment(),
    };
    const words = ["--output", "json", "iam", command, ...args];
    return mustSucceed(runIn(path, environment, "aws", ...words));
  }

  createPolicy(): void {
    const document = ["--policy-document", "file://policy.json"];
    this.iam("create-policy", "--policy-name", "D8CloudProviderAWS", ...document);
  }

  createUser(): void {
    this.iam("create-user", "--user-name", "deckhouse");
  }

  attachPolicy(): void {
    const policy = ["--policy-arn", PAGE_POLICY_ARN];
    this.iam("attach-user-policy", "--user-name", "deckhouse", ...policy);
  }

  createKey(): Credentials {
    const { AccessKey } = JSON.parse(this.iam("create-access-key", "--user-name", "deckhouse"));
    return { accessKeyId: AccessKey.AccessKeyId, secretAccessKey: AccessKey.SecretAccessKey };
  }
}

/**
 * The HCL of the DKP authorization page: the policy as a heredoc, with the documented spelling and
 * repetition of actions.
 */
export const PAGE_HCL = `
terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

provider "aws" {
  region = "eu-central-1"
}

resource "aws_iam_user" "user" {
  name = "deckhouse"
}

resource "aws_iam_access_key" "user" {
  user = aws_iam_user.user.name
}

resource "aws_iam_policy" "policy" {
  name        = "D8CloudProviderAWS"
  path        = "/"
  description = "Deckhouse policy"

  policy = <<EOF
{
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "VisualEditor0",
            "Effect": "Allow",
            "Action": ${JSON.stringify(pageActions, undefined, 4)},
            "Resource": "*"
        }
    ]
}
EOF
}

resource "aws_iam_user_policy_attachment" "policy-attachment" {
  user       = aws_iam_user.user.name
  policy_arn = aws_iam_policy.policy.arn
}
`;

import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { TerraformStack } from "cdktf";
import { Construct } from "constructs";

export interface AwsAccountProps {
  readonly region: string;
  /** Version range of `hashicorp/aws`. */
  readonly version: string;
  /** Terraform refuses to run in any other account. @default any account */
  readonly accountId?: string | undefined;
  readonly profile?: string | undefined;
  readonly assumeRoleArn?: string | undefined;
  /** Tags of everything that takes them. @default none */
  readonly tags?: Readonly<Record<string, string>> | undefined;
}

/** The AWS provider: which account and region, with whose credentials. */
export class AwsAccount extends Construct {
  constructor(scope: Construct, id: string, props: AwsAccountProps) {
    super(scope, id);
    new AwsProvider(this, "aws", {
      region: props.region,
      profile: props.profile,
      ...(props.accountId === undefined ? {} : { allowedAccountIds: [props.accountId] }),
      ...(props.assumeRoleArn === undefined ? {} : { assumeRole: [{ roleArn: props.assumeRoleArn }] }),
      ...(props.tags === undefined ? {} : { defaultTags: [{ tags: { ...props.tags } }] }),
    });
    // The bindings pin the one version they were generated from, and shorten the source.
    TerraformStack.of(this).addOverride("terraform.required_providers.aws", { source: "hashicorp/aws", version: props.version });
  }
}

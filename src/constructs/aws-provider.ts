import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { TerraformStack } from "cdktf";
import { Construct } from "constructs";

export interface ProviderProps {
  /** The AWS Region of the deployment. */
  readonly region: string;
  /** Version range of `hashicorp/aws`. */
  readonly version: string;
  /** The only account in which Terraform runs. @default any account */
  readonly accountId?: string | undefined;
  /** The profile of the AWS configuration files. @default the credentials of the environment */
  readonly profile?: string | undefined;
  /** The ARN of the role that Terraform assumes. @default none */
  readonly assumeRoleArn?: string | undefined;
  /** Tags for all taggable resources. @default none */
  readonly tags?: Readonly<Record<string, string>> | undefined;
}

/** The AWS provider: account, Region, credentials and default tags. */
export class DeploymentProvider extends Construct {
  constructor(scope: Construct, id: string, props: ProviderProps) {
    super(scope, id);
    new AwsProvider(this, "aws", {
      region: props.region,
      profile: props.profile,
      ...(props.accountId === undefined ? {} : { allowedAccountIds: [props.accountId] }),
      ...(props.assumeRoleArn === undefined ? {} : { assumeRole: [{ roleArn: props.assumeRoleArn }] }),
      ...(props.tags === undefined ? {} : { defaultTags: [{ tags: { ...props.tags } }] }),
    });
    // The bindings pin the version that they were generated from, and shorten the source.
    TerraformStack.of(this).addOverride("terraform.required_providers.aws", { source: "hashicorp/aws", version: props.version });
  }
}

import { DataAwsCallerIdentity } from "@cdktf/provider-aws/lib/data-aws-caller-identity";
import { TerraformStack } from "cdktf";
import { Construct } from "constructs";
import { policyArn } from "../iam/arns";

export interface AdoptionProps {
  /** Which objects exist already and are taken over. */
  readonly user: boolean;
  readonly policy: boolean;
  /** That of the policy to the user. */
  readonly attachment: boolean;
  /** Id of the key that becomes the primary one. Its secret stays where its owner keeps it. @default none */
  readonly accessKeyId?: string | undefined;
  readonly userName: string;
  readonly policyName: string;
  readonly policyPath: string;
  readonly partition: string;
  /** Account of the objects. @default that of the credentials, asked at plan */
  readonly accountId?: string | undefined;
}

/**
 * Takes over objects made by hand: `import` blocks, by the names in the settings. Terraform makes it an error if one does not exist.
 * CDKTF has no class for the block with an id that is known at plan only.
 */
export class Adoption extends Construct {
  constructor(scope: Construct, id: string, props: AdoptionProps) {
    super(scope, id);
    const arn = props.policy || props.attachment ? this.policyArn(props) : "";
    const blocks = [
      { wanted: props.user, to: "aws_iam_user.user", id: props.userName },
      { wanted: props.accessKeyId !== undefined, to: "aws_iam_access_key.user", id: props.accessKeyId },
      { wanted: props.policy, to: "aws_iam_policy.policy", id: arn },
      { wanted: props.attachment, to: "aws_iam_user_policy_attachment.policy-attachment", id: `${props.userName}/${arn}` },
    ];
    const imports = blocks.filter(({ wanted }) => wanted).map(({ to, id }) => ({ to, id }));
    if (imports.length > 0) {
      TerraformStack.of(this).addOverride("import", imports);
    }
  }

  private policyArn({ partition, accountId, policyPath, policyName }: AdoptionProps): string {
    const account = accountId ?? new DataAwsCallerIdentity(this, "current", {}).accountId;
    return policyArn({ partition, account, path: policyPath, name: policyName });
  }
}

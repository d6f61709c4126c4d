import { TerraformStack } from "cdktf";
import { Construct } from "constructs";

export interface AdoptionProps {
  /** Which objects exist already and are taken over. */
  readonly user: boolean;
  readonly policy: boolean;
  /** That of the policy to the user. */
  readonly attachment: boolean;
  readonly group: boolean;
  readonly nodeRole: boolean;
  /** Id of the key that becomes the primary one. Its secret stays where its owner keeps it. @default none */
  readonly accessKeyId?: string | undefined;
  readonly userName: string;
  /** ARN of the policy, which may be a Terraform expression. Used for policy and attachment alone. */
  readonly policyArn: string;
  readonly groupName: string;
  /** Used for the node role alone. */
  readonly nodeRoleName?: string | undefined;
}

/**
 * Imports objects created outside Terraform: `import` blocks, by the names in the settings. Terraform makes it an error if one does not exist.
 * What hangs on a group or a node role needs no import: creating an attachment, a membership or an inline policy that exists already succeeds.
 * CDKTF has no class for the block with an id that is known at plan only.
 */
export class Adoption extends Construct {
  constructor(scope: Construct, id: string, props: AdoptionProps) {
    super(scope, id);
    const blocks = [
      { wanted: props.user, to: "aws_iam_user.user", id: props.userName },
      { wanted: props.accessKeyId !== undefined, to: "aws_iam_access_key.user", id: props.accessKeyId },
      { wanted: props.policy, to: "aws_iam_policy.policy", id: props.policyArn },
      {
        wanted: props.attachment,
        to: "aws_iam_user_policy_attachment.policy-attachment",
        id: `${props.userName}/${props.policyArn}`,
      },
      { wanted: props.group, to: "aws_iam_group.group", id: props.groupName },
      { wanted: props.nodeRole, to: "aws_iam_role.node", id: props.nodeRoleName },
    ];
    const imports = blocks.filter(({ wanted }) => wanted).map(({ to, id }) => ({ to, id }));
    if (imports.length > 0) {
      TerraformStack.of(this).addOverride("import", imports);
    }
  }
}

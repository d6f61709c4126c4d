import { IamUserPolicyAttachment } from "@cdktf/provider-aws/lib/iam-user-policy-attachment";
import { Construct } from "constructs";

export interface PolicyAttachmentProps {
  /** Name of the user, as a reference to the user's resource. */
  readonly user: string;
  /** ARN of the policy, as a reference to the policy's resource. */
  readonly policyArn: string;
}

/** Gives the policy to the user. Made before the old one goes, so that a new policy leaves no moment without permissions. */
export class PolicyAttachment extends Construct {
  constructor(scope: Construct, id: string, props: PolicyAttachmentProps) {
    super(scope, id);
    new IamUserPolicyAttachment(this, "policy-attachment", {
      user: props.user,
      policyArn: props.policyArn,
      lifecycle: { createBeforeDestroy: true },
    });
  }
}

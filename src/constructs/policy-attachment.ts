import { IamUserPolicyAttachment } from "@cdktf/provider-aws/lib/iam-user-policy-attachment";
import type { TerraformResourceLifecycle } from "cdktf";
import { Construct } from "constructs";

export interface PolicyAttachmentProps {
  /** Name of the user, as a reference to the user's resource. */
  readonly user: string;
  /** ARN of the policy, as a reference to the policy's resource. */
  readonly policyArn: string;
  /** Whether the policy has `prevent_destroy`, so that no plan replaces it. See `attachmentLifecycle`. @default true */
  readonly protect?: boolean | undefined;
}

/** Attaches the policy to the user. */
export class PolicyAttachment extends Construct {
  constructor(scope: Construct, id: string, props: PolicyAttachmentProps) {
    super(scope, id);
    new IamUserPolicyAttachment(this, "policy-attachment", {
      user: props.user,
      policyArn: props.policyArn,
      ...attachmentLifecycle(props.protect),
    });
  }
}

/**
 * The order in which Terraform replaces an attachment of the policy. No order is right for every replacement:
 *
 * - The policy stays, and only the attachment is replaced (taint, `-replace`). IAM attaches a policy to a principal once: creating first
 *   attaches nothing, and the deletion that follows leaves the principal without the policy. Deletion must come first.
 * - The policy is replaced too. Deleting first takes the old policy away while the new one is still being created, for good if that fails.
 *   Creation must come first.
 *
 * A protected policy is never replaced, so deletion comes first there, which is Terraform's default. `create_before_destroy` is only for the others:
 * it also spreads to the user and the group that the attachment depends on, and a tainted one of these could then never be re-created under its name.
 * Source: Terraform, `docs/destroying.md` ("Create Before Destroy"); calls measured by `__tests__/e2e/recovery.test.ts`.
 */
export function attachmentLifecycle(protect = true): { readonly lifecycle?: TerraformResourceLifecycle } {
  return protect ? {} : { lifecycle: { createBeforeDestroy: true } };
}

import { IamUserPolicyAttachment } from "@cdktf/provider-aws/lib/iam-user-policy-attachment";
import type { TerraformResource, TerraformResourceLifecycle } from "cdktf";
import { Construct } from "constructs";
import { nameIn, policyAddress } from "../terraform/addresses";
import { type AccessPolicy, dependOn } from "./access-policy";
import type { AccessUser } from "./access-user";

export interface PolicyAttachmentProps {
  /** The user that gets the policy. */
  readonly user: AccessUser;
  /** The policy to attach. */
  readonly policy: AccessPolicy;
  /** Makes every plan that replaces the attachment fail. See `attachmentLifecycle`. @default true */
  readonly protect?: boolean | undefined;
}

/** Attaches a policy to the user. */
export class PolicyAttachment extends Construct {
  readonly resource: IamUserPolicyAttachment;

  constructor(scope: Construct, id: string, { user, policy, protect }: PolicyAttachmentProps) {
    super(scope, id);
    this.resource = new IamUserPolicyAttachment(this, nameIn(policyAddress("userAttachment", policy.number)), {
      user: user.name,
      policyArn: policy.arn,
      ...attachmentLifecycle(policy.number, protect),
    });
  }
}

/**
 * The order in which Terraform replaces an attachment of the policy. No order is right for every replacement:
 *
 * - Only the attachment is replaced (taint, `-replace`). IAM attaches a policy to a principal only once, so that creation first attaches
 *   nothing, and the deletion that follows detaches the policy. Deletion must come first, Terraform's default.
 * - The policy is replaced too. Deletion first detaches the old policy, permanently if the creation fails. Creation must come first.
 *
 * A protected policy is never replaced as long as the state has it. A state that lost it would detach it first, and then fail to create it:
 * `prevent_destroy` rejects that plan, but not the removal of the whole block, so that `attachment` can change. Only the other policies get
 * `create_before_destroy`: it also spreads to the user and the group, and a tainted one of these could never be re-created under its name.
 *
 * Additional policies are replaced whenever their content changes. A replacement of their attachment alone ends detached, until the next
 * apply. Source: Terraform, `docs/destroying.md`; measured in `__tests__/e2e/attachments.test.ts`.
 */
export function attachmentLifecycle(number: number, protect = true): { readonly lifecycle: TerraformResourceLifecycle } {
  if (number > 1) {
    return { lifecycle: { createBeforeDestroy: true } };
  }
  return { lifecycle: protect ? { preventDestroy: true } : { createBeforeDestroy: true } };
}

/**
 * Makes Terraform change the first policy only after the additional ones are attached, and attach these from the last to the second one.
 * What a change moves between policies is then always allowed: a new additional policy is attached before the first one changes, and the
 * former one is detached last. The order among the additional ones is for changes that leave the first policy as it is.
 * Source: Terraform, `internal/terraform/transform_destroy_edge.go`, `transform_destroy_cbd.go`. Measured in
 * `__tests__/e2e/policy-changes.test.ts`.
 * @param attachments of the policies to one principal, in the same order
 */
export function attachInOrder([first]: readonly AccessPolicy[], attachments: readonly TerraformResource[]): void {
  for (const [index, attachment] of attachments.entries()) {
    const former = attachments[index - 1];
    if (index > 0) {
      first?.changeAfter(attachment);
    }
    if (index > 1 && former !== undefined) {
      dependOn(former, attachment);
    }
  }
}

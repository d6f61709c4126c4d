import { IamUserPolicyAttachment } from "@cdktf/provider-aws/lib/iam-user-policy-attachment";
import type { TerraformResource, TerraformResourceLifecycle } from "cdktf";
import { Construct } from "constructs";
import { nameIn, policyAddress } from "../terraform/addresses";
import type { AccessPolicy } from "./access-policy";
import type { AccessUser } from "./access-user";

export interface PolicyAttachmentProps {
  /** The user that gets the policy. */
  readonly user: AccessUser;
  /** The policy to attach. */
  readonly policy: AccessPolicy;
  /**
   * Makes every plan that replaces the attachment fail. See `attachmentLifecycle`.
   * @default true
   */
  readonly protect?: boolean | undefined;
}

/** Attaches a policy to the user. */
export class PolicyAttachment extends Construct {
  readonly resource: IamUserPolicyAttachment;

  constructor(scope: Construct, id: string, { user, policy, protect }: PolicyAttachmentProps) {
    super(scope, id);
    this.resource = new IamUserPolicyAttachment(
      this,
      nameIn(policyAddress("userAttachment", policy.number)),
      {
        user: user.name,
        policyArn: policy.arn,
        lifecycle: attachmentLifecycle(policy.number, protect),
      },
    );
  }
}

/**
 * The order in which Terraform replaces an attachment of the policy. No order is right for every
 * replacement:
 *
 * - Only the attachment is replaced (taint, `-replace`). IAM attaches a policy to a principal only
 *   once, so that creation first attaches nothing, and the deletion that follows detaches the
 *   policy. Deletion must come first, Terraform's default.
 * - The policy is replaced too. Deletion first detaches the old policy, permanently if the creation
 *   fails. Creation must come first.
 *
 * A protected policy is never replaced as long as the state has it. A state that lost it would
 * detach it first, and then fail to create it: `prevent_destroy` rejects that plan. Only the other
 * policies get `create_before_destroy`: it also spreads to the user, and a tainted one could never
 * be re-created under its name.
 *
 * The attachment of a second policy has `create_before_destroy` for `attachInOrder`. A replacement
 * of it alone ends detached, until the next apply. Source: Terraform, `docs/destroying.md`;
 * measured in `__tests__/e2e/attachments.test.ts`.
 */
function attachmentLifecycle(number: number, protect = true): TerraformResourceLifecycle {
  return number === 1 && protect ? { preventDestroy: true } : { createBeforeDestroy: true };
}

/**
 * Makes Terraform change the first policy after the second one is created and attached, and before
 * it is detached. What a change moves between them is then always allowed, also if the apply ends
 * after any of its calls: the first policy loses last, and gets first. The latter requires that the
 * attachment has `create_before_destroy`, because Terraform otherwise destroys what a resource
 * depended on before it changes that resource. A change of the first policy that fails removes the
 * dependency from the state: the next apply has no order, so that docs/how-to/recover.md begins
 * with the policy alone. Source: Terraform, `internal/terraform/transform_destroy_edge.go`,
 * `transform_destroy_cbd.go`. Measured in `__tests__/e2e/policy-changes.test.ts`.
 * @param attachments of the policies to the user, in the same order
 */
export function attachInOrder(
  [first]: readonly AccessPolicy[],
  [, second]: readonly TerraformResource[],
): void {
  if (second !== undefined) {
    first?.changeAfter(second);
  }
}

import { IamGroup } from "@cdktf/provider-aws/lib/iam-group";
import { IamGroupPolicyAttachment } from "@cdktf/provider-aws/lib/iam-group-policy-attachment";
import { IamUserGroupMembership } from "@cdktf/provider-aws/lib/iam-user-group-membership";
import { Construct } from "constructs";
import { attachmentLifecycle } from "./policy-attachment";

export interface AccessGroupProps {
  /** Group name, 1-128 of `[A-Za-z0-9_+=,.@-]`. */
  readonly name: string;
  /** IAM path, part of the ARN but not of the name. */
  readonly path: string;
  /** Name of the user, as a reference to the user's resource. */
  readonly user: string;
  /** ARN of the policy, as a reference to the policy's resource. */
  readonly policyArn: string;
  /** Whether the policy has `prevent_destroy`, so that no plan replaces it. See `attachmentLifecycle`. @default true */
  readonly protect?: boolean | undefined;
}

/**
 * A group that has the policy, with the user in it: what scanners and AWS's own advice want instead of a policy on a user.
 * The membership says nothing about the user's other groups. AWS has no tags for groups.
 */
export class AccessGroup extends Construct {
  readonly name: string;

  constructor(scope: Construct, id: string, props: AccessGroupProps) {
    super(scope, id);
    const group = new IamGroup(this, "group", { name: props.name, path: props.path });
    new IamUserGroupMembership(this, "group-membership", { user: props.user, groups: [group.name] });
    new IamGroupPolicyAttachment(this, "policy-attachment", {
      group: group.name,
      policyArn: props.policyArn,
      ...attachmentLifecycle(props.protect),
    });
    this.name = group.name;
  }
}

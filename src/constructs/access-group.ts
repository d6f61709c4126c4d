import { IamGroup } from "@cdktf/provider-aws/lib/iam-group";
import { IamGroupPolicyAttachment } from "@cdktf/provider-aws/lib/iam-group-policy-attachment";
import { IamUserGroupMembership } from "@cdktf/provider-aws/lib/iam-user-group-membership";
import { Construct } from "constructs";
import { GROUP_NAME, PATH } from "../iam/limits";
import { ADDRESSES, nameIn, policyAddress } from "../terraform/addresses";
import type { AccessPolicy } from "./access-policy";
import type { AccessUser } from "./access-user";
import { check } from "./check";
import { attachInOrder, attachmentLifecycle } from "./policy-attachment";

export interface AccessGroupProps {
  /** The group name, 1 to 128 characters of `[A-Za-z0-9_+=,.@-]`. */
  readonly name: string;
  /** The IAM path, which is part of the ARN but not of the name. @default "/" */
  readonly path?: string | undefined;
  /** The member of the group. */
  readonly user: AccessUser;
  /** The policies to attach to the group. */
  readonly policies: readonly AccessPolicy[];
  /** Makes every plan that replaces an attachment fail. See `attachmentLifecycle`. @default true */
  readonly protect?: boolean | undefined;
}

/**
 * A group that has the policies attached and the user as a member, as scanners and AWS recommend instead of a policy attached to
 * a user. The membership does not affect other groups of the user. AWS has no tags for groups.
 */
export class AccessGroup extends Construct {
  /** The name, as a reference to the resource. */
  readonly name: string;

  constructor(scope: Construct, id: string, { name, path = "/", user, policies, protect }: AccessGroupProps) {
    super(scope, id);
    check(this, "name", name, GROUP_NAME);
    check(this, "path", path, PATH);
    const group = new IamGroup(this, nameIn(ADDRESSES.group), { name, path });
    new IamUserGroupMembership(this, nameIn(ADDRESSES.membership), { user: user.name, groups: [group.name] });
    const attachments = policies.map(
      ({ arn, number }) =>
        new IamGroupPolicyAttachment(this, nameIn(policyAddress("groupAttachment", number)), {
          group: group.name,
          policyArn: arn,
          ...attachmentLifecycle(number, protect),
        }),
    );
    attachInOrder(policies, attachments);
    this.name = group.name;
  }
}

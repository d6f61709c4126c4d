import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import { IamRolePolicyAttachment } from "@cdktf/provider-aws/lib/iam-role-policy-attachment";
import { Construct } from "constructs";
import { PATH, ROLE_NAME } from "../iam/limits";
import { NODE_TRUST, nodePolicy } from "../iam/node-role-permissions";
import { ADDRESSES, nameIn, nodeAttachmentAddress } from "../terraform/addresses";
import { check } from "./check";

export interface NodeRoleProps {
  /**
   * The role name, 1 to 64 characters of `[A-Za-z0-9_+=,.@-]`: the value of DKP's `iamNodeRole`. It
   * must not be `<prefix>-node`, which DKP creates itself.
   */
  readonly name: string;
  /**
   * The IAM path, which is part of the ARN but not of the name.
   * @default "/"
   */
  readonly path?: string | undefined;
  /**
   * Actions of the nodes in addition to those that DKP requires, on every resource.
   * @default none
   */
  readonly additionalActions?: readonly string[] | undefined;
  /**
   * ARNs of policies to attach. Their names are part of the addresses, so they must differ.
   * @default none
   */
  readonly managedPolicyArns?: readonly string[] | undefined;
  /**
   * The ARN of the policy that limits the permissions of the role.
   * @default no boundary
   */
  readonly permissionsBoundary?: string | undefined;
}

/**
 * The EC2 role of the cluster's nodes, with the permissions of DKP's default role `<prefix>-node`.
 * DKP creates the instance profile itself. A change of name or path replaces the role: change
 * `iamNodeRole` first.
 */
export class NodeRole extends Construct {
  /** The name for `AWSClusterConfiguration.iamNodeRole`, as a reference to the resource. */
  readonly name: string;
  /** The ARN, as a reference to the resource. */
  readonly arn: string;

  constructor(scope: Construct, id: string, props: NodeRoleProps) {
    super(scope, id);
    const {
      name,
      path = "/",
      additionalActions = [],
      managedPolicyArns = [],
      permissionsBoundary,
    } = props;
    check(this, "name", name, ROLE_NAME);
    check(this, "path", path, PATH);
    const role = new IamRole(this, nameIn(ADDRESSES.nodeRole), {
      name,
      path,
      permissionsBoundary,
      assumeRolePolicy: JSON.stringify(NODE_TRUST),
    });
    // In a construct of its own, because the name of the role and of its inline policy is the same.
    new IamRolePolicy(new Construct(this, "inline-policy"), nameIn(ADDRESSES.nodePolicy), {
      name,
      role: role.name,
      policy: JSON.stringify(nodePolicy(additionalActions)),
    });
    for (const policyArn of managedPolicyArns) {
      new IamRolePolicyAttachment(this, nameIn(nodeAttachmentAddress(policyArn)), {
        role: role.name,
        policyArn,
      });
    }
    this.name = role.name;
    this.arn = role.arn;
  }
}

import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import { IamRolePolicyAttachment } from "@cdktf/provider-aws/lib/iam-role-policy-attachment";
import { Construct } from "constructs";
import { NODE_TRUST, nodePolicy } from "../iam/node-role-permissions";

export interface NodeRoleProps {
  /** Role name, 1-64 of `[A-Za-z0-9_+=,.@-]`; what DKP's `iamNodeRole` takes. Never `<prefix>-node`: DKP creates that one itself. */
  readonly name: string;
  /** Path of the role, part of its ARN but not of its name. */
  readonly path: string;
  /** What the nodes may do besides what DKP needs, on every resource. */
  readonly additionalActions: readonly string[];
  /** Policies to attach. Their places in the list are in the addresses. */
  readonly managedPolicyArns: readonly string[];
  /** ARN of the policy that limits what the role can ever do. @default none */
  readonly permissionsBoundary?: string | undefined;
}

/** The EC2 role of the cluster's nodes, with the permissions of the default `<prefix>-node` role. DKP makes the instance profile itself. */
export class NodeRole extends Construct {
  /** Name to put into `AWSClusterConfiguration.iamNodeRole`. */
  readonly name: string;
  /** ARN that the deployment's user must be allowed to pass. */
  readonly arn: string;

  constructor(scope: Construct, id: string, props: NodeRoleProps) {
    super(scope, id);
    const role = new IamRole(this, "node", {
      name: props.name,
      path: props.path,
      permissionsBoundary: props.permissionsBoundary,
      assumeRolePolicy: JSON.stringify(NODE_TRUST),
    });
    // Below a construct of its own, so that both can be called "node": the last part of an address is the id.
    new IamRolePolicy(new Construct(this, "inline-policy"), "node", {
      name: props.name,
      role: role.name,
      policy: JSON.stringify(nodePolicy(props.additionalActions)),
    });
    for (const [index, policyArn] of props.managedPolicyArns.entries()) {
      new IamRolePolicyAttachment(this, `node-${index + 1}`, { role: role.name, policyArn });
    }
    this.name = role.name;
    this.arn = role.arn;
  }
}

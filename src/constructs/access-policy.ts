import { DataAwsIamPolicyDocument } from "@cdktf/provider-aws/lib/data-aws-iam-policy-document";
import { IamPolicy } from "@cdktf/provider-aws/lib/iam-policy";
import { Construct } from "constructs";
import type { PolicyStatement } from "../iam/policy-statements";

export interface AccessPolicyProps {
  /** Policy name, 1-128 of `[A-Za-z0-9_+=,.@-]`. */
  readonly name: string;
  readonly path: string;
  /** At most 1,000 characters. AWS can't change it later, so a change is ignored. */
  readonly description: string;
  readonly statements: readonly PolicyStatement[];
  /** Makes any plan that deletes the policy fail. */
  readonly protect: boolean;
}

/**
 * The managed policy with DKP's permissions, rendered through a policy document:
 * one action per line for reviewers, and the only form that scanners read in Terraform JSON.
 */
export class AccessPolicy extends Construct {
  readonly name: string;
  readonly arn: string;

  constructor(scope: Construct, id: string, props: AccessPolicyProps) {
    super(scope, id);
    // Below a construct of its own, so that both can be called "policy": the last part of an address is the id.
    const document = new DataAwsIamPolicyDocument(new Construct(this, "document"), "policy", {
      statement: props.statements.map(({ sid, actions, resources, conditions }) => ({
        sid,
        effect: "Allow",
        actions: [...actions],
        resources: [...resources],
        ...(conditions.length === 0
          ? {}
          : { condition: conditions.map(({ test, variable, values }) => ({ test, variable, values: [...values] })) }),
      })),
    });
    const policy = new IamPolicy(this, "policy", {
      name: props.name,
      path: props.path,
      description: props.description,
      policy: document.json,
      lifecycle: { createBeforeDestroy: true, preventDestroy: props.protect, ignoreChanges: ["description"] },
    });
    this.name = policy.name;
    this.arn = policy.arn;
  }
}

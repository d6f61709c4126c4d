import { DataAwsIamPolicyDocument } from "@cdktf/provider-aws/lib/data-aws-iam-policy-document";
import { IamPolicy } from "@cdktf/provider-aws/lib/iam-policy";
import { Construct } from "constructs";
import type { PolicyStatement } from "../iam/policy-statements";
import { ADDRESSES, nameIn } from "../terraform/addresses";

export interface AccessPolicyProps {
  /** The policy name, 1 to 128 characters of `[A-Za-z0-9_+=,.@-]`. */
  readonly name: string;
  /** The IAM path, which is part of the ARN but not of the name. @default "/" */
  readonly path?: string | undefined;
  /** At most 1,000 characters. AWS cannot change it later, so Terraform ignores a change. @default no description */
  readonly description?: string | undefined;
  /** The permissions. */
  readonly statements: readonly PolicyStatement[];
  /** Makes every plan that deletes the policy fail. @default true */
  readonly protect?: boolean | undefined;
}

/**
 * The managed policy with the permissions of DKP. It is rendered through a policy document: one action per line for reviewers,
 * and the only form that checkov reads in Terraform JSON. A change of name or path replaces the policy.
 */
export class AccessPolicy extends Construct {
  /** The name, as a reference to the resource. */
  readonly name: string;
  /** The ARN, as a reference to the resource. */
  readonly arn: string;

  constructor(scope: Construct, id: string, props: AccessPolicyProps) {
    super(scope, id);
    const { name, path = "/", description, statements, protect = true } = props;
    // In a construct of its own, because the name of the data source and of the policy is the same.
    const document = new DataAwsIamPolicyDocument(new Construct(this, "document"), nameIn(ADDRESSES.policyDocument), {
      statement: statements.map(({ sid, actions, resources, conditions }) => ({
        sid,
        effect: "Allow",
        actions: [...actions],
        resources: [...resources],
        ...(conditions.length === 0
          ? {}
          : { condition: conditions.map(({ test, variable, values }) => ({ test, variable, values: [...values] })) }),
      })),
    });
    const policy = new IamPolicy(this, nameIn(ADDRESSES.policy), {
      name,
      path,
      description,
      policy: document.json,
      lifecycle: { createBeforeDestroy: true, preventDestroy: protect, ignoreChanges: ["description"] },
    });
    this.name = policy.name;
    this.arn = policy.arn;
  }
}

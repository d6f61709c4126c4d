import { DataAwsIamPolicyDocument } from "@cdktf/provider-aws/lib/data-aws-iam-policy-document";
import { IamPolicy } from "@cdktf/provider-aws/lib/iam-policy";
import { dependable, type TerraformResource } from "cdktf";
import { Construct } from "constructs";
import type { PolicyStatement } from "../iam/policy-statements";
import { nameIn, policyAddress } from "../terraform/addresses";

export interface AccessPolicyProps {
  /** The name, 1 to 128 characters of `[A-Za-z0-9_+=,.@-]`. That of a further policy must change with its content. */
  readonly name: string;
  /** The IAM path, which is part of the ARN but not of the name. @default "/" */
  readonly path?: string | undefined;
  /** At most 1,000 characters. AWS cannot change it later, so Terraform ignores a change. @default no description */
  readonly description?: string | undefined;
  /** The permissions. */
  readonly statements: readonly PolicyStatement[];
  /** Makes every plan that deletes the policy fail. Has no effect on further policies. @default true */
  readonly protect?: boolean | undefined;
  /** The number of a further policy, from 2, if the permissions of the deployment exceed the size of one policy. @default 1 */
  readonly number?: number | undefined;
}

/**
 * A managed policy with permissions of DKP. It is rendered through a policy document: one action per line for reviewers,
 * and the only form that checkov reads in Terraform JSON. A change of name or path replaces the policy.
 */
export class AccessPolicy extends Construct {
  /** The name, as a reference to the resource. */
  readonly name: string;
  /** The ARN, as a reference to the resource. */
  readonly arn: string;
  /** Counted from 1. */
  readonly number: number;
  private readonly resource: IamPolicy;

  constructor(scope: Construct, id: string, props: AccessPolicyProps) {
    super(scope, id);
    const { name, path = "/", description, statements, protect = true, number = 1 } = props;
    this.number = number;
    // In a construct of its own, because the name of the data source and of the policy is the same.
    const document = new DataAwsIamPolicyDocument(
      new Construct(this, "document"),
      nameIn(policyAddress("policyDocument", this.number)),
      {
        statement: statements.map(({ effect = "Allow", sid, actions, resources, conditions }) => ({
          sid,
          effect,
          actions: [...actions],
          resources: [...resources],
          ...(conditions.length === 0
            ? {}
            : { condition: conditions.map(({ test, variable, values }) => ({ test, variable, values: [...values] })) }),
        })),
      },
    );
    this.resource = new IamPolicy(this, nameIn(policyAddress("policy", this.number)), {
      name,
      path,
      description,
      policy: document.json,
      lifecycle: {
        createBeforeDestroy: true,
        ...(number === 1 ? { preventDestroy: protect } : {}),
        ignoreChanges: ["description"],
      },
    });
    this.name = this.resource.name;
    this.arn = this.resource.arn;
  }

  /** Makes Terraform change the policy only after another resource exists. */
  changeAfter(other: TerraformResource): void {
    dependOn(this.resource, other);
  }
}

/** Makes Terraform create or change a resource only after another one exists. */
export function dependOn(resource: TerraformResource, other: TerraformResource): void {
  resource.dependsOn = [...(resource.dependsOn ?? []), dependable(other)];
}

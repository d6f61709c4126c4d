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
  /** The first policy, which Terraform changes only after it attached this one. @default this is the first policy */
  readonly first?: AccessPolicy | undefined;
}

/**
 * A managed policy with permissions of DKP. It is rendered through a policy document: one action per line for reviewers,
 * and the only form that checkov reads in Terraform JSON. A change of name or path replaces the policy.
 *
 * Where a deployment has several policies, a change of a further one creates another policy. Terraform attaches it, then changes
 * the first policy, then detaches the former one: a statement that moves between policies is always allowed.
 */
export class AccessPolicy extends Construct {
  /** The name, as a reference to the resource. */
  readonly name: string;
  /** The ARN, as a reference to the resource. */
  readonly arn: string;
  /** Counted from 1. */
  readonly number: number;
  private readonly first: AccessPolicy | undefined;
  private readonly resource: IamPolicy;
  /** Of the further policies: that of the highest number so far, by resource type. */
  private readonly lastAttachments = new Map<string, TerraformResource>();

  constructor(scope: Construct, id: string, props: AccessPolicyProps) {
    super(scope, id);
    const { name, path = "/", description, statements, protect = true, number = 1, first } = props;
    this.first = first;
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

  /**
   * Makes Terraform change the first policy only after an attachment of this one exists, and attach the further policies from the last
   * to the second one. Call it in the order of the numbers.
   *
   * A statement can move between further policies while the first one does not change. Terraform leaves what does not change out of the
   * order of its calls, so the further ones need an order of their own: what replaces an attachment comes before the deletion of every
   * attachment that it depended on, and after the creation of every one that it depends on.
   * Source: Terraform, `internal/terraform/transform_destroy_edge.go`, `transform_destroy_cbd.go`. Measured in
   * `__tests__/e2e/policy-changes.test.ts`.
   */
  attachedBy(attachment: TerraformResource): void {
    if (this.first !== undefined) {
      const attachments = this.first.lastAttachments;
      dependOn(this.first.resource, attachment);
      const former = attachments.get(attachment.terraformResourceType);
      if (former !== undefined) {
        dependOn(former, attachment);
      }
      attachments.set(attachment.terraformResourceType, attachment);
    }
  }
}

function dependOn(resource: TerraformResource, other: TerraformResource): void {
  resource.dependsOn = [...(resource.dependsOn ?? []), dependable(other)];
}

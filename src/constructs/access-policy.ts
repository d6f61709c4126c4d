import { DataAwsIamPolicyDocument } from "@cdktf/provider-aws/lib/data-aws-iam-policy-document";
import { IamPolicy } from "@cdktf/provider-aws/lib/iam-policy";
import { dependable, type TerraformResource, Token } from "cdktf";
import { Construct } from "constructs";
import { MAX_POLICY_CHARACTERS, POLICY_DESCRIPTION, POLICY_NAME, POLICY_PATH } from "../iam/limits";
import {
  type PolicyStatement,
  type PolicyValue,
  policySize,
  withAccount,
} from "../iam/policy-document";
import { nameIn, policyAddress } from "../terraform/addresses";
import { check } from "./check";

export interface AccessPolicyProps {
  /** The name, 1 to 128 characters of `[A-Za-z0-9_+=,.@-]`. */
  readonly name: string;
  /**
   * The IAM path, which is part of the ARN but not of the name.
   * @default "/"
   */
  readonly path?: string | undefined;
  /** The permissions: of `policyStatements`, or of one of `deploymentPolicies`. */
  readonly statements: readonly PolicyStatement<PolicyValue>[];
  /**
   * The account in those ARNs of `deploymentPolicies` that name none, 12 digits or a reference.
   * @default "*"
   */
  readonly account?: string | undefined;
  /**
   * Makes every plan that deletes the policy fail. Has no effect on a second policy, which mode
   * `documented` does not have.
   * @default true
   */
  readonly protect?: boolean | undefined;
  /**
   * 2 for the second policy of the modes `scoped` and `minimal`.
   * @default 1
   */
  readonly number?: number | undefined;
}

/**
 * A managed policy with permissions of DKP. It is rendered through a policy document: one action
 * per line for reviewers, and the only form that checkov reads in Terraform JSON. A change of name
 * or path replaces the policy.
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
    const { name, path = "/", statements, account = "*", protect = true, number = 1 } = props;
    check(this, "name", name, POLICY_NAME);
    check(this, "path", path, POLICY_PATH);
    const size = Token.isUnresolved(JSON.stringify(statements)) ? 0 : policySize(statements);
    if (size > MAX_POLICY_CHARACTERS) {
      throw new Error(
        `${this.node.path}: statements: the policy has ${size} characters, ` +
          `IAM allows ${MAX_POLICY_CHARACTERS}; divide it with deploymentPolicies`,
      );
    }
    this.number = number;
    const statement = withAccount(statements, account).map(
      ({ effect = "Allow", sid, actions, resources, conditions }) => ({
        sid,
        effect,
        actions: [...actions],
        resources: [...resources],
        ...(conditions.length > 0 && {
          condition: conditions.map((each) => ({ ...each, values: [...each.values] })),
        }),
      }),
    );
    // In a construct of its own, because the name of the data source and of the policy is the same.
    const inner = new Construct(this, "document");
    const document = new DataAwsIamPolicyDocument(
      inner,
      nameIn(policyAddress("policyDocument", number)),
      { statement },
    );
    this.resource = new IamPolicy(this, nameIn(policyAddress("policy", number)), {
      name,
      path,
      // AWS cannot change it later, so Terraform ignores a change.
      description: POLICY_DESCRIPTION,
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
    this.resource.dependsOn = [...(this.resource.dependsOn ?? []), dependable(other)];
  }
}

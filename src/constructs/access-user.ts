import { IamUser } from "@cdktf/provider-aws/lib/iam-user";
import { Construct } from "constructs";

export interface AccessUserProps {
  /** User name, 1-64 of `[A-Za-z0-9_+=,.@-]`. */
  readonly name: string;
  /** IAM path, part of the ARN but not of the name. */
  readonly path: string;
  /** ARN of the policy that limits what the user can ever do. @default none */
  readonly permissionsBoundary?: string | undefined;
  /** Lets Terraform delete the user although it has keys made outside Terraform. */
  readonly forceDestroy: boolean;
  /** Makes any plan that deletes the user fail. */
  readonly protect: boolean;
}

/** The IAM user that DKP acts as. Terraform renames it in place, but its keys and attachments die with the old name. */
export class AccessUser extends Construct {
  readonly name: string;
  readonly arn: string;

  constructor(scope: Construct, id: string, props: AccessUserProps) {
    super(scope, id);
    const user = new IamUser(this, "user", {
      name: props.name,
      path: props.path,
      permissionsBoundary: props.permissionsBoundary,
      forceDestroy: props.forceDestroy,
      lifecycle: { preventDestroy: props.protect },
    });
    this.name = user.name;
    this.arn = user.arn;
  }
}

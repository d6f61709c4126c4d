import { IamUser } from "@cdktf/provider-aws/lib/iam-user";
import { Construct } from "constructs";
import { PATH, USER_NAME } from "../iam/limits";
import { ADDRESSES, nameIn } from "../terraform/addresses";
import { check } from "./check";

export interface AccessUserProps {
  /** The user name, 1 to 64 characters of `[A-Za-z0-9_+=,.@-]`. */
  readonly name: string;
  /**
   * The IAM path, which is part of the ARN but not of the name.
   * @default "/"
   */
  readonly path?: string | undefined;
  /**
   * The ARN of the policy that limits the permissions of the user.
   * @default no boundary
   */
  readonly permissionsBoundary?: string | undefined;
  /**
   * Makes every plan that deletes the user fail.
   * @default true
   */
  readonly protect?: boolean | undefined;
}

/**
 * The IAM user that DKP acts as. Terraform renames the user in place, but a rename deletes and
 * re-creates its keys and attachments.
 */
export class AccessUser extends Construct {
  /** The name, as a reference to the resource. */
  readonly name: string;
  /** The ARN, as a reference to the resource. */
  readonly arn: string;

  constructor(scope: Construct, id: string, props: AccessUserProps) {
    super(scope, id);
    const { name, path = "/", permissionsBoundary, protect = true } = props;
    check(this, "name", name, USER_NAME);
    check(this, "path", path, PATH);
    const user = new IamUser(this, nameIn(ADDRESSES.user), {
      name,
      path,
      permissionsBoundary,
      forceDestroy: false,
      lifecycle: { preventDestroy: protect },
    });
    this.name = user.name;
    this.arn = user.arn;
  }
}

import { IamAccessKey } from "@cdktf/provider-aws/lib/iam-access-key";
import { Construct } from "constructs";
import { ADDRESSES, nameIn } from "../terraform/addresses";
import type { AccessUser } from "./access-user";

export interface AccessKeyProps {
  /** The user that the key belongs to. */
  readonly user: AccessUser;
  /**
   * Makes every plan that deletes the key fail.
   * @default true
   */
  readonly protect?: boolean | undefined;
}

/**
 * The access key of a user, with its secret in plaintext in the state. Its status belongs to
 * whoever set it in AWS: no apply activates a key that somebody has deactivated. A rename of the
 * user deletes and re-creates the key. It never has `create_before_destroy`: a rename would leave
 * two active keys, one of them unmanaged.
 */
export class AccessKey extends Construct {
  /** The ID, as a reference to the resource. */
  readonly accessKeyId: string;
  /** The secret in plaintext, as a reference to the resource. */
  readonly secretAccessKey: string;

  constructor(scope: Construct, id: string, { user, protect = true }: AccessKeyProps) {
    super(scope, id);
    const key = new IamAccessKey(this, nameIn(ADDRESSES.accessKey), {
      user: user.name,
      // Without an entry in KNOWN of diff/permissions.ts, a guard counts as broadened permissions.
      lifecycle: { preventDestroy: protect, ignoreChanges: ["status"] },
    });
    this.accessKeyId = key.id;
    this.secretAccessKey = key.secret;
  }
}

import { IamAccessKey } from "@cdktf/provider-aws/lib/iam-access-key";
import { Construct } from "constructs";

export interface AccessKeyProps {
  /** Name of the user, as a reference to the user's resource. */
  readonly user: string;
  /** Makes any plan that deletes the key fail. */
  readonly protect: boolean;
}

/**
 * The access key that is handed to DKP. Its secret is in the Terraform state in clear.
 * Never `create_before_destroy`: a user rename would leave two active keys, one of them unmanaged.
 */
export class AccessKey extends Construct {
  readonly keyId: string;
  readonly secret: string;

  constructor(scope: Construct, id: string, props: AccessKeyProps) {
    super(scope, id);
    const key = new IamAccessKey(this, "user", { user: props.user, lifecycle: { preventDestroy: props.protect } });
    this.keyId = key.id;
    this.secret = key.secret;
  }
}

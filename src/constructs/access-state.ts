import { Fn, type TerraformRemoteState, Token } from "cdktf";
import type { OutputName } from "../terraform/outputs";

/**
 * The outputs of a deployment, read from its state. An output that the deployment does not have
 * (`node_role_name` without a node role) is an error at plan.
 *
 * **Whoever reads one output copies all of them into their own state, the secret in plaintext**,
 * unless the deployment sets `outputs: { secret: false }`.
 */
export class AccessState {
  /**
   * @param state the state as CDKTF reads it: `new DataTerraformRemoteStateS3(this, "access", {
   * bucket, key, region })`
   */
  constructor(private readonly state: TerraformRemoteState) {}

  /**
   * An output as a reference, by its name in `OUTPUTS`. The secret is sensitive: Terraform prints
   * it nowhere.
   */
  output(name: Exclude<OutputName, "additional_policy_arns">): string {
    const value = this.state.getString(name);
    return name === "secret_access_key" ? Token.asString(Fn.sensitive(value)) : value;
  }

  /** The ARN of the second managed policy. Absent where the permissions fit into one. */
  get additionalPolicyArns(): string[] {
    return this.state.getList("additional_policy_arns" satisfies OutputName);
  }

  /**
   * `provider` of DKP's AWSClusterConfiguration as YAML text, sensitive, since the secret is in it.
   */
  get providerBlock(): string {
    return Fn.yamlencode({
      provider: {
        providerAccessKeyId: this.output("access_key_id"),
        providerSecretAccessKey: this.output("secret_access_key"),
        region: this.output("region"),
      },
    });
  }
}

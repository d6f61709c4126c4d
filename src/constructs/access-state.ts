import { Fn, TerraformRemoteState, Token } from "cdktf";
import type { Construct } from "constructs";
import type { OutputName } from "../terraform/outputs";
import { type StateLocation, stateReading } from "../terraform/state-location";
import { fromStackFolder } from "./state-backend";

/**
 * The outputs of a deployment, read from its state. An output that the deployment does not have (`group_name` without a group)
 * is an error at plan.
 *
 * **Whoever reads one output copies all of them into their own state, the secret in plaintext**, unless the deployment
 * sets `outputs: { secret: false }` or encrypts the secret with `pgpKey`.
 */
export class AccessState {
  /** @param state the state as CDKTF reads it: `new DataTerraformRemoteStateS3(this, "access", { bucket, key, region })` */
  constructor(private readonly state: TerraformRemoteState) {}

  /**
   * The outputs of a deployment of this program: its backend is read as the stack writes it.
   * @throws Error if the deployment leaves to `-backend-config` what a reader must know
   */
  static of(scope: Construct, id: string, deployment: { readonly stack: string; readonly state: StateLocation }): AccessState {
    const { stack, state } = deployment;
    const { backend, config, missing } = stateReading(state);
    if (missing.length > 0) {
      throw new Error(
        `${scope.node.path}: the settings of ${stack} leave ${missing.join(" and ")} of its backend ${state.type} open; read the state with all arguments, and give it to new AccessState`,
      );
    }
    const read = state.type === "local" ? fromStackFolder(scope, config) : config;
    return new AccessState(new AnyRemoteState(scope, id, backend, read));
  }

  /** An output as a reference, by its name in `OUTPUTS`. The secret is sensitive: Terraform prints it nowhere. */
  output(name: Exclude<OutputName, "additional_policy_arns">): string {
    const value = this.state.getString(name);
    return name === "secret_access_key" ? Token.asString(Fn.sensitive(value)) : value;
  }

  /** The ARN of the second managed policy. Absent where the permissions fit into one. */
  get additionalPolicyArns(): string[] {
    return this.state.getList("additional_policy_arns" satisfies OutputName);
  }

  /** `provider` of DKP's AWSClusterConfiguration as YAML text, sensitive, since the secret is in it. */
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

/** CDKTF has a class for each type, and none for the types of tomorrow; they differ in their names alone. */
class AnyRemoteState extends TerraformRemoteState {}

import {
  type DataTerraformRemoteStateAzurermConfig,
  type DataTerraformRemoteStateConfig,
  type DataTerraformRemoteStateGcsConfig,
  type DataTerraformRemoteStateHttpConfig,
  type DataTerraformRemoteStateLocalConfig,
  type DataTerraformRemoteStateRemoteConfig,
  type DataTerraformRemoteStateS3Config,
  Fn,
  TerraformRemoteState,
  Token,
} from "cdktf";
import { Construct } from "constructs";
import type { OutputName } from "../terraform/outputs";
import { type StateLocation, stateReading } from "../terraform/state-location";
import { fromStackFolder } from "./state-backend";

/** Arguments of the backends that a state can be read from, in CDKTF's spelling and with its types. */
interface Backends {
  readonly azurerm: DataTerraformRemoteStateAzurermConfig;
  readonly gcs: DataTerraformRemoteStateGcsConfig;
  readonly http: DataTerraformRemoteStateHttpConfig;
  /** `path` is relative to the folder that Terraform runs in. */
  readonly local: DataTerraformRemoteStateLocalConfig;
  /** HCP Terraform or Terraform Enterprise, also for a deployment with `cloud`: Terraform reads both by this name. */
  readonly remote: Omit<DataTerraformRemoteStateRemoteConfig, "workspaces"> & { readonly workspaces: { readonly name: string } };
  readonly s3: DataTerraformRemoteStateS3Config;
}

type OneOf<T> = { [K in keyof T]: Pick<T, K> & { readonly [Other in Exclude<keyof T, K>]?: undefined } }[keyof T];

/** Where the state of a deployment lies: one backend type with its arguments, `{ s3: { bucket, key, region } }`. */
export type AccessStateProps = OneOf<Backends>;

/** CDKTF has a class for each type, and none for the types of tomorrow; they differ in their names alone. */
class AnyRemoteState extends TerraformRemoteState {
  constructor(scope: Construct, id: string, type: string, config: DataTerraformRemoteStateConfig) {
    super(scope, id, type, config);
  }
}

/** The state that outputs are read from. */
class RemoteOutputs extends Construct {
  readonly #state: AnyRemoteState;

  constructor(scope: Construct, id: string, props: AccessStateProps) {
    super(scope, id);
    const [type, config] = Object.entries(props).find(([, value]) => value !== undefined) ?? [];
    if (type === undefined || config === undefined) {
      throw new Error(`${this.node.path}: names no backend type; write for example { s3: { bucket, key, region } }`);
    }
    // "Default" has no part in the address: data.terraform_remote_state.<id>.
    this.#state = new AnyRemoteState(this, "Default", type, config);
  }

  protected output(name: OutputName): string {
    return this.#state.getString(name);
  }

  protected list(name: OutputName): string[] {
    return this.#state.getList(name);
  }
}

/**
 * The outputs of a deployment, read from its state: `terraform_remote_state` with a typed property for each output.
 * A property that the deployment has no output for (`groupName` without a group) is an error at plan.
 *
 * **Whoever reads one output copies all of them into their own state, the secret in plaintext**, unless the deployment
 * sets `outputs: { secret: false }` or encrypts the secret with `pgpKey`.
 */
export class AccessState extends RemoteOutputs {
  /** Name of the IAM user that DKP acts as. */
  readonly userName = this.output("user_name");
  /** ARN of the IAM user. */
  readonly userArn = this.output("user_arn");
  /** Name of the managed policy attached to the user. */
  readonly policyName = this.output("policy_name");
  /** ARN of the managed policy. */
  readonly policyArn = this.output("policy_arn");
  /** The ARN of the second managed policy. Absent where the permissions fit into one. */
  readonly additionalPolicyArns = this.list("additional_policy_arns");
  /** AWS Region that DKP runs in. */
  readonly region = this.output("region");
  /** AWS account of the user. */
  readonly accountId = this.output("account_id");
  /** Access key ID to hand over to DKP. Absent with `accessKeys: none`. */
  readonly accessKeyId = this.output("access_key_id");
  /** The key slot that the outputs expose. Absent with `accessKeys: none`. */
  readonly accessKeySlot = this.output("access_key_slot");
  /** Secret access key to hand over to DKP, sensitive: Terraform prints it nowhere. Absent with `outputs: { secret: false }` and `pgpKey`. */
  readonly secretAccessKey = Token.asString(Fn.sensitive(this.output("secret_access_key")));
  /** The secret encrypted, in base64. Only with `pgpKey`. */
  readonly encryptedSecretAccessKey = this.output("encrypted_secret_access_key");
  /** Fingerprint of the OpenPGP key that the secret is encrypted for. Only with `pgpKey`. */
  readonly keyFingerprint = this.output("key_fingerprint");
  /** Name of the group that has the policy and the user. Only with an `attachment` to a group. */
  readonly groupName = this.output("group_name");
  /** Name of the role for the cluster's nodes. Only with `nodeRole`. */
  readonly nodeRoleName = this.output("node_role_name");
  /** ARN of the role for the cluster's nodes. Only with `nodeRole`. */
  readonly nodeRoleArn = this.output("node_role_arn");

  /**
   * The outputs of a deployment of this program: its backend is read as the stack writes it.
   * @param projectRoot the folder that the path of a `local` state is relative to
   * @throws Error if the deployment leaves to `-backend-config` what a reader must know
   */
  static of(
    scope: Construct,
    id: string,
    { stack, state }: { readonly stack: string; readonly state: StateLocation },
    projectRoot = ".",
  ): AccessState {
    const { backend, config, missing } = stateReading(state);
    if (missing.length > 0) {
      throw new Error(
        `${scope.node.path}: the settings of ${stack} leave ${missing.join(" and ")} of its backend ${state.type} open; read it with new AccessState and all arguments`,
      );
    }
    const read = state.type === "local" ? fromStackFolder(scope, config, projectRoot) : config;
    return new AccessState(scope, id, { [backend]: read } as unknown as AccessStateProps);
  }

  /** `provider` of DKP's AWSClusterConfiguration as YAML text, sensitive, since the secret is in it. */
  get providerBlock(): string {
    return Fn.yamlencode({
      provider: {
        providerAccessKeyId: this.accessKeyId,
        providerSecretAccessKey: this.secretAccessKey,
        region: this.region,
      },
    });
  }
}

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

/**
 * The outputs of a deployment, read from its state: `terraform_remote_state` with a typed property for each output.
 * A property that the deployment has no output for (`groupName` without a group) is an error at plan.
 *
 * **Whoever reads one output copies all of them into their own state, the secret in plaintext**, unless the deployment
 * sets `outputs: { secret: false }` or encrypts the secret with `pgpKey`.
 */
export class AccessState extends Construct {
  /** Name of the IAM user that DKP acts as. */
  readonly userName: string;
  /** ARN of the IAM user. */
  readonly userArn: string;
  /** Name of the managed policy attached to the user. */
  readonly policyName: string;
  /** ARN of the managed policy. */
  readonly policyArn: string;
  /** The ARN of the second managed policy. Absent where the permissions fit into one. */
  readonly additionalPolicyArns: string[];
  /** AWS Region that DKP runs in. */
  readonly region: string;
  /** AWS account of the user. */
  readonly accountId: string;
  /** Access key ID to hand over to DKP. Absent with `accessKeys: none`. */
  readonly accessKeyId: string;
  /** The key slot that the outputs expose. Absent with `accessKeys: none`. */
  readonly accessKeySlot: string;
  /** Secret access key to hand over to DKP, sensitive: Terraform prints it nowhere. Absent with `outputs: { secret: false }` and `pgpKey`. */
  readonly secretAccessKey: string;
  /** The secret encrypted, in base64. Only with `pgpKey`. */
  readonly encryptedSecretAccessKey: string;
  /** Fingerprint of the OpenPGP key that the secret is encrypted for. Only with `pgpKey`. */
  readonly keyFingerprint: string;
  /** Name of the group that has the policy and the user. Only with an `attachment` to a group. */
  readonly groupName: string;
  /** Name of the role for the cluster's nodes. Only with `nodeRole`. */
  readonly nodeRoleName: string;
  /** ARN of the role for the cluster's nodes. Only with `nodeRole`. */
  readonly nodeRoleArn: string;

  constructor(scope: Construct, id: string, props: AccessStateProps) {
    super(scope, id);
    const [type, config] = Object.entries(props).find(([, value]) => value !== undefined) ?? [];
    if (type === undefined || config === undefined) {
      throw new Error(`${this.node.path}: names no backend type; write for example { s3: { bucket, key, region } }`);
    }
    // "Default" has no part in the address: data.terraform_remote_state.<id>.
    const state = new AnyRemoteState(this, "Default", type, config);
    const output = (name: OutputName) => state.getString(name);
    this.userName = output("user_name");
    this.userArn = output("user_arn");
    this.policyName = output("policy_name");
    this.policyArn = output("policy_arn");
    this.additionalPolicyArns = state.getList("additional_policy_arns" satisfies OutputName);
    this.region = output("region");
    this.accountId = output("account_id");
    this.accessKeyId = output("access_key_id");
    this.accessKeySlot = output("access_key_slot");
    this.secretAccessKey = Token.asString(Fn.sensitive(output("secret_access_key")));
    this.encryptedSecretAccessKey = output("encrypted_secret_access_key");
    this.keyFingerprint = output("key_fingerprint");
    this.groupName = output("group_name");
    this.nodeRoleName = output("node_role_name");
    this.nodeRoleArn = output("node_role_arn");
  }

  /**
   * The outputs of a deployment of this program: its backend is read as the stack writes it.
   * @param projectRoot the folder that the path of a `local` state is relative to
   * @throws Error if the deployment leaves to `-backend-config` what a reader must know
   */
  static of(
    scope: Construct,
    id: string,
    deployment: { readonly stack: string; readonly state: StateLocation },
    projectRoot = ".",
  ): AccessState {
    const { stack, state } = deployment;
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

/** CDKTF has a class for each type, and none for the types of tomorrow; they differ in their names alone. */
class AnyRemoteState extends TerraformRemoteState {
  constructor(scope: Construct, id: string, type: string, config: DataTerraformRemoteStateConfig) {
    super(scope, id, type, config);
  }
}

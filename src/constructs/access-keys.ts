import { IamAccessKey } from "@cdktf/provider-aws/lib/iam-access-key";
import { Construct } from "constructs";
import { SLOTS, type Slot } from "../iam/key-slots";
import type { OutputName } from "../terraform/outputs";

export interface SlotProps {
  /** `absent`: there is no key in this slot. */
  readonly status: "Active" | "Inactive" | "absent";
  /** Public OpenPGP key, binary in base64; with it the state holds only the encrypted secret. @default the secret in clear */
  readonly pgpKey?: string | undefined;
  /** The key was made by hand, so that Terraform does not know its secret. @default false */
  readonly adopted?: boolean | undefined;
}

export interface AccessKeysProps {
  /** Name of the user, as a reference to the user's resource. */
  readonly user: string;
  readonly primary: SlotProps;
  readonly secondary: SlotProps;
  /** The slot that is handed out. It must not be `absent`. */
  readonly current: Slot;
  /** Makes any plan that deletes a key fail, but for a slot that goes to `absent`: its resource block goes, and the guard with it. */
  readonly protect: boolean;
}

/** What is handed out of a deployment's keys, by the name of the output. */
export type KeyOutputs = Readonly<Partial<Record<OutputName, string>>>;

/**
 * The access keys of the user: two slots, since IAM allows two keys, so that a key is replaced while another one works.
 * Never `create_before_destroy`: a user rename would leave two active keys, one of them unmanaged.
 */
export class AccessKeys extends Construct {
  private readonly keys: Readonly<Partial<Record<Slot, IamAccessKey>>>;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: AccessKeysProps,
  ) {
    super(scope, id);
    this.keys = { primary: this.key("primary", "user"), secondary: this.key("secondary", "user-secondary") };
  }

  /** Whether the Terraform state holds a secret in clear. */
  get secretInState(): boolean {
    return SLOTS.some(
      (slot) => this.keys[slot] !== undefined && this.props[slot].pgpKey === undefined && this.props[slot].adopted !== true,
    );
  }

  /** The outputs about the current slot; its secret, encrypted or not, only where wanted. */
  outputs({ secret }: { readonly secret: boolean }): KeyOutputs {
    const { current } = this.props;
    const key = this.keys[current];
    if (key === undefined) {
      throw new Error(`${this.node.path}: the current slot, ${current}, is absent; the settings refuse that`);
    }
    const named = { access_key_id: key.id, access_key_slot: current };
    if (!secret || this.props[current].adopted === true) {
      return named;
    }
    return this.props[current].pgpKey === undefined
      ? { ...named, secret_access_key: key.secret }
      : { ...named, encrypted_secret_access_key: key.encryptedSecret, key_fingerprint: key.keyFingerprint };
  }

  private key(slot: Slot, id: string): IamAccessKey | undefined {
    const { status, pgpKey } = this.props[slot];
    if (status === "absent") {
      return undefined;
    }
    return new IamAccessKey(this, id, {
      user: this.props.user,
      // Active is the provider's default.
      status: status === "Active" ? undefined : status,
      pgpKey,
      lifecycle: { preventDestroy: this.props.protect },
    });
  }
}

import { IamAccessKey } from "@cdktf/provider-aws/lib/iam-access-key";
import { Construct } from "constructs";
import { SLOTS, type Slot } from "../iam/key-slots";
import { KEY_ADDRESSES, nameIn } from "../terraform/addresses";
import type { AccessUser } from "./access-user";

export interface KeySlotProps {
  /** The status of the key, or `absent` for an empty slot. */
  readonly status: "Active" | "Inactive" | "absent";
  /**
   * Whether the key is imported, so that Terraform does not know its secret.
   * @default false
   */
  readonly imported?: boolean | undefined;
}

export interface AccessKeysProps {
  /** The user that the keys belong to. */
  readonly user: AccessUser;
  /**
   * The primary slot.
   * @default an active key, its secret in plaintext in the state
   */
  readonly primary?: KeySlotProps | undefined;
  /**
   * The secondary slot.
   * @default absent
   */
  readonly secondary?: KeySlotProps | undefined;
  /**
   * The slot of the current key, which the outputs have. It must not be `absent`.
   * @default "primary"
   */
  readonly current?: Slot | undefined;
  /**
   * Makes every plan that deletes a key fail, except when its slot becomes `absent`.
   * @default true
   */
  readonly protect?: boolean | undefined;
}

/** The current key, as references to its resource. */
export interface CurrentKey {
  readonly slot: Slot;
  readonly accessKeyId: string;
  /** The secret in plaintext. Absent for an imported key. */
  readonly secretAccessKey?: string | undefined;
}

/**
 * The access keys of a user. There are two slots, because IAM allows two keys, so that a key can be
 * replaced while another one works. A rename of the user deletes and re-creates the keys. The keys
 * never have `create_before_destroy`: a rename of the user would leave two active keys, one of them
 * unmanaged.
 */
export class AccessKeys extends Construct {
  /** The current key: the one that the outputs have. */
  readonly current: CurrentKey;

  constructor(scope: Construct, id: string, props: AccessKeysProps) {
    super(scope, id);
    const { user, current = "primary", protect = true } = props;
    const { primary = { status: "Active" }, secondary = { status: "absent" } } = props;
    const slots = { primary, secondary };
    const used = SLOTS.filter((slot) => slots[slot].status !== "absent");
    const keys = new Map(
      used.map((slot) => {
        const { status } = slots[slot];
        const key = new IamAccessKey(this, nameIn(KEY_ADDRESSES[slot]), {
          user: user.name,
          // Active is the provider's default.
          status: status === "Active" ? undefined : status,
          // Without an entry in KNOWN of diff/permissions.ts, a guard counts as broadened
          // permissions.
          lifecycle: { preventDestroy: protect },
        });
        return [slot, key];
      }),
    );
    const key = keys.get(current);
    if (key === undefined) {
      throw new Error(
        `${this.node.path}: current: the slot "${current}" is absent; choose a slot with a key`,
      );
    }
    this.current = {
      slot: current,
      accessKeyId: key.id,
      ...(slots[current].imported !== true && { secretAccessKey: key.secret }),
    };
  }
}

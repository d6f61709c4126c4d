import { otherSlot, type Slot } from "../../iam/key-slots";
import type { FieldError } from "../errors";
import type { Settings } from "../schema/deployment-schema";
import { type Rule, rule } from "./rule";

type KeySlots = Exclude<Settings["accessKeys"], "none">;

/** Rules between the two key slots. Each message names the legal next steps. */
export const ACCESS_KEY_RULES: readonly Rule[] = [
  rule(["accessKeys"], ({ accessKeys }) => (accessKeys === "none" ? undefined : slotError(accessKeys))),
  rule(["accessKeys", "import"], ({ accessKeys, import: imports }) =>
    accessKeys === "none" ? undefined : plaintextError(accessKeys, imports?.accessKeyId !== undefined),
  ),
];

function slotError(keys: KeySlots): FieldError | undefined {
  const { current } = keys;
  const other = otherSlot(current);
  const { status } = keys[current];
  if (status === "Active") {
    return undefined;
  }
  if (status === "absent" && keys[other].status === "absent") {
    return {
      path: ["accessKeys"],
      message: `both slots are absent, and DKP requires a key; set ${statusOf(current)} to "Active", or write accessKeys: none to create keys outside Terraform`,
    };
  }
  const exposeOther =
    keys[other].status === "Active"
      ? `expose the other slot with accessKeys.current: "${other}"`
      : `set ${statusOf(other)} to "Active" and accessKeys.current to "${other}"`;
  return {
    path: ["accessKeys", "current"],
    message: `"${current}" is ${status}, the current key must be Active; set ${statusOf(current)} to "Active", or ${exposeOther}`,
  };
}

/**
 * A rotation never weakens the protection of the secret. The change from plaintext to `pgpKey` begins with a current slot without
 * `pgpKey` and so passes; the settings of its next step, with `current` on the new slot, are the same as those of a rotation that
 * loses `pgpKey`, which is why that one step requires `allowPlaintext`.
 * @param imported whether the primary key is imported: then Terraform does not know its secret
 */
function plaintextError({ current, allowPlaintext, ...slots }: KeySlots, imported: boolean): FieldError | undefined {
  const other = otherSlot(current);
  const plaintext = slots[other].status === "Active" && slots[other].pgpKey === undefined && !(imported && other === "primary");
  return slots[current].pgpKey === undefined || !plaintext || allowPlaintext === true
    ? undefined
    : {
        path: ["accessKeys", other, "pgpKey"],
        message: `missing: the "${current}" slot has a pgpKey, and without one here the state holds this key's secret in plaintext; write a pgpKey, or set accessKeys.allowPlaintext: true until accessKeys.${other}.status is "absent"`,
      };
}

const statusOf = (slot: Slot) => `accessKeys.${slot}.status`;

import { otherSlot, type Slot } from "../../iam/key-slots";
import { secretForms } from "../deployment";
import { errorAt, type FieldError } from "../errors";
import type { Settings } from "../schema/deployment-schema";
import { type Rule, rule } from "./rule";

type KeySlots = Exclude<Settings["accessKeys"], "none">;

/** Rules between the two key slots, and about a key that is imported. Each message names the legal next steps. */
export const ACCESS_KEY_RULES: readonly Rule[] = [
  rule(["accessKeys"], ({ accessKeys }) => accessKeys !== "none" && slotError(accessKeys)),
  rule(["accessKeys", "import"], (keys) => keys.accessKeys !== "none" && plaintextError(keys.accessKeys, secretForms(keys))),
  rule(
    ["accessKeys", "import.accessKeyId"],
    ({ accessKeys, "import.accessKeyId": imported }) =>
      imported !== undefined &&
      accessKeys !== "none" &&
      accessKeys.primary.pgpKey !== undefined &&
      errorAt(
        "accessKeys.primary.pgpKey",
        "would replace the imported key, whose secret nobody can encrypt any more; give the pgpKey to the secondary slot and rotate",
      ),
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
    return errorAt(
      "accessKeys",
      `both slots are absent, and DKP requires a key; set ${statusOf(current)} to "Active", or write accessKeys: none to create keys outside Terraform`,
    );
  }
  return errorAt(
    "accessKeys.current",
    `"${current}" is ${status}, the current key must be Active; set ${statusOf(current)} to "Active", or accessKeys.current to a slot that is`,
  );
}

/**
 * A rotation never weakens the protection of the secret. The change from plaintext to `pgpKey` begins with a current slot without
 * `pgpKey` and so passes; the settings of its next step, with `current` on the new slot, are the same as those of a rotation that
 * loses `pgpKey`, which is why that one step requires `allowPlaintext`.
 */
function plaintextError(
  { current, allowPlaintext, ...slots }: KeySlots,
  forms: ReturnType<typeof secretForms>,
): FieldError | undefined {
  const other = otherSlot(current);
  const plaintext = slots[other].status === "Active" && forms[other] === "plaintext";
  return slots[current].pgpKey === undefined || !plaintext || allowPlaintext === true
    ? undefined
    : errorAt(
        `accessKeys.${other}.pgpKey`,
        `missing: the "${current}" slot has a pgpKey, and without one here the state holds this key's secret in plaintext; write a pgpKey, or set accessKeys.allowPlaintext: true until accessKeys.${other}.status is "absent"`,
      );
}

const statusOf = (slot: Slot) => `accessKeys.${slot}.status`;

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
  rule(["import.accessKeyId", "accessKeys"], (keys) => keys["import.accessKeyId"] !== undefined && importError(keys.accessKeys)),
  // What is imported must exist in the settings.
  rule(["import", "attachment", "nodeRole"], ({ import: imports = {}, attachment, nodeRole }) => {
    const errors = {
      attachment:
        attachment === "group" &&
        'the attachment to the user is imported, and attachment "group" has none; set attachment to "user-and-group", apply, and go on from there',
      group:
        attachment === "user" &&
        'true requires a group, and attachment "user" has none; set attachment to "user-and-group", or remove import.group',
      nodeRole:
        nodeRole === undefined && "true requires a role, and nodeRole is not set; set nodeRole.name, or remove import.nodeRole",
    };
    return Object.entries(errors).flatMap(([name, message]) =>
      message && imports[name as keyof typeof errors] === true ? errorAt(`import.${name}`, message) : [],
    );
  }),
];

function slotError(keys: KeySlots): FieldError | string | undefined {
  const { current } = keys;
  const other = otherSlot(current);
  const { status } = keys[current];
  if (status === "Active") {
    return undefined;
  }
  if (status === "absent" && keys[other].status === "absent") {
    return `both slots are absent, and DKP requires a key; set ${statusOf(current)} to "Active", or write accessKeys: none to create keys outside Terraform`;
  }
  const exposeOther =
    keys[other].status === "Active"
      ? `expose the other slot with accessKeys.current: "${other}"`
      : `set ${statusOf(other)} to "Active" and accessKeys.current to "${other}"`;
  return errorAt(
    "accessKeys.current",
    `"${current}" is ${status}, the current key must be Active; set ${statusOf(current)} to "Active", or ${exposeOther}`,
  );
}

/**
 * A rotation never weakens the protection of the secret. The change from plaintext to `pgpKey` begins with a current slot without
 * `pgpKey` and so passes; the settings of its next step, with `current` on the new slot, are the same as those of a rotation that
 * loses `pgpKey`, which is why that one step requires `allowPlaintext`.
 */
function plaintextError({ current, allowPlaintext, ...slots }: KeySlots, forms: ReturnType<typeof secretForms>) {
  const other = otherSlot(current);
  const plaintext = slots[other].status === "Active" && forms[other] === "plaintext";
  return slots[current].pgpKey === undefined || !plaintext || allowPlaintext === true
    ? undefined
    : errorAt(
        `accessKeys.${other}.pgpKey`,
        `missing: the "${current}" slot has a pgpKey, and without one here the state holds this key's secret in plaintext; write a pgpKey, or set accessKeys.allowPlaintext: true until accessKeys.${other}.status is "absent"`,
      );
}

function importError(accessKeys: Settings["accessKeys"]): FieldError | string | undefined {
  if (accessKeys === "none" || accessKeys.primary.status === "absent") {
    const slot = accessKeys === "none" ? "accessKeys is none" : "accessKeys.primary.status is absent";
    return `an imported key goes into the primary slot, and ${slot}; set accessKeys.primary.status to "Active", or remove import.accessKeyId`;
  }
  return accessKeys.primary.pgpKey === undefined
    ? undefined
    : errorAt(
        "accessKeys.primary.pgpKey",
        "would replace the imported key, whose secret nobody can encrypt any more; give the pgpKey to the secondary slot and rotate",
      );
}

const statusOf = (slot: Slot) => `accessKeys.${slot}.status`;

import { otherSlot, type Slot } from "../../iam/key-slots";
import { terraformKeys } from "../deployment";
import { errorAt, type FieldError } from "../errors";
import type { Settings, TerraformKeys } from "../settings";
import { type Rule, rule } from "./rule";

/**
 * Rules between the two key slots, and about a key that is imported. Each message names the legal
 * next steps.
 */
export const ACCESS_KEY_RULES: readonly Rule[] = [
  rule(["accessKeys"], (settings) => {
    const accessKeys = terraformKeys(settings);
    return accessKeys !== "none" && slotError(accessKeys);
  }),
  rule(
    ["import.accessKeyId", "accessKeys"],
    (keys) => keys["import.accessKeyId"] !== undefined && importError(keys.accessKeys),
  ),
  rule(
    ["import.nodeRole", "nodeRole"],
    ({ "import.nodeRole": isImported, nodeRole }) =>
      isImported === true &&
      nodeRole === undefined &&
      "true requires a role, and nodeRole is not set; set nodeRole.name, or remove import.nodeRole",
  ),
];

function slotError(keys: TerraformKeys): FieldError | string | undefined {
  const { current } = keys;
  const other = otherSlot(current);
  const { status } = keys[current];
  if (status === "Active") {
    return undefined;
  }
  if (status === "absent" && keys[other].status === "absent") {
    return (
      "both slots are absent, and DKP requires a key; " +
      `set ${statusOf(current)} to "Active", ` +
      "or write accessKeys: none to create keys outside Terraform"
    );
  }
  const switchToOther =
    keys[other].status === "Active"
      ? `switch to the other slot with accessKeys.current: "${other}"`
      : `set ${statusOf(other)} to "Active" and accessKeys.current to "${other}"`;
  return errorAt(
    "accessKeys.current",
    `"${current}" is ${status}, the current key must be Active; ` +
      `set ${statusOf(current)} to "Active", or ${switchToOther}`,
  );
}

function importError(given: Settings["accessKeys"]): FieldError | string | undefined {
  const accessKeys = terraformKeys({ accessKeys: given });
  if (accessKeys === "none" || accessKeys.primary.status === "absent") {
    const slot =
      accessKeys === "none" ? "Terraform has no key" : "accessKeys.primary.status is absent";
    return (
      `an imported key goes into the primary slot, and ${slot}; ` +
      'set accessKeys.primary.status to "Active", or remove import.accessKeyId'
    );
  }
  return undefined;
}

const statusOf = (slot: Slot) => `accessKeys.${slot}.status`;

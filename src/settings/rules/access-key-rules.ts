import { otherSlot, type Slot } from "../../iam/key-slots";
import type { Problem } from "../errors";
import type { Settings } from "../schema/deployment-schema";
import type { Rule } from "./rule";

type KeySlots = Exclude<Settings["accessKeys"], "none">;

/** Rules between the two key slots. Each message names the legal next steps. */
export const ACCESS_KEY_RULES: readonly Rule[] = [
  {
    needs: [["accessKeys"]],
    problem: ({ accessKeys }) => (accessKeys === "none" ? undefined : slotProblem(accessKeys)),
  },
  {
    needs: [["accessKeys"], ["import"]],
    problem: ({ accessKeys, import: imports }) =>
      accessKeys === "none" ? undefined : plaintextProblem(accessKeys, imports?.accessKeyId !== undefined),
  },
];

function slotProblem(keys: KeySlots): Problem | undefined {
  const { current } = keys;
  const other = otherSlot(current);
  const { status } = keys[current];
  if (status === "Active") {
    return undefined;
  }
  if (status === "absent" && keys[other].status === "absent") {
    return {
      path: ["accessKeys"],
      message: `both slots are absent, and DKP needs a key; set ${statusOf(current)} to "Active", or write accessKeys: none to make keys outside Terraform`,
    };
  }
  const handOutOther =
    keys[other].status === "Active"
      ? `hand out the other slot with accessKeys.current: "${other}"`
      : `set ${statusOf(other)} to "Active" and accessKeys.current to "${other}"`;
  return {
    path: ["accessKeys", "current"],
    message: `"${current}" is ${status}, the key handed out must be Active; set ${statusOf(current)} to "Active", or ${handOutOther}`,
  };
}

/**
 * A rotation never weakens the protection of the secret. The change from plaintext to `pgpKey` begins with a current slot without
 * `pgpKey` and so passes; the settings of its next step, with `current` on the new slot, are the same as those of a rotation that
 * loses `pgpKey`, which is why that one step needs `allowPlaintext`.
 * @param imported whether the primary key is imported: then Terraform does not know its secret
 */
function plaintextProblem({ current, allowPlaintext, ...slots }: KeySlots, imported: boolean): Problem | undefined {
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

import { otherSlot, type Slot } from "../iam/access-keys";
import type { Problem } from "./problems";
import type { Rule } from "./rule";
import type { Settings } from "./schema";

type KeySlots = Exclude<Settings["accessKeys"], "none">;

/** Rules between the two key slots. Each message names the legal next steps. */
export const ACCESS_KEY_RULES: readonly Rule[] = [
  {
    needs: [["accessKeys"]],
    problem: ({ accessKeys }) => (accessKeys === "none" ? undefined : slotProblem(accessKeys)),
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

const statusOf = (slot: Slot) => `accessKeys.${slot}.status`;

import { SLOTS } from "../../../../iam/key-slots";
import { pgpKeyWarning } from "../../../../settings/settings-notes";
import { type Check, type PreflightFound, when } from "../check";

/** Whether Terraform can encrypt secrets for the OpenPGP keys of the settings now. */
export const openPgpKeysCheck: Check = {
  id: "pgp-keys",
  field: "accessKeys",
  calls: [],
  where: "always-on region",
  async run(_, { deployment: { accessKeys } }) {
    const slots = accessKeys === "none" ? [] : SLOTS.filter((slot) => accessKeys[slot].pgpKey !== undefined);
    if (accessKeys === "none" || slots.length === 0) {
      return [{ rule: "pgp-keys-none", values: {} }];
    }
    const unusable = slots.flatMap((slot): readonly PreflightFound[] => {
      const [field, warning = ""] = [`accessKeys.${slot}.pgpKey`, pgpKeyWarning(accessKeys, slot)];
      return when(warning !== "", { rule: "pgp-key-unusable", field, values: { slot, warning } });
    });
    return unusable.length === 0 ? [{ rule: "pgp-keys-ok", values: {} }] : unusable;
  },
};

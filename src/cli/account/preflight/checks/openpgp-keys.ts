import { SLOTS } from "../../../../iam/key-slots";
import { pgpKeyWarning } from "../../../../settings/settings-notes";
import type { Check } from "../check";

/** Whether Terraform can encrypt secrets for the OpenPGP keys of the settings now. */
export const openPgpKeysCheck: Check = {
  id: "pgp-keys",
  field: "accessKeys",
  calls: [],
  async run(_, { deployment: { accessKeys } }) {
    return SLOTS.flatMap((slot) => {
      const warning = pgpKeyWarning(accessKeys, slot);
      const field = `accessKeys.${slot}.pgpKey`;
      return warning === undefined ? [] : [{ rule: "pgp-key-unusable", field, values: { slot, warning } }];
    });
  },
};

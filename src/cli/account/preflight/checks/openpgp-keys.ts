import { SLOTS } from "../../../../iam/key-slots";
import { pgpKeyWarning } from "../../../../settings/settings-notes";
import { check, failed, ok, skipped } from "../check";

/** Whether Terraform can encrypt secrets for the OpenPGP keys of the settings now. */
export const openPgpKeysCheck = check({
  name: "OpenPGP keys",
  calls: [],
  where: "always-on region",
  async run(_, { deployment: { accessKeys } }) {
    const slots = accessKeys === "none" ? [] : SLOTS.filter((slot) => accessKeys[slot].pgpKey !== undefined);
    if (slots.length === 0) {
      return [skipped("no pgpKey is set")];
    }
    const warnings = slots.flatMap((slot) => {
      const warning = pgpKeyWarning(accessKeys, slot);
      return warning === undefined
        ? []
        : [failed(`accessKeys.${slot}.pgpKey: ${warning}`, "gpg --export ID | base64 -w0 prints a key")];
    });
    return warnings.length === 0 ? [ok("secrets can be encrypted for each of them")] : warnings;
  },
});

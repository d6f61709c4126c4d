import type { Subject, Tools } from "../../../../../src/cli/account/preflight/check";
import { openPgpKeysCheck } from "../../../../../src/cli/account/preflight/checks/openpgp-keys";
import { deployment } from "../../../../helpers/deployment";
import { ENCRYPTION_KEY, EXPIRED_KEY } from "../../../../helpers/pgp-keys";

// The check calls nothing and reads nothing but the settings.
const verdicts = async (settings: string) =>
  (await openPgpKeysCheck.run({} as Tools, { deployment: deployment(settings) } as Subject)).map(({ verdict }) => verdict);

it.each([
  [
    "fails for each expired key",
    `{ primary: { pgpKey: ${EXPIRED_KEY} }, secondary: { pgpKey: ${EXPIRED_KEY} } }`,
    ["failed", "failed"],
  ],
  ["passes for valid keys", `{ primary: { pgpKey: ${ENCRYPTION_KEY} } }`, ["ok"]],
  ["is skipped without pgpKey", "{ secondary: { status: Active } }", ["skipped"]],
  ["is skipped without keys", "none", ["skipped"]],
])("the check of OpenPGP keys %s", async (_, accessKeys, expected) => {
  expect(await verdicts(`accessKeys: ${accessKeys}`)).toEqual(expected);
});

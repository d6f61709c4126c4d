import { type PgpKeyError, readPgpKey } from "../../iam/openpgp-key";

/** The command that writes a public key as `pgpKey` takes it. */
const EXPORT = "gpg --export ID | base64 -w0";

/** Each error with its remedy. Never the value itself: it may be a private key. */
const MESSAGES: Readonly<Record<PgpKeyError, string>> = {
  armored: `is armored text, Terraform takes the binary key in base64; write what ${EXPORT} prints`,
  keybase: `names a Keybase user, which Terraform would look up over the network at every apply; write the key itself, what ${EXPORT} prints`,
  "not base64": `is not base64; write what ${EXPORT} prints`,
  private: `is a private key (not shown) and settings are committed; remove it, treat it as disclosed, and write the public one: ${EXPORT}`,
  "not a key": `is base64, but not of an OpenPGP public key; write what ${EXPORT} prints`,
  truncated: `is a key that stops in the middle; write all of what ${EXPORT} prints, on one line`,
  "several keys": `holds more than one key, and Terraform would encrypt for the first; name one: ${EXPORT}`,
  revoked: `is a key that its owner has revoked; write another one: ${EXPORT}`,
  "sign only": `is a key that can only sign, nothing can be encrypted for it; add an encryption subkey (gpg --edit-key ID addkey) and write what ${EXPORT} prints`,
  "too new": `is not an OpenPGP key of version 4, the one that the AWS provider reads; create one with GnuPG's defaults and write what ${EXPORT} prints`,
};

/** Why a value is not a `pgpKey`; undefined if it is one. */
export function pgpKeyError(text: string): string | undefined {
  const reading = readPgpKey(text);
  return "error" in reading ? MESSAGES[reading.error] : undefined;
}

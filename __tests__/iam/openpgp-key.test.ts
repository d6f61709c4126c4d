import { readPgpKey } from "../../src/iam/openpgp-key";
import {
  ENCRYPTION_KEY,
  EXPIRING_KEY,
  PRIVATE_KEY,
  REVOKED_KEY,
  RSA_KEY,
  SIGN_ONLY_KEY,
  VERSION_6_KEY,
} from "../helpers/pgp-keys";

describe("an OpenPGP key", () => {
  it.each([
    ["with an encryption subkey", ENCRYPTION_KEY, "aa60641c8e10a360df6f831a36195b777b1f0c66", undefined],
    ["that is RSA and does everything", RSA_KEY, "5b7fdf706a350d7b575a9221488950da36c59ab0", undefined],
    ["that expires", EXPIRING_KEY, "763ab809e17028e38706c3b939528590c1df0870", "2027-01-01T00:00:00.000Z"],
  ])("%s is read", (_, text, fingerprint, expires) => {
    // JSON: a Date of the library's thread is no Date of Jest.
    expect(JSON.parse(JSON.stringify(readPgpKey(text)))).toEqual({
      key: { fingerprint, expires, userIds: [expect.stringMatching(/^\w+ <\w+@example\.com>$/)] },
    });
  });

  it.each([
    ["a private key", PRIVATE_KEY, "private"],
    ["an armored private key", "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQ\n", "private"],
    ["an armored public key", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQ\n", "armored"],
    ["a Keybase user", "keybase:somebody", "keybase"],
    ["text", "not base64!", "not base64"],
    ["nothing", "", "not base64"],
    ["base64 of something else", Buffer.from("a certificate, say").toString("base64"), "not a key"],
    ["an encrypted message", Buffer.from([0xc1, 0x01, 0x03]).toString("base64"), "not a key"],
    ["a key that can only sign", SIGN_ONLY_KEY, "sign only"],
    ["a revoked key", REVOKED_KEY, "revoked"],
    [
      "two keys",
      Buffer.concat([ENCRYPTION_KEY, RSA_KEY].map((key) => Buffer.from(key, "base64"))).toString("base64"),
      "several keys",
    ],
    ["a key of version 6", VERSION_6_KEY, "too new"],
  ])("is not %s", (_, text, error) => {
    expect(readPgpKey(text)).toEqual({ error });
  });

  it("is rejected when it is cut at any position", () => {
    const readings = Array.from({ length: ENCRYPTION_KEY.length - 1 }, (_, length) =>
      readPgpKey(ENCRYPTION_KEY.slice(0, length)),
    );
    expect(readings.filter((reading) => "key" in reading)).toEqual([]);
  });

  it("never throws for changed bytes", () => {
    const bytes = Buffer.from(EXPIRING_KEY, "base64");
    for (let at = 0; at < bytes.length; at += 5) {
      for (const value of [0x00, 0x7f, 0xc0, 0xff]) {
        const changed = Buffer.from(bytes);
        changed[at] = value;
        expect(() => readPgpKey(changed.toString("base64"))).not.toThrow();
      }
    }
  });
});

import { ENCRYPTION_KEY, PRIVATE_KEY, SIGN_ONLY_KEY } from "../../helpers/pgp-keys";
import { deploymentWith, errorsWith } from "../../helpers/settings-files";

const errors = (accessKeys: string) => errorsWith(`accessKeys: ${accessKeys}`);

describe("key slots", () => {
  it("are one active key unless said otherwise", () => {
    expect(deploymentWith("").accessKeys).toEqual({
      primary: { status: "Active" },
      secondary: { status: "absent" },
      current: "primary",
    });
  });

  const statuses = ["Active", "Inactive", "absent"];
  const combinations = statuses.flatMap((primary) =>
    statuses.flatMap((secondary) => ["primary", "secondary"].map((current) => [primary, secondary, current] as const)),
  );

  const inOrder = ([primary, secondary, current]: (typeof combinations)[number]) =>
    (current === "primary" ? primary : secondary) === "Active";
  const setting = ([primary, secondary, current]: (typeof combinations)[number]) =>
    `accessKeys: { primary: { status: ${primary} }, secondary: { status: ${secondary} }, current: ${current} }`;

  it.each(combinations.filter(inOrder).map(setting))("can be %s", (accessKeys) => {
    expect(() => deploymentWith(accessKeys)).not.toThrow();
  });

  it.each(combinations.filter((combination) => !inOrder(combination)).map(setting))("can't be %s", (accessKeys) => {
    expect(errorsWith(accessKeys)).toHaveLength(1);
  });

  it.each([
    [
      "{ primary: { status: Inactive }, secondary: { status: Active } }",
      'line 3, accessKeys.current: "primary" is Inactive, the current key must be Active; set accessKeys.primary.status to "Active", or expose the other slot with accessKeys.current: "secondary"',
    ],
    [
      "{ current: secondary }",
      'line 3, accessKeys.current: "secondary" is absent, the current key must be Active; set accessKeys.secondary.status to "Active", or expose the other slot with accessKeys.current: "primary"',
    ],
    [
      "{ primary: { status: absent }, secondary: { status: Inactive } }",
      'line 3, accessKeys.current: "primary" is absent, the current key must be Active; set accessKeys.primary.status to "Active", or set accessKeys.secondary.status to "Active" and accessKeys.current to "secondary"',
    ],
    [
      "{ primary: { status: absent } }",
      'line 3, accessKeys: both slots are absent, and DKP requires a key; set accessKeys.primary.status to "Active", or write accessKeys: none to create keys outside Terraform',
    ],
  ])("reject %s and name the next steps", (accessKeys, error) => {
    expect(errors(accessKeys)).toEqual([error]);
  });

  it.each([
    [
      "{ primary: { status: active } }",
      'line 3, accessKeys.primary.status: "active" is unknown; use "Active", "Inactive", "absent"',
    ],
    ["{ current: first }", 'line 3, accessKeys.current: "first" is unknown; use "primary", "secondary"'],
    ["{ third: {} }", "line 3, accessKeys.third: unknown setting, known are primary, secondary, current, allowPlaintext"],
    [
      "{ primary: Active }",
      'line 3, accessKeys.primary: "Active" is not an object; it takes status, pgpKey; write KEY: VALUE lines below it',
    ],
    [
      "no",
      'line 3, accessKeys: "no" is neither an object of key slots nor "none"; write for example { secondary: { status: Active } }',
    ],
  ])("rejects %s", (accessKeys, error) => {
    expect(errors(accessKeys)).toEqual([error]);
  });

  it("report every error at once", () => {
    expect(errors("{ primary: { status: on }, secondary: { state: off } }")).toEqual([
      'line 3, accessKeys.primary.status: "on" is unknown; use "Active", "Inactive", "absent"',
      'line 3, accessKeys.secondary.state: unknown setting, did you mean "status"?',
    ]);
  });

  it("can be none", () => {
    expect(deploymentWith("accessKeys: none").accessKeys).toBe("none");
  });
});

describe("pgpKey", () => {
  const errors = (pgpKey: string) => errorsWith(`accessKeys: { primary: { pgpKey: ${JSON.stringify(pgpKey)} } }`);
  const AT = "line 3, accessKeys.primary.pgpKey: ";

  it("is a public key that can encrypt, in base64", () => {
    expect(deploymentWith(`accessKeys: { primary: { pgpKey: "${ENCRYPTION_KEY}" } }`).accessKeys).toMatchObject({
      primary: { pgpKey: ENCRYPTION_KEY },
    });
  });

  it("may be broken into lines, as base64 does", () => {
    const lines = ENCRYPTION_KEY.replaceAll(/(.{76})/g, "$1\n      ");
    expect(deploymentWith(`accessKeys:\n  primary:\n    pgpKey: |\n      ${lines}\n`).accessKeys).toMatchObject({
      primary: { pgpKey: ENCRYPTION_KEY },
    });
  });

  it.each([
    [
      "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmDME\n",
      "is armored text, Terraform takes the binary key in base64; write what gpg --export ID | base64 -w0 prints",
    ],
    [
      "keybase:somebody",
      "names a Keybase user, which Terraform would look up over the network at every apply; write the key itself, what gpg --export ID | base64 -w0 prints",
    ],
    [
      "aGVsbG8=",
      "is base64, but not of a whole OpenPGP public key; write all of what gpg --export ID | base64 -w0 prints, on one line",
    ],
    [
      "a key",
      "is base64, but not of a whole OpenPGP public key; write all of what gpg --export ID | base64 -w0 prints, on one line",
    ],
    ["!", "is not base64, or not all of it; write what gpg --export ID | base64 -w0 prints, on one line"],
    [
      ENCRYPTION_KEY.slice(0, 300),
      "is base64, but not of a whole OpenPGP public key; write all of what gpg --export ID | base64 -w0 prints, on one line",
    ],
    [
      SIGN_ONLY_KEY,
      "is a key that can only sign, nothing can be encrypted for it; add an encryption subkey (gpg --edit-key ID addkey) and write what gpg --export ID | base64 -w0 prints",
    ],
  ])("is not %s", (pgpKey, error) => {
    expect(errors(pgpKey)).toEqual([`${AT}${error}`]);
  });

  it.each([PRIVATE_KEY, "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlFgEaVW5\n"])(
    "is not a private key, which is not shown",
    (pgpKey) => {
      expect(errors(pgpKey)).toEqual([
        `${AT}is a private key (not shown) and settings are committed; remove it, treat it as disclosed, and write the public one: gpg --export ID | base64 -w0`,
      ]);
    },
  );

  it("is a string", () => {
    expect(errorsWith("accessKeys: { primary: { pgpKey: 1 } }")).toEqual([
      `${AT}is not a string; write the public key in base64, what gpg --export ID | base64 -w0 prints`,
    ]);
  });
});

describe("pgpKey in a rotation", () => {
  const PGP = `pgpKey: ${ENCRYPTION_KEY}`;

  it("may not get lost: a new key beside a current one with pgpKey needs one too", () => {
    expect(errors(`{ primary: { ${PGP} }, secondary: { status: Active } }`)).toEqual([
      'line 3, accessKeys.secondary.pgpKey: missing: the "primary" slot has a pgpKey, and without one here the state holds this key\'s secret in plaintext; write a pgpKey, or set accessKeys.allowPlaintext: true until accessKeys.secondary.status is "absent"',
    ]);
    expect(errors(`{ secondary: { status: Active, ${PGP} }, current: secondary }`)).toEqual([
      'line 3, accessKeys.primary.pgpKey: missing: the "secondary" slot has a pgpKey, and without one here the state holds this key\'s secret in plaintext; write a pgpKey, or set accessKeys.allowPlaintext: true until accessKeys.primary.status is "absent"',
    ]);
  });

  it.each([
    ["both slots have one", `{ primary: { ${PGP} }, secondary: { status: Active, ${PGP} } }`],
    ["the other slot is Inactive", `{ primary: { ${PGP} }, secondary: { status: Inactive } }`],
    ["the current key has none yet, as in the first step from plaintext to pgpKey", `{ secondary: { status: Active, ${PGP} } }`],
    [
      "current moves to the key with pgpKey, with allowPlaintext",
      `{ secondary: { status: Active, ${PGP} }, current: secondary, allowPlaintext: true }`,
    ],
    [
      "the plaintext key is absent at the end",
      `{ primary: { status: absent }, secondary: { status: Active, ${PGP} }, current: secondary }`,
    ],
  ])("may be missing where %s", (_, accessKeys) => {
    expect(() => deploymentWith(`accessKeys: ${accessKeys}`)).not.toThrow();
  });

  it("may be missing where the primary key is imported: Terraform does not know its secret", () => {
    const accessKeys = `accessKeys: { secondary: { status: Active, ${PGP} }, current: secondary }`;
    expect(() => deploymentWith(`${accessKeys}\nimport: { user: true, accessKeyId: AKIAIOSFODNN7EXAMPLE }`)).not.toThrow();
  });
});

import { showSegment } from "../../../src/settings/message-parts";
import { secretIn } from "../../../src/settings/rules/forbidden-strings";
import {
  deploymentWith,
  errorsOf,
  errorsWith,
  KEY_ID,
  MINIMAL,
  messageOf,
  REGION,
  SECRET_KEY,
} from "../../helpers/settings-files";

const PRIVATE_KEY = "-----BEGIN OPENSSH PRIVATE KEY-----";

const looksLike = (what: string) => `looks like ${what} (not shown) and settings are committed; remove it`;

const KINDS = [
  ["an AWS secret access key", SECRET_KEY],
  ["an AWS access key id", KEY_ID],
  ["an AWS access key id", KEY_ID.replace("AKIA", "ASIA")],
  ["a private key", PRIVATE_KEY],
] as const;

describe("a secret in the settings", () => {
  it.each([
    ["tags.team", `tags: { team: "${SECRET_KEY}" }`],
    ["user.name", `user: { name: "${SECRET_KEY}" }`],
    ["user.permissionsBoundary", `user: { permissionsBoundary: "${SECRET_KEY}" }`],
    ["provider.profile", `provider: { profile: "${SECRET_KEY}" }`],
    ["provider.version", `provider: { version: "${SECRET_KEY}" }`],
    ["policy.description", `policy: { description: "${SECRET_KEY}" }`],
    ["policy.mode", `policy: { mode: "${SECRET_KEY}" }`],
    ["accountId", `accountId: "${SECRET_KEY}"`],
    ["protect", `protect: "${SECRET_KEY}"`],
    ["user", `user: "${SECRET_KEY}"`],
    ["secretKey", `secretKey: "${SECRET_KEY}"`],
  ])("is rejected as a secret, whatever else is wrong with it: %s", (path, setting) => {
    expect(errorsWith(`${setting}\n`)).toContain(`line 3, ${path}: ${looksLike("an AWS secret access key")}`);
  });

  it.each(KINDS)("is named: %s (%s)", (what, secret) => {
    expect(errorsWith(`policy: { description: "${secret}" }\n`)).toEqual([`line 3, policy.description: ${looksLike(what)}`]);
  });

  it.each(KINDS)("is rejected in a backend argument and in a list there: %s (%s)", (what, secret) => {
    const backend = `backend: { s3: { bucket: b, kms_key_id: "${secret}", allowed_account_ids: [a, "${secret}"] } }`;
    expect(errorsOf(`${REGION}${backend}\n`)).toEqual([
      `line 2, backend.s3.kms_key_id: ${looksLike(what)}`,
      `line 2, backend.s3.allowed_account_ids.1: ${looksLike(what)}`,
    ]);
  });

  it.each([
    ["a tag", `tags:\n  team: platform\n  ${SECRET_KEY}: a\n`, "line 5, tags.(a secret)"],
    ["a setting", `protect: true\n${SECRET_KEY}: a\n`, "line 4, (a secret)"],
    ["a setting inside", `user:\n  name: a\n  ${SECRET_KEY}: a\n`, "line 5, user.(a secret)"],
  ])("is rejected as the key of %s, on its line", (_, setting, location) => {
    expect(errorsWith(setting)).toContain(`${location}: ${looksLike("an AWS secret access key")}`);
  });

  it.each(KINDS)("is never shown, wherever it stands: %s (%s)", (_, secret) => {
    const message = messageOf({
      "dev.yaml": [
        `region: "${secret}"`,
        `backend: { s3: { "${secret}": "${secret}", bucket: "${secret}", partial: ["${secret}"] } }`,
        `accountId: "${secret}"`,
        `protect: ["${secret}"]`,
        `provider: { version: "${secret}", profile: { "${secret}": "${secret}" }, assumeRoleArn: "${secret}" }`,
        `tags: { a: "${secret}", "${secret}": "a,b", b: ["${secret}"], c: { "${secret}": 1 } }`,
        `user: { name: "${secret}", path: "${secret}", permissionsBoundary: "${secret}", "${secret}": 1 }`,
        `policy: { name: "${secret}", path: "${secret}", mode: "${secret}", supplement: "${secret}" }`,
        `outputs: "${secret}"`,
        `"${secret}": "${secret}"`,
        "",
      ].join("\n"),
    });
    expect(message).not.toContain(secret);
  });

  it("is not shown where it is beyond what a message echoes", () => {
    expect(errorsWith(`protect: "${"a ".repeat(30)}${SECRET_KEY}"\n`).join("\n")).not.toContain(SECRET_KEY.slice(0, 10));
  });
});

describe("a private key on several lines", () => {
  it("is rejected and no line of it is shown", () => {
    const body = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtz";
    const message = messageOf({ "dev.yaml": `${MINIMAL}tags:\n  key: |\n    ${PRIVATE_KEY}\n    ${body}\n` });
    expect(message).toBe(`deployments/dev.yaml has 1 error:\n  line 4, tags.key: ${looksLike("a private key")}`);
  });
});

describe("what is no secret", () => {
  it.each([
    ["a SHA-1", "da39a3ee5e6b4b0d3255bfef95601890afd80709"],
    ["a SHA-256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
    ["a UUID", "123e4567-e89b-12d3-a456-426614174000"],
    ["a URL with a port", "https://example.com:8443/team"],
  ])("may be a tag's value: %s", (_, value) => {
    expect(deploymentWith(`tags: { commit: "${value}" }\n`).tags).toEqual({ commit: value });
  });

  it("may be an ARN with a path of 40 characters", () => {
    const arn = "arn:aws:iam::123456789012:policy/Plat4form/K8sZone7/BoundaryXQvUsr";
    expect(deploymentWith(`user: { permissionsBoundary: "${arn}" }\n`).user.permissionsBoundary).toBe(arn);
  });
});

describe("secretIn", () => {
  it.each([
    ["the key alone", SECRET_KEY, "an AWS secret access key"],
    ["a key without + and /", "Zk3vQ9xT1bLm7WcR5yHs2NdUe8GpJa4FoXiKtVwB", "an AWS secret access key"],
    ["a key behind a name", `AWS_SECRET_ACCESS_KEY=${SECRET_KEY}`, "an AWS secret access key"],
    ["a key in quotes", `"${SECRET_KEY}"`, "an AWS secret access key"],
    ["a key on a line of its own", `first\n${SECRET_KEY}\nlast`, "an AWS secret access key"],
    ["a key behind harmless text of the same shape", `${"a".repeat(40)} ${SECRET_KEY}`, "an AWS secret access key"],
    ["an id in a string", `key ${KEY_ID}, made in May`, "an AWS access key id"],
    ["a temporary id", "ASIAIOSFODNN7EXAMPLE", "an AWS access key id"],
    ["an RSA key", "-----BEGIN RSA PRIVATE KEY-----", "a private key"],
    ["an encrypted key", "-----BEGIN ENCRYPTED PRIVATE KEY-----", "a private key"],
    ["a PKCS#8 key", "-----BEGIN PRIVATE KEY-----", "a private key"],
    ["a PGP private key", "-----BEGIN PGP PRIVATE KEY BLOCK-----", "a private key"],
  ])("sees %s", (_, text, secret) => {
    expect(secretIn(text)).toBe(secret);
  });

  it.each([
    ["an empty string", ""],
    ["words", "Deckhouse policy"],
    ["a SHA-1", "da39a3ee5e6b4b0d3255bfef95601890afd80709"],
    ["a SHA-1 in capitals", "DA39A3EE5E6B4B0D3255BFEF95601890AFD80709"],
    ["a SHA-1 in mixed case", "dA39a3EE5e6b4B0D3255bfEF95C01890afD8f7c9"],
    ["40 characters of few kinds", "Deckhouse/Deckhouse/Deckhouse/Deckhouse/"],
    ["a SHA-1 behind a scheme", "sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709"],
    ["a SHA-256 in hex", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
    ["a SHA-256 in base64", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="],
    ["39 characters", SECRET_KEY.slice(1)],
    ["41 characters", `${SECRET_KEY}a`],
    ["40 small letters", "abcdefghijklmnopqrstuvwxyzabcdefghijklmn"],
    ["a user's unique id", "AIDACKCEVSQ6C2EXAMPLE"],
    ["an id that is too short", "AKIAIOSFODNN7EXAMPL"],
    ["an ARN", "arn:aws:iam::123456789012:policy/platform/BoundaryOfTheDeckhouseCloudUser1234"],
    ["a PGP public key's heading", "-----BEGIN PGP PUBLIC KEY BLOCK-----"],
    [
      "a PGP public key whose last line has 40 characters",
      "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmDMEZlJrWxYJKwYBBAHaRw8BAQdA3vQ9xT1bLm7WcR5yHs2NdUe8GpJa4FoXiKtV\nZk3vQ9xT1bLm7WcR5yHs2NdUe8GpJa4FoXiKtVwB\n=njUN\n-----END PGP PUBLIC KEY BLOCK-----",
    ],
    ["a certificate's heading", "-----BEGIN CERTIFICATE-----"],
    ["a URL with a port", "https://example.com:8443/a@b"],
    ["a URL with a user", "https://dkp@example.com"],
    ["a sentence about passwords", "the password is elsewhere, passwordless=yes"],
    ["an e-mail address", "mailto:team@example.com"],
  ])("finds none in %s", (_, text) => {
    expect(secretIn(text)).toBeUndefined();
  });
});

describe("showSegment", () => {
  it("hides a key that is a secret, and no other", () => {
    expect([SECRET_KEY, "team"].map(showSegment)).toEqual(["(a secret)", "team"]);
  });
});

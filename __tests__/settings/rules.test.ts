import { showSegment } from "../../src/settings/errors";
import { forbiddenStrings, secretIn } from "../../src/settings/rules/forbidden-strings";
import { errorsWith, KEY_ID, messageOf, SECRET_KEY } from "../helpers/settings-files";

describe("permissions that exceed one policy", () => {
  const list = (count: number, of: (number: string) => string) =>
    Array.from({ length: count }, (_, index) => of(String(index).padStart(3, "0"))).join(", ");

  it.each([
    [
      "user.allowedNetworks",
      `cluster: { prefix: dev }\nuser: { allowedNetworks: { cidrs: [${list(256, (n) => `203.0.${Number(n)}.0/24`)}] } }`,
      1,
      "combine its networks, or leave out those that no request comes from",
    ],
    [
      "cluster.peeredVPCs",
      `cluster: { prefix: dev, peeredVPCs: [${list(80, (n) => `vpc-01234567890abc${n}`)}] }`,
      1,
      "leave out the VPCs that the cluster has no peering with",
    ],
    [
      "cluster.peerAccountIds",
      `cluster: { prefix: dev, peerAccountIds: [${list(80, (n) => `"222222222${n}"`)}] }`,
      1,
      "leave out the accounts that the cluster has no peering with",
    ],
    [
      "cluster.formerIamNodeRoles",
      `cluster: { prefix: dev, formerIamNodeRoles: [${list(60, (n) => `/apps/former-${n}`)}] }`,
      2,
      "leave out the roles that no node has any more",
    ],
    [
      "cluster.kmsKeyArns",
      `features: [encrypted-volumes]\ncluster: { prefix: dev, kmsKeyArns: [${list(40, (n) => `"arn:aws:kms:eu-central-1:123456789012:key/01234567-89ab-cdef-0123-456789abc${n}"`)}] }`,
      2,
      "leave out the keys that encrypt nothing of this cluster, but not the whole list",
    ],
    [
      "cluster.tags",
      `cluster: { prefix: dev, tags: { ${list(50, (n) => `${"k".repeat(125)}${n}: v`)} } }`,
      2,
      "leave out the tags that DKP does not set, or shorten their keys",
    ],
  ])(
    "are rejected at the longest setting that one of two policies contains: %s",
    (field, settings, number, remedy) => {
      const [name] = ["D8CloudProviderAWS", "D8CloudProviderAWS-2"].slice(number - 1);
      expect(errorsWith(`policy: { mode: scoped }\n${settings}\n`)).toEqual([
        expect.stringMatching(
          new RegExp(
            `^line \\d, ${field}: is the longest setting in the policy "${name}" of \\d{4,5} characters, and IAM allows 6144; ${remedy}$`,
          ),
        ),
      ]);
    },
  );

  it("are rejected in mode documented at the networks, which alone make it longer", () => {
    const networks = list(256, (n) => `203.0.${Number(n)}.0/24`);
    const peers = list(400, (n) => `vpc-01234567890abc${n}`);
    expect(
      errorsWith(
        `cluster: { peeredVPCs: [${peers}] }\nuser: { allowedNetworks: { cidrs: [${networks}] } }\n`,
      ),
    ).toEqual([
      expect.stringMatching(
        /^line \d, user.allowedNetworks: is the longest setting in the policy "D8CloudProviderAWS" /,
      ),
    ]);
  });
});

const isReplaced = (sign: string) =>
  `holds "${sign}", which Terraform would replace; write the value itself`;

describe("forbiddenStrings", () => {
  it("checks every value and key, however deep, and shows no secret", () => {
    const value: unknown = JSON.parse(
      `{ "a": ["x", { "b": "\${y}" }], "%{c}": 1, "d": "&{e}", "${SECRET_KEY}": "${KEY_ID}" }`,
    );
    const isSecret = (what: string) =>
      `looks like ${what} (not shown) and settings are committed; remove it`;
    expect(forbiddenStrings(value).map(({ path, message }) => [path, message])).toEqual([
      [["a", "1", "b"], isReplaced("${")],
      [["%{c}"], isReplaced("%{")],
      [["d"], isReplaced("&{")],
      [[SECRET_KEY], isSecret("an AWS secret access key")],
      [[SECRET_KEY], isSecret("an AWS access key ID")],
    ]);
  });

  it.each(["$", "%", "{a}", "$ {a}", "100%", "$a", "$(a)", "constructor"])("accepts %s", (text) => {
    expect(forbiddenStrings({ a: text, b: [text] })).toEqual([]);
  });
});

it.each([
  SECRET_KEY,
  KEY_ID,
  KEY_ID.replace("AKIA", "ASIA"),
  "-----BEGIN OPENSSH PRIVATE KEY-----",
])("a secret in the settings is never shown, wherever it stands: %s", (secret) => {
  const message = messageOf({
    "dev.yaml": [
      `region: "${secret}"`,
      `backend: { s3: { "${secret}": "${secret}", bucket: "${secret}", partial: ["${secret}"] } }`,
      `accountId: "${secret}"`,
      `protect: ["${secret}"]`,
      `provider: { version: "${secret}", profile: { "${secret}": "${secret}" }, assumeRoleArn: "${secret}" }`,
      `tags: { a: "${secret}", "${secret}": "a,b", b: ["${secret}"], c: { "${secret}": 1 } }`,
      `user: { name: "${secret}", path: "${secret}", permissionsBoundary: "${secret}", "${secret}": 1 }`,
      `policy: { name: "${secret}", path: "${secret}", mode: "${secret}" }`,
      `outputs: "${secret}"`,
      `"${secret}": "${secret}"`,
      "",
    ].join("\n"),
  });
  expect(message).not.toContain(secret);
});

describe("secretIn", () => {
  it.each([
    ["the key alone", SECRET_KEY, "an AWS secret access key"],
    [
      "a key without + and /",
      "Zk3vQ9xT1bLm7WcR5yHs2NdUe8GpJa4FoXiKtVwB",
      "an AWS secret access key",
    ],
    [
      "a key with 23 different characters",
      "a1b2c3g4h5k6m7n8p9qAzBy".repeat(2).slice(0, 40),
      "an AWS secret access key",
    ],
    ["a key behind a name", `AWS_SECRET_ACCESS_KEY=${SECRET_KEY}`, "an AWS secret access key"],
    ["a key in quotes", `"${SECRET_KEY}"`, "an AWS secret access key"],
    ["a key on a line of its own", `first\n${SECRET_KEY}\nlast`, "an AWS secret access key"],
    [
      "a key behind harmless text of the same shape",
      `${"a".repeat(40)} ${SECRET_KEY}`,
      "an AWS secret access key",
    ],
    ["an id in a string", `key ${KEY_ID}, made in May`, "an AWS access key ID"],
    ["a temporary id", "ASIAIOSFODNN7EXAMPLE", "an AWS access key ID"],
    ["an RSA key", "-----BEGIN RSA PRIVATE KEY-----", "a private key"],
    ["an encrypted key", "-----BEGIN ENCRYPTED PRIVATE KEY-----", "a private key"],
    ["a PKCS#8 key", "-----BEGIN PRIVATE KEY-----", "a private key"],
  ])("sees %s", (_, text, secret) => {
    expect(secretIn(text)).toBe(secret);
  });

  it.each([
    ["an empty string", ""],
    ["a SHA-1", "da39a3ee5e6b4b0d3255bfef95601890afd80709"],
    ["a SHA-1 in capitals", "DA39A3EE5E6B4B0D3255BFEF95601890AFD80709"],
    ["a SHA-1 in mixed case", "dA39a3EE5e6b4B0D3255bfEF95C01890afD8f7c9"],
    ["40 characters of few kinds", "Deckhouse/Deckhouse/Deckhouse/Deckhouse/"],
    ["a SHA-1 behind a scheme", "sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709"],
    ["a SHA-256 in base64", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="],
    ["39 characters", SECRET_KEY.slice(1)],
    ["41 characters", `${SECRET_KEY}a`],
    ["40 small letters", "abcdefghijklmnopqrstuvwxyzabcdefghijklmn"],
    ["a user's unique id", "AIDACKCEVSQ6C2EXAMPLE"],
    ["an id that is too short", "AKIAIOSFODNN7EXAMPL"],
    ["an ARN", "arn:aws:iam::123456789012:policy/platform/BoundaryOfTheDeckhouseCloudUser1234"],
    ["a public key's heading", "-----BEGIN PUBLIC KEY-----"],
    ["a certificate's heading", "-----BEGIN CERTIFICATE-----"],
  ])("finds none in %s", (_, text) => {
    expect(secretIn(text)).toBeUndefined();
  });
});

it("showSegment hides a key that is a secret, and no other", () => {
  expect([SECRET_KEY, "team"].map(showSegment)).toEqual(["(a secret)", "team"]);
});

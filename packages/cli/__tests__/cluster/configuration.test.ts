import { CONFIGURATION, OLD_KEY, OLD_SECRET } from "../../../../__tests__/helpers/stand-in-cluster";
import { readConfiguration, withKey } from "../../src/cluster/configuration";

const KEY = { id: "AKIAI44QH8DHBEXAMPLE", secret: "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY" };
const MESSAGE =
  "provider-cluster-configuration: provider.providerAccessKeyId and provider.providerSecretAccessKey are no plain values of their own (an anchor, an alias or a block); write them as such with d8 system edit provider-cluster-configuration";

describe("readConfiguration", () => {
  it("has every field but the secret access key", () => {
    const configuration = readConfiguration(CONFIGURATION);
    expect(configuration).toMatchObject({
      keyId: OLD_KEY,
      region: "eu-central-1",
      fields: { layout: "WithoutNAT" },
    });
    expect(JSON.stringify(configuration)).not.toContain(OLD_SECRET);
  });

  it.each([
    [
      "is not of kind AWSClusterConfiguration, so the cluster does not run on AWS; name another --context",
      CONFIGURATION.replace("AWSCluster", "GCPCluster"),
    ],
    [
      "is not one YAML document with fields; repair it with d8 system edit",
      `${CONFIGURATION}secret: [\n`,
    ],
    [
      "is not one YAML document with fields; repair it with d8 system edit",
      `${CONFIGURATION}---\na: 1\n`,
    ],
    [
      "provider.providerAccessKeyId is not the ID of an access key (not shown); correct it with d8 system edit provider-cluster-configuration",
      CONFIGURATION.replace(OLD_KEY, OLD_SECRET),
    ],
  ])("rejects a document that %s, without a part of it", (message, text) => {
    expect(() => readConfiguration(text)).toThrow(
      new Error(`provider-cluster-configuration: ${message}`),
    );
  });
});

describe("withKey", () => {
  it("changes two values, and keeps comments, anchors, quotes and line ends byte for byte", () => {
    const given = `# the cluster of acme\r
kind: AWSClusterConfiguration\r
provider: # the key\r
    region:   "eu-central-1"\r
    providerSecretAccessKey: '${OLD_SECRET}'   # of the user\r
    "providerAccessKeyId":   ${OLD_KEY}\r
tags: &tags { team: a }\r
copy: *tags\r
description: >-\r
  folded\r
  text`;
    expect(withKey(given, KEY)).toBe(
      given.replace(`'${OLD_SECRET}'`, `"${KEY.secret}"`).replace(OLD_KEY, `"${KEY.id}"`),
    );
  });

  it("changes them in brackets too", () => {
    const given = `{ provider: { providerAccessKeyId: ${OLD_KEY}, providerSecretAccessKey: "${OLD_SECRET}", region: a }, kind: b }\n`;
    expect(withKey(given, KEY)).toBe(
      `{ provider: { providerAccessKeyId: "${KEY.id}", providerSecretAccessKey: "${KEY.secret}", region: a }, kind: b }\n`,
    );
  });

  it.each([
    ["an anchor at a value", CONFIGURATION.replace(OLD_KEY, `&id ${OLD_KEY}`)],
    [
      "an alias",
      CONFIGURATION.replace(`Id: ${OLD_KEY}`, "Id: *id").replace(
        "kind:",
        `id: &id ${OLD_KEY}\nkind:`,
      ),
    ],
    [
      "an alias of the whole block",
      `${CONFIGURATION.replace("provider:", "provider: &provider")}copy: *provider\n`,
    ],
    [
      "a merged block",
      `base: &base { providerAccessKeyId: ${OLD_KEY} }\nprovider: { <<: *base, providerSecretAccessKey: s }\n`,
    ],
    ["a folded value", CONFIGURATION.replace(OLD_SECRET, `>-\n    ${OLD_SECRET}`)],
    ["a missing value", CONFIGURATION.replace(/.*SecretAccessKey.*\n/, "")],
    ["no provider", CONFIGURATION.replace("provider:", "other:")],
  ])("refuses %s, because more than two values would change", (_, text) => {
    expect(() => withKey(text, KEY)).toThrow(new Error(MESSAGE));
  });
});

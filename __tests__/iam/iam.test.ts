import { cpuSeconds } from "../../packages/iam-no-new-access/__tests__/helpers/cpu";
import { KNOWN_VERSIONS } from "../../scripts/upstream/compare";
import { matchesAction } from "../../src/iam/action-patterns";
import { appliesTo, SUPPORTED_VERSIONS } from "../../src/iam/dkp-versions";
import { pgpKeyText, readPgpKey } from "../../src/iam/openpgp-key";
import { policySize } from "../../src/iam/policy-document";
import {
  ED448_KEY,
  ENCRYPTION_KEY,
  EXPIRING_KEY,
  RSA_KEY,
  VERSION_6_KEY,
} from "../helpers/pgp-keys";

describe("wildcards in actions", () => {
  it.each([
    ["*", "ec2:describevpcs", true],
    ["ec2:describe*", "ec2:describevpcs", true],
    ["ec2:describe*", "ec2:describe*s", true],
    ["ec2:describevpcs", "ec2:describe*", false],
    ["ec2:?eletevpc", "ec2:deletevpc", true],
    ["ec2:?eletevpc", "ec2:*eletevpc", false],
    ["a**b", "a*b", true],
    ["*", "", true],
  ])("match: %s, %s: %s", (wide, narrow, expected) => {
    expect(matchesAction(wide, narrow)).toBe(expected);
  });

  it("answer within a second of CPU time for long patterns of stars", () => {
    const seconds = cpuSeconds(() => {
      expect(matchesAction(`${"*a".repeat(500)}*b`, "a".repeat(2000))).toBe(false);
    });
    expect(seconds).toBeLessThan(1);
  });
});

describe("an OpenPGP key", () => {
  it.each([
    [
      "with an encryption subkey",
      ENCRYPTION_KEY,
      "aa60641c8e10a360df6f831a36195b777b1f0c66",
      undefined,
    ],
    [
      "that is RSA and does everything",
      RSA_KEY,
      "5b7fdf706a350d7b575a9221488950da36c59ab0",
      undefined,
    ],
    [
      "that expires",
      EXPIRING_KEY,
      "763ab809e17028e38706c3b939528590c1df0870",
      "2027-01-01T00:00:00.000Z",
    ],
  ])("%s is read", (_, text, fingerprint, expires) => {
    // JSON: a Date of the library's thread is no Date of Jest.
    expect(JSON.parse(JSON.stringify(readPgpKey(text)))).toEqual({
      key: { fingerprint, expires, userIds: [expect.stringMatching(/^\w+ <\w+@example\.com>$/)] },
    });
  });

  const together = (...keys: readonly string[]) =>
    Buffer.concat(keys.map((key) => Buffer.from(key, "base64"))).toString("base64");
  /** The last two packets of the other key. */
  const SUBKEY = Buffer.from(EXPIRING_KEY, "base64").subarray(228).toString("base64");
  /** Behind the primary key, in hex; nobody certified it. */
  const withAttribute = (content: string) => {
    const [key, attribute] = [Buffer.from(ENCRYPTION_KEY, "base64"), Buffer.from(content, "hex")];
    const header = Buffer.from([0xd1, attribute.length]);
    return Buffer.concat([key.subarray(0, 53), header, attribute, key.subarray(53)]).toString(
      "base64",
    );
  };
  const MARKER = Buffer.from("ca03504750", "hex").toString("base64");

  it.each([
    ["two keys", together(ENCRYPTION_KEY, RSA_KEY), "several keys"],
    [
      "a key behind one that only the AWS provider reads",
      together(ED448_KEY, ENCRYPTION_KEY),
      "several keys",
    ],
    [
      "a key before one that only the AWS provider reads",
      together(ENCRYPTION_KEY, ED448_KEY),
      "several keys",
    ],
    ["a key that only the AWS provider reads", ED448_KEY, "not a key"],
    ["a packet before a key", together(MARKER, ENCRYPTION_KEY), "not a key"],
    ["a packet behind a key", together(ENCRYPTION_KEY, MARKER), "not a key"],
    ["a user attribute that is cut off", withAttribute("78"), "not a key"],
    ["a subkey of another key", together(ENCRYPTION_KEY, SUBKEY), "invalid part"],
    ["a key of version 6", VERSION_6_KEY, "too new"],
  ])("is not %s", (_, text, error) => {
    expect(readPgpKey(text)).toEqual({ error });
  });

  it("may have a user attribute", () => {
    expect(readPgpKey(withAttribute("020501"))).toHaveProperty("key");
  });

  it("shows its fingerprint before what its owner wrote", () => {
    const named = {
      fingerprint: "c6b4",
      userIds: ["A (fingerprint 0000, never expires)"],
      expires: new Date(0),
    };
    expect(pgpKeyText(named)).toBe(
      "C6B4 (expires 1970-01-01) of A (fingerprint 0000, never expires)",
    );
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

it.each([
  ["1.76", { since: "1.77" }, false],
  ["1.77", { since: "1.77" }, true],
  ["1.77", { until: "1.77" }, true],
  ["1.77", { until: "1.76" }, false],
  [undefined, { until: "1.70" }, true],
  [undefined, { until: "1.69" }, false],
] as const)("version %s of DKP meets %j: %s", (version, range, applies) => {
  expect(appliesTo(range, version)).toBe(applies);
});

it("the size of a policy does not count white space, also in a value", () => {
  const sizeWith = (tag: string) =>
    policySize([
      {
        sid: "A",
        actions: ["iam:TagRole"],
        resources: ["*"],
        conditions: [{ test: "ForAllValues:StringEquals", variable: "aws:TagKeys", values: [tag] }],
      },
    ]);
  expect(sizeWith("a b")).toBe(sizeWith("ab"));
});

it("a fact without a version counts for the versions from the first supported one to the last", () => {
  const supported = KNOWN_VERSIONS.filter((version) =>
    appliesTo({ since: version, until: version }),
  );
  expect([supported[0], supported.at(-1)]).toEqual([
    SUPPORTED_VERSIONS.first,
    SUPPORTED_VERSIONS.last,
  ]);
});

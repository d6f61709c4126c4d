import { iamKey } from "../../../../__tests__/helpers/key-situations";
import type { IamKey } from "../../src/account/aws/iam-reader";
import { rotatedFindings } from "../../src/account/rotated-keys";
import { ROTATED_RULES } from "../../src/account/shared-rules";
import { textOf } from "../../src/findings/finding";

const NOW = new Date("2026-11-01T00:00:00Z");
const found = (dkpKey: string | undefined, ...keys: readonly IamKey[]) =>
  rotatedFindings({ stack: "deckhouse", maxAge: 90, keys, dkpKey, now: NOW }).map(
    ({ rule, values }) => [
      rule,
      ...Object.values(values).filter((value) => keys.some(({ id }) => id === value)),
    ],
  );

describe("the keys of rotate", () => {
  it.each([
    ["DKP's key is young", "A", [iamKey("A", 50, 0)], []],
    ["a rotation waits", "B", [iamKey("A", 92, 2), iamKey("B", 2, 0)], []],
    [
      "both are used on the day of a hand-over",
      undefined,
      [iamKey("A", 90, 0), iamKey("B", 1, 0)],
      [],
    ],
    ["a run left a key that nothing uses", "A", [iamKey("A", 90, 0), iamKey("B", 3)], []],
    ["there is none", undefined, [], []],
    [
      "a younger one than DKP's was used",
      "A",
      [iamKey("A", 50, 0), iamKey("B", 3, 2)],
      ["rotated-key-unmanaged", "B", "A"],
    ],
    [
      "both are used for longer than a rotation takes",
      undefined,
      [iamKey("A", 90, 0), iamKey("B", 15, 0)],
      ["rotated-keys-both-used", "B", "A"],
    ],
    [
      "DKP's key is two weeks too old, beside a younger one",
      "A",
      [iamKey("A", 105, 0), iamKey("B", 3)],
      ["rotation-overdue", "A"],
    ],
    [
      "the youngest one that works is two weeks too old",
      undefined,
      [iamKey("A", 105, 3), iamKey("B", 1, 3, "Inactive")],
      ["rotation-overdue", "A"],
    ],
    ["DKP has one that is gone, beside an old one", "GONE", [iamKey("A", 105, 3)], []],
  ])("are judged where %s", (_, dkp, keys, expected) => {
    expect(found(dkp, ...keys)).toEqual(expected.length === 0 ? [] : [expected]);
  });

  it("accuse no younger one where only its last use shows which one DKP has", () => {
    const keys = [iamKey("A", 50, 0.1), iamKey("B", 4, 2)];
    const given = { stack: "deckhouse", maxAge: 90, keys, dkpKey: "A", now: NOW };
    expect(
      rotatedFindings({ ...given, isInferred: true }).map((each) => textOf(ROTATED_RULES, each)),
    ).toEqual([
      "B was last used 2026-10-30 00:00 UTC by ec2 in eu-central-1, and only the older key A was used within a day",
    ]);
  });
});

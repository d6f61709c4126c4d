import type { IamKey } from "../../../src/cli/account/aws/iam-reader";
import { rotatedFindings } from "../../../src/cli/account/rotated-keys";

const NOW = new Date("2026-12-01T02:00:00Z");
const ago = (days: number) => new Date(+NOW - days * 86_400_000);
/** @param used days ago */
const key = (id: string, age: number, used?: number, status = "Active") => ({
  id,
  status,
  created: ago(age),
  lastUsed:
    used === undefined ? undefined : { at: ago(used), service: "ec2", region: "eu-central-1" },
});
const found = (dkpKey: string | undefined, ...keys: readonly IamKey[]) =>
  rotatedFindings({ stack: "deckhouse", maxAge: 90, keys, dkpKey, now: NOW }).map(
    ({ rule, values }) => [
      rule,
      ...Object.values(values).filter((value) => keys.some(({ id }) => id === value)),
    ],
  );

describe("the keys of rotate", () => {
  it.each([
    ["DKP's key is young", "A", [key("A", 50, 0)], []],
    ["a rotation waits", "B", [key("A", 92, 2), key("B", 2, 0)], []],
    ["both are used on the day of a hand-over", undefined, [key("A", 90, 0), key("B", 1, 0)], []],
    ["a run left a key that nothing uses", "A", [key("A", 90, 0), key("B", 3)], []],
    ["there is none", undefined, [], []],
    [
      "a younger one than DKP's was used",
      "A",
      [key("A", 50, 0), key("B", 3, 2)],
      ["rotated-key-unmanaged", "B", "A"],
    ],
    [
      "both are used for longer than a rotation takes",
      undefined,
      [key("A", 90, 0), key("B", 8, 0)],
      ["rotated-keys-both-used", "B", "A"],
    ],
    [
      "DKP's key is a week too old, beside a younger one",
      "A",
      [key("A", 98, 0), key("B", 3)],
      ["rotation-overdue", "A"],
    ],
    [
      "the youngest one that works is a week too old",
      undefined,
      [key("A", 98, 3), key("B", 1, 3, "Inactive")],
      ["rotation-overdue", "A"],
    ],
    ["DKP has one that is gone, beside an old one", "GONE", [key("A", 98, 3)], []],
  ])("are judged where %s", (_, dkp, keys, expected) => {
    expect(found(dkp, ...keys)).toEqual(expected.length === 0 ? [] : [expected]);
  });
});

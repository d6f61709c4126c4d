import { endingOf } from "../../../src/cli/account/key-judge";
import { iamKey } from "../../helpers/keys/situations";

const NOW = new Date("2026-11-01T00:00:00Z");
const uses = (...keys: readonly ReturnType<typeof iamKey>[]) => ({ now: NOW, keys });
const END = { slot: "primary", verb: "deactivates", id: "AKIAOLD", current: "AKIANEW" } as const;

describe("an apply that deactivates or deletes a key", () => {
  it.each([
    [
      "was used 23 hours ago",
      uses(iamKey("AKIAOLD", 80, 23 / 24), iamKey("AKIANEW", 3, 0.1)),
      "key-ended-in-use",
    ],
    [
      "was used a day ago, and the current one since",
      uses(iamKey("AKIAOLD", 80, 1), iamKey("AKIANEW", 3, 0.1)),
      "key-ended-unused",
    ],
    [
      "was never used, and the current one was today",
      uses(iamKey("AKIAOLD", 80), iamKey("AKIANEW", 3, 0.5)),
      "key-ended-unused",
    ],
    [
      "is beside a current one of a cluster that has stopped",
      uses(iamKey("AKIAOLD", 80, 9), iamKey("AKIANEW", 8, 2)),
      "key-ended",
    ],
    [
      "was created within the day",
      uses(iamKey("AKIAOLD", 0.5), iamKey("AKIANEW", 3, 0.1)),
      "key-ended",
    ],
    [
      "was used after the current one",
      uses(iamKey("AKIAOLD", 80, 2), iamKey("AKIANEW", 90, 5)),
      "key-ended",
    ],
    [
      "was used when the cluster stopped, and the current one never",
      uses(iamKey("AKIAOLD", 80, 9), iamKey("AKIANEW", 3)),
      "key-ended",
    ],
    ["has uses that cannot be read", uses(iamKey("AKIANEW", 3, 0.1)), "key-ended"],
    [
      "is beside a current one whose uses cannot be read",
      uses(iamKey("AKIAOLD", 80, 5)),
      "key-ended",
    ],
    ["is known from the settings alone", undefined, "key-ended"],
  ])("is judged by the last uses where the key %s", (_, given, rule) => {
    expect(endingOf(END, given).rule).toBe(rule);
  });

  it("is breaking for the current key, whatever uses it", () => {
    const current = { ...END, id: "AKIANEW", whose: "the current" } as const;
    expect(endingOf(current, undefined).rule).toBe("key-ended-in-use");
    expect(endingOf(current, uses(iamKey("AKIANEW", 80, 30))).rule).toBe("key-ended-in-use");
  });
});

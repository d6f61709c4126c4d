import { follow, printed } from "../../../helpers/keys/person";
import { EVENTS, type EventName, STARTS, worldAfter } from "../../../helpers/keys/walk";
import { DAY, HOUR, pass, type World, works } from "../../../helpers/keys/world";

/**
 * What happens to a deployment, and the first words of the step that a careful engineer takes then.
 */
const EVERYDAY: readonly (readonly [start: string, events: readonly EventName[], step: string])[] =
  [
    ["nothing", [], "apply, because"],
    ["nothing", ["an apply"], "give the current key"],
    ["one key, minutes after the hand-over", [], "give the current key"],
    ["one key", [], "nothing to do"],
    ["one key", ["a rotation begins"], "apply, because"],
    ["one key", ["the second key is created and not current"], "apply, because"],
    ["one key", ["the second key is created and not current", "an apply"], "make the newer key"],
    ["one key", ["a pgpKey in the idle slot"], "nothing to do"],
    ["one key", ["the cluster stops for two days"], "nothing to do"],
    ["two keys", [], "give the current key"],
    ["two keys", ["an hour passes"], "give the current key"],
    ["two keys", ["a hand-over"], "give the current key"],
    ["two keys", ["a hand-over", "an hour passes"], "give the current key"],
    ["two keys, after the hand-over", ["an hour passes", "an hour passes"], "wait until"],
    ["two keys, after the hand-over", ["a day passes"], "deactivate the old key"],
    ["two keys, days after the hand-over", [], "deactivate the old key"],
    [
      "two keys, days after the hand-over",
      ["the old slot becomes Inactive too early"],
      "apply, because",
    ],
    [
      "two keys, days after the hand-over",
      ["the cluster stops for two days"],
      "find out which key DKP has",
    ],
    ["retired", [], "delete the old key"],
    ["retired", ["the old slot becomes absent too early"], "apply, because"],
  ];

/** Every leak: of each key at each station, with what can happen before it. */
const BEFORE: readonly (readonly EventName[])[] = [
  [],
  ["a hand-over"],
  ["an hour passes"],
  ["a day passes"],
  ["the cluster stops for two days"],
];

describe("keys in everyday life", () => {
  it.each(EVERYDAY)("prints the step of a careful engineer: %s, %j: %s", (start, events, step) => {
    const world = worldAfter([...(STARTS[start] ?? []), ...events], false);
    const text = printed(world);
    expect(text).toContain(`next: ${step}`);
    expect(text).not.toMatch(/^(?:unverifiable|breaking)/m);
    expect(follow(world)).toMatchObject({ violations: [], end: "done" });
  });

  it("waits after a hand-over, and names no cluster as stopped", () => {
    const world = worldAfter(STARTS["two keys"] ?? [], false);
    EVENTS["a hand-over"](world);
    for (let hours = 0; hours < 30; hours++) {
      pass(world, HOUR);
      expect(printed(world)).not.toMatch(/stopped|^(?:unverifiable|breaking|attention)/m);
    }
    pass(world, DAY);
    expect(printed(world)).toContain("next: deactivate the old key");
  });
});

describe("a leak that is followed to the letter", () => {
  const leaks = Object.keys(STARTS).flatMap((start) =>
    BEFORE.flatMap((before) =>
      (["DKP's key leaks", "the other key leaks"] as const).map(
        (leak) => [start, [...before, leak]] as const,
      ),
    ),
  );

  it.each(leaks)("ends, and DKP has a key that works: %s, %j", (start, events) => {
    const world: World = worldAfter([...(STARTS[start] ?? []), ...events], false);
    expect(follow(world)).toMatchObject({ violations: [], end: "done" });
    expect(world.leaked.filter((id) => world.keys.some((key) => key.id === id))).toEqual([]);
    if (world.dkp !== "" && world.isRunning) {
      expect(works(world)).toBe(true);
    }
  });
});

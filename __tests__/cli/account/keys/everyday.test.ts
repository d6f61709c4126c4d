import { follow, printed } from "../../../helpers/keys/person";
import { EVENTS, type EventName, STARTS, worldAfter } from "../../../helpers/keys/walk";
import { DAY, HOUR, keyIn, minutesOf, pass, type World, works } from "../../../helpers/keys/world";

/**
 * By step that a careful engineer takes, the situations in which it is right: a station of a
 * deployment's life and the events after it. "in a cluster" is with --cluster.
 */
const EVERYDAY = {
  "apply, because": [
    "nothing",
    "one key + a rotation begins",
    "one key + the second key is created and not current",
    "one key, minutes after the hand-over + a rotation begins",
    "two keys + the other slot becomes current",
    "two keys, days after the hand-over + the old slot becomes Inactive too early",
    "two keys, days after the hand-over + the old slot becomes absent too early",
    "two keys, days after the hand-over + the other key is deleted",
    "retired + the old slot becomes absent too early",
    "retired + the other key is deleted",
    "in a cluster: nothing",
    "in a cluster: one key + a rotation begins",
  ],
  "give the current key": [
    "nothing + an apply",
    "one key, minutes after the hand-over",
    "one key, minutes after the hand-over + an hour passes",
    "one key, minutes after the hand-over + the cluster stops for two days",
    "two keys",
    "two keys + an hour passes",
    "two keys + a day passes",
    "two keys + an apply",
    "two keys + a hand-over",
    "two keys + a hand-over, and a component takes the key half a day later",
    "two keys, after the hand-over",
    "in a cluster: two keys",
    "in a cluster: two keys + an hour passes",
    "in a cluster: two keys + a day passes",
    "in a cluster: two keys + the cluster stops for two days",
  ],
  "make the newer key": [
    "one key + the second key is created and not current + an apply",
    "in a cluster: one key + the second key is created and not current + an apply",
  ],
  "wait until": [
    "two keys, after the hand-over + an hour passes",
    "two keys, after the hand-over + an hour passes + an hour passes",
    "in a cluster: two keys + a hand-over",
    "in a cluster: two keys, after the hand-over",
    "in a cluster: two keys, after the hand-over + an hour passes",
  ],
  "find out which key DKP has": [
    "two keys + the cluster stops for two days",
    "two keys, after the hand-over + the cluster stops for two days",
    "two keys, days after the hand-over + the cluster stops for two days",
    "retired + the cluster stops for two days",
  ],
  "deactivate the old key": [
    "two keys, after the hand-over + a day passes",
    "two keys, days after the hand-over",
    "two keys, days after the hand-over + an hour passes",
    "two keys, days after the hand-over + a day passes",
    "two keys, days after the hand-over + an apply",
    "two keys, days after the hand-over + a hand-over",
    "in a cluster: two keys, after the hand-over + a day passes",
    "in a cluster: two keys, after the hand-over + the cluster stops for two days",
    "in a cluster: two keys, days after the hand-over",
    "in a cluster: two keys, days after the hand-over + the cluster stops for two days",
  ],
  "delete the old key": [
    "retired",
    "retired + an hour passes",
    "retired + a day passes",
    "retired + an apply",
    "retired + a hand-over",
    "retired + the other key is deactivated",
    "in a cluster: retired",
    "in a cluster: retired + the cluster stops for two days",
  ],
  "nothing to do": [
    "one key",
    "one key + an hour passes",
    "one key + a day passes",
    "one key + an apply",
    "one key + a hand-over",
    "one key + the cluster stops for two days",
    "one key, minutes after the hand-over + a day passes",
    "in a cluster: one key",
    "in a cluster: one key + the cluster stops for two days",
    "in a cluster: one key, minutes after the hand-over",
    "in a cluster: one key, minutes after the hand-over + an hour passes",
  ],
  // A person has to decide or to correct something.
  "first do what is said above": [
    "one key + a key is created manually",
    "one key + the user is renamed",
    "one key + AWS quarantines the user",
    "two keys + the old slot becomes Inactive too early",
    "two keys + the old slot becomes absent too early",
    "two keys + settings of before the rotation",
    "two keys, after the hand-over + the old slot becomes Inactive too early",
    "two keys, after the hand-over + the other key is deactivated",
    "two keys, days after the hand-over + the other key is deactivated",
    "two keys, days after the hand-over + settings of before the rotation",
    "retired + settings of before the rotation",
    "retired + a rotation begins",
    "in a cluster: two keys + settings of before the rotation",
    "in a cluster: retired + settings of before the rotation",
  ],
};

const SITUATIONS = Object.entries(EVERYDAY).flatMap(([step, situations]) =>
  situations.map((situation) => [situation, step] as const),
);

function worldOf(situation: string) {
  const [start = "", ...events] = situation.replace("in a cluster: ", "").split(" + ");
  const all = [...(STARTS[start] ?? []), ...(events as EventName[])];
  return worldAfter(all, situation.startsWith("in a cluster: "));
}

function untrueIn(text: string, world: World) {
  const untrue = [...text.matchAll(/DKP has (AKIA\d+)/g)].filter(([, id]) => id !== world.dkp);
  for (const use of text.matchAll(/a use of (AKIA\d+) at (.{16} UTC)/g)) {
    const [, id = "", time = ""] = use;
    untrue.push(...(keyIn(world, id)?.used === minutesOf(time) ? [] : [use]));
  }
  for (const unused of text.matchAll(/key (AKIA\d+) to DKP, because nothing has used it/g)) {
    untrue.push(...(keyIn(world, unused[1] ?? "")?.used === undefined ? [] : [unused]));
  }
  for (const current of text.matchAll(/because DKP has the current one/g)) {
    untrue.push(...(world.dkp === world.state.current?.id ? [] : [current]));
  }
  for (const stopped of text.matchAll(/the cluster is stopped/g)) {
    untrue.push(...(world.isRunning ? [stopped] : []));
  }
  return untrue.map(([sentence]) => sentence);
}

/** Every leak: of each key at each station, after each of these events. */
const BEFORE: readonly (readonly EventName[])[] = [
  [],
  ["a hand-over"],
  ["an hour passes"],
  ["a day passes"],
  ["the cluster stops for two days"],
];

describe("keys in everyday life", () => {
  it.each(SITUATIONS)("prints the step of a careful engineer: %s: %s", (situation, step) => {
    const world = worldOf(situation);
    const text = printed(world);
    expect(text).toContain(`next: ${step}`);
    expect(untrueIn(text, world)).toEqual([]);
    const isStop = /^(?:unverifiable|breaking)/m.test(text);
    expect(isStop && step !== "first do what is said above").toBe(false);
    expect(follow(world)).toMatchObject({ violations: [], end: "done" });
  });

  it("waits after a hand-over, and says nothing untrue in any hour", () => {
    const world = worldAfter(STARTS["two keys"] ?? [], false);
    EVENTS["a hand-over"](world);
    for (let hours = 0; hours < 30; hours++) {
      pass(world, HOUR);
      const text = printed(world);
      expect(text).not.toMatch(/^(?:unverifiable|breaking|attention)/m);
      expect(untrueIn(text, world)).toEqual([]);
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
    const world = worldAfter([...(STARTS[start] ?? []), ...events], false);
    expect(follow(world)).toMatchObject({ violations: [], end: "done" });
    expect(world.leaked.filter((id) => world.keys.some((key) => key.id === id))).toEqual([]);
    if (world.dkp !== "" && world.isRunning) {
      expect(works(world)).toBe(true);
    }
  });
});

import { otherSlot, SLOTS } from "../../../src/iam/key-slots";
import { follow } from "./person";
import {
  apply,
  canonical,
  createKey,
  DAY,
  deleteKey,
  giveKey,
  HOUR,
  type Interruption,
  idleSlot,
  newWorld,
  pass,
  SETTINGS,
  setStatus,
  type World,
  works,
} from "./world";

type Event = (world: World) => void;

const QUIET = () => undefined;
const otherOf = (world: World) => world.keys.find(({ id }) => id !== world.dkp)?.id ?? "";
const applyWith =
  (interruption?: Interruption): Event =>
  (world) => {
    apply(world, QUIET, interruption);
  };
const leaks = (id: string, world: World) => {
  if (id !== "" && !world.leaked.includes(id)) {
    world.leaked.push(id);
  }
};

/**
 * DKP gets a key. Without --cluster, only the uses of the next day show a key that is older than
 * DKP's.
 */
const gives = (world: World, id: string, late?: number) => {
  const [created, own] = [id, world.dkp].map(
    (each) => world.keys.find((key) => key.id === each)?.created,
  );
  giveKey(world, id, late);
  if (!world.hasCluster && created !== undefined && own !== undefined && created < own) {
    pass(world, DAY + 3 * HOUR);
  }
};

/** Edits of the settings, and the apply of whoever made them. */
const settings =
  (change: (world: World) => Partial<World["settings"]>): Event =>
  (world) => {
    world.settings = { ...world.settings, ...change(world) };
  };

export const EVENTS = {
  "an hour passes": (world) => pass(world, HOUR),
  "a day passes": (world) => pass(world, DAY),
  "a rotation begins": settings((world) => ({
    [idleSlot(world)]: "Active",
    current: idleSlot(world),
  })),
  "the second key is created and not current": settings((world) => ({
    [idleSlot(world)]: "Active",
  })),
  "the other slot becomes current": settings(({ settings: { current, ...slots } }) =>
    slots[otherSlot(current)] === "Active" ? { current: otherSlot(current) } : {},
  ),
  "all edits of a rotation are made": settings(({ settings: { current } }) => ({
    ...{ [current]: "Inactive", [otherSlot(current)]: "Active" },
    current: otherSlot(current),
  })),
  "the old slot becomes Inactive too early": settings((world) =>
    world.settings[idleSlot(world)] === "Active" ? { [idleSlot(world)]: "Inactive" } : {},
  ),
  "the old slot becomes absent too early": settings((world) => ({ [idleSlot(world)]: "absent" })),
  "settings of before the rotation": settings(() => structuredClone(SETTINGS)),
  "an apply": applyWith(),
  "an apply is killed at its first write": applyWith({ kind: "killed", at: 1 }),
  "an apply is killed at its second write": applyWith({ kind: "killed", at: 2 }),
  "an apply loses the first answer": applyWith({ kind: "answer lost", at: 1 }),
  "an apply loses the second answer": applyWith({ kind: "answer lost", at: 2 }),
  "an apply cannot read what it created": applyWith({ kind: "read fails", at: 1 }),
  "an apply cannot write the state": applyWith({ kind: "state not written" }),
  "a hand-over": (world) => gives(world, world.state.current?.id ?? world.dkp),
  "a hand-over, and a component takes the key half a day later": (world) =>
    gives(world, world.state.current?.id ?? world.dkp, DAY / 2),
  "somebody writes the other key back into the cluster": (world) => {
    giveKey(world, otherOf(world) || world.dkp);
    pass(world, world.hasCluster ? 1 : DAY + 3 * HOUR);
  },
  "the newest state is lost": (world) => {
    world.state = { user: false, keys: {} };
  },
  "the state is lost with all versions": (world) => {
    world.state = { user: false, keys: {} };
    world.versions = [];
  },
  "the oldest state is restored": (world) => {
    world.state = structuredClone(world.versions[0] ?? world.state);
  },
  "the state loses the current key": ({ state }) => {
    for (const slot of SLOTS.filter((each) => state.keys[each]?.id === state.current?.id)) {
      delete state.keys[slot];
    }
  },
  "DKP's key leaks": (world) => leaks(world.dkp, world),
  "the other key leaks": (world) => leaks(otherOf(world), world),
  "DKP's key is deactivated": (world) => setStatus(world, world.dkp, "Inactive"),
  "the other key is deactivated": (world) => setStatus(world, otherOf(world), "Inactive"),
  "DKP's key is deleted": (world) => deleteKey(world, world.dkp),
  "the other key is deleted": (world) => deleteKey(world, otherOf(world)),
  "a key is created manually": (world) => {
    createKey(world);
  },
  "a key is created manually, and DKP gets it": (world) =>
    giveKey(world, createKey(world)?.id ?? world.dkp),
  "an attacker creates a key": (world) => {
    world.hostile.push(...[createKey(world)?.id ?? []].flat());
  },
  "IAM lists the newest key late": ({ keys, now }) => {
    const newest = keys.at(-1);
    if (newest !== undefined && newest.created === now) {
      newest.listed = false;
    }
  },
  "the user is renamed": (world) => {
    world.user = world.user === "" ? "" : "deckhouse-old";
  },
  "AWS quarantines the user": (world) => {
    world.quarantined = true;
  },
  "the cluster stops for two days": (world) => {
    world.isRunning = false;
    pass(world, 2 * DAY);
  },
} as const satisfies Readonly<Record<string, Event>>;

export type EventName = keyof typeof EVENTS;

const ONE_KEY: readonly EventName[] = ["an apply", "a hand-over", "a day passes", "a day passes"];
const TWO_KEYS: readonly EventName[] = [...ONE_KEY, "a rotation begins", "an apply"];
const GIVEN: readonly EventName[] = [...TWO_KEYS, "a hand-over", "a day passes", "a day passes"];

/** Stations of a deployment's life, each with the events that lead to it from nothing. */
export const STARTS: Readonly<Record<string, readonly EventName[]>> = {
  nothing: [],
  "one key": ONE_KEY,
  "one key, minutes after the hand-over": ["an apply", "a hand-over"],
  "two keys": TWO_KEYS,
  "two keys, after the hand-over": [...TWO_KEYS, "an hour passes", "a hand-over", "an hour passes"],
  "two keys, days after the hand-over": GIVEN,
  retired: [...GIVEN, "the old slot becomes Inactive too early", "an apply"],
};

export function worldAfter(events: readonly EventName[], hasCluster: boolean): World {
  const world = newWorld(hasCluster);
  for (const event of events) {
    EVENTS[event](world);
  }
  return world;
}

interface Walked {
  readonly situations: number;
  readonly violations: readonly string[];
  /** The number of steps to the end, of each situation. */
  readonly lengths: readonly number[];
  /** A document resolves these, and the person of the model cannot. */
  readonly pages: readonly string[];
}

/**
 * Every sequence of that many events after each start, with and without a cluster; then the printed
 * steps to the end.
 */
export function walk(starts: readonly string[], depth: number): Walked {
  const seen = new Set<string>();
  const violations: string[] = [];
  const lengths: number[] = [];
  const pages: string[] = [];
  const visit = (world: World, path: readonly string[]) => {
    const key = canonical(world);
    if (seen.has(key)) {
      return;
    }
    seen.add(key);
    const outcome = follow(structuredClone(world));
    lengths.push(outcome.steps.length);
    if (outcome.end === "page") {
      pages.push(`${path.join(", ")}: ${outcome.steps.join(" | ")}`);
    }
    violations.push(
      ...outcome.violations.map(
        (violation) => `${path.join(", ")}: ${violation}: ${outcome.steps.join(" | ")}`,
      ),
    );
  };
  // Breadth first, so that the shortest way to a situation is the one that is named.
  for (const hasCluster of [false, true]) {
    let level = starts.map((start) => ({
      world: worldAfter(STARTS[start] ?? [], hasCluster),
      path: [start],
    }));
    for (let count = 0; ; count++) {
      for (const { world, path } of level) {
        visit(world, path);
      }
      if (count === depth) {
        break;
      }
      const next = new Map<string, (typeof level)[number]>();
      for (const { world, path } of level) {
        for (const [event, does] of Object.entries(EVENTS)) {
          const after = structuredClone(world);
          const worked = works(after);
          does(after);
          // Only a person can stop DKP's key in this way, and the program is not the cause.
          const name = worked && !works(after) ? `${event} (DKP stops)` : event;
          next.set(canonical(after), { world: after, path: [...path, name] });
        }
      }
      level = [...next.values()];
    }
  }
  return { situations: seen.size, violations, lengths, pages };
}

import { endingOf, type KeyUses } from "../../../src/cli/account/key-judge";
import { otherSlot, SLOTS, type Slot } from "../../../src/iam/key-slots";

// A model of what the keys of a deployment depend on: settings, Terraform with its state, the user
// in IAM, and DKP. Times are minutes.

export const HOUR = 60;
export const DAY = 24 * HOUR;
/** AWS reports a use this late. */
const REPORTED_AFTER = 2 * HOUR;
const MAX_KEYS = 2;

export type Status = "Active" | "Inactive";

export interface Key {
  readonly id: string;
  status: Status;
  readonly created: number;
  /** The last use that AWS reports. */
  used?: number;
  /** IAM lists a new key some seconds late. */
  listed: boolean;
}

export interface StateKey {
  readonly id: string;
  readonly status: Status;
  readonly created: number;
  /** An apply ended before it read the new key. */
  readonly tainted?: boolean;
}

export interface State {
  user: boolean;
  keys: Partial<Record<Slot, StateKey>>;
  current?: { readonly id: string; readonly slot: Slot };
}

export interface Settings {
  primary: Status | "absent";
  secondary: Status | "absent";
  current: Slot;
}

export interface World {
  now: number;
  created: number;
  settings: Settings;
  state: State;
  versions: State[];
  /** The state that an apply could not write, and how many versions there were. */
  errored?: { readonly state: State; readonly after: number };
  /** The keys of the user in IAM, and its name there. */
  keys: Key[];
  user: string;
  quarantined: boolean;
  /** In provider-cluster-configuration, and since when. */
  dkp: string;
  dkpSince: number;
  /** A component that still has the former key, until a time. */
  late: { readonly id: string; readonly until: number };
  isRunning: boolean;
  hasCluster: boolean;
  leaked: string[];
  ended: string[];
  hostile: string[];
}

export const SETTINGS: Settings = { primary: "Active", secondary: "absent", current: "primary" };

export const newWorld = (hasCluster: boolean): World => ({
  ...{
    now: 0,
    created: 0,
    settings: structuredClone(SETTINGS),
    state: { user: false, keys: {} },
    versions: [],
    keys: [],
  },
  ...{
    user: "",
    quarantined: false,
    dkp: "",
    dkpSince: 0,
    late: { id: "", until: 0 },
    isRunning: true,
    hasCluster,
  },
  ...{ leaked: [], ended: [], hostile: [] },
});

export const keyIn = ({ keys }: Pick<World, "keys">, id: string): Key | undefined =>
  keys.find((key) => key.id === id);

export const isActive = (world: Pick<World, "keys">, id: string): boolean =>
  keyIn(world, id)?.status === "Active";

/** Whether AWS accepts every call of DKP. */
export function works(world: World): boolean {
  const { dkp, late, now, quarantined, isRunning } = world;
  const isTaken = !isRunning || late.until <= now;
  return isActive(world, dkp) && !quarantined && (isTaken || isActive(world, late.id));
}

/** A running cluster uses its keys; AWS reports the use hours late. */
export function pass(world: World, minutes: number): void {
  world.now += minutes;
  for (const key of world.keys) {
    key.listed = true;
  }
  if (minutes < HOUR || !world.isRunning) {
    return;
  }
  const { late, now } = world;
  const used = now - REPORTED_AFTER;
  for (const [id, until] of [
    [late.id, Math.min(late.until, used)] as const,
    [world.dkp, used] as const,
  ]) {
    const key = keyIn(world, id);
    const isSince = id !== world.dkp || until >= world.dkpSince;
    if (key?.status === "Active" && isSince && until >= Math.max(key.created, key.used ?? 0)) {
      key.used = until;
    }
  }
}

/** @returns undefined if IAM rejects it: LimitExceeded, or no such user */
export function createKey(world: World): Key | undefined {
  if (world.user === "" || world.keys.length >= MAX_KEYS) {
    return undefined;
  }
  world.created += 1;
  const id = `AKIA${String(world.created).padStart(16, "0")}`;
  const key: Key = { id, status: "Active", created: world.now, listed: true };
  world.keys.push(key);
  return key;
}

export function deleteKey(world: World, id: string): void {
  world.keys = world.keys.filter((key) => key.id !== id);
}

export function setStatus(world: World, id: string, status: Status): void {
  const key = keyIn(world, id);
  if (key !== undefined) {
    key.status = status;
  }
}

/**
 * DKP gets a key.
 * @param late how long a component keeps the former key
 */
export function giveKey(world: World, id: string, late = 0): void {
  if (id !== world.dkp) {
    const isTaken = world.dkp === "" || world.now - world.dkpSince < 3 * HOUR;
    world.late = { id: world.dkp, until: world.now + (isTaken ? 0 : late) };
    world.dkp = id;
    world.dkpSince = world.now;
  }
}

/** An apply ends at its write of that number. */
export interface Interruption {
  readonly kind: "killed" | "answer lost" | "read fails" | "state not written";
  readonly at?: number;
}

export type Applied = "applied" | "nothing to apply" | "breaking" | "failed";

interface Write {
  readonly name: string;
  readonly call: (world: World) => boolean;
  readonly record: (state: State) => void;
}

/**
 * `dkp-access apply` at a terminal: plan, the summary, and the apply. A person applies nothing that
 * is breaking.
 * @param after is called after each write
 */
export function apply(world: World, after: () => void, interruption?: Interruption): Applied {
  if (
    world.errored !== undefined ||
    (world.user !== "deckhouse" && world.user !== "" && world.state.user)
  ) {
    // An unwritten state is refused. A user that was renamed is created again, under its old name.
    return world.errored === undefined ? "breaking" : "failed";
  }
  if (!world.state.user && world.user !== "") {
    return "failed";
  }
  const state = refreshed(world);
  const writes = writesOf(world, state);
  return typeof writes === "string" ? writes : perform(world, state, writes, after, interruption);
}

function perform(
  world: World,
  state: State,
  writes: readonly Write[],
  after: () => void,
  interruption: Interruption | undefined,
) {
  let [count, isFailed] = [0, false];
  for (const { name, call, record } of writes) {
    let isDone = call(world);
    count += 1;
    after();
    if (interruption?.at === count) {
      if (interruption.kind === "killed") {
        return "failed";
      }
      if (interruption.kind === "answer lost") {
        // Terraform repeats the call, which AWS has executed already.
        isDone = name.startsWith("create key") ? call(world) : isDone;
      }
    }
    if (!isDone) {
      isFailed = true;
      break;
    }
    record(state);
    const slot = SLOTS.find((each) => name === `create key ${each}`);
    const created = slot && state.keys[slot];
    if (
      interruption?.at === count &&
      interruption.kind === "read fails" &&
      slot !== undefined &&
      created !== undefined
    ) {
      state.keys[slot] = { ...created, tainted: true };
      isFailed = true;
      break;
    }
  }
  const key = state.keys[world.settings.current];
  if (!isFailed && key !== undefined) {
    state.current = { id: key.id, slot: world.settings.current };
  }
  if (JSON.stringify(state) === JSON.stringify(world.state)) {
    return isFailed ? "failed" : "nothing to apply";
  }
  if (interruption?.kind === "state not written") {
    world.errored = { state, after: world.versions.length };
    return "failed";
  }
  world.state = state;
  world.versions.push(structuredClone(state));
  return isFailed ? "failed" : "applied";
}

/** Terraform removes objects from the state that IAM does not have. */
function refreshed(world: World) {
  const state = structuredClone(world.state);
  state.user = state.user && world.user === "deckhouse";
  for (const slot of SLOTS) {
    const key = state.keys[slot];
    const inIam = key && keyIn(world, key.id);
    if (key !== undefined && inIam?.listed !== true) {
      delete state.keys[slot];
    } else if (key !== undefined && inIam !== undefined) {
      state.keys[slot] = { ...key, status: inIam.status };
    }
  }
  return state;
}

/** The last uses that AWS reports. */
const usesOf = ({ keys, now }: Pick<World, "keys" | "now">): KeyUses => ({
  now: dateOf(now),
  keys: keys.map(({ id, created, used }) => ({
    id,
    created: dateOf(created),
    lastUsed: lastUseOf(used),
  })),
});

const START = Date.parse("2026-01-01T00:00:00Z");
export const dateOf = (minutes: number): Date => new Date(START + minutes * 60_000);
export const minutesOf = (time: string): number => (Date.parse(time) - START) / 60_000;

export const lastUseOf = (used: number | undefined) =>
  used === undefined ? undefined : { at: dateOf(used), service: "ec2", region: "eu-central-1" };

/** Creations come first, which is the worst order for IAM's quota. */
function writesOf(world: World, state: State) {
  const { settings } = world;
  const creations: Write[] = [];
  const endings: Write[] = [];
  if (!state.user) {
    creations.push({
      name: "create user",
      call: (now) => {
        now.user = "deckhouse";
        return true;
      },
      record: (written) => {
        written.user = true;
      },
    });
  }
  for (const slot of SLOTS) {
    const [status, key] = [settings[slot], state.keys[slot]];
    if (key === undefined) {
      creations.push(...(status === "absent" ? [] : [creation(slot, status)]));
    } else if (key.tainted === true) {
      return "failed";
    } else if (status !== key.status) {
      if (isBreaking(world, slot, key, status)) {
        return "breaking";
      }
      endings.push(status === "absent" ? deletion(slot, key.id) : change(slot, key, status));
    }
  }
  return [...creations, ...endings];
}

function isBreaking(world: World, slot: Slot, { id }: StateKey, status: Status | "absent") {
  const currentKey = world.state.current;
  const verb = status === "absent" ? "deletes" : "deactivates";
  const whose = id === currentKey?.id ? "the current" : undefined;
  const { rule } = endingOf({ slot, verb, id, current: currentKey?.id, whose }, usesOf(world));
  // A person finds out which key DKP has, as the finding asks. Another rule is about a key that
  // Terraform activates.
  const isOfDkp = rule === "key-ended" && id === world.dkp;
  return status === "Active" || rule === "key-ended-in-use" || isOfDkp;
}

function creation(slot: Slot, status: Status): Write {
  let made: Key | undefined;
  return {
    name: `create key ${slot}`,
    call: (now) => {
      made = createKey(now);
      if (made !== undefined) {
        made.status = status;
      }
      return made !== undefined;
    },
    record: (written) => {
      if (made !== undefined) {
        written.keys[slot] = { id: made.id, status, created: made.created };
      }
    },
  };
}

const deletion = (slot: Slot, id: string): Write => ({
  name: `delete key ${slot}`,
  call: (now) => {
    deleteKey(now, id);
    return true;
  },
  record: (written) => {
    delete written.keys[slot];
  },
});

const change = (slot: Slot, key: StateKey, status: Status): Write => ({
  name: `update key ${slot}`,
  call: (now) => {
    setStatus(now, key.id, status);
    return true;
  },
  record: (written) => {
    written.keys[slot] = { ...key, status };
  },
});

export const idleSlot = ({ settings }: Pick<World, "settings">): Slot =>
  otherSlot(settings.current);

/**
 * The same string for worlds that no command distinguishes: keys are numbered by age, times are
 * only compared.
 */
export function canonical(world: World): string {
  const { now, keys, versions, state, errored, dkpSince, late, ...rest } = world;
  const ids = [...new Set(JSON.stringify(world).match(/AKIA\d{16}/g) ?? [])].sort();
  const times = [
    ...keys.flatMap(({ created, used }) => [created, used ?? now]),
    dkpSince,
    now,
  ].sort((a, b) => a - b);
  const order = [...new Set(times)];
  const time = (value: number | undefined) => {
    const age = now - (value ?? 0);
    const kind = age < 10 ? "now" : age < DAY ? "recent" : "old";
    return value === undefined ? "never" : `${kind} ${order.indexOf(value)}`;
  };
  const stateOf = ({ user, keys: inState, current }: State) => [
    ...[user, current?.id, current?.slot],
    ...SLOTS.map((slot) => [inState[slot]?.id, inState[slot]?.status, inState[slot]?.tainted]),
  ];
  const text = JSON.stringify([
    { ...rest, created: 0, leaked: [...world.leaked].sort(), ended: [...world.ended].sort() },
    keys.map(({ id, status, created, used, listed }) => [
      id,
      status,
      time(created),
      time(used),
      listed,
    ]),
    [time(dkpSince), late.until > now && late.id],
    [
      stateOf(state),
      versions.slice(-3).map(stateOf),
      errored && [stateOf(errored.state), errored.after === versions.length],
    ],
  ]);
  return text.replaceAll(/AKIA\d{16}/g, (id) => `#${ids.indexOf(id)}`);
}

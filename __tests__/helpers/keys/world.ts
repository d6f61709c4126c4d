import type { Slot } from "../../../src/iam/key-slots";

// A model of what a deployment's keys depend on: settings, Terraform with its state, IAM, and DKP. Times are minutes.

export const HOUR = 60;
export const DAY = 24 * HOUR;
export const SLOTS: readonly Slot[] = ["primary", "secondary"];
export const MAX_KEYS = 2;

export type Status = "Active" | "Inactive";

export interface Key {
  readonly id: string;
  status: Status;
  readonly created: number;
  /** The last use that AWS reports. */
  used?: number;
  /** Whether ListAccessKeys returns it: IAM lists a new key some seconds late. */
  listed: boolean;
}

export interface StateKey {
  id: string;
  status: Status;
  secret: boolean;
  pgp: string;
  tainted: boolean;
  created: number;
}

export interface State {
  user: boolean;
  policy: boolean;
  attachment: boolean;
  keys: Partial<Record<Slot, StateKey>>;
  exposed?: { id: string; slot: Slot };
}

export interface Settings {
  primary: Status | "absent";
  secondary: Status | "absent";
  current: Slot;
  /** The OpenPGP key of each slot, "" for none. */
  pgp: Record<Slot, string>;
  imports: { user: boolean; policy: boolean; attachment: boolean; key: string };
}

export interface World {
  now: number;
  settings: Settings;
  iam: { user: boolean; policy: boolean; attached: boolean; keys: Key[] };
  state: State;
  /** All versions of the state's object, the newest last. */
  versions: State[];
  /** The state in errored.tfstate. */
  erroredState?: State;
  /** How many versions the object had when that file was written. */
  erroredAfter: number;
  /** The key in provider-cluster-configuration. */
  dkp: string;
  /** The key that a person imports without being advised to. */
  imported: string;
  /** How many days the cluster is stopped. */
  stopped: number;
  leaked: string[];
  /** Leaked keys that AWS rejects. */
  ended: string[];
  /** How far the computer's clock is ahead. */
  clockAhead: number;
  created: number;
}

export const emptyState = (): State => ({ user: false, policy: false, attachment: false, keys: {} });

export const newWorld = (): World => ({
  now: 0,
  settings: {
    primary: "Active",
    secondary: "absent",
    current: "primary",
    pgp: { primary: "", secondary: "" },
    imports: { user: false, policy: false, attachment: false, key: "" },
  },
  iam: { user: false, policy: false, attached: false, keys: [] },
  state: emptyState(),
  versions: [],
  erroredAfter: 0,
  dkp: "",
  imported: "",
  stopped: 0,
  leaked: [],
  ended: [],
  clockAhead: 0,
  created: 0,
});

export const copyOf = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

export const keyIn = (world: World, id: string) => world.iam.keys.find((key) => key.id === id);

/** Whether AWS accepts the calls of DKP. */
export function works(world: World): boolean {
  return keyIn(world, world.dkp)?.status === "Active" && world.iam.attached;
}

/** Time passes. A running cluster uses its key; AWS reports the use hours late. */
export function pass(world: World, minutes: number): void {
  world.now += minutes;
  for (const key of world.iam.keys) {
    key.listed = true;
  }
  if (minutes < HOUR) {
    return;
  }
  if (world.stopped > 0) {
    world.stopped -= 1;
  } else if (works(world)) {
    const key = keyIn(world, world.dkp);
    if (key !== undefined) {
      key.used = world.now - 2 * HOUR;
    }
  }
}

export function createKey(world: World): Key | undefined {
  if (!world.iam.user || world.iam.keys.length >= MAX_KEYS) {
    return undefined;
  }
  world.created += 1;
  const key: Key = { id: `AKIA${String(world.created).padStart(16, "0")}`, status: "Active", created: world.now, listed: true };
  world.iam.keys.push(key);
  return key;
}

export function deleteKey(world: World, id: string): void {
  world.iam.keys = world.iam.keys.filter((key) => key.id !== id);
}

/** How an apply ends. */
export type Interruption =
  | { readonly kind: "killed"; readonly at: number }
  | { readonly kind: "answer lost"; readonly at: number }
  /** Terraform cannot read a key that it has created: it is tainted. */
  | { readonly kind: "read fails"; readonly at: number }
  | { readonly kind: "state not written" };

interface Operation {
  readonly name: string;
  /** Changes IAM. @returns whether AWS executed it */
  readonly call: (world: World) => boolean;
  /** Writes the result into the state. */
  readonly record: (state: State) => void;
  readonly requires?: readonly string[];
}

export type Applied = { readonly refused: string } | { readonly failed: readonly string[]; readonly calls: number };

/**
 * Terraform: refresh, plan and apply. Creations come before deletions, which is the worst order for IAM's quota.
 * @param protectAttachment whether attachments have `prevent_destroy`
 * @param after is called after each call of AWS
 */
export function apply(world: World, protectAttachment: boolean, after: () => void, interruption?: Interruption): Applied {
  const state = refreshed(world);
  const plan = planOf(world, state, protectAttachment);
  if ("refused" in plan) {
    return plan;
  }
  const failed: string[] = [];
  let calls = 0;
  for (const operation of plan.operations) {
    if (operation.requires?.some((name) => failed.includes(name)) === true) {
      failed.push(operation.name);
      continue;
    }
    let ok = operation.call(world);
    calls += 1;
    after();
    if (interruption?.kind === "killed" && interruption.at === calls) {
      return { failed: ["killed"], calls };
    }
    if (interruption?.kind === "answer lost" && interruption.at === calls) {
      // Terraform repeats the call, which AWS has executed already.
      ok = operation.name.startsWith("create") ? operation.call(world) : ok;
      after();
    }
    if (ok) {
      operation.record(state);
      const [, slot] = /^create key (\w+)$/.exec(operation.name) ?? [];
      const created = state.keys[slot as Slot];
      if (created !== undefined && interruption?.kind === "read fails" && interruption.at === calls) {
        created.tainted = true;
        failed.push(operation.name);
      }
    } else {
      failed.push(operation.name);
    }
  }
  const current = state.keys[world.settings.current];
  if (failed.length === 0) {
    state.exposed = current === undefined ? undefined : { id: current.id, slot: world.settings.current };
  }
  if (interruption?.kind === "state not written") {
    world.erroredState = state;
    world.erroredAfter = world.versions.length;
    return { failed: ["state not written"], calls };
  }
  world.state = state;
  world.versions.push(copyOf(state));
  return { failed, calls };
}

/** What IAM does not have, Terraform takes out of the state. */
function refreshed({ state, iam }: World): State {
  const keys = Object.fromEntries(
    Object.entries(state.keys).flatMap(([slot, key]) => {
      const found = iam.keys.find(({ id, listed }) => id === key.id && listed);
      return found === undefined ? [] : [[slot, { ...key, status: found.status }]];
    }),
  );
  return {
    ...state,
    user: state.user && iam.user,
    policy: state.policy && iam.policy,
    attachment: state.attachment && iam.attached,
    keys,
  };
}

function planOf(
  world: World,
  state: State,
  protectAttachment: boolean,
): { readonly refused: string } | { readonly operations: readonly Operation[] } {
  const { settings, iam } = world;
  const { imports } = settings;
  for (const [what, exists] of [
    ["user", iam.user],
    ["policy", iam.policy],
    ["attachment", iam.attached],
  ] as const) {
    if (imports[what] && !state[what]) {
      if (!exists) {
        return { refused: `Cannot import non-existent remote object: ${what}` };
      }
      state[what] = true;
    }
  }
  if (imports.key !== "" && state.keys.primary === undefined && settings.primary !== "absent") {
    const key = iam.keys.find(({ id, listed }) => id === imports.key && listed);
    if (key === undefined) {
      return { refused: "Cannot import non-existent remote object: access key" };
    }
    state.keys.primary = { id: key.id, status: key.status, secret: false, pgp: "", tainted: false, created: key.created };
  }
  const creations: Operation[] = [];
  const others: Operation[] = [];
  if (!state.user) {
    creations.push({
      name: "create user",
      call: ({ iam: now }) => {
        const isNew = !now.user;
        now.user = true;
        return isNew;
      },
      record: (written) => {
        written.user = true;
      },
    });
  }
  const newPolicy = !state.policy;
  if (newPolicy && state.attachment) {
    if (protectAttachment) {
      return { refused: "Instance cannot be destroyed: attachment" };
    }
    // Deletion first: see constructs/policy-attachment.ts.
    creations.push({
      name: "detach policy",
      call: ({ iam: now }) => {
        now.attached = false;
        return true;
      },
      record: (written) => {
        written.attachment = false;
      },
    });
  }
  if (newPolicy) {
    creations.push({
      name: "create policy",
      call: ({ iam: now }) => {
        const isNew = !now.policy;
        now.policy = true;
        return isNew;
      },
      record: (written) => {
        written.policy = true;
      },
    });
  }
  for (const slot of SLOTS) {
    const wanted = settings[slot];
    const key = state.keys[slot];
    if (wanted === "absent") {
      if (key !== undefined) {
        others.push({
          name: `delete key ${slot}`,
          call: (now) => {
            deleteKey(now, key.id);
            return true;
          },
          record: (written) => {
            delete written.keys[slot];
          },
        });
      }
    } else if (key === undefined) {
      let made: Key | undefined;
      creations.push({
        name: `create key ${slot}`,
        requires: ["create user"],
        call: (now) => {
          made = createKey(now);
          if (made !== undefined) {
            made.status = wanted;
          }
          return made !== undefined;
        },
        record: (written) => {
          if (made !== undefined) {
            const { id, created } = made;
            written.keys[slot] = { id, status: wanted, secret: true, pgp: settings.pgp[slot], tainted: false, created };
          }
        },
      });
    } else if (key.tainted || key.pgp !== settings.pgp[slot]) {
      return { refused: `Instance cannot be destroyed: key ${slot}` };
    } else if (key.status !== wanted) {
      others.push({
        name: `update key ${slot}`,
        call: (now) => {
          const found = keyIn(now, key.id);
          if (found !== undefined) {
            found.status = wanted;
          }
          return found !== undefined;
        },
        record: (written) => {
          key.status = wanted;
          written.keys[slot] = key;
        },
      });
    }
  }
  if (newPolicy || !state.attachment) {
    creations.push({
      name: "attach policy",
      requires: ["create user", "create policy"],
      call: ({ iam: now }) => {
        now.attached = true;
        return true;
      },
      record: (written) => {
        written.attachment = true;
      },
    });
  }
  return { operations: [...creations, ...others] };
}

/** The same string for worlds that no command distinguishes: keys are numbered by age, times are only compared. */
export function canonical(world: World): string {
  const ids = [...new Set(JSON.stringify(world).match(/AKIA\d{16}/g) ?? [])].sort();
  const { now } = world;
  const times = new Set<number>([now]);
  const note = (time: number | undefined) => time !== undefined && times.add(time);
  for (const { created, used } of world.iam.keys) {
    note(created);
    note(used);
  }
  for (const { keys } of [world.state, ...(world.erroredState === undefined ? [] : [world.erroredState])]) {
    for (const { created } of Object.values(keys)) {
      note(created);
    }
  }
  const order = [...times].sort((a, b) => a - b);
  const time = (value: number | undefined) => {
    if (value === undefined) {
      return "never";
    }
    const age = now - value;
    const kind = age < 10 ? "now" : age < DAY ? "recent" : "old";
    return `${kind} ${order.indexOf(value)}`;
  };
  const stateOf = ({ keys, ...rest }: State) => ({
    ...rest,
    keys: Object.entries(keys)
      .sort()
      .map(([slot, { created, ...key }]) => [slot, key, time(times.has(created) ? created : undefined)]),
  });
  const distinct = world.versions.slice(-4);
  const text = JSON.stringify({
    settings: world.settings,
    iam: {
      ...world.iam,
      keys: world.iam.keys.map(({ created, used, ...key }) => ({ ...key, created: time(created), used: time(used) })),
    },
    state: stateOf(world.state),
    versions: distinct.map(({ keys, ...rest }) => ({
      ...rest,
      keys: Object.entries(keys)
        .sort()
        .map(([slot, { created, ...key }]) => [slot, key]),
    })),
    erroredState:
      world.erroredState === undefined ? undefined : [stateOf(world.erroredState), world.erroredAfter === world.versions.length],
    dkp: world.dkp,
    stopped: world.stopped,
    leaked: [...world.leaked].sort(),
    ended: [...world.ended].sort(),
    clockAhead: world.clockAhead,
  });
  return text.replaceAll(/AKIA\d{16}/g, (id) => `#${ids.indexOf(id)}`);
}

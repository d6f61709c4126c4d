import type { Slot } from "../../../src/iam/key-slots";
import {
  type Applied,
  apply,
  canonical,
  copyOf,
  createKey,
  DAY,
  deleteKey,
  HOUR,
  type Interruption,
  type Key,
  keyIn,
  newWorld,
  pass,
  type Settings,
  SLOTS,
  type State,
  type World,
  works,
} from "./world";

/** What a person does to the letter. */
export type Action =
  | { readonly do: "apply" }
  | { readonly do: "hand-over" }
  | { readonly do: "push-state" }
  | { readonly do: "remove-errored-state" }
  | { readonly do: "untaint"; readonly slot: Slot }
  | { readonly do: "activate" | "deactivate" | "delete"; readonly key: string }
  | { readonly do: "wait"; readonly minutes: number }
  | { readonly do: "import"; readonly slot: Slot; readonly key: string };

export interface Edit {
  readonly setting: string;
  /** Undefined: the setting is removed. */
  readonly value: string | boolean | undefined;
}

export interface Step {
  readonly why: string;
  readonly done: boolean;
  readonly edits: readonly Edit[];
  readonly actions: readonly Action[];
  /** First of all: a version of the state that has this key, or the user. */
  readonly restore?: { readonly keys: readonly string[] } | undefined;
  /** Whether a key has leaked; then its step is that of `--leaked`. */
  readonly askLeaked?: string | undefined;
  /** What to do by the key that DKP has; "" for none of them. */
  readonly askKey?: Readonly<Record<string, Step>> | undefined;
}

/** The program under test. */
export interface Program {
  readonly protectAttachment: boolean;
  keys(world: World): Step;
  /** The steps after a leak, in their order. */
  leaked(world: World, ids: readonly string[]): Step;
  /** Whether `keys` exits with attention. */
  isAlarmed(world: World): boolean;
}

export interface Violation {
  readonly what: string;
  readonly trail: readonly string[];
  readonly step: string;
}

export interface Walk {
  readonly situations: number;
  readonly steps: number;
  readonly longest: number;
  readonly longestTrail: readonly string[];
  readonly violations: readonly Violation[];
  readonly whys: ReadonlyMap<string, number>;
}

class Broken extends Error {}

interface Followed {
  readonly world: World;
  /** How many calls of AWS the first apply made. */
  readonly calls: number;
}

/** Follows a step to the letter. @throws Broken if an invariant is violated, or the step is not possible */
function follow(program: Program, before: World, given: Step, interruption?: Interruption, isAnswer = false): Followed {
  const world = copyOf(before);
  let step = given;
  const leakedKey = step.askLeaked;
  if (leakedKey !== undefined && world.leaked.includes(leakedKey)) {
    step = program.leaked(world, [leakedKey]);
  }
  if (step.restore !== undefined) {
    const { keys: sought } = step.restore;
    const found = world.versions.findLast(({ user, keys }) => {
      const has = Object.values(keys).map(({ id }) => id);
      return user && sought.every((id) => has.includes(id));
    });
    if (found !== undefined) {
      world.state = copyOf(found);
      world.versions.push(copyOf(found));
      return { world, calls: 0 };
    }
  }
  if (step.askKey !== undefined) {
    const answer = step.askKey[world.dkp] ?? step.askKey[""];
    if (answer === undefined) {
      throw new Broken("the question has no answer that fits");
    }
    return follow(program, world, answer, interruption, true);
  }
  for (const { setting, value } of step.edits) {
    edit(world.settings, setting, value);
  }
  let worked = works(world);
  const { dkp } = before;
  const isRevivable =
    keyIn(before, dkp)?.status === "Inactive" &&
    !before.leaked.includes(dkp) &&
    SLOTS.some((slot) => {
      const { [slot]: managed } = before.state.keys;
      const { [slot]: status, pgp } = before.settings;
      return managed?.id === dkp && !managed.tainted && status === "Active" && pgp[slot] === managed.pgp;
    });
  const check = (what: string) => {
    const isUsed = ({ used }: Key) => used !== undefined && world.now - used < DAY;
    const ended = before.iam.keys.find(
      (key) =>
        key.status === "Active" && !world.leaked.includes(key.id) && isUsed(key) && keyIn(world, key.id)?.status !== "Active",
    );
    // A person who has looked up the key of DKP knows more than AWS reports.
    if (ended !== undefined && !isAnswer) {
      throw new Broken(`a key that was used within a day ends, by ${what}`);
    }
    if (isRevivable && world.dkp !== dkp) {
      throw new Broken(`DKP gets another key although its own can be activated again, by ${what}`);
    }
    if (exposesSecret(before) && !exposesSecret(world) && keyIn(world, before.state.exposed?.id ?? "")?.status === "Active") {
      throw new Broken(`the outputs no longer expose a key with its secret, by ${what}`);
    }
    for (const id of world.leaked) {
      const isActive = keyIn(world, id)?.status === "Active";
      if (isActive && world.ended.includes(id)) {
        throw new Broken(`a leaked key works again, by ${what}`);
      }
      if (!isActive && !world.ended.includes(id)) {
        world.ended.push(id);
      }
    }
    if (worked && !works(world) && !world.leaked.includes(world.dkp)) {
      throw new Broken(`DKP's key stops to work, by ${what}`);
    }
    worked = works(world);
  };
  let calls = 0;
  let applied = false;
  for (const action of step.actions) {
    if (action.do === "apply") {
      if (world.erroredState !== undefined && world.erroredAfter === world.versions.length) {
        throw new Broken("the advised apply makes errored.tfstate useless");
      }
      const had = Object.values(world.state.keys).map(({ id }) => id);
      const result: Applied = apply(world, program.protectAttachment, () => check("apply"), applied ? undefined : interruption);
      if ("refused" in result) {
        throw new Broken(`the advised apply is refused: ${result.refused}`);
      }
      if (!applied) {
        calls = result.calls;
      }
      const known = Object.values(world.state.keys).map(({ id }) => id);
      const lost = had.find((id) => !known.includes(id) && keyIn(world, id) !== undefined);
      if (lost !== undefined && interruption === undefined) {
        throw new Broken("the advised apply takes a key out of the state that IAM has");
      }
      if (interruption !== undefined && !applied) {
        return { world, calls };
      }
      applied = true;
      if (result.failed.length > 0 && world.iam.keys.some(({ listed }) => !listed)) {
        // Nothing shows a key that IAM does not list and the state does not have. IAM refuses the third one.
        pass(world, 11);
        return { world, calls };
      }
      if (result.failed.length > 0) {
        throw new Broken(`the advised apply fails: ${result.failed.join(", ")}`);
      }
    } else {
      if (step.why.startsWith("leak") && action.do === "delete" && keyIn(world, action.key)?.status === "Active") {
        throw new Broken("a key is deleted before it is deactivated: if it did not leak, nothing brings it back");
      }
      perform(world, action);
      check(action.do);
    }
  }
  return { world, calls };
}

function edit(settings: Settings, setting: string, value: string | boolean | undefined): void {
  const [, slot, field] = /^accessKeys\.(primary|secondary)\.(status|pgpKey)$/.exec(setting) ?? [];
  const [, what] = /^import\.(\w+)$/.exec(setting) ?? [];
  if (slot !== undefined && field === "status") {
    settings[slot as Slot] = value as "Active";
  } else if (slot !== undefined) {
    settings.pgp[slot as Slot] = String(value ?? "");
  } else if (setting === "accessKeys.current") {
    settings.current = value as Slot;
  } else if (what === "accessKeyId") {
    settings.imports.key = String(value ?? "");
  } else if (what === "user" || what === "policy" || what === "attachment") {
    settings.imports[what] = value === true;
  } else if (setting !== "accessKeys.allowPlaintext") {
    throw new Broken(`unknown setting ${setting}`);
  }
}

/** The rules of settings that a step must respect. */
export function settingsError({ primary, secondary, current, pgp, imports }: Settings): string | undefined {
  const slots = { primary, secondary };
  if (slots[current] !== "Active") {
    return "accessKeys.current is not Active";
  }
  if (imports.key !== "" && primary === "absent") {
    return "import.accessKeyId without a primary slot";
  }
  if (imports.key !== "" && pgp.primary !== "") {
    return "import.accessKeyId with pgpKey";
  }
  return undefined;
}

function perform(world: World, action: Exclude<Action, { readonly do: "apply" }>): void {
  const { state, erroredState } = world;
  switch (action.do) {
    case "hand-over": {
      const key = Object.values(state.keys).find(({ id }) => id === state.exposed?.id);
      if (key?.secret !== true) {
        throw new Broken("hand-over has no secret");
      }
      world.dkp = key.id;
      return;
    }
    case "push-state":
      if (erroredState === undefined) {
        throw new Broken("there is no errored.tfstate");
      }
      if (world.erroredAfter !== world.versions.length) {
        throw new Broken("cannot overwrite existing state with serial");
      }
      world.state = erroredState;
      world.versions.push(copyOf(erroredState));
      world.erroredState = undefined;
      return;
    case "remove-errored-state":
      world.erroredState = undefined;
      return;
    case "untaint": {
      const key = state.keys[action.slot];
      if (key === undefined) {
        throw new Broken("nothing to untaint");
      }
      key.tainted = false;
      return;
    }
    case "activate":
    case "deactivate": {
      const key = keyIn(world, action.key);
      if (key === undefined) {
        throw new Broken(`no key to ${action.do}`);
      }
      key.status = action.do === "activate" ? "Active" : "Inactive";
      return;
    }
    case "delete":
      if (keyIn(world, action.key) === undefined) {
        throw new Broken("no key to delete");
      }
      deleteKey(world, action.key);
      return;
    case "import": {
      const key = keyIn(world, action.key);
      if (key === undefined || state.keys[action.slot] !== undefined) {
        throw new Broken("import is not possible");
      }
      state.keys[action.slot] = { id: key.id, status: key.status, secret: false, pgp: "", tainted: false, created: key.created };
      world.versions.push(copyOf(state));
      return;
    }
    case "wait":
      pass(world, action.minutes);
  }
}

/** Whether `hand-over` can give the exposed key to DKP. */
function exposesSecret({ state }: World): boolean {
  return Object.values(state.keys).some(({ id, secret }) => id === state.exposed?.id && secret);
}

/** What an apply of the present settings does wrong; undefined: nothing. */
function harmOf(program: Program, before: World): string | undefined {
  const world = copyOf(before);
  const result = apply(world, program.protectAttachment, () => undefined);
  if ("refused" in result) {
    return result.refused;
  }
  const [failed] = result.failed;
  if (failed !== undefined) {
    return `${failed} fails`;
  }
  const isRevived = world.leaked.some((id) => keyIn(before, id)?.status !== "Active" && keyIn(world, id)?.status === "Active");
  if (isRevived) {
    return "a leaked key works again";
  }
  return works(before) && !works(world) ? "DKP's key stops to work" : undefined;
}

/** What is wrong although nothing is to do. */
function wrongAtTheEnd(program: Program, before: World): string | undefined {
  if (before.leaked.some((id) => keyIn(before, id)?.status === "Active")) {
    return "a leaked key works at the end";
  }
  const { state, versions } = before;
  const isLost = versions.some(({ keys }) => Object.values(keys).some(({ id, secret }) => id === state.exposed?.id && secret));
  // Who imports a key gives up its secret.
  if (isLost && !exposesSecret(before) && state.exposed?.id !== before.imported) {
    return "the secret of the exposed key is only in an older version of the state";
  }
  const world = copyOf(before);
  const result = apply(world, program.protectAttachment, () => undefined);
  const isUnchanged = !("refused" in result) && result.calls === 0 && result.failed.length === 0;
  return isUnchanged && world.state.exposed?.id === state.exposed?.id ? undefined : "an apply changes something at the end";
}

/** What the program advises: after a leak, until the leaked keys are dead, `keys --leaked`. */
function advice(program: Program, world: World): Step {
  const live = world.leaked.filter((id) => keyIn(world, id)?.status === "Active");
  return live.length > 0 ? program.leaked(world, live) : program.keys(world);
}

/** A change that returns false does not apply. */
type Change<Rest extends readonly unknown[] = []> = (world: World, ...rest: Rest) => unknown;
type Event = readonly [name: string, change: Change];

const ROTATION: readonly (readonly [string, Partial<Settings>])[] = [
  ["one key", { primary: "Active", secondary: "absent", current: "primary" }],
  ["a second key", { primary: "Active", secondary: "Active", current: "primary" }],
  ["the second key exposed", { primary: "Active", secondary: "Active", current: "secondary" }],
  ["the first key retired", { primary: "Inactive", secondary: "Active", current: "secondary" }],
  ["the first key absent", { primary: "absent", secondary: "Active", current: "secondary" }],
];

/** What can happen to a world. */
function eventsOf(program: Program, world: World): readonly Event[] {
  const forKeys = (name: string, change: Change<[id: string]>): readonly Event[] =>
    world.iam.keys.map(({ id }, index) => [`${name} (key ${index + 1})`, (now) => change(now, id)]);
  const lose = (name: string, change: (state: State) => boolean): Event => [
    `the state loses ${name}`,
    (now) => {
      const lost = change(now.state);
      now.versions.push(copyOf(now.state));
      return lost;
    },
  ];
  return [
    [
      "the state is lost, with all versions",
      (now) => {
        now.state = copyOf(newWorld().state);
        now.versions = [];
        return world.versions.length > 0;
      },
    ],
    [
      "the state is lost",
      (now) => {
        now.state = copyOf(newWorld().state);
        return world.state.user;
      },
    ],
    ...world.versions.slice(-4, -1).map(
      (version, index): Event => [
        `an older state is restored (${index})`,
        (now) => {
          now.state = copyOf(version);
          now.versions.push(copyOf(version));
        },
      ],
    ),
    ...world.versions.slice(-4, -1).map(
      (version, index): Event => [
        `an older state is restored, and later versions are lost (${index})`,
        (now) => {
          now.state = copyOf(version);
          now.versions = [copyOf(version)];
        },
      ],
    ),
    lose("the policy", (state) => {
      const had = state.policy;
      state.policy = false;
      return had;
    }),
    lose("the attachment", (state) => {
      const had = state.attachment;
      state.attachment = false;
      return had;
    }),
    lose("policy and attachment", (state) => {
      const had = state.policy && state.attachment;
      state.policy = false;
      state.attachment = false;
      return had;
    }),
    lose("the user", (state) => {
      const had = state.user;
      state.user = false;
      return had;
    }),
    ...(["primary", "secondary"] as const).map((slot) =>
      lose(`the key ${slot}`, (state) => {
        const had = state.keys[slot] !== undefined;
        delete state.keys[slot];
        return had;
      }),
    ),
    ...forKeys("leaks", (now, id) => {
      if (now.leaked.includes(id)) {
        return false;
      }
      now.leaked.push(id);
    }),
    ...forKeys("leaks and is deactivated", (now, id) => {
      const key = keyIn(now, id);
      if (now.leaked.includes(id) || key === undefined) {
        return false;
      }
      now.leaked.push(id);
      now.ended.push(id);
      key.status = "Inactive";
    }),
    ...forKeys("is deactivated by mistake", (now, id) => {
      const key = keyIn(now, id);
      if (key?.status !== "Active") {
        return false;
      }
      key.status = "Inactive";
      if (now.leaked.includes(id)) {
        now.ended.push(id);
      }
    }),
    ...forKeys("is deleted manually", (now, id) => {
      deleteKey(now, id);
      if (now.leaked.includes(id)) {
        now.ended.push(id);
      }
    }),
    ["a key is created manually", (now) => createKey(now) !== undefined],
    [
      "a manual key is given to DKP",
      (now) => {
        const key = now.iam.keys.find(({ id }) => !Object.values(now.state.keys).some((known) => known.id === id));
        if (key?.status !== "Active" || key.id === now.dkp) {
          return false;
        }
        now.dkp = key.id;
        now.stopped = 0;
        // AWS reports the use hours later. Until then, only the person knows.
        pass(now, 4 * HOUR);
      },
    ],
    [
      "hand-over",
      (now) => {
        const exposed = Object.values(now.state.keys).find(({ id }) => id === now.state.exposed?.id);
        if (exposed?.secret !== true || exposed.id === now.dkp || now.leaked.includes(exposed.id)) {
          return false;
        }
        now.dkp = exposed.id;
      },
    ],
    ...forKeys("import.accessKeyId", (now, id) => {
      if (Object.values(now.state.keys).some((known) => known.id === id) || now.settings.pgp.primary !== "") {
        return false;
      }
      now.settings.imports.key = id;
      now.imported = id;
      now.settings.primary = now.settings.primary === "absent" ? "Active" : now.settings.primary;
    }),
    ...ROTATION.map(
      ([name, change]): Event => [
        `settings of: ${name}`,
        (now) => {
          Object.assign(now.settings, change);
          return JSON.stringify(now.settings) !== JSON.stringify(world.settings) && settingsError(now.settings) === undefined;
        },
      ],
    ),
    [
      "another pgpKey in the current slot",
      (now) => {
        now.settings.pgp[now.settings.current] = "B";
        return world.settings.pgp[now.settings.current] !== "B" && settingsError(now.settings) === undefined;
      },
    ],
    [
      "unchanged settings are applied",
      (now) => {
        const result = apply(now, program.protectAttachment, () => undefined);
        for (const id of now.leaked) {
          now.ended = keyIn(now, id)?.status === "Active" ? now.ended.filter((ended) => ended !== id) : now.ended;
        }
        return !("refused" in result);
      },
    ],
    [
      "IAM lists the newest key late",
      (now) => {
        const newest = now.iam.keys.findLast(({ created }) => created === now.now);
        // A key that neither state nor IAM shows cannot be known.
        if (newest?.listed !== true || Object.values(now.state.keys).every(({ id }) => id !== newest.id)) {
          return false;
        }
        newest.listed = false;
      },
    ],
    ["a day passes", (now) => pass(now, DAY + 60)],
    [
      "the cluster is stopped for days",
      (now) => {
        if (now.stopped > 0 || !works(now)) {
          return false;
        }
        now.stopped = 4;
        pass(now, DAY + 60);
        pass(now, DAY + 60);
      },
    ],
    [
      "the clock is 30 hours ahead",
      (now) => {
        const was = now.clockAhead;
        now.clockAhead = 30 * 60;
        return was === 0;
      },
    ],
  ];
}

interface Node {
  readonly world: World;
  readonly trail: readonly string[];
}

/**
 * Walks all situations that a number of events produces, follows every printed step, and checks the invariants.
 * @param starts the worlds to begin with
 * @param depth how many events happen
 * @param enough stops after this many violations
 */
export function walk(program: Program, starts: readonly Node[], depth: number, enough = Number.POSITIVE_INFINITY): Walk {
  const budgets = new Map<string, number>();
  const next = new Map<string, string | undefined>();
  const trails = new Map<string, readonly string[]>();
  const violations: Violation[] = [];
  const whys = new Map<string, number>();
  let steps = 0;
  const queue: { readonly node: Node; readonly budget: number }[] = starts.map((node) => ({ node, budget: depth }));
  for (let at = 0; at < queue.length && violations.length < enough; at++) {
    const { node, budget } = queue[at] as (typeof queue)[number];
    const { world, trail } = node;
    const name = canonical(world);
    const known = budgets.get(name);
    if (known !== undefined && known >= budget) {
      continue;
    }
    budgets.set(name, budget);
    const push = (changed: World, event: string, left: number) =>
      queue.push({ node: { world: changed, trail: [...trail, event] }, budget: left });
    if (known === undefined) {
      trails.set(name, trail);
    }
    const broken = (error: unknown, step: Step | undefined) => {
      next.set(name, "broken");
      violations.push({
        what: error instanceof Broken ? error.message : String((error as Error).stack),
        trail,
        step: JSON.stringify(step),
      });
    };
    let step: Step;
    try {
      step = advice(program, world);
    } catch (error) {
      broken(error, undefined);
      continue;
    }
    whys.set(step.why, (whys.get(step.why) ?? 0) + 1);
    if (step.done) {
      if (known === undefined) {
        next.set(name, undefined);
        const wrong = wrongAtTheEnd(program, world);
        if (wrong !== undefined) {
          broken(new Broken(wrong), step);
        } else if (keyIn(world, world.dkp)?.status !== "Active" || !world.iam.attached) {
          // An event ended DKP's key. AWS reports a day later that nothing uses the exposed one.
          const later = copyOf(world);
          pass(later, DAY + HOUR);
          next.set(name, canonical(later));
          push(later, "a day passes", budget);
          if (canonical(later) === name) {
            broken(new Broken("DKP has no working key at the end"), step);
          }
        }
      }
    }
    // A key that neither state nor IAM shows cannot be known.
    if (known === undefined && world.iam.keys.every(({ listed }) => listed) && !program.isAlarmed(world)) {
      const harm = harmOf(program, world);
      if (harm !== undefined) {
        broken(new Broken(`nothing warns of an apply: ${harm}`), step);
      }
    }
    const isRotation = step.done;
    if (!isRotation || (step.edits.length > 0 && budget > 0)) {
      try {
        const followed = follow(program, world, step);
        steps += known === undefined ? 1 : 0;
        if (!isRotation && known === undefined) {
          next.set(name, canonical(followed.world));
        }
        if (step.why.startsWith("leak") && !works(followed.world) && advice(program, followed.world).done) {
          throw new Broken("the response to a leak ends without a key for DKP");
        }
        const error = settingsError(followed.world.settings);
        if (error !== undefined) {
          throw new Broken(`the advised settings are invalid: ${error}`);
        }
        push(followed.world, `step ${step.why}`, isRotation ? budget - 1 : budget);
        if (budget > 0) {
          const interruptions: Interruption[] = Array.from({ length: followed.calls }, (_, index) => index + 1).flatMap(
            (call): Interruption[] => [
              { kind: "killed", at: call },
              { kind: "answer lost", at: call },
              { kind: "read fails", at: call },
            ],
          );
          for (const interruption of followed.calls > 0 ? [...interruptions, { kind: "state not written" } as const] : []) {
            const cut = follow(program, world, step, interruption);
            push(
              cut.world,
              `step ${step.why}: ${interruption.kind}${"at" in interruption ? ` at call ${interruption.at}` : ""}`,
              budget - 1,
            );
          }
        }
      } catch (error) {
        if (known === undefined) {
          broken(error, step);
        }
        continue;
      }
    }
    if (budget > 0) {
      for (const [event, change] of eventsOf(program, world)) {
        const changed = copyOf(world);
        if (change(changed) !== false) {
          push(changed, event, budget - 1);
        }
      }
    }
  }
  const { longest, from, endless } = lengths(next);
  for (const name of endless) {
    violations.push({ what: "no end", trail: trails.get(name) ?? [], step: "" });
  }
  return { situations: next.size, steps, longest, longestTrail: trails.get(from) ?? [], violations, whys };
}

/** How many steps lead from each situation to its end. */
function lengths(next: ReadonlyMap<string, string | undefined>) {
  const length = new Map<string, number>();
  const endless = new Set<string>();
  for (const start of next.keys()) {
    const path: string[] = [];
    const onPath = new Set<string>();
    let at: string | undefined = start;
    while (at !== undefined && at !== "broken" && !length.has(at) && !onPath.has(at)) {
      path.push(at);
      onPath.add(at);
      at = next.get(at);
    }
    const isCycle = at !== undefined && onPath.has(at);
    if (isCycle && at !== undefined) {
      endless.add(at);
    }
    let count = at === undefined || at === "broken" || isCycle ? 0 : (length.get(at) ?? 0);
    for (const name of path.toReversed()) {
      count += next.get(name) === undefined ? 0 : 1;
      length.set(name, count);
    }
  }
  let [longest, from] = [0, ""];
  for (const [name, count] of length) {
    if (count > longest) {
      [longest, from] = [count, name];
    }
  }
  return { longest, from, endless };
}

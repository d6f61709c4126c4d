import { createHash } from "node:crypto";
import { otherSlot, SLOTS, type Slot } from "../../../src/iam/key-slots";
import { ADDRESSES, KEY_ADDRESSES, policyAddress } from "../../../src/terraform/addresses";
import type { Condition, PrintedAction, PrintedStep } from "./printed-step";
import { PROGRAM } from "./program";
import {
  apply,
  canonical,
  contentsOf,
  copyOf,
  createKey,
  DAY,
  type Described,
  deleteKey,
  described,
  emptyState,
  exists,
  giveKey,
  HOUR,
  type Interruption,
  isActive,
  type Key,
  keyIn,
  keysOf,
  pass,
  type Settings,
  type State,
  swapped,
  userOf,
  type World,
  works,
} from "./world";

interface Violation {
  readonly what: string;
  readonly trail: readonly string[];
  readonly step: string;
}

interface Walk {
  readonly situations: number;
  readonly steps: number;
  readonly longest: number;
  readonly violations: readonly Violation[];
}

class Broken extends Error {}

/** What IAM refuses, and the keys on which that depends. */
class Refused extends Broken {
  constructor(
    message: string,
    readonly keys: readonly Key[],
  ) {
    super(message);
  }
}

/** What a person does next: the steps of a leak, or that of `keys`. */
interface Advice {
  readonly kind: "keys" | "leak";
  readonly steps: readonly PrintedStep[];
  readonly isDone: boolean;
  /** Whether the report of `keys` needs attention. */
  readonly isAlarmed: boolean;
  /** Why nothing is advised. */
  readonly stop?: string | undefined;
}

/** What is advised in a world that nothing changes any more. */
const ADVICE = new WeakMap<World, Advice>();

function advice(world: World): Advice {
  const given = ADVICE.get(world) ?? adviceIn(world);
  ADVICE.set(world, given);
  return given;
}

/** What the program advises: after a leak, until the leaked keys are dead, `keys --leaked`. */
function adviceIn(world: World): Advice {
  const leaked = world.leaked.filter((id) => isActive(world, id));
  const { next, isDone, suspects, findings } = PROGRAM.keys(world);
  const isAlarmed = findings.length > 0 || next.stop !== undefined;
  const reason = next.stop && (findings.find((line) => line.startsWith("unverifiable: ")) ?? next.stop);
  if (reason?.startsWith("unverifiable: the settings have the user")) {
    // `keys --leaked` refuses then, too.
    return { kind: "keys", steps: [next], isDone, isAlarmed, stop: reason };
  }
  const hostile = suspects.filter((id) => world.hostile.includes(id));
  const ids = leaked.length > 0 ? leaked : hostile;
  return ids.length > 0
    ? { kind: "leak", steps: leakSteps(world, ids), isDone: false, isAlarmed }
    : {
        kind: "keys",
        steps: [next],
        isDone,
        isAlarmed,
        stop: next.instead.some(({ condition }) => isTrue(world, condition)) ? undefined : reason,
      };
}

/** Whether what only a person knows is true. */
function isTrue(world: World, condition: Condition): boolean {
  if ("version" in condition) {
    return versionWith(world, condition) !== undefined;
  }
  if ("ofAnother" in condition) {
    return isOfAnother(world, condition.ofAnother.kind, condition.ofAnother.name);
  }
  return "leaked" in condition ? world.leaked.includes(condition.leaked) : [world.dkp, undefined].includes(condition.dkp);
}

/** The newest version of the state other than the present one that has all of this. */
function versionWith({ state, versions }: World, { version: parts }: { readonly version: readonly string[] }): State | undefined {
  const present = JSON.stringify(state);
  return versions.findLast((version) => {
    const names = [...Object.values(version.keys).map(({ id }) => id), `the user ${version.objects[ADDRESSES.user]}`];
    return JSON.stringify(version) !== present && parts.every((part) => names.includes(part));
  });
}

function leakSteps(world: World, ids: readonly string[]): readonly PrintedStep[] {
  const { contain, after, suspects } = PROGRAM.leaked(world, ids);
  const hostile = suspects.filter((id) => world.hostile.includes(id) && !ids.includes(id));
  return hostile.length > 0 ? leakSteps(world, [...ids, ...hostile]) : [contain, after];
}

/** Follows advice to the letter. @throws Broken if an invariant is violated, or a step is not possible */
function follow(before: World, { steps, kind }: Advice, interruption?: Interruption): Person {
  const person = new Person(copyOf(before), interruption);
  for (const id of kind === "leak" ? keysToEnd(steps) : []) {
    if (!person.world.leaked.includes(id)) {
      person.world.leaked.push(id);
    }
  }
  for (const step of steps) {
    if (!person.isInterrupted) {
      person.follow(step);
    }
  }
  return person;
}

/** The world after the steps that are advised in it. */
export const followed = (world: World): World => follow(world, advice(world)).world;

const keysToEnd = (steps: readonly PrintedStep[]) =>
  steps.slice(0, 1).flatMap(({ actions }) => actions.flatMap((action) => (action.do === "delete" ? [action.key] : [])));

/** A person who does what is printed, in one world. */
class Person {
  /** How many calls of AWS the first apply made. */
  calls = 0;
  isInterrupted = false;
  /** Why the answer of a question advises nothing. */
  stop: string | undefined;
  private applied = false;
  /** A person who has looked up the key of DKP knows more than AWS reports. */
  private hasLookedUp = false;
  /** Why something is done instead of a step. */
  private condition: Condition | undefined;
  private readonly before: World;

  constructor(
    readonly world: World,
    private readonly interruption: Interruption | undefined,
  ) {
    this.before = copyOf(world);
  }

  follow(step: PrintedStep): void {
    const other = step.instead.find(({ condition }) => isTrue(this.world, condition));
    if (other === undefined) {
      this.perform(step);
      return;
    }
    this.condition = other.condition;
    this.hasLookedUp ||= "dkp" in other.condition;
    this.follow(other.step);
  }

  private perform({ edits, actions, why, stop }: PrintedStep): void {
    this.stop = stop;
    for (const { setting, value } of edits) {
      edit(this.world.settings, setting, value);
    }
    for (const action of actions) {
      if (this.isInterrupted) {
        return;
      }
      if (why === "contain" && action.do === "delete" && isActive(this.world, action.key)) {
        throw new Broken("a key is deleted before it is deactivated: if it did not leak, nothing brings it back");
      }
      this.act(action);
    }
  }

  private act(action: PrintedAction): void {
    const { world } = this;
    const check = invariants(this.before, world, this.hasLookedUp);
    if (action.do === "apply") {
      this.orLater(() => this.apply(check));
    } else if (action.do === "respond") {
      this.perform(PROGRAM.leaked(world, [action.key]).contain);
    } else if (action.do === "restore") {
      const version = this.condition && "version" in this.condition ? versionWith(world, this.condition) : undefined;
      world.state = copyOf(version ?? emptyState());
      world.versions.push(copyOf(world.state));
    } else {
      this.orLater(() => perform(world, action));
      check(action.do);
    }
  }

  /** Nothing shows a key that IAM does not list, and it counts: what IAM refuses because of it is repeated minutes later. */
  private orLater(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof Refused) || error.keys.every(({ listed }) => listed)) {
        throw error;
      }
      pass(this.world, 11);
      this.isInterrupted = true;
    }
  }

  private apply(check: (what: string) => void): void {
    const { world, interruption } = this;
    if (world.errored !== undefined && world.erroredAfter === world.versions.length) {
      throw new Broken("the advised apply makes errored.tfstate useless");
    }
    const before = copyOf(world.state);
    const result = apply(world, () => check("apply"), this.applied ? undefined : interruption);
    if ("refused" in result) {
      throw new Broken(`the advised apply is refused: ${result.refused}`);
    }
    this.calls = this.applied ? this.calls : result.calls;
    const known = Object.values(world.state.keys).map(({ id }) => id);
    const lost = Object.values(before.keys).find(({ id }) => !known.includes(id) && keyIn(world, id) !== undefined);
    if (lost !== undefined && interruption === undefined) {
      throw new Broken("the advised apply takes a key out of the state that IAM has");
    }
    checkProtection(before, world);
    if (interruption !== undefined && !this.applied) {
      this.isInterrupted = true;
      return;
    }
    this.applied = true;
    if (result.failed.length > 0) {
      throw new Refused(`the advised apply fails: ${result.failed.join(", ")}`, keysOf(world));
    }
  }
}

/** A secret is never protected less than that of the other key was. */
function checkProtection(before: State, { state }: World): void {
  const protectedBefore = Object.values(before.keys).some(({ pgp }) => pgp !== "");
  const ids = Object.values(before.keys).map(({ id }) => id);
  const weaker = Object.values(state.keys).some(({ id, pgp, secret }) => !ids.includes(id) && secret && pgp === "");
  if (protectedBefore && weaker) {
    throw new Broken("a new key is in plaintext, although the one before was encrypted");
  }
}

/** The deployment that created an object: only a person knows it. */
const creatorOf = ({ account }: World, kind: string, name: string) => account.creators[`${kind} ${name}`];

/** Whether an object of the account is that of another deployment. */
function isOfAnother(world: World, kind: string, name: string): boolean {
  const creator = creatorOf(world, kind, name);
  return creator !== undefined && creator !== world.id;
}

/** What must hold after each call. */
function invariants(before: World, world: World, hasLookedUp: boolean): (what: string) => void {
  let worked = works(world);
  const { dkp } = before;
  const isRevivable =
    keyIn(before, dkp)?.status === "Inactive" &&
    !before.leaked.includes(dkp) &&
    !before.settings.none &&
    SLOTS.some((slot) => {
      const { [slot]: managed } = before.state.keys;
      const { [slot]: status, pgp } = before.settings;
      return managed?.id === dkp && !managed.tainted && status === "Active" && pgp[slot] === managed.pgp;
    });
  const isUsed = ({ used }: Key) => used !== undefined && world.account.now - used < DAY;
  return (what) => {
    const isEnded = (key: Key) =>
      key.status === "Active" && !world.leaked.includes(key.id) && isUsed(key) && !isActive(world, key.id);
    if (keysOf(before).some(isEnded) && !hasLookedUp) {
      throw new Broken(`a key that was used within a day ends, by ${what}`);
    }
    if (isRevivable && world.dkp !== dkp) {
      throw new Broken(`DKP gets another key although its own can be activated again, by ${what}`);
    }
    const isExposedActive = isActive(world, before.state.exposed?.id ?? "");
    if (exposesSecret(before) && !exposesSecret(world) && isExposedActive && !world.settings.none) {
      throw new Broken(`the outputs no longer expose a key with its secret, by ${what}`);
    }
    checkLeaks(world, what);
    checkOthers(before, world, what);
    if (worked && !works(world) && !world.leaked.includes(world.dkp)) {
      throw new Broken(`DKP's key stops to work, by ${what}`);
    }
    worked = works(world);
  };
}

function checkLeaks(world: World, what: string): void {
  for (const id of world.leaked) {
    if (isActive(world, id) && world.ended.includes(id)) {
      throw new Broken(`a leaked key works again, by ${what}`);
    }
    if (!isActive(world, id) && !world.ended.includes(id)) {
      world.ended.push(id);
    }
  }
}

/** No step ends the key or the permissions of another deployment, or changes what it created. */
function checkOthers(before: World, world: World, what: string): void {
  for (const [index, other] of world.others.entries()) {
    const was = before.others[index];
    const isSame = other.dkp === world.dkp || world.leaked.includes(other.dkp);
    if (was !== undefined && !isSame && works({ ...before, ...was }) && !works({ ...world, ...other, account: world.account })) {
      throw new Broken(`the key of another deployment stops to work, by ${what}`);
    }
  }
  for (const [object, creator] of Object.entries(before.account.creators)) {
    const [kind = "", ...names] = object.split(" ");
    const found = { kind: kind as Described["kind"], name: names.join(" ") };
    const isThere = exists(before.account, found);
    const contents = ({ policies, roles }: World["account"]) => [policies[found.name], roles[found.name]].join();
    const isSame = exists(world.account, found) && contents(before.account) === contents(world.account);
    if (creator !== world.id && isThere && !isSame) {
      throw new Broken(`${object} of another deployment changes, by ${what}`);
    }
  }
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
  } else if (what !== undefined) {
    settings.imports[what as "user"] = value === true;
  } else {
    throw new Broken(`unknown setting ${setting}`);
  }
}

/** The rules of settings that a step must respect. */
function settingsError({ none, primary, secondary, current, pgp, imports }: Settings): string | undefined {
  const slots = { primary, secondary };
  if (none) {
    return imports.key === "" ? undefined : "import.accessKeyId with accessKeys: none";
  }
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

function perform(world: World, action: Exclude<PrintedAction, { readonly do: "apply" | "restore" | "respond" }>): void {
  const { state, errored } = world;
  switch (action.do) {
    case "hand-over": {
      const key = Object.values(state.keys).find(({ id }) => id === state.exposed?.id);
      if (key?.secret !== true) {
        throw new Broken("hand-over has no secret");
      }
      giveKey(world, key.id);
      return;
    }
    case "create-key": {
      const key = createKey(world);
      if (key === undefined) {
        throw new Refused("LimitExceeded", keysOf(world));
      }
      giveKey(world, key.id);
      return;
    }
    case "push-state":
      if (errored === undefined || world.erroredAfter !== world.versions.length) {
        throw new Broken("Terraform refuses errored.tfstate");
      }
      world.state = errored;
      world.versions.push(copyOf(errored));
      delete world.errored;
      return;
    case "move-errored-state":
      if (errored === undefined || world.erroredAfter === world.versions.length) {
        throw new Broken("the only state with the last changes is moved away");
      }
      delete world.errored;
      world.erroredAfter = 0;
      return;
    case "rename": {
      const [what = ""] = action.setting.split(".");
      const field = what === "nodeRole" ? "role" : (what as "user" | "policy");
      world.settings[field] = `${world.settings[field]}-${world.id}`;
      return;
    }
    case "untaint": {
      const slot = SLOTS.find((name) => KEY_ADDRESSES[name] === action.address);
      const key = slot && state.keys[slot];
      if (key === undefined) {
        throw new Broken("nothing to untaint");
      }
      key.tainted = false;
      return;
    }
    case "import": {
      const name = action.arn.split("/").at(-1) ?? "";
      if (state.objects[action.address] !== undefined || !exists(world.account, { kind: "policy", name })) {
        throw new Broken("the resource is in the state, or IAM does not have it");
      }
      state.objects[action.address] = name;
      state.contents[action.address] = world.account.policies[name] ?? "";
      world.versions.push(copyOf(state));
      return;
    }
    case "activate":
    case "deactivate":
    case "delete": {
      const key = keyIn(world, action.key);
      if (key === undefined || userOf(world.account, action.key) !== action.user) {
        throw new Refused(`the user ${action.user} has no key to ${action.do}`, key === undefined ? [] : [key]);
      }
      if (action.do === "delete") {
        deleteKey(world, action.key);
      } else {
        key.status = action.do === "activate" ? "Active" : "Inactive";
      }
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
function harmOf(before: World): string | undefined {
  const world = copyOf(before);
  const result = apply(world, () => undefined);
  if ("refused" in result) {
    return result.refused;
  }
  const [failed] = result.failed;
  if (failed !== undefined) {
    return `${failed} fails`;
  }
  if (world.leaked.some((id) => !isActive(before, id) && isActive(world, id))) {
    return "a leaked key works again";
  }
  return works(before) && !works(world) ? "DKP's key stops to work" : undefined;
}

/** What is wrong although nothing is to do. */
function wrongAtTheEnd(before: World): string | undefined {
  if (before.leaked.some((id) => isActive(before, id))) {
    return "a leaked key works at the end";
  }
  // A key whose user has no policy opens nothing, and nothing shows that its user was to be the deployment's.
  if (before.hostile.some((id) => isActive(before, id) && contentsOf(before.account, id).length > 0)) {
    return "the key of an attacker works at the end";
  }
  const { state, versions, settings } = before;
  const isLost = versions.some(({ keys }) => Object.values(keys).some(({ id, secret }) => id === state.exposed?.id && secret));
  // Who imports a key gives up its secret.
  if (
    !settings.none &&
    isLost &&
    !exposesSecret(before) &&
    state.exposed?.id !== before.imported &&
    settings.imports.key === ""
  ) {
    return "the secret of the exposed key is only in an older version of the state";
  }
  const world = copyOf(before);
  const result = apply(world, () => undefined);
  if ("refused" in result || result.failed.length > 0) {
    return `an apply fails at the end: ${JSON.stringify(result)}`;
  }
  const isUnchanged =
    JSON.stringify(keysOf(world)) === JSON.stringify(keysOf(before)) &&
    (settings.none || world.state.exposed?.id === state.exposed?.id);
  const isLink = (address: string) => world.state.objects[address]?.includes(":");
  if (Object.keys(world.state.objects).some((address) => isLink(address) && state.objects[address] === undefined)) {
    return "an apply creates an attachment or the membership at the end";
  }
  return isUnchanged ? undefined : "an apply changes the keys at the end";
}

/** A change that returns false does not apply. */
type Change<Rest extends readonly unknown[] = []> = (world: World, ...rest: Rest) => unknown;
type Event = readonly [name: string, change: Change];

const ROTATION: readonly (readonly [string, Partial<Settings>])[] = [
  ["one key", { none: false, primary: "Active", secondary: "absent", current: "primary" }],
  ["a second key", { none: false, primary: "Active", secondary: "Active", current: "primary" }],
  ["the second key exposed", { none: false, primary: "Active", secondary: "Active", current: "secondary" }],
  ["the first key retired", { none: false, primary: "Inactive", secondary: "Active", current: "secondary" }],
  ["the first key absent", { none: false, primary: "absent", secondary: "Active", current: "secondary" }],
  ["accessKeys: none", { none: true }],
];

const eventOf = (name: string, change: Change): Event => [name, change];

const forKeys = (world: World, name: string, change: Change<[id: string]>): readonly Event[] =>
  keysOf(world).map(({ id }, index) => eventOf(`${name} (key ${index + 1})`, (now) => change(now, id)));

/** What can happen to the state. */
function stateEvents(world: World): readonly Event[] {
  const lose = (name: string, change: (state: State) => boolean) =>
    eventOf(`the state loses ${name}`, (now) => {
      const isLost = change(now.state);
      now.versions.push(copyOf(now.state));
      return isLost;
    });
  const loseObjects = (name: string, ...addresses: readonly string[]) =>
    lose(name, ({ objects, contents }) => {
      const lost = addresses.filter((address) => objects[address] !== undefined);
      for (const address of lost) {
        delete objects[address];
        delete contents[address];
      }
      return lost.length === addresses.length;
    });
  const older = world.versions.slice(-4, -1);
  return [
    eventOf("the state is lost, with all versions", (now) => {
      now.state = emptyState();
      now.versions = [];
      return world.versions.length > 0;
    }),
    eventOf("the state is lost", (now) => {
      now.state = emptyState();
      return world.state.objects[ADDRESSES.user] !== undefined;
    }),
    ...older.map((version, index) =>
      eventOf(`an older state is restored (${index})`, (now) => {
        now.state = copyOf(version);
        now.versions.push(copyOf(version));
      }),
    ),
    ...older.map((version, index) =>
      eventOf(`an older state is restored, and later versions are lost (${index})`, (now) => {
        now.state = copyOf(version);
        now.versions = [copyOf(version)];
      }),
    ),
    ...described(world).map(({ address }) => loseObjects(address, address)),
    loseObjects("policy and attachment", ADDRESSES.policy, ADDRESSES.userAttachment),
    loseObjects("the second policy and its attachment", policyAddress("policy", 2), policyAddress("userAttachment", 2)),
    ...SLOTS.map((slot) =>
      lose(`the key ${slot}`, (state) => {
        const isThere = state.keys[slot] !== undefined;
        delete state.keys[slot];
        return isThere;
      }),
    ),
    eventOf("an apply ends between create and delete", (now) => {
      // The settings had another path for the second policy: IAM has both.
      const isReplaced = now.state.objects[policyAddress("policy", 2)] !== undefined && now.state.deposed.length === 0;
      now.account.policies.former = "former";
      now.account.links.push(`policy:former user:${now.settings.user}`);
      now.state.deposed = ["former"];
      now.versions.push(copyOf(now.state));
      return isReplaced;
    }),
    eventOf("errored.tfstate of something else lies there", (now) => {
      now.errored = emptyState();
      now.erroredAfter = -1;
      return world.errored === undefined;
    }),
  ];
}

/** What can happen to keys and permissions in IAM. */
function accountEvents(world: World): readonly Event[] {
  const end = (now: World, id: string) => now.leaked.includes(id) && now.ended.push(id);
  return [
    ...forKeys(world, "leaks", (now, id) => !now.leaked.includes(id) && now.leaked.push(id) > 0),
    ...forKeys(world, "leaks and is deactivated", (now, id) => {
      const key = keyIn(now, id);
      if (now.leaked.includes(id) || key === undefined) {
        return false;
      }
      now.leaked.push(id);
      now.ended.push(id);
      key.status = "Inactive";
    }),
    ...forKeys(world, "is deactivated by mistake", (now, id) => {
      const key = keyIn(now, id);
      if (key?.status !== "Active") {
        return false;
      }
      key.status = "Inactive";
      end(now, id);
    }),
    ...forKeys(world, "is deleted manually", (now, id) => {
      deleteKey(now, id);
      end(now, id);
    }),
    eventOf("a colleague creates a key", (now) => createKey(now) !== undefined),
    eventOf("an attacker creates a key", (now) => {
      const key = isOfAnother(now, "user", now.settings.user) ? undefined : createKey(now);
      return key !== undefined && now.hostile.push(key.id) > 0;
    }),
    eventOf("a manual key is given to DKP", (now) => {
      const key = keysOf(now).find(({ id }) => Object.values(now.state.keys).every((known) => known.id !== id));
      const isOwn = !isOfAnother(now, "user", now.settings.user);
      if (!isOwn || key?.status !== "Active" || key.id === now.dkp || now.hostile.includes(key.id)) {
        return false;
      }
      giveKey(now, key.id);
      now.stopped = 0;
      // AWS reports the use hours later. Until then, only the person knows.
      pass(now, 4 * HOUR);
    }),
    ...world.account.links
      .filter((link) => described(world).some(({ name }) => name === link))
      .map((link) =>
        eventOf(`${link} is removed manually`, ({ account }) => {
          account.links = account.links.filter((other) => other !== link);
        }),
      ),
    eventOf("the policy is changed manually", ({ account, settings }) => {
      const isThere = account.policies[settings.policy] === world.id;
      account.policies[settings.policy] = "manual";
      return isThere;
    }),
    ...(["quarantine", "deny"] as const).map((denial) =>
      eventOf(`the user gets a policy that denies: ${denial}`, ({ account, settings }) => {
        const isNew = account.users[settings.user] !== undefined && account.denied[settings.user] === undefined;
        account.denied[settings.user] = denial;
        return isNew;
      }),
    ),
    eventOf("the user is renamed", ({ account, settings: { user } }) => {
      const keys = account.users[user];
      if (keys === undefined) {
        return false;
      }
      account.users[`${user}-old`] = keys;
      delete account.users[user];
      account.creators[`user ${user}-old`] = account.creators[`user ${user}`] ?? "";
      const { [user]: denial, ...denied } = account.denied;
      account.denied = denial === undefined ? denied : { ...denied, [`${user}-old`]: denial };
      account.links = account.links.map((link) => link.replace(`user:${user}`, `user:${user}-old`));
    }),
    eventOf("IAM lists the newest key late", (now) => {
      const newest = keysOf(now).findLast(({ created }) => created === now.account.now);
      // A key that neither state nor IAM shows cannot be known.
      if (newest?.listed !== true || Object.values(now.state.keys).every(({ id }) => id !== newest.id)) {
        return false;
      }
      newest.listed = false;
    }),
  ];
}

/** What a person can do, and what time does. */
function otherEvents(world: World): readonly Event[] {
  const isChanged = (now: World) =>
    JSON.stringify(now.settings) !== JSON.stringify(world.settings) && settingsError(now.settings) === undefined;
  const { current } = world.settings;
  const next = otherSlot(current);
  return [
    eventOf("hand-over", (now) => {
      const exposed = Object.values(now.state.keys).find(({ id }) => id === now.state.exposed?.id);
      if (exposed?.secret !== true || exposed.id === now.dkp || now.leaked.includes(exposed.id)) {
        return false;
      }
      giveKey(now, exposed.id);
    }),
    ...forKeys(world, "import.accessKeyId", (now, id) => {
      const isManaged = Object.values(now.state.keys).some((known) => known.id === id);
      if (isManaged || now.settings.pgp.primary !== "" || now.settings.none) {
        return false;
      }
      now.settings.imports.key = id;
      now.imported = id;
      now.settings.primary = now.settings.primary === "absent" ? "Active" : now.settings.primary;
    }),
    ...ROTATION.map(([name, change]) =>
      eventOf(`settings of: ${name}`, (now) => {
        Object.assign(now.settings, copyOf(change));
        return isChanged(now);
      }),
    ),
    eventOf("another pgpKey in the current slot", (now) => {
      now.settings.pgp[current] = "B";
      return isChanged(now);
    }),
    eventOf("a migration to pgpKey begins", (now) => {
      now.settings.pgp[next] = "C";
      now.settings[next] = "Active";
      return world.settings[next] === "absent" && isChanged(now);
    }),
    ...["", "1", "2"].map((second) =>
      eventOf(`settings whose second policy is "${second}"`, (now) => {
        now.settings.second = second;
        return isChanged(now);
      }),
    ),
    eventOf("unchanged settings are applied", (now) => {
      const result = apply(now, () => undefined);
      for (const id of now.leaked) {
        now.ended = isActive(now, id) ? now.ended.filter((ended) => ended !== id) : now.ended;
      }
      return !("refused" in result);
    }),
    ...world.others.slice(0, 1).flatMap(({ settings: other }) =>
      (["user", "policy", "role"] as const).map((field) =>
        eventOf(`settings take the ${field} of the other deployment`, (now) => {
          now.settings[field] = other[field];
          return other[field] !== "" && other[field] !== world.settings[field];
        }),
      ),
    ),
    eventOf("a day passes", (now) => pass(now, DAY + 60)),
    eventOf("the cluster is stopped for days", (now) => {
      if (now.stopped > 0 || !works(now)) {
        return false;
      }
      now.stopped = 4;
      pass(now, DAY + 60);
      pass(now, DAY + 60);
    }),
  ];
}

/** What happened, the last event first. */
interface Trail {
  readonly event: string;
  readonly before?: Trail;
}

/** A situation that is to be visited, with so many events left. */
interface Node {
  readonly world: World;
  readonly name: string;
  readonly trail: Trail;
  readonly budget: number;
}

interface Options {
  readonly starts: Readonly<Record<string, World>>;
  /** How many events happen. */
  readonly depth: number;
  /** Whether an event of this number happens, with so many left behind it: a sample. @default all do */
  readonly happens?: (count: number, left: number) => boolean;
  /** What else is wrong in a situation; undefined: nothing. @default nothing is */
  readonly errorIn?: (world: World) => Promise<string | undefined> | undefined;
}

/** Walks the situations that a number of events produces, follows every printed step, and checks the invariants. */
export const walk = (options: Options): Promise<Walk> => new Walker(options).run();

/** All that the walk keeps of a situation which it has seen. */
interface Seen {
  budget: number;
  /** The situation after the next step; undefined at the end. */
  next?: string | "broken";
  isVisited: boolean;
  trail: Trail;
}

/** A name of fixed size: a walk sees too many situations to keep a text of each. */
const digestOf = (world: World) => createHash("sha256").update(canonical(world)).digest("base64").slice(0, 16);

class Walker {
  private readonly seen = new Map<string, Seen>();
  /** Each text of a trail once: a part of a printed text would keep all of it. */
  private readonly events = new Map<string, string>();
  private readonly violations: Violation[] = [];
  /** What is to be visited, by the number of events that are left. */
  private readonly pending: Node[][];
  private steps = 0;
  private count = 0;

  constructor(private readonly options: Options) {
    this.pending = Array.from({ length: options.depth + 1 }, () => []);
    for (const [name, world] of Object.entries(options.starts).toReversed()) {
      this.push(world, undefined, name, options.depth);
    }
  }

  async run(): Promise<Walk> {
    const { errorIn } = this.options;
    for (let node = this.pop(); node !== undefined; node = this.pop()) {
      const seen = this.seen.get(node.name) as Seen;
      // It can have been reached once more, with more events left.
      if (seen.budget === node.budget) {
        const isNew = !seen.isVisited;
        seen.isVisited = true;
        this.visit(node, isNew);
        const what = isNew ? await errorIn?.(node.world) : undefined;
        if (what !== undefined) {
          this.violations.push({ what, trail: eventsOf(node.trail), step: "" });
        }
      }
    }
    const lengths = lengthsOf(this.seen);
    for (const [name, { trail }] of this.seen) {
      if (lengths.get(name) === Number.POSITIVE_INFINITY) {
        this.violations.push({ what: "no end", trail: eventsOf(trail), step: "" });
      }
    }
    const longest = [...lengths.values()].reduce((one, other) => Math.max(one, other));
    return { situations: this.seen.size, steps: this.steps, longest, violations: this.violations };
  }

  /**
   * Where no event is left, depth first: most situations are there, and none of them waits. Otherwise, what has the most events left
   * comes first, so that few situations are visited again with more of them.
   */
  private pop(): Node | undefined {
    return this.pending[0]?.pop() ?? this.pending.findLast((nodes) => nodes.length > 0)?.pop();
  }

  private visit(node: Node, isNew: boolean): void {
    const { world, trail, budget } = node;
    const given = this.attempt(node, undefined, () => advice(world));
    if (given === undefined) {
      return;
    }
    if (isNew) {
      this.attempt(node, given, () => this.checkHere(node, given));
    }
    if (given.stop === undefined) {
      this.followAll(node, given, isNew);
    }
    if (budget > 0) {
      for (const [event, change] of [...stateEvents(world), ...accountEvents(world), ...otherEvents(world)]) {
        this.happen(node, event, change);
      }
      if (world.others.length > 0) {
        this.push(swapped(copyOf(world)), trail, "the other deployment", budget);
      }
    }
  }

  private happen({ world, trail, budget }: Node, event: string, change: Change): void {
    const changed = copyOf(world);
    if (change(changed) !== false && this.options.happens?.(this.count++, budget - 1) !== false) {
      this.push(changed, trail, event, budget - 1);
    }
  }

  /** @returns the name of the situation */
  private push(world: World, before: Trail | undefined, event: string, budget: number): string {
    const name = digestOf(world);
    const seen = this.seen.get(name);
    if (seen === undefined || seen.budget < budget) {
      const trail = { event: this.events.get(event) ?? event, before };
      this.events.set(trail.event, trail.event);
      if (seen === undefined) {
        this.seen.set(name, { budget, isVisited: false, trail });
      } else {
        seen.budget = budget;
      }
      this.pending[budget]?.push({ world, name, trail, budget });
    }
    return name;
  }

  private attempt<T>({ trail, name }: Node, step: Advice | undefined, work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      this.follows(name, "broken");
      const what = error instanceof Broken ? error.message : String((error as Error).stack);
      this.violations.push({ what, trail: eventsOf(trail), step: JSON.stringify(step?.steps) });
      return undefined;
    }
  }

  private follows(name: string, next: string): void {
    (this.seen.get(name) as Seen).next = next;
  }

  private checkHere({ world, trail, name, budget }: Node, given: Advice): void {
    if (given.isDone) {
      const wrong = wrongAtTheEnd(world);
      if (wrong !== undefined) {
        throw new Broken(wrong);
      }
      const [other] = world.others;
      const isOtherDone = other === undefined || advice(swapped(copyOf(world))).isDone;
      const later = isOtherDone ? copyOf(world) : swapped(copyOf(world));
      // With accessKeys: none, only people know which key DKP has.
      const isWorking = works(world) || (world.settings.none && !isActive(world, world.dkp));
      if (isOtherDone && !isWorking) {
        // An event ended DKP's key. AWS reports a day later that nothing uses the exposed one.
        pass(later, DAY + HOUR);
      }
      if (!isOtherDone || !isWorking) {
        const next = this.push(later, trail, isOtherDone ? "a day passes" : "the other deployment", budget);
        if (next === name) {
          throw new Broken("DKP has no working key at the end");
        }
        this.follows(name, next);
      }
    }
    // A key that neither state nor IAM shows cannot be known.
    if (keysOf(world).every(({ listed }) => listed) && !given.isAlarmed) {
      const harm = harmOf(world);
      if (harm !== undefined) {
        throw new Broken(`nothing warns of an apply: ${harm}`);
      }
    }
  }

  /** Follows the advice, with each interruption. */
  private followAll(node: Node, given: Advice, isNew: boolean): void {
    const { world, trail, budget, name } = node;
    const [first] = given.steps;
    const isOptional = given.isDone;
    const why = given.steps.map((step) => step.why).join(", ");
    if (isOptional && ((first?.edits.length ?? 0) === 0 || budget === 0)) {
      return;
    }
    const followed = this.attempt(node, given, () => {
      const result = follow(world, given);
      const { isDone, steps, stop } = advice(result.world);
      if (given.kind === "leak" && !works(result.world) && isDone) {
        throw new Broken("the response to a leak ends without a key for DKP");
      }
      const isWait = given.steps.some(({ actions }) => actions.some((action) => action.do === "wait"));
      if (isWait && (stop ?? result.stop) === undefined && JSON.stringify(steps) === JSON.stringify(given.steps)) {
        throw new Broken("waiting changed nothing, and the next step is the same");
      }
      const error = settingsError(result.world.settings);
      if (error !== undefined) {
        throw new Broken(`the advised settings are invalid: ${error}`);
      }
      return result;
    });
    if (followed === undefined || (followed.stop !== undefined && given.kind === "keys")) {
      return;
    }
    const after = world.others.length > 0 ? swapped(followed.world) : followed.world;
    const next = this.push(after, trail, `step ${why}`, isOptional ? budget - 1 : budget);
    if (!isOptional && isNew && this.seen.get(name)?.next !== "broken") {
      this.steps += 1;
      this.follows(name, next);
    }
    if (budget > 0 && followed.calls > 0) {
      this.interrupt(node, given, followed.calls, why);
    }
  }

  private interrupt(node: Node, given: Advice, calls: number, why: string): void {
    const kinds = ["killed", "answer lost", "read fails"] as const;
    const each = Array.from({ length: calls }, (_, index) => index + 1).flatMap((at) => kinds.map((kind) => ({ kind, at })));
    const left = node.budget - 1;
    for (const interruption of [...each, { kind: "state not written" } as const]) {
      if (this.options.happens?.(this.count++, left) === false) {
        continue;
      }
      const cut = this.attempt(node, given, () => follow(node.world, given, interruption));
      if (cut !== undefined) {
        const at = "at" in interruption ? ` at call ${interruption.at}` : "";
        this.push(cut.world, node.trail, `step ${why}: ${interruption.kind}${at}`, left);
      }
    }
  }
}

/** The events of a trail in their order. */
function eventsOf(trail: Trail | undefined): readonly string[] {
  return trail === undefined ? [] : [...eventsOf(trail.before), trail.event];
}

/** How many steps lead from each situation to its end; Infinity where they lead in a circle. */
function lengthsOf(seen: ReadonlyMap<string, Pick<Seen, "next">>): ReadonlyMap<string, number> {
  const lengths = new Map<string, number>();
  const lengthOf = (name: string): number => {
    const known = lengths.get(name);
    if (known !== undefined) {
      return known;
    }
    // What is on the way to its own end has none.
    lengths.set(name, Number.POSITIVE_INFINITY);
    const next = seen.get(name)?.next;
    const length = next === undefined ? 0 : lengthOf(next) + 1;
    lengths.set(name, length);
    return length;
  };
  for (const name of seen.keys()) {
    lengthOf(name);
  }
  return lengths;
}

import { SLOTS, type Slot } from "../../../src/iam/key-slots";
import { ADDRESSES, policyAddress } from "../../../src/terraform/addresses";

// A model of what the keys of a deployment depend on: settings, Terraform with its state, an AWS account with other deployments, and
// DKP. Times are minutes.

export const HOUR = 60;
export const DAY = 24 * HOUR;
const MAX_KEYS = 2;

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

/** What all deployments of an account share. */
export interface Account {
  now: number;
  created: number;
  users: Record<string, Key[]>;
  /** The content of each policy, by name. */
  policies: Record<string, string>;
  /** The permissions of each role of nodes, by name. */
  roles: Record<string, string>;
  /** Users to which a policy that nobody's Terraform manages denies what DKP requires: AWS's quarantine, or another one. */
  denied: Record<string, "quarantine" | "deny">;
  /** `policy:NAME user:NAME`. */
  links: string[];
  /** The deployment that created an object, by kind and name: only people know it. */
  creators: Record<string, string>;
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
  /** The name of an object, or a link, by address. */
  objects: Record<string, string>;
  /** The content of each policy that Terraform wrote, by address. */
  contents: Record<string, string>;
  keys: Partial<Record<Slot, StateKey>>;
  /** Names of policies that an apply left at an address when it ended between create and delete. */
  deposed: string[];
  exposed?: { id: string; slot: Slot };
  /** The names in the outputs, which remain where an object is lost. */
  outputs?: { user: string; policy: string };
}

export interface Settings {
  user: string;
  policy: string;
  /** The content of a second policy; "" for one policy. */
  second: string;
  /** The role of nodes; "" for none. */
  role: string;
  /** `accessKeys: none`. */
  none: boolean;
  primary: Status | "absent";
  secondary: Status | "absent";
  current: Slot;
  /** The OpenPGP key of each slot, "" for none. */
  pgp: Record<Slot, string>;
  imports: Record<"user" | "policy" | "nodeRole", boolean> & { key: string };
}

/** A deployment, its cluster and the person who is responsible for it. */
export interface Part {
  id: string;
  settings: Settings;
  state: State;
  /** All versions of the state's object, the newest last. */
  versions: State[];
  /** The state in errored.tfstate. */
  errored?: State;
  /** How many versions the object had when that file was written; -1: it is the state of something else. */
  erroredAfter: number;
  /** The key in provider-cluster-configuration. */
  dkp: string;
  /** What the cluster requires: the content of the policies that its key got by an apply. */
  needs: string[];
  /** The key that a person imports without being advised to. */
  imported: string;
  /** How many days the cluster is stopped. */
  stopped: number;
  leaked: string[];
  /** Keys that an attacker created. */
  hostile: string[];
  /** Leaked keys that AWS rejects. */
  ended: string[];
}

/** A deployment in its account, with the other deployments there. */
export interface World extends Part {
  account: Account;
  others: Part[];
}

export const emptyState = (): State => ({ objects: {}, contents: {}, keys: {}, deposed: [] });

export const newPart = (id: string, settings: Partial<Settings> = {}): Part => ({
  id,
  settings: {
    ...{ user: "deckhouse", policy: "D8CloudProviderAWS", second: "", role: "", none: false },
    ...{ primary: "Active", secondary: "absent", current: "primary", pgp: { primary: "", secondary: "" } },
    imports: { user: false, policy: false, nodeRole: false, key: "" },
    ...settings,
  },
  state: emptyState(),
  versions: [],
  erroredAfter: 0,
  dkp: "",
  needs: [],
  imported: "",
  stopped: 0,
  leaked: [],
  hostile: [],
  ended: [],
});

export const newWorld = (settings: Partial<Settings> = {}, others: readonly Part[] = []): World => ({
  ...newPart("a", settings),
  account: { now: 0, created: 0, users: {}, policies: {}, roles: {}, denied: {}, links: [], creators: {} },
  others: [...others],
});

/** The same account, as the first other deployment sees it. */
export function swapped({ account, others, ...part }: World): World {
  const [next, ...rest] = others;
  return { ...(next as Part), account, others: [...rest, part] };
}

/** A copy of data. Nothing changes a version of a state, so that copies of a world share them. */
export function copyOf<T>(value: T): T {
  if (typeof value !== "object" || value === null) {
    return value;
  }
  if (Array.isArray(value)) {
    return value.map(copyOf) as T;
  }
  const copy: Record<string, unknown> = {};
  for (const [name, part] of Object.entries(value)) {
    copy[name] = name === "versions" ? [...(part as readonly State[])] : copyOf(part);
  }
  return copy as T;
}

/** The keys of a deployment's user. */
export const keysOf = ({ account, settings }: Pick<World, "account" | "settings">): Key[] => account.users[settings.user] ?? [];

const allKeys = ({ users }: Account) => Object.values(users).flat();
export const keyIn = ({ account }: Pick<World, "account">, id: string) => allKeys(account).find((key) => key.id === id);
export const isActive = (world: Pick<World, "account">, id: string) => keyIn(world, id)?.status === "Active";

export const userOf = ({ users }: Account, id: string) =>
  Object.keys(users).find((name) => users[name]?.some((key) => key.id === id));

/** The contents of the policies that a key has. */
export function contentsOf(account: Account, id: string): readonly string[] {
  const user = userOf(account, id) ?? "";
  return Object.entries(account.policies).flatMap(([name, content]) =>
    account.links.includes(`policy:${name} user:${user}`) ? [content] : [],
  );
}

/** Whether AWS accepts the calls of DKP. */
export function works({ account, dkp, needs }: Pick<World, "account" | "dkp" | "needs">): boolean {
  const contents = contentsOf(account, dkp);
  if (account.denied[userOf(account, dkp) ?? ""] !== undefined) {
    return false;
  }
  return isActive({ account }, dkp) && contents.length > 0 && needs.every((need) => contents.includes(need));
}

/** Time passes. Running clusters use their keys; AWS reports the use hours late. */
export function pass(world: World, minutes: number): void {
  const { account } = world;
  account.now += minutes;
  for (const key of allKeys(account)) {
    key.listed = true;
  }
  if (minutes < HOUR) {
    return;
  }
  for (const part of [world, ...world.others]) {
    const key = keyIn(world, part.dkp);
    if (part.stopped > 0) {
      part.stopped -= 1;
    } else if (key !== undefined && works({ account, ...part })) {
      key.used = account.now - 2 * HOUR;
    }
  }
}

export function createKey({ account, settings }: Pick<World, "account" | "settings">): Key | undefined {
  const keys = account.users[settings.user];
  if (keys === undefined || keys.length >= MAX_KEYS) {
    return undefined;
  }
  account.created += 1;
  const id = `AKIA${String(account.created).padStart(16, "0")}`;
  const key: Key = { id, status: "Active", created: account.now, listed: true };
  keys.push(key);
  return key;
}

/** DKP gets a key. If it is of another user than the key before, the cluster comes to require what Terraform gave that user. */
export function giveKey(world: World, id: string): void {
  if (userOf(world.account, world.dkp) !== userOf(world.account, id)) {
    world.needs = Object.values(world.state.contents).filter((content) => content !== "");
  }
  world.dkp = id;
}

export function deleteKey({ account }: Pick<World, "account">, id: string): void {
  for (const [name, keys] of Object.entries(account.users)) {
    account.users[name] = keys.filter((key) => key.id !== id);
  }
}

/** An object that settings describe. */
export interface Described {
  readonly address: string;
  readonly kind: "user" | "policy" | "role" | "link";
  readonly name: string;
  readonly content?: string;
  /** The part of `import` that imports it. */
  readonly imports?: Exclude<keyof Settings["imports"], "key">;
  readonly isProtected?: true | undefined;
}

export const secondName = ({ policy }: Settings) => `${policy}-2`;

/** What settings describe, in the order of their dependencies. */
export function described({ id, settings }: Pick<Part, "id" | "settings">): readonly Described[] {
  const { user, policy, second, role } = settings;
  const policies: Described[] = [
    { address: policyAddress("policy", 1), kind: "policy", name: policy, content: id, imports: "policy", isProtected: true },
  ];
  if (second !== "") {
    const address = policyAddress("policy", 2);
    policies.push({ address, kind: "policy", name: secondName(settings), content: `${id}${second}` });
  }
  const attachments = policies.map(({ name, isProtected }, index): Described => {
    const address = policyAddress("userAttachment", index + 1);
    return { address, kind: "link", name: `policy:${name} user:${user}`, isProtected };
  });
  const ofNodes: Described = { address: ADDRESSES.nodeRole, kind: "role", name: role, content: id, imports: "nodeRole" };
  return [
    ...(role === "" ? [] : [ofNodes]),
    { address: ADDRESSES.user, kind: "user", name: user, imports: "user", isProtected: true },
    ...policies,
    ...attachments,
  ];
}

/** Whether the account has an object. */
export function exists(account: Account, { kind, name }: Pick<Described, "kind" | "name">): boolean {
  const { users, policies, roles, links } = account;
  return name in { user: users, policy: policies, role: roles, link: {} }[kind] || links.includes(name);
}

const contentOf = ({ policies, roles }: Account, { kind, name }: Pick<Described, "kind" | "name">) =>
  (kind === "role" ? roles : policies)[name] ?? "";

export function create({ account, id }: Pick<World, "account" | "id">, { kind, name, content = "" }: Described): boolean {
  if (exists(account, { kind, name })) {
    // EntityAlreadyExists; attaching again is no error.
    return kind === "link";
  }
  account.creators[`${kind} ${name}`] = id;
  if (kind === "user") {
    account.users[name] = [];
  } else if (kind === "policy" || kind === "role") {
    account[kind === "policy" ? "policies" : "roles"][name] = content;
  } else {
    account.links.push(name);
  }
  return true;
}

function remove(account: Account, { kind, name }: Pick<Described, "kind" | "name">): boolean {
  if (kind === "policy" && account.links.some((link) => link.startsWith(`policy:${name} `))) {
    // DeleteConflict
    return false;
  }
  if (kind === "policy" || kind === "role") {
    delete account[kind === "policy" ? "policies" : "roles"][name];
  } else {
    account.links = account.links.filter((link) => link !== name);
  }
  return true;
}

/** How an apply ends. Where a read fails, Terraform cannot read a key that it has created: it is tainted. */
export type Interruption =
  | { readonly kind: "killed" | "answer lost" | "read fails"; readonly at: number }
  | { readonly kind: "state not written" };

interface Operation {
  readonly name: string;
  /** Changes the account. @returns false if AWS rejects it */
  readonly call: (world: World) => unknown;
  /** Writes the result into the state. */
  readonly record: (state: State) => void;
  readonly requires?: readonly string[];
}

type Applied = { readonly refused: string } | { readonly failed: readonly string[]; readonly calls: number };

/**
 * Terraform: refresh, plan and apply. Creations come before deletions, which is the worst order for IAM's quota.
 * @param after is called after each call of AWS
 */
export function apply(world: World, after: () => void, interruption?: Interruption): Applied {
  const state = refreshed(world);
  const plan = planOf(world, state);
  if ("refused" in plan) {
    return plan;
  }
  const contents = described(world).flatMap(({ content }) => content ?? []);
  const before = world.needs;
  world.needs = before.filter((need) => contents.includes(need));
  const failed: string[] = [];
  let calls = 0;
  for (const operation of plan.operations) {
    if (operation.requires?.some((name) => failed.includes(name)) === true) {
      failed.push(operation.name);
      continue;
    }
    let ok = operation.call(world) !== false;
    calls += 1;
    after();
    if (interruption?.kind === "killed" && interruption.at === calls) {
      return { failed: ["killed"], calls };
    }
    if (interruption?.kind === "answer lost" && interruption.at === calls) {
      // Terraform repeats the call, which AWS has executed already.
      ok = operation.name.startsWith("create") ? operation.call(world) !== false : ok;
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
  const { user, policy, current, none } = world.settings;
  const key = none ? undefined : state.keys[current];
  if (failed.length === 0) {
    state.exposed = key === undefined ? undefined : { id: key.id, slot: current };
    state.outputs = { user, policy };
    // A cluster comes to require what an apply gives its key. The key of another user gets nothing by it, and keeps what it had.
    world.needs = [user, undefined].includes(userOf(world.account, world.dkp)) ? contents : world.needs;
  }
  // `dkp-access apply` applies an empty plan only where the state differs from AWS.
  if (calls === 0 && JSON.stringify(state) === JSON.stringify(world.state)) {
    return { failed, calls };
  }
  if (interruption?.kind === "state not written") {
    world.errored = state;
    world.erroredAfter = world.versions.length;
    return { failed: ["state not written"], calls };
  }
  world.state = state;
  world.versions.push(copyOf(state));
  return { failed, calls };
}

/** The kind of an object of a state. */
export const kindOf = (address: string): Described["kind"] => {
  const [, kind = "link"] = /^aws_iam_(user|policy|role)\./.exec(address) ?? [];
  return kind as Described["kind"];
};

/** What IAM does not have, Terraform takes out of the state. */
function refreshed(world: World): State {
  const { account } = world;
  const state = copyOf(world.state);
  for (const [address, name] of Object.entries(state.objects)) {
    const kind = kindOf(address);
    if (!exists(account, { kind, name })) {
      delete state.objects[address];
      delete state.contents[address];
    } else if (kind === "policy" || kind === "role") {
      state.contents[address] = contentOf(account, { kind, name });
    }
  }
  for (const slot of SLOTS) {
    const key = state.keys[slot];
    const found = key && keyIn(world, key.id);
    if (key !== undefined && found?.listed === true) {
      key.status = found.status;
    } else {
      delete state.keys[slot];
    }
  }
  return state;
}

type Plan = { readonly refused: string } | { readonly operations: readonly Operation[] };

function planOf(world: World, state: State): Plan {
  const imported = importInto(world, state);
  if (imported !== undefined) {
    return { refused: imported };
  }
  const creations: Operation[] = [];
  const deletions: Operation[] = [];
  const objects = described(world);
  for (const object of objects) {
    const { address, kind, name, content, isProtected } = object;
    const former = state.objects[address];
    if (former !== undefined && former !== name) {
      if (isProtected) {
        return { refused: `Instance cannot be destroyed: ${address}` };
      }
      deletions.unshift(deletion(`former ${address}`, { kind, name: former }, () => undefined));
    }
    const isAttachment = kind === "link" && name.startsWith("policy:");
    // The ARN of a policy that Terraform creates is unknown in the plan, so that its attachment is replaced.
    const policy = objects.find((other) => other.kind === "policy" && name.startsWith(`policy:${other.name} `));
    if (isAttachment && former === name && policy !== undefined && state.objects[policy.address] === undefined && isProtected) {
      return { refused: `Instance cannot be destroyed: ${address}` };
    }
    if (former !== name) {
      const requires = objects
        .filter((other) => other.kind !== "link" && name.includes(`${other.kind}:${other.name}`))
        .map((other) => `create ${other.address}`);
      creations.push({
        name: `create ${address}`,
        requires: kind === "link" ? requires : [],
        call: (now) => create(now, object),
        record: (written) => {
          written.objects[address] = name;
          written.contents[address] = content ?? "";
        },
      });
    } else if ((kind === "policy" || kind === "role") && state.contents[address] !== content) {
      creations.push({
        name: `update ${address}`,
        call: ({ account }) => {
          account[kind === "policy" ? "policies" : "roles"][name] = content ?? "";
        },
        record: (written) => {
          written.contents[address] = content ?? "";
        },
      });
    }
  }
  for (const name of state.deposed) {
    const forget = (written: State) => {
      written.deposed = written.deposed.filter((other) => other !== name);
    };
    deletions.unshift(deletion(`deposed ${name}`, { kind: "policy", name }, forget));
  }
  for (const [address, name] of Object.entries(state.objects)) {
    if (objects.every((object) => object.address !== address)) {
      const forget = (written: State) => {
        delete written.objects[address];
        delete written.contents[address];
      };
      deletions.unshift(deletion(address, { kind: kindOf(address), name }, forget));
    }
  }
  const keys = keyOperations(world, state);
  return "refused" in keys ? keys : { operations: [...creations, ...keys.operations, ...deletions.toSorted(byDependency)] };
}

/** Attachments are deleted before policies. */
const byDependency = (one: Operation, other: Operation) =>
  Number(one.name.includes("aws_iam_policy.")) - Number(other.name.includes("aws_iam_policy."));

const deletion = (address: string, object: Pick<Described, "kind" | "name">, record: Operation["record"]): Operation => ({
  name: `delete ${address}`,
  call: ({ account }) => remove(account, object),
  record,
});

/** Imports into a state. @returns why that is not possible */
function importInto(world: World, state: State): string | undefined {
  const { account, settings } = world;
  const { imports, primary, none } = settings;
  for (const object of described(world)) {
    // Terraform ignores an import whose address the state has.
    const isPending =
      object.imports !== undefined && imports[object.imports] && world.state.objects[object.address] === undefined;
    if (isPending) {
      if (!exists(account, object)) {
        return `Cannot import non-existent remote object: ${object.address}`;
      }
      state.objects[object.address] = object.name;
      state.contents[object.address] = contentOf(account, object);
    }
  }
  if (imports.key !== "" && state.keys.primary === undefined && primary !== "absent" && !none) {
    const key = keysOf(world).find(({ id, listed }) => id === imports.key && listed);
    if (key === undefined) {
      return "Cannot import non-existent remote object: access key";
    }
    world.imported = key.id;
    state.keys.primary = { id: key.id, status: key.status, secret: false, pgp: "", tainted: false, created: key.created };
  }
  return undefined;
}

function keyOperations({ settings }: World, state: State): Plan {
  const operations: Operation[] = [];
  const deletions: Operation[] = [];
  for (const slot of SLOTS) {
    const status = settings.none ? "absent" : settings[slot];
    const key = state.keys[slot];
    if (key === undefined) {
      operations.push(...(status === "absent" ? [] : [keyCreation(slot, status, settings.pgp[slot])]));
    } else if (status === "absent") {
      deletions.push({
        name: `delete key ${slot}`,
        call: (now) => deleteKey(now, key.id),
        record: (written) => {
          delete written.keys[slot];
        },
      });
    } else if (key.tainted || key.pgp !== settings.pgp[slot]) {
      return { refused: `Instance cannot be destroyed: key ${slot}` };
    } else if (key.status !== status) {
      deletions.push({
        name: `update key ${slot}`,
        call: (now) => {
          const found = keyIn(now, key.id);
          if (found !== undefined) {
            found.status = status;
          }
          return found !== undefined;
        },
        record: (written) => {
          written.keys[slot] = { ...key, status };
        },
      });
    }
  }
  return { operations: [...operations, ...deletions] };
}

function keyCreation(slot: Slot, status: Status, pgp: string): Operation {
  let made: Key | undefined;
  return {
    name: `create key ${slot}`,
    requires: [`create ${ADDRESSES.user}`],
    call: (now) => {
      made = createKey(now);
      if (made !== undefined) {
        made.status = status;
      }
      return made !== undefined;
    },
    record: (written) => {
      if (made !== undefined) {
        const { id, created } = made;
        written.keys[slot] = { id, status, secret: true, pgp, tainted: false, created };
      }
    },
  };
}

/** The same string for worlds that no command distinguishes: keys are numbered by age, times are only compared. */
export function canonical(world: World): string {
  const ids = [...new Set(JSON.stringify(world).match(/AKIA\d{16}/g) ?? [])].sort();
  const { account } = world;
  const { now } = account;
  const stateTimes = (state: State | undefined) => Object.values(state?.keys ?? {}).map(({ created }) => created);
  const times = [
    now,
    ...allKeys(account).flatMap(({ created, used }) => [created, used ?? now]),
    ...[world, ...world.others].flatMap(({ state, errored }) => [...stateTimes(state), ...stateTimes(errored)]),
  ];
  const order = [...new Set(times)].sort((a, b) => a - b);
  const time = (value: number | undefined) => {
    if (value === undefined) {
      return "never";
    }
    const age = now - value;
    const kind = age < 10 ? "now" : age < DAY ? "recent" : "old";
    return `${kind} ${order.indexOf(value)}`;
  };
  const sorted = (object: object) => Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1));
  const stateOf = ({ keys, objects, contents, ...rest }: State, withTimes: boolean) => [
    rest,
    sorted(objects),
    sorted(contents),
    sorted(keys).map(([slot, { created, ...key }]) => [slot, key, withTimes && order.includes(created) ? time(created) : ""]),
  ];
  const partOf = ({ state, versions, errored, erroredAfter, leaked, ended, hostile, needs, ...part }: Part) => [
    { ...part, account: undefined, others: undefined },
    stateOf(state, true),
    versions.slice(-4).map((version) => stateOf(version, false)),
    errored && [stateOf(errored, true), erroredAfter === versions.length, erroredAfter < 0],
    [leaked, ended, hostile, needs].map((list) => [...list].sort()),
  ];
  const users = sorted(account.users).map(([name, keys]) => [
    name,
    (keys as Key[]).map(({ created, used, ...key }) => ({ ...key, created: time(created), used: time(used) })),
  ]);
  const text = JSON.stringify([
    ...[
      users,
      sorted(account.policies),
      sorted(account.roles),
      sorted(account.denied),
      world.others.length === 0 ? [] : sorted(account.creators),
      [...account.links].sort(),
    ],
    ...[world, ...world.others].map(partOf),
  ]);
  return text.replaceAll(/AKIA\d{16}/g, (id) => `#${ids.indexOf(id)}`);
}

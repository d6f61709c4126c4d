import { setTimeout as wait } from "node:timers/promises";
import { timeText } from "../../process/time";
import { awsCommand, shellWord } from "../../text/advice";
import type { IamKey } from "../aws/iam-reader";
import { AwsError } from "../aws/operations";
import { createdOf } from "../key-times";
import { isUsed, type RotateFound, useOf } from "./next-step";
import { giveNewKey, type RotationWorld } from "./rotation";

/**
 * In milliseconds. A deactivation reaches all parts of AWS within minutes. Until then, the key can
 * still get a session.
 */
const PROPAGATION = 900_000;

/** In milliseconds: how long another key for DKP may delay the end of the leaked one. */
const GIVE_LIMIT = 60_000;

/** In milliseconds: for seconds, IAM still counts a key that was deleted. */
const CREATE_LIMIT = 20_000;
const PAUSE = 1000;

/** In milliseconds: a younger key may be one that another response is about to give. */
const NEW = 120_000;

const ATTEMPTS = 2;

export interface LeakWorld extends RotationWorld {
  ownerOf(id: string): Promise<string | undefined>;
  denySessions(before: Date): Promise<void>;
  /** Where another key goes, whichever one DKP has; undefined: into the cluster. */
  readonly elsewhere?: Elsewhere | undefined;
  readonly refusal?: Refusal | undefined;
  /** The name of the cluster's context. */
  readonly context?: string;
}

interface Elsewhere {
  readonly name: string;
  create(): Promise<RotateFound>;
}

/** Why DKP gets no other key, and the options of the command that gives it one. */
export interface Refusal {
  readonly reason: string;
  readonly options: string;
}

export interface LeakPlan {
  readonly leaked: readonly string[];
  /** The named keys that the user has; all of them if IAM did not list its keys. */
  readonly keys: readonly IamKey[];
  readonly gone: readonly string[];
  /** Named keys of other users, which are left alone. */
  readonly others: readonly { readonly key: string; readonly owner: string }[];
  /** Whether the key in DKP's Secret is named, or does not work; undefined if it is not known. */
  readonly isNeeded: boolean | undefined;
  readonly isGiven: boolean;
  readonly refusal: Refusal | undefined;
  /** May be the new key of a former run, whose file somebody has. */
  readonly younger: IamKey | undefined;
  readonly forRoom: IamKey | undefined;
}

/** The options that name a cluster. */
export const toContext = (context = "NAME"): string => `--cluster --context ${shellWord(context)}`;

export const toAny = (context?: string): string =>
  `${toContext(context)} (without access to the cluster --out FILE)`;

const NO_DESTINATION: Refusal = {
  reason: "the cluster was not read",
  options: toAny(),
};

/** @throws Error if all keys are other users': then nothing is done */
export async function leakPlan(
  world: LeakWorld,
  leaked: readonly string[],
  user: string,
): Promise<LeakPlan> {
  const all = await world.keys().catch(() => undefined);
  const missing = leaked.filter((id) => all?.every((key) => key.id !== id));
  const owners = new Map<string, string | undefined>();
  for (const id of missing) {
    owners.set(id, await world.ownerOf(id).catch(() => undefined));
  }
  const others = [...owners].flatMap(([key, owner]) =>
    owner === undefined || owner === user ? [] : [{ key, owner }],
  );
  const [other] = others;
  if (other !== undefined && others.length === leaked.length) {
    throw new Error(
      `--leaked: ${other.key} is a key of the user "${other.owner}", and not of "${user}"; ` +
        "nothing was changed",
    );
  }
  // IAM may list a key late.
  const unlisted = leaked.filter((id) => all === undefined || owners.get(id) === user);
  const listed = (all ?? []).filter(({ id }) => leaked.includes(id));
  const keys = [...listed, ...unlisted.map((id): IamKey => ({ id, status: "Active" }))];
  const gone = missing.filter((id) => owners.get(id) === undefined);

  const { elsewhere } = world;
  const dkpKey = await world.dkpKey().catch(() => undefined);
  const isNeeded =
    dkpKey === undefined ? undefined : leaked.includes(dkpKey) || (all && !isActive(all, dkpKey));
  const younger = elsewhere && youngerOf(all ?? [], leaked);
  const forRoom = roomOf(all ?? [], leaked, dkpKey, world.now());
  const isFull = all !== undefined && all.length > 1 && forRoom === undefined;
  const refusal =
    world.refusal ??
    (elsewhere === undefined && dkpKey === undefined ? NO_DESTINATION : undefined) ??
    (all === undefined ? again(world, "IAM did not list the keys of the user") : undefined) ??
    (isFull && younger === undefined ? again(world, noRoom(all)) : undefined);
  const isGiven =
    refusal === undefined && (elsewhere === undefined ? isNeeded === true : younger === undefined);
  return {
    ...{ leaked, keys, gone, others, isNeeded },
    ...{ isGiven, refusal, younger },
    forRoom: isGiven && all !== undefined && all.length > 1 ? forRoom : undefined,
  };
}

/** A world that creates a key as soon as IAM has room for it. */
export const patient = (world: LeakWorld): LeakWorld => ({
  ...world,
  async createKey() {
    for (const end = Date.now() + CREATE_LIMIT; ; ) {
      try {
        return await world.createKey();
      } catch (error) {
        const isFull = error instanceof AwsError && error.code.startsWith("LimitExceeded");
        if (!isFull || Date.now() > end) {
          throw error;
        }
        await wait(PAUSE);
      }
    }
  },
});

/** The same response, without another key for DKP. */
export const contained = (plan: LeakPlan, refusal: Refusal): LeakPlan => ({
  ...plan,
  ...{ isGiven: false, forRoom: undefined, refusal },
});

const isActive = (keys: readonly IamKey[], key: string | undefined): boolean =>
  keys.some(({ id, status }) => id === key && status === "Active");

/** The same command: a call was lost, or something is to be corrected first. */
const again = ({ elsewhere, context }: LeakWorld, reason: string): Refusal => ({
  reason,
  options: elsewhere === undefined ? toContext(context) : "--out FILE",
});

const noRoom = (keys: readonly IamKey[]): string =>
  `the user has ${keys.map(({ id }) => id).join(" and ")}, of which none is named, and IAM ` +
  "allows no third key; delete the one that nothing uses";

/** Where a named key is gone, and its creation unknown, one that something used may be older. */
function youngerOf(keys: readonly IamKey[], leaked: readonly string[]): IamKey | undefined {
  const named = keys.filter(({ id }) => leaked.includes(id));
  const areListed = named.length === leaked.length;
  return keys.find(
    (key) =>
      key.status === "Active" &&
      !leaked.includes(key.id) &&
      (areListed || !isUsed(key)) &&
      named.every((each) => createdOf(each) < createdOf(key)),
  );
}

/**
 * The key that makes room: a leaked one, DKP's last, else one that nothing has used and that the
 * cluster, which was read, does not have.
 */
const roomOf = (
  keys: readonly IamKey[],
  leaked: readonly string[],
  dkpKey: string | undefined,
  now: Date,
): IamKey | undefined => {
  const named = keys.filter(({ id }) => leaked.includes(id));
  return (
    named.find(({ status }) => status !== "Active") ??
    named.find(({ id }) => id !== dkpKey) ??
    named[0] ??
    keys.find(
      (key) =>
        dkpKey !== undefined && key.id !== dkpKey && !isUsed(key) && +now - +createdOf(key) > NEW,
    )
  );
};

/**
 * The response to a leak: another key for DKP, for a minute at most, then the end of the leaked
 * ones, whatever the cluster did. A killed run is repeated with the same keys.
 * @param removal the command that removes the Deny
 * @throws Error if AWS refuses to end a leaked key, or to deny sessions
 */
export async function respond(
  world: LeakWorld,
  plan: LeakPlan,
  removal: string,
  managedBy: "terraform" | "rotate" | "none" = "rotate",
): Promise<readonly RotateFound[]> {
  const giving = plan.isGiven
    ? given(world, plan).catch(({ message }: Error) => message)
    : Promise.resolve("");
  await inTime(giving);
  const ended = await containment(world, plan, removal).finally(() => giving);
  const key = plan.leaked.join(" and ");
  return [
    ...(await outcome(world, plan, await giving, managedBy)),
    ...ended,
    ...(managedBy === "terraform"
      ? [{ rule: "leaked-in-state", values: { key } } satisfies RotateFound]
      : []),
  ];
}

async function inTime(giving: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise((resolve) => {
    timer = setTimeout(resolve, GIVE_LIMIT);
  });
  await Promise.race([giving, limit]);
  clearTimeout(timer);
}

async function containment(
  world: LeakWorld,
  { keys, gone, others }: LeakPlan,
  removal: string,
): Promise<readonly RotateFound[]> {
  // Also one that was to make room: its deletion may have failed.
  const refusals: unknown[] = [];
  for (const { id } of keys) {
    await world.setStatus(id, "Inactive").catch((error: unknown) => refusals.push(error));
  }
  if (refusals.length > 0) {
    throw refusals[0];
  }
  const before = new Date(+world.now() + PROPAGATION);
  await world.denySessions(before);
  const found: RotateFound[] = [
    { rule: "sessions-denied", values: { before: timeText(before), removal } },
  ];
  const uses = await world.keys().catch(() => keys);
  for (const key of keys) {
    await world.deleteKey(key.id);
    found.push({
      rule: "leaked-deleted",
      values: { key: key.id, ...useText(uses.find(({ id }) => id === key.id) ?? key) },
    });
  }
  return [
    ...found,
    ...gone.map((key): RotateFound => ({ rule: "leaked-gone", values: { key } })),
    ...others.map(({ key, owner }): RotateFound => {
      const command = awsCommand("iam", "update-access-key", {
        "user-name": owner,
        "access-key-id": key,
        status: "Inactive",
      });
      return { rule: "leaked-of-other", values: { key, owner, command } };
    }),
  ];
}

/** IAM did not list a key without a creation. */
const useText = (key: IamKey): { readonly use: string } =>
  key.created === undefined ? { use: "last used at a time that AWS did not report" } : useOf(key);

/** @param result what was given, or why nothing was */
async function outcome(
  world: LeakWorld,
  { leaked, isNeeded, isGiven, refusal, younger }: LeakPlan,
  result: RotateFound | string,
  managedBy: string,
): Promise<readonly RotateFound[]> {
  const notGiven = (why: Refusal): readonly RotateFound[] => {
    const rule =
      why === NO_DESTINATION && managedBy !== "rotate" ? `not-given-${managedBy}` : "not-given";
    const options = [...leaked.map((id) => `--leaked ${id}`), why.options].join(" ");
    return [{ rule, values: { reason: why.reason, options } } as RotateFound];
  };
  if (refusal !== undefined) {
    return isNeeded === false ? [] : notGiven(refusal);
  }
  if (!isGiven) {
    const values = younger && { key: younger.id, created: timeText(createdOf(younger)) };
    return values === undefined ? [] : [{ rule: "leak-has-key", values }];
  }
  if (typeof result !== "string" && world.elsewhere !== undefined) {
    return [result];
  }
  const key = await world.dkpKey().catch(() => undefined);
  const keys = await world.keys().catch(() => undefined);
  if (key !== undefined && isActive(keys ?? [], key) && !leaked.includes(key)) {
    return [{ rule: "given", values: { key } }];
  }
  const reason = typeof result === "string" ? result : `the cluster has ${key ?? "no known key"}`;
  return notGiven(again(world, reason));
}

async function given(world: LeakWorld, plan: LeakPlan): Promise<RotateFound> {
  const { elsewhere } = world;
  if (elsewhere === undefined) {
    return { rule: "given", values: { key: await workingKey(world, plan) } };
  }
  await makeRoom(world, plan.forRoom);
  return await elsewhere.create();
}

const makeRoom = async (world: LeakWorld, forRoom: IamKey | undefined): Promise<void> =>
  forRoom && world.deleteKey(forRoom.id);

/**
 * Replaces a key that does not work: another response at the same time may delete it.
 * @returns the key that DKP has
 */
async function workingKey(world: LeakWorld, { leaked }: LeakPlan): Promise<string> {
  for (let attempts = 0; ; attempts += 1) {
    const dkpKey = await world.dkpKey();
    const keys = await world.keys();
    if (isActive(keys, dkpKey) && !leaked.includes(dkpKey)) {
      return dkpKey;
    }
    if (attempts === ATTEMPTS) {
      throw new Error("another response changes the keys at the same time");
    }
    await makeRoom(world, keys.length > 1 ? roomOf(keys, leaked, dkpKey, world.now()) : undefined);
    await giveNewKey(world).catch(async (error: unknown) => {
      if ((await world.dkpKey()) === dkpKey) {
        throw error;
      }
    });
  }
}

/**
 * The plan as a person reads it before the answer.
 * @param receiver where another key goes, as a person recognizes it
 */
export function leakPlanText(
  { keys, gone, others, isGiven, isNeeded, refusal, younger, forRoom }: LeakPlan,
  now: Date,
  receiver: string,
  managedBy: string = "rotate",
): string {
  const lines = [
    "If the key leaked from the cluster or from this computer, the new key leaks too: " +
      "stop that first.",
  ];
  if (managedBy === "terraform") {
    lines.push(
      "If it leaked from the state, the next key of Terraform leaks too: " +
        "do not apply before accessKeys.managedBy is rotate.",
    );
  }
  if (forRoom !== undefined) {
    lines.push(`- delete ${forRoom.id}, because IAM allows only two keys (${useOf(forRoom).use})`);
  }
  if (isGiven) {
    lines.push(
      `- create a key, and give it to ${receiver}; ` +
        "AWS denies DKP's calls until its components have restarted with it",
    );
  } else if (younger !== undefined) {
    lines.push(`- create no key: ${younger.id} is younger than the leaked ones`);
  } else if (isNeeded !== false) {
    lines.push(`- DKP gets no other key${refusal === undefined ? "" : `: ${refusal.reason}`}`);
  }
  lines.push(...keys.map((key) => `- deactivate ${key.id} (${useText(key).use})`));
  lines.push(`- deny sessions that were issued before ${timeText(new Date(+now + PROPAGATION))}`);
  lines.push(
    ...keys.map(({ id }) => `- delete ${id}`),
    ...gone.map((id) => `- the user has no key ${id}`),
    ...others.map(({ key, owner }) => `- leave ${key} alone, a key of the user "${owner}"`),
  );
  return `${lines.join("\n")}\n`;
}

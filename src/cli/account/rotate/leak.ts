import { timeText } from "../../text/time";
import type { IamKey } from "../aws/iam-reader";
import { isUsed, type RotateFound, useOf } from "./next-step";
import { giveNewKey, type RotationWorld } from "./rotation";

/**
 * In milliseconds. A deactivation reaches all parts of AWS within minutes. Until then, the key can
 * still get a session.
 */
const PROPAGATION = 900_000;

/** In milliseconds: how long another key for DKP may delay the end of the leaked one. */
const GIVE_LIMIT = 60_000;

const ATTEMPTS = 2;

export interface LeakWorld extends RotationWorld {
  ownerOf(id: string): Promise<string | undefined>;
  denySessions(before: Date): Promise<void>;
  /** Where another key goes, whichever one DKP has; undefined: into the cluster. */
  readonly elsewhere?: Elsewhere | undefined;
  readonly refusal?: string | undefined;
}

interface Elsewhere {
  readonly name: string;
  create(): Promise<RotateFound>;
}

interface LeakPlan {
  readonly keys: readonly IamKey[];
  readonly gone: readonly string[];
  readonly dkpKey: string | undefined;
  /** Undefined if the cluster could not be read. */
  readonly isOfDkp: boolean | undefined;
  readonly isReplaced: boolean;
  readonly forSlot: IamKey | undefined;
  /** Whether DKP has a key that did not leak, and does not work. */
  readonly isDown: boolean;
}

/** @throws Error if a key is another user's: then nothing is done */
export async function leakPlan(
  world: LeakWorld,
  leaked: readonly string[],
  user: string,
): Promise<LeakPlan> {
  const all = await world.keys();
  const gone = leaked.filter((id) => all.every((key) => key.id !== id));
  for (const id of gone) {
    const owner = await world.ownerOf(id);
    if (owner !== undefined) {
      throw new Error(
        `--leaked: ${id} is a key of the user "${owner}", and not of "${user}"; ` +
          "nothing was changed",
      );
    }
  }
  const dkpKey = await world.dkpKey().catch(() => undefined);
  const isOfDkp = dkpKey === undefined ? undefined : leaked.includes(dkpKey);
  const keys = all.filter(({ id }) => leaked.includes(id));
  const isReplaced =
    world.elsewhere !== undefined || (isOfDkp === true && world.refusal === undefined);
  // DKP may have one that has not leaked.
  const spare = dkpKey === undefined ? keys : all;
  const forSlot = isReplaced && all.length > 1 ? slotOf(spare, dkpKey) : undefined;
  const isDown = isOfDkp === false && !isActive(all, dkpKey);
  return { keys, gone, dkpKey, isOfDkp, isReplaced, forSlot, isDown };
}

const isActive = (keys: readonly IamKey[], key: string | undefined): boolean =>
  keys.some(({ id, status }) => id === key && status === "Active");

/** A key that nothing has used goes first, then one that does not work, then not DKP's. */
const slotOf = (keys: readonly IamKey[], dkpKey: string | undefined): IamKey | undefined =>
  keys.find((key) => !isUsed(key)) ??
  keys.find(({ status }) => status !== "Active") ??
  keys.find(({ id }) => id !== dkpKey);

const makeRoom = async (world: LeakWorld, forSlot: IamKey | undefined): Promise<void> =>
  forSlot && world.deleteKey(forSlot.id);

/**
 * The response to a leak: another key for DKP, for a minute at most, then the end of the leaked
 * ones, whatever the cluster did. A killed run is repeated with the same keys.
 * @param removal the command that removes the Deny
 */
export async function respond(
  world: LeakWorld,
  plan: LeakPlan,
  removal: string,
): Promise<readonly RotateFound[]> {
  const found: RotateFound[] = [];
  if (plan.isReplaced) {
    found.push(await givenInTime(world, plan));
  } else if (plan.isOfDkp === true) {
    found.push(notGiven(world, plan, world.refusal));
  }
  // Also one that was to make room: its deletion may have failed.
  for (const { id } of plan.keys) {
    await world.setStatus(id, "Inactive");
  }
  const before = new Date(+world.now() + PROPAGATION);
  await world.denySessions(before);
  found.push({ rule: "sessions-denied", values: { before: timeText(before), removal } });
  const uses = await world.keys();
  for (const key of plan.keys) {
    await world.deleteKey(key.id);
    found.push({
      rule: "leaked-deleted",
      values: { key: key.id, ...useOf(uses.find(({ id }) => id === key.id) ?? key) },
    });
  }
  found.push(...plan.gone.map((key): RotateFound => ({ rule: "leaked-gone", values: { key } })));
  if (plan.isDown && !plan.isReplaced) {
    const reason = `the cluster has ${plan.dkpKey}, which is no Active key of the user`;
    found.push(notGiven(world, plan, reason));
  }
  if (plan.isOfDkp === undefined && !plan.isReplaced) {
    const [key = ""] = [...plan.keys.map(({ id }) => id), ...plan.gone];
    found.push({ rule: "cluster-unread", values: { key } });
  }
  return found;
}

function notGiven(
  { elsewhere, refusal }: LeakWorld,
  { dkpKey }: LeakPlan,
  reason = "",
): RotateFound {
  const isWritten = elsewhere === undefined && refusal === undefined;
  const options = isWritten ? `--cluster --replaces ${dkpKey}` : "--out FILE";
  return { rule: "not-given", values: { reason, options } };
}

async function givenInTime(world: LeakWorld, plan: LeakPlan): Promise<RotateFound> {
  const { elsewhere } = world;
  const giving = async (): Promise<RotateFound> => {
    if (elsewhere === undefined) {
      return { rule: "given", values: { key: await workingKey(world, plan) } };
    }
    await makeRoom(world, plan.forSlot);
    return await elsewhere.create();
  };
  const failed = ({ message }: Error) => notGiven(world, plan, message);
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<RotateFound>((resolve) => {
    const receiver = elsewhere?.name ?? "the cluster";
    const reason = `${receiver} did not take it within ${GIVE_LIMIT / 1000} s`;
    timer = setTimeout(() => resolve(notGiven(world, plan, reason)), GIVE_LIMIT);
  });
  try {
    return await Promise.race([giving().catch(failed), tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Replaces a key that does not work: another response at the same time may delete it.
 * @returns the key that DKP has
 */
async function workingKey(world: LeakWorld, plan: LeakPlan): Promise<string> {
  const leaked = [...plan.keys.map(({ id }) => id), ...plan.gone];
  for (let attempts = 0; ; attempts += 1) {
    const dkpKey = await world.dkpKey();
    const keys = await world.keys();
    if (isActive(keys, dkpKey) && !leaked.includes(dkpKey)) {
      return dkpKey;
    }
    if (attempts === ATTEMPTS) {
      throw new Error("another response changes the keys at the same time");
    }
    await makeRoom(world, keys.length > 1 ? slotOf(keys, dkpKey) : undefined);
    await giveNewKey(world).catch(async (error: unknown) => {
      if ((await world.dkpKey()) === dkpKey) {
        throw error;
      }
    });
  }
}

/** The plan as a person reads it before the answer. */
export function leakPlanText(
  { keys, gone, isOfDkp, isReplaced, forSlot }: LeakPlan,
  now: Date,
  { elsewhere, refusal }: Pick<LeakWorld, "elsewhere" | "refusal"> = {},
): string {
  const lines = [
    "If the key leaked from the cluster or from this computer, the new key leaks too: " +
      "stop that first.",
  ];
  if (forSlot !== undefined) {
    lines.push(`- delete ${forSlot.id}, because IAM allows only two keys (${useOf(forSlot).use})`);
  }
  if (isReplaced) {
    lines.push(
      `- create a key, and give it to ${elsewhere?.name ?? "the cluster"}; ` +
        "AWS denies DKP's calls until its components have restarted with it",
    );
  } else if (isOfDkp !== false) {
    const reason = refusal ?? "the cluster was not read";
    lines.push(
      `- DKP gets no other key: ${reason}. ` +
        "With --out FILE or --exec COMMAND instead of --cluster, one is created first",
    );
  }
  lines.push(...keys.map((key) => `- deactivate ${key.id} (${useOf(key).use})`));
  lines.push(`- deny sessions that were issued before ${timeText(new Date(+now + PROPAGATION))}`);
  lines.push(
    ...keys.map(({ id }) => `- delete ${id}`),
    ...gone.map((id) => `- the user has no key ${id}`),
  );
  return `${lines.join("\n")}\n`;
}

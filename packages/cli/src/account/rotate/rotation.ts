import type { SecretKey } from "../../cluster/configuration";
import type { LastWrite } from "../../cluster/running-cluster";
import type { IamKey } from "../aws/iam-reader";
import { findingsOf, nextStep, type RotateFound, type Situation, type Step } from "./next-step";

/** What a rotation reads and writes: IAM and the cluster, or a model of them. */
export interface RotationWorld {
  now(): Date;
  keys(): Promise<readonly IamKey[]>;
  dkpKey(): Promise<string>;
  /** Of the Secret as it was read last, if the cluster says it. */
  lastWrite?(): LastWrite | undefined;
  /**
   * Whether the pair that the cluster has is accepted by AWS: the ID alone is no secret. Each such
   * call is the last use of the key, so it follows after all uses were read.
   * @throws Error if it is the pair of another user
   */
  signs(): Promise<boolean>;
  /** The secret stays in memory. */
  createKey(): Promise<SecretKey>;
  /**
   * Waits until AWS accepts a new key everywhere, and lists it.
   * @throws Error if that takes too long
   */
  accepts(key: SecretKey): Promise<void>;
  /**
   * Gives a key to the cluster if it still has what was read before.
   * @returns why the cluster refused it; undefined if it has the key now
   * @throws Error if it is not known whether the cluster has the key
   */
  give(key: SecretKey): Promise<Error | undefined>;
  setStatus(id: string, status: "Active" | "Inactive"): Promise<void>;
  deleteKey(id: string): Promise<void>;
}

export interface Rotated {
  readonly findings: readonly RotateFound[];
  readonly given?: string;
}

/**
 * One run of a rotation: at most one step. Two runs at once harm nothing: IAM allows two keys, and
 * the cluster takes a key only in place of the one that was read.
 * @param agree throws if what was found may not be done
 */
export async function rotateOnce(
  world: RotationWorld,
  wanted: Pick<
    Situation,
    "maxAge" | "isWanted" | "isAnswered" | "reader" | "deactivate" | "giving"
  >,
  agree: (findings: readonly RotateFound[]) => Promise<void>,
): Promise<Rotated> {
  const dkpKey = await world.dkpKey();
  const keys = await world.keys();
  const lastWrite = world.lastWrite?.();
  const situation: Situation = { ...wanted, now: world.now(), dkpKey, keys, lastWrite };
  const { findings, action, rule } = await agreed(situation, agree);
  if (rule === "replace" && !(await world.signs())) {
    const dead = await agreed({ ...situation, isAccepted: false }, agree);
    return dead.action === undefined ? dead : await replaced(world, dkpKey, dead);
  }
  if (action?.do === "replace") {
    return await replaced(world, dkpKey, { findings, action });
  }
  return action === undefined
    ? { findings }
    : { findings: [...findings, ...(await deactivated(world, dkpKey, action.id))] };
}

interface Agreed extends Pick<Step, "action"> {
  readonly findings: readonly RotateFound[];
}

async function agreed(
  situation: Situation,
  agree: (findings: readonly RotateFound[]) => Promise<void>,
): Promise<Agreed & { readonly rule: RotateFound["rule"] }> {
  const step = nextStep(situation);
  const findings = findingsOf(situation, step);
  if (step.action !== undefined) {
    await agree(findings);
  }
  return { findings, action: step.action, rule: step.found.rule };
}

async function replaced(
  world: RotationWorld,
  dkpKey: string,
  { findings, action }: Agreed,
): Promise<Rotated> {
  await makeRoom(world, dkpKey, action?.id);
  return { findings, given: await giveNewKey(world) };
}

/**
 * Creates a key and gives it to the cluster. If the cluster certainly does not have it, the key is
 * deleted again. If that is unknown, nothing is deleted, because a write can land after its
 * response was lost.
 * @returns its ID
 */
export async function giveNewKey(world: RotationWorld): Promise<string> {
  const key = await world.createKey();
  const invalid = await world.accepts(key).catch((error: Error) => error);
  if (invalid !== undefined) {
    await world.deleteKey(key.id);
    throw new Error(`${invalid.message}; the new key ${key.id} was deleted again`);
  }
  // Another run may have deactivated or deleted it meanwhile.
  const isActive = (await world.keys()).some(
    ({ id, status }) => id === key.id && status === "Active",
  );
  if (!isActive) {
    throw new Error(
      `the key ${key.id}, which this run created, is no Active key of the user any more: ` +
        "another run ended it; run the command again",
    );
  }
  const refusal = await world.give(key);
  if (refusal !== undefined && (await world.dkpKey()) !== key.id) {
    await world.deleteKey(key.id);
    throw new Error(
      `the cluster did not take the key ${key.id}, which was deleted again: ${refusal.message}`,
    );
  }
  return key.id;
}

/** @throws Error if the cluster has another key than the one that was read */
async function requireSameKey(world: RotationWorld, dkpKey: string): Promise<void> {
  const key = await world.dkpKey();
  if (key !== dkpKey) {
    throw new Error(
      `the cluster has the key ${key} now, and nothing was changed; run the command again`,
    );
  }
}

/** The cluster is read again before a key is deleted, and after it. */
async function makeRoom(world: RotationWorld, dkpKey: string, id?: string): Promise<void> {
  if (id !== undefined) {
    await requireSameKey(world, dkpKey);
    await world.deleteKey(id);
    await requireSameKey(world, dkpKey);
  }
}

/** The cluster is read again before a key is deactivated, and after it. */
async function deactivated(
  world: RotationWorld,
  dkpKey: string,
  other = "",
): Promise<readonly RotateFound[]> {
  await requireSameKey(world, dkpKey);
  await world.setStatus(other, "Inactive");
  if ((await world.dkpKey()) !== other) {
    return [];
  }
  await world.setStatus(other, "Active");
  return [{ rule: "reactivated", values: { other, ...world.lastWrite?.() } }];
}

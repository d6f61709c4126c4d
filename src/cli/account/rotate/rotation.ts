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
  /** The secret stays in memory. */
  createKey(): Promise<SecretKey>;
  /**
   * Waits until AWS accepts a new key everywhere.
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
  wanted: Pick<Situation, "maxAge" | "isWanted">,
  agree: (findings: readonly RotateFound[]) => Promise<void>,
): Promise<Rotated> {
  const dkpKey = await world.dkpKey();
  const keys = await world.keys();
  const lastWrite = world.lastWrite?.();
  const situation: Situation = { ...wanted, now: world.now(), dkpKey, keys, lastWrite };
  const step = nextStep(situation);
  const findings = findingsOf(situation, step);
  const { action } = step;
  if (action === undefined) {
    return { findings };
  }
  await agree(findings);
  const more = action.id === undefined ? [] : await removed(world, dkpKey, action.id, action.do);
  return action.do === "replace"
    ? { findings, given: await giveNewKey(world) }
    : { findings: [...findings, ...more] };
}

/**
 * Creates a key and gives it to the cluster. If the cluster refuses it, the key is deleted again.
 * If it is unknown whether the cluster has it, nothing is deleted, because a write can land after
 * its response was lost.
 * @returns its ID
 */
export async function giveNewKey(world: RotationWorld): Promise<string> {
  const key = await world.createKey();
  await world.accepts(key);
  // Another run may have deactivated or deleted it meanwhile.
  const isActive = (await world.keys()).some(
    ({ id, status }) => id === key.id && status === "Active",
  );
  if (!isActive) {
    throw new Error(
      `the key ${key.id}, which this run created, is no Active key of the user: ` +
        "another run ended it, or IAM does not list it yet; run the command again",
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

/** The cluster is read again before the key is deactivated or deleted, and after a deactivation. */
async function removed(
  world: RotationWorld,
  dkpKey: string,
  other: string,
  how: NonNullable<Step["action"]>["do"],
): Promise<readonly RotateFound[]> {
  const key = await world.dkpKey();
  if (key !== dkpKey) {
    throw new Error(
      `the cluster has the key ${key} now, and nothing was changed; run the command again`,
    );
  }
  if (how !== "deactivate") {
    await world.deleteKey(other);
    return [];
  }
  await world.setStatus(other, "Inactive");
  if ((await world.dkpKey()) !== other) {
    return [];
  }
  await world.setStatus(other, "Active");
  return [{ rule: "reactivated", values: { other, ...world.lastWrite?.() } }];
}

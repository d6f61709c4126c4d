import { setTimeout as wait } from "node:timers/promises";
import type { Deployment } from "../../../../../src/settings/deployment";
import { type RunningCluster, SECRET_NAME } from "../../cluster/running-cluster";
import { dkpAccess } from "../../text/advice";
import { type IamReader, requiredOf } from "../aws/iam-reader";
import { TIMED_OUT, UNREACHABLE } from "../aws/operations";
import { ClusterMismatch, otherCluster } from "../dkp-key";

/** Why nothing is written to a cluster of Commander. */
export const OF_COMMANDER = "Commander manages the cluster, and writes its own configuration back";

interface Replacement {
  /** The key that DKP has: with the ID of `to`, its secret may be another one. */
  readonly from: string;
  readonly to: string;
  /** No user of the account has `from`: two reads, a minute apart, agree. */
  readonly isUnknown: boolean;
}

/** IAM lists a new key, and forgets a deleted one, within seconds. */
const PAUSE_MS = 60_000;

/**
 * Whether the current key may replace DKP's: the cluster is the one of the settings, and DKP's key
 * is one of the deployment's user.
 * @param pause between two reads of a key that nobody has, in milliseconds
 * @throws Error with the reason why the cluster is not written to
 */
export async function replacementOf(
  deployment: Deployment,
  cluster: RunningCluster,
  current: string,
  iam: IamReader,
  pause: number = PAUSE_MS,
): Promise<Replacement> {
  await requireCluster(deployment, cluster, iam);
  requireWritable(deployment, cluster);
  await requireActive(deployment, current, iam);
  const from = cluster.configuration.keyId;
  const isUnknown = from !== current && (await isUnknownKey(deployment, from, iam, pause));
  return { from, to: current, isUnknown };
}

/** @throws Error if the cluster or the account is not that of the settings */
export async function requireCluster(
  deployment: Deployment,
  cluster: RunningCluster,
  iam: IamReader,
): Promise<void> {
  requireSameCluster(deployment, cluster);
  await requireAccount(deployment, iam);
}

function requireWritable({ stack, accessKeys }: Deployment, cluster: RunningCluster): void {
  if (cluster.isOfCommander) {
    const command = accessKeys.managedBy === "rotate" ? "rotate" : "hand-over";
    throw new Error(
      `${cluster.context}: ${OF_COMMANDER}; ` +
        `give it the key: ${dkpAccess(command, stack, "--out", "FILE")}`,
    );
  }
}

/**
 * For a leak: a leaked key may be gone, and settings may be missing.
 * @returns why the cluster gets no key; the leaked keys are ended all the same
 */
export async function leakRefusal(
  deployment: Deployment,
  cluster: RunningCluster,
  leaked: readonly string[],
  iam: IamReader,
): Promise<string | undefined> {
  if (cluster.isOfCommander) {
    return OF_COMMANDER;
  }
  try {
    requireNoMismatch(deployment, cluster);
    const { keyId } = cluster.configuration;
    await (leaked.includes(keyId) ? undefined : requireNoOther(deployment, keyId, iam));
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** @throws Error if a key is another user's or another account's, or if IAM does not answer */
async function requireNoOther(deployment: Deployment, id: string, iam: IamReader): Promise<void> {
  const keys = requiredOf(await iam.keys(deployment.user.name)) ?? [];
  if (keys.some((key) => key.id === id)) {
    return;
  }
  const { accountId } = deployment;
  await (accountId === undefined ? undefined : requireAccountOf(accountId, id, iam));
  const read = await iam.keyUse(id);
  // IAM also denies the call for a key that nobody has.
  if (!("unread" in read && read.error?.code === "AccessDenied")) {
    requireUser(deployment, id, requiredOf(read)?.user);
  }
}

/** @throws Error if the credentials are of another account than the settings, or these name none */
export async function requireAccount({ accountId }: Deployment, iam: IamReader): Promise<void> {
  const account = requiredOf(await iam.account());
  if (account !== accountId) {
    throw new Error(
      `accountId: the settings have ${accountId ?? "none"}, ` +
        `and the credentials are of ${account}; use credentials of the former`,
    );
  }
}

/**
 * Whether no user has the key that DKP has, by two reads.
 * @param pause between the reads, in milliseconds
 * @throws Error if another user has it, or if it is of another account
 */
export async function isUnknownKey(
  deployment: Deployment,
  id: string,
  iam: IamReader,
  pause: number = PAUSE_MS,
): Promise<boolean> {
  if (await isOfUser(deployment, id, iam)) {
    return false;
  }
  await wait(pause);
  return !(await isOfUser(deployment, id, iam));
}

function requireSameCluster(deployment: Deployment, cluster: RunningCluster): void {
  const {
    stack,
    accountId,
    cluster: { prefix },
  } = deployment;
  const missing = accountId === undefined ? "accountId" : prefix === undefined && "cluster.prefix";
  if (missing !== false) {
    throw new Error(
      `${missing}: is not in the settings of ${stack}, and shows whether the cluster is theirs; ` +
        "set it, and commit it",
    );
  }
  requireNoMismatch(deployment, cluster);
}

function requireNoMismatch(deployment: Deployment, cluster: RunningCluster): void {
  for (const found of otherCluster(deployment, { cluster })) {
    throw new ClusterMismatch(found);
  }
}

async function requireActive(
  { stack, user }: Deployment,
  current: string,
  iam: IamReader,
): Promise<void> {
  const key = requiredOf(await iam.keys(user.name))?.find(({ id }) => id === current);
  if (key?.status !== "Active") {
    const status = key === undefined ? `is no key of ${user.name} in IAM` : "is Inactive in IAM";
    throw new Error(
      `the current key ${current} ${status}; ${dkpAccess("keys", stack)} shows what to do`,
    );
  }
}

/**
 * Whether DKP's key is one of the user. IAM denies the question for a key that nobody has, so that
 * AccessDenied names no other user.
 * @throws Error if it is another user's, or another account's, or if IAM does not answer
 */
async function isOfUser(deployment: Deployment, id: string, iam: IamReader): Promise<boolean> {
  const { user, accountId } = deployment;
  const keys = requiredOf(await iam.keys(user.name)) ?? [];
  if (keys.some((key) => key.id === id)) {
    return true;
  }
  await requireAccountOf(accountId, id, iam);
  const read = await iam.keyUse(id);
  if ("unread" in read && read.error?.code === "AccessDenied") {
    return false;
  }
  const use = requiredOf(read);
  requireUser(deployment, id, use?.user);
  return use !== undefined;
}

function requireUser(deployment: Deployment, id: string, owner: string | undefined): void {
  for (const found of otherCluster(deployment, { dkpKey: id, owner })) {
    throw new ClusterMismatch(found);
  }
}

async function requireAccountOf(
  accountId: string | undefined,
  id: string,
  iam: IamReader,
): Promise<void> {
  const account = await accountOf(id, iam);
  if (account !== accountId) {
    const field = "accountId";
    const values = { field, settings: accountId ?? "none", cluster: account ?? "none", key: id };
    throw new ClusterMismatch({ rule: "cluster-is-another", field, values });
  }
}

const NO_ANSWER: readonly string[] = [TIMED_OUT, UNREACHABLE];

async function accountOf(id: string, iam: IamReader): Promise<string | undefined> {
  const reading = await iam.get(
    "sts:GetAccessKeyInfo",
    { AccessKeyId: id },
    ({ Account }) => Account,
  );
  // "Providing a deleted access key might return an error" (API reference of GetAccessKeyInfo).
  const isAnswer =
    "unread" in reading && reading.error !== undefined && !NO_ANSWER.includes(reading.error.code);
  return isAnswer ? accountIn(id) : requiredOf(reading);
}

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/**
 * The account that the ID of an access key contains: the 40 bits after the first one behind its
 * prefix, in Base32 (RFC 4648). IDs from before 2019 contain another number. Source:
 * https://awsteele.com/blog/2020/09/26/aws-access-key-format.html and
 * https://medium.com/@TalBeerySec/a-short-note-on-aws-key-id-f88cc4317489
 */
export function accountIn(id: string): string {
  const bits = [...id.slice(4, 14)].reduce(
    (number, digit) => number * 32n + BigInt(DIGITS.indexOf(digit)),
    0n,
  );
  return String((bits >> 9n) & ((1n << 40n) - 1n)).padStart(12, "0");
}

/** What a hand-over will do, before anybody agrees. */
export function replacementText({ from, to, isUnknown }: Replacement, context: string): string {
  const unknown = isUnknown ? `No user of the account has ${from}: it was deleted.\n` : "";
  const former = from === to ? "another secret" : from;
  return (
    `${unknown}${to} replaces ${former} in ${context}: ` +
    `two fields of the Secret ${SECRET_NAME} change.\nDKP restarts the components that call AWS.\n`
  );
}

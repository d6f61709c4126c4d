import { setTimeout as wait } from "node:timers/promises";
import type { Deployment, KeySettings } from "../../../../../src/settings/deployment";
import { type RunningCluster, SECRET_NAME } from "../../cluster/running-cluster";
import { dkpAccess } from "../../text/advice";
import { type IamReader, requiredOf } from "../aws/iam-reader";
import { accountOf, ClusterMismatch, type KeyOwner, otherCluster } from "../dkp-key";

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
  const isUnknown = from !== current && (await isUnknownKey(deployment, cluster, iam, pause));
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
  deployment: KeySettings,
  cluster: RunningCluster,
  leaked: readonly string[],
  iam: IamReader,
): Promise<string | undefined> {
  if (cluster.isOfCommander) {
    return OF_COMMANDER;
  }
  try {
    requireOwner(deployment, cluster, {});
    const { keyId } = cluster.configuration;
    await (leaked.includes(keyId) ? undefined : requireNoOther(deployment, cluster, iam));
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** @throws Error if a key is another user's or another account's, or if IAM does not answer */
async function requireNoOther(
  deployment: KeySettings,
  cluster: RunningCluster,
  iam: IamReader,
): Promise<void> {
  const { keyId: id } = cluster.configuration;
  const keys = requiredOf(await iam.keys(deployment.user.name)) ?? [];
  if (keys.some((key) => key.id === id)) {
    return;
  }
  if (deployment.accountId !== undefined) {
    requireOwner(deployment, cluster, { account: await accountOf(id, iam) });
  }
  const read = await iam.keyUse(id);
  // IAM also denies the call for a key that nobody has.
  if (!("unread" in read && read.error?.code === "AccessDenied")) {
    requireOwner(deployment, cluster, { user: requiredOf(read)?.user });
  }
}

/** @throws Error if the credentials are of another account than the settings, or these name none */
export async function requireAccount({ accountId }: KeySettings, iam: IamReader): Promise<void> {
  const account = requiredOf(await iam.account());
  if (account !== accountId) {
    const [expected, source] = [accountId ?? "none", "accountId: the settings have"];
    const values = { source, expected, wanted: accountId, account: account ?? "none" };
    throw new ClusterMismatch({ rule: "account-differs", field: "accountId", values });
  }
}

/**
 * Whether no user has the key that DKP has, by two reads.
 * @param pause between the reads, in milliseconds
 * @throws Error if another user has it, or if it is of another account
 */
export async function isUnknownKey(
  deployment: Deployment,
  cluster: RunningCluster,
  iam: IamReader,
  pause: number = PAUSE_MS,
): Promise<boolean> {
  if (await isOfUser(deployment, cluster, iam)) {
    return false;
  }
  await wait(pause);
  return !(await isOfUser(deployment, cluster, iam));
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
  requireOwner(deployment, cluster, {});
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
async function isOfUser(
  deployment: Deployment,
  cluster: RunningCluster,
  iam: IamReader,
): Promise<boolean> {
  const { keyId: id } = cluster.configuration;
  const keys = requiredOf(await iam.keys(deployment.user.name)) ?? [];
  if (keys.some((key) => key.id === id)) {
    return true;
  }
  requireOwner(deployment, cluster, { account: (await accountOf(id, iam)) ?? "none" });
  const read = await iam.keyUse(id);
  if ("unread" in read && read.error?.code === "AccessDenied") {
    return false;
  }
  const use = requiredOf(read);
  requireOwner(deployment, cluster, { user: use?.user });
  return use !== undefined;
}

function requireOwner(deployment: KeySettings, cluster: RunningCluster, owner: KeyOwner): void {
  for (const found of otherCluster(deployment, cluster, owner)) {
    throw new ClusterMismatch(found);
  }
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

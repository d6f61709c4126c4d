import type { Deployment, KeySettings } from "../../../../src/settings/deployment";
import type { RunningCluster } from "../cluster/running-cluster";
import { type Found, refusalOf } from "../findings/finding";
import { type IamKey, type IamReader, requiredOf } from "./aws/iam-reader";
import { TIMED_OUT, UNREACHABLE } from "./aws/operations";
import {
  findingsOf,
  nextStep,
  oldFindings,
  type RotateFound,
  rotatingOf,
  unreadFindings,
} from "./rotate/next-step";
import { CLUSTER_RULES, type ClusterRules } from "./shared-rules";

export type ClusterFound = Found<ClusterRules>;

/** What IAM has. */
export interface KeyUser {
  /** Of the user; undefined if they were not read. */
  readonly keys: readonly IamKey[] | undefined;
  /** Why no last use is known. */
  readonly unread?: string | undefined;
  readonly exists: boolean;
  readonly owner?: KeyOwner | undefined;
}

/** The other user, or the other account, that has DKP's key. */
export interface KeyOwner {
  readonly user?: string | undefined;
  readonly account?: string | undefined;
}

interface KeyFacts extends KeyUser {
  readonly settings: Deployment;
  readonly cluster?: RunningCluster | undefined;
  /** The keys of the state; undefined if it was not read. */
  readonly managed: readonly string[] | undefined;
  readonly now: Date;
}

/** The keys of a deployment's user, and who else has the key of a cluster that was read. */
export async function keyUser(
  iam: IamReader,
  settings: Deployment,
  cluster: RunningCluster | undefined,
): Promise<KeyUser> {
  const { name } = settings.user;
  const used = await iam.usedKeys(name);
  const listed = "unread" in used ? await iam.keys(name) : used;
  const keys = "value" in listed ? (listed.value ?? []) : undefined;
  const isOwn = keys?.some(({ id }) => id === cluster?.configuration.keyId) === true;
  return {
    keys,
    unread: "unread" in used ? used.unread : undefined,
    exists: "value" in listed && listed.value !== undefined,
    owner: cluster === undefined || isOwn ? undefined : await otherOwner(iam, settings, cluster),
  };
}

/**
 * The one answer about DKP's key and the other one of its user, for every command that reads them:
 * what the next run of `rotate` says.
 */
export function keyAnswer(facts: KeyFacts): readonly RotateFound[] {
  const { settings, cluster, keys, unread, exists, now } = facts;
  const { managedBy } = settings.accessKeys;
  if (keys === undefined) {
    return [];
  }
  const isAsked = managedBy !== "none" && exists && unread === undefined;
  const rotating = {
    ...rotatingOf(settings, cluster?.isOfCommander === true, exists),
    ...{ keys, now, isWanted: false, isAnswered: false },
  };
  const found: RotateFound[] = managedBy === "none" ? [...oldFindings(rotating)] : [];
  if (cluster === undefined) {
    found.push(...(isAsked ? unreadFindings(rotating) : []));
  } else {
    const { configuration, lastWrite } = cluster;
    const situation = { ...rotating, dkpKey: configuration.keyId, lastWrite };
    const step = nextStep(situation);
    const isDead = step.found.rule === "dkp-key-dead";
    found.push(...(isDead || isAsked ? findingsOf(situation, step) : []), ...ofNobody(facts));
  }
  const { stack } = settings;
  return found.map((each) => ({ ...each, values: { ...each.values, stack } }) as RotateFound);
}

/** With `managedBy: none`, where `rotate` judges no key. */
function ofNobody({ settings, cluster, keys = [], managed }: KeyFacts): readonly RotateFound[] {
  const isNone = settings.accessKeys.managedBy === "none" && managed !== undefined;
  const others = keys.filter(
    ({ id }) => isNone && id !== cluster?.configuration.keyId && !managed.includes(id),
  );
  return others.map(({ id }) => ({ rule: "key-of-nobody", values: { key: id } }));
}

/** In what a cluster, or the user of DKP's key, is not that of the settings. */
export function otherCluster(
  { region, user, accountId, cluster: { prefix } }: KeySettings,
  cluster: RunningCluster,
  owner: KeyOwner = {},
): readonly ClusterFound[] {
  const { context, configuration, prefix: running = "none" } = cluster;
  const { keyId: key } = configuration;
  const fields = [
    { field: "cluster.prefix", own: prefix ?? running, other: running },
    { field: "region", own: region, other: configuration.region },
    { field: "accountId", own: accountId ?? "none", other: owner.account, key },
    { field: "user.name", own: user.name, other: owner.user, key },
  ];
  const found: ClusterFound[] = [];
  for (const { field, own, other, key: id } of fields) {
    if (other !== undefined && other !== own) {
      const values = { field, settings: own, cluster: other, context, key: id };
      found.push({ rule: "cluster-is-another", field, values });
    }
  }
  return found;
}

/** The same sentence and remedy, for commands that end with it. */
export class ClusterMismatch extends Error {
  constructor(readonly found: ClusterFound) {
    super(refusalOf<ClusterRules>(CLUSTER_RULES, found));
    this.name = "ClusterMismatch";
  }
}

/**
 * The other user that has a key. IAM also denies the call for a key that nobody has, or another
 * account: then it is unknown.
 */
export async function otherUser(
  iam: IamReader,
  id: string,
  user: string,
): Promise<string | undefined> {
  const use = await iam.keyUse(id);
  const owner = "value" in use ? use.value?.user : undefined;
  return owner === user ? undefined : owner;
}

/** Who else has the key of a cluster; undefined if nobody has it, or AWS does not say it. */
async function otherOwner(
  iam: IamReader,
  { user, accountId }: Deployment,
  { configuration: { keyId } }: RunningCluster,
): Promise<KeyOwner | undefined> {
  const other = await otherUser(iam, keyId, user.name);
  if (other !== undefined) {
    return { user: other };
  }
  const caller = await iam.account();
  const own = accountId ?? ("value" in caller ? caller.value : undefined);
  const account = await accountOf(keyId, iam).catch(() => undefined);
  return own === undefined || account === undefined || account === own ? undefined : { account };
}

const NO_ANSWER: readonly string[] = [TIMED_OUT, UNREACHABLE];

/**
 * The account of a key.
 * @throws Error if AWS does not answer
 */
export async function accountOf(id: string, iam: IamReader): Promise<string | undefined> {
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

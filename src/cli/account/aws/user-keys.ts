import { alwaysOnRegion } from "../../../iam/partitions";
import type { Deployment } from "../../../settings/deployment";
import { type Progress, withProgress } from "../../terraform/progress";
import { Aws } from "./client";
import { deadline, TIMED_OUT, unlessMissing, within } from "./operations";

/** An access key as IAM reports it. */
export interface IamKey {
  readonly id: string;
  readonly status: string;
  readonly created?: Date | undefined;
  /** Last request signed with it, known to AWS hours later; undefined: none known. */
  readonly lastUsed?: { readonly at: Date; readonly service: string; readonly region: string } | undefined;
}

/** The deployment's user as IAM reports it. */
export interface IamUser {
  /** The account that was queried, 12 digits. */
  readonly account?: string | undefined;
  readonly exists: boolean;
  readonly keys: readonly IamKey[];
  /** The time that AWS reports. */
  readonly now: Date;
}

/** How long to wait for IAM and STS in all. */
export interface Waiting {
  readonly progress: Progress;
  /** In seconds. The SDK itself waits without limit, also for a program that provides the credentials. */
  readonly limit: number;
  /** Ends the wait earlier. */
  readonly signal?: AbortSignal;
}

/**
 * The user's keys as IAM reports them, with their last use, and the account that was queried, as `provider.assumeRoleArn` if it
 * is set. Calls iam:ListAccessKeys, iam:GetAccessKeyLastUsed, and sts:GetCallerIdentity, which needs no permission.
 * @throws Error if the credentials may not list the keys, or AWS does not answer
 */
export async function iamUser(deployment: Identity, waiting: Waiting): Promise<IamUser> {
  const { user, region } = deployment;
  try {
    return await withIam(deployment, waiting, (aws) => query(aws, user.name, alwaysOnRegion(region)));
  } catch (error) {
    const { message, code = "error" } = error as Error & { readonly code?: string };
    const reason = code === TIMED_OUT ? message : `${code}: ${message}`;
    throw new Error(`IAM does not list the keys of the user ${user.name}: ${reason}`);
  }
}

type Identity = Pick<Deployment, "user" | "region" | "provider">;

/** Calls AWS within a time limit. While AWS throttles, calls are repeated until then. @throws Error */
export async function withIam<T>(
  { region, provider }: Identity,
  { progress, limit, signal }: Waiting,
  work: (aws: Aws, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { signal: ends, stop } = deadline(limit, signal);
  const aws = new Aws({ ...provider, alwaysOnRegion: alwaysOnRegion(region), signal: ends, patient: true });
  try {
    return await withProgress("querying IAM", within(ends, limit, "IAM", work(aws, ends)), progress, ends);
  } finally {
    stop();
  }
}

async function query(aws: Aws, UserName: string, region: string): Promise<IamUser> {
  const { Account: account } = await aws.ask("sts:GetCallerIdentity", {}, region);
  const pages = await unlessMissing(aws.askAll("iam:ListAccessKeys", { UserName }, region), "NoSuchEntity");
  const listed = (pages ?? []).flatMap(({ AccessKeyMetadata = [] }) => AccessKeyMetadata);
  const keys = listed.map(async ({ AccessKeyId: id = "", Status: status = "", CreateDate: created }) => ({
    id,
    status,
    created,
    lastUsed: await lastUse(aws, id, region),
  }));
  return { account, exists: pages !== undefined, keys: await Promise.all(keys), now: aws.now() };
}

async function lastUse(aws: Aws, AccessKeyId: string, region: string): Promise<IamKey["lastUsed"]> {
  // The key can be deleted since it was listed.
  const answer = await unlessMissing(aws.ask("iam:GetAccessKeyLastUsed", { AccessKeyId }, region), "NoSuchEntity");
  const used = answer?.AccessKeyLastUsed;
  return used?.LastUsedDate === undefined
    ? undefined
    : { at: used.LastUsedDate, service: used.ServiceName ?? "", region: used.Region ?? "" };
}

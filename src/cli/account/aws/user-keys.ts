import { alwaysOnRegion } from "../../../iam/partitions";
import type { Deployment } from "../../../settings/deployment";
import { type Progress, withProgress } from "../../../terraform/progress";
import { type Aws, connect } from "./client";
import { unlessMissing } from "./operations";

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
}

/** How long to wait for IAM and STS in all. */
interface Waiting {
  readonly progress: Progress;
  /** In seconds. The SDK itself waits without limit, also for a program that provides the credentials. */
  readonly limit: number;
  readonly signal: AbortSignal;
}

/**
 * The user's keys as IAM reports them, with their last use, and the account that was queried, as `provider.assumeRoleArn` if it
 * is set. Calls iam:ListAccessKeys, iam:GetAccessKeyLastUsed, and sts:GetCallerIdentity, which needs no permission.
 * @throws Error if the credentials may not list the keys, or AWS does not answer
 */
export async function iamUser(
  { user, region, provider }: Pick<Deployment, "user" | "region" | "provider">,
  { progress, limit, signal }: Waiting,
): Promise<IamUser> {
  const timeout = AbortSignal.timeout(limit * 1000);
  const abortSignal = AbortSignal.any([signal, timeout]);
  const iamRegion = alwaysOnRegion(region);
  const aws = connect({
    profile: provider.profile,
    assumeRoleArn: provider.assumeRoleArn,
    alwaysOnRegion: iamRegion,
    signal: abortSignal,
  });
  const timedOut = new Promise<never>((_, reject) => {
    timeout.addEventListener("abort", () => reject(timeout.reason));
  });
  try {
    const answer = Promise.race([query(aws, user.name, iamRegion), timedOut]);
    return await withProgress("querying IAM", answer, progress, abortSignal);
  } catch (error) {
    const { message, ...details } = error as Error & { readonly code?: string };
    const why = timeout.aborted ? `no answer within ${limit} s` : `${details.code ?? "error"}: ${message}`;
    throw new Error(`IAM does not list the keys of the user ${user.name}: ${why}`);
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
  return { account, exists: pages !== undefined, keys: await Promise.all(keys) };
}

async function lastUse(aws: Aws, AccessKeyId: string, region: string): Promise<IamKey["lastUsed"]> {
  const { AccessKeyLastUsed: used } = await aws.ask("iam:GetAccessKeyLastUsed", { AccessKeyId }, region);
  return used?.LastUsedDate === undefined
    ? undefined
    : { at: used.LastUsedDate, service: used.ServiceName ?? "", region: used.Region ?? "" };
}

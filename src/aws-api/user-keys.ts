import type { IamKey, IamUser } from "../operations/key-status";
import type { Deployment } from "../settings/deployment";
import { withProgress } from "../terraform/progress";

/** How long IAM and STS may take in all, in milliseconds. The SDK itself waits without limit. */
const TIMEOUT_MS = 120_000;

/**
 * The user's keys as IAM reports them, with their last use, and the account that was queried.
 * Credentials are found as by any AWS tool, `provider.profile` included; to act as `provider.assumeRoleArn`, give that role's.
 * Calls iam:ListAccessKeys, iam:GetAccessKeyLastUsed, and sts:GetCallerIdentity, which needs no permission.
 * @throws Error if the credentials may not list the keys, or AWS does not answer
 */
export async function iamUser(
  { user, region, provider }: Pick<Deployment, "user" | "region" | "provider">,
  signal?: AbortSignal,
): Promise<IamUser> {
  // Loaded here alone: the SDK costs a quarter of a second.
  const { GetAccessKeyLastUsedCommand, IAMClient, ListAccessKeysCommand } = await import("@aws-sdk/client-iam");
  const { GetCallerIdentityCommand, STSClient } = await import("@aws-sdk/client-sts");
  const options = { region, ...(provider.profile === undefined ? {} : { profile: provider.profile }) };
  const iam = new IAMClient(options);
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const abortSignal = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
  const lastUse = async (AccessKeyId: string): Promise<IamKey["lastUsed"]> => {
    const { AccessKeyLastUsed: used } = await iam.send(new GetAccessKeyLastUsedCommand({ AccessKeyId }), { abortSignal });
    return used?.LastUsedDate === undefined
      ? undefined
      : { at: used.LastUsedDate, service: used.ServiceName ?? "", region: used.Region ?? "" };
  };
  const listKeys = async (): Promise<readonly IamKey[]> => {
    const { AccessKeyMetadata = [] } = await iam.send(new ListAccessKeysCommand({ UserName: user.name }), { abortSignal });
    return Promise.all(
      AccessKeyMetadata.map(async ({ AccessKeyId: id = "", Status: status = "", CreateDate: created }) => ({
        id,
        status,
        created,
        lastUsed: await lastUse(id),
      })),
    );
  };
  const query = async (): Promise<IamUser> => {
    const { Account: account } = await new STSClient(options).send(new GetCallerIdentityCommand(), { abortSignal });
    try {
      return { account, exists: true, keys: await listKeys() };
    } catch (error) {
      if ((error as Error).name === "NoSuchEntityException") {
        return { account, exists: false, keys: [] };
      }
      throw error;
    }
  };
  try {
    return await withProgress("querying IAM", query(), abortSignal);
  } catch (error) {
    const { name, message } = error as Error;
    const why = timeout.aborted ? `no answer within ${TIMEOUT_MS / 1000} s` : `${name}: ${message}`;
    throw new Error(`IAM does not list the keys of the user ${user.name}: ${why}`);
  }
}

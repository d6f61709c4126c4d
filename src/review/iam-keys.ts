import type { Deployment } from "../settings/deployment";
import type { IamKey } from "./keys";
import { withProgress } from "./progress";

/**
 * The user's keys as IAM tells them, with their last use.
 * Credentials are found as by any AWS tool, `provider.profile` included; to act as `provider.assumeRoleArn`, give that role's.
 * @throws Error in words if the user does not exist or the credentials may not ask
 */
export async function iamKeys({
  user,
  region,
  provider,
}: Pick<Deployment, "user" | "region" | "provider">): Promise<readonly IamKey[]> {
  // Loaded here alone: the SDK costs a quarter of a second.
  const { GetAccessKeyLastUsedCommand, IAMClient, ListAccessKeysCommand } = await import("@aws-sdk/client-iam");
  const client = new IAMClient({ region, ...(provider.profile === undefined ? {} : { profile: provider.profile }) });
  const ask = async () => {
    const { AccessKeyMetadata = [] } = await client.send(new ListAccessKeysCommand({ UserName: user.name }));
    return Promise.all(
      AccessKeyMetadata.map(async ({ AccessKeyId: id = "", Status: status = "", CreateDate: created }): Promise<IamKey> => {
        const { AccessKeyLastUsed: used } = await client.send(new GetAccessKeyLastUsedCommand({ AccessKeyId: id }));
        const lastUsed =
          used?.LastUsedDate === undefined
            ? undefined
            : { at: used.LastUsedDate, service: used.ServiceName ?? "", region: used.Region ?? "" };
        return { id, status, created, lastUsed };
      }),
    );
  };
  try {
    return await withProgress("asking IAM", ask());
  } catch (error) {
    const { name, message } = error as Error;
    throw new Error(`IAM does not tell the keys of the user ${user.name}: ${name}: ${message}`);
  }
}

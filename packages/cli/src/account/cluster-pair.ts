import { iamResourceArn, partitionOf } from "../../../../src/iam/arns";
import type { KeySettings } from "../../../../src/settings/deployment";
import type { ClusterAccess } from "../cluster/d8";
import { withClusterKey } from "../cluster/running-cluster";
import type { Waiting } from "./aws/client";
import { requiredOf, withIam } from "./aws/iam-reader";
import { AwsError } from "./aws/operations";
import { ClusterMismatch } from "./dkp-key";

/**
 * AWS knows no such key, it is Inactive, its secret is another one, or there is none. Source: STS
 * API Reference, "Common Errors"; the SDK names the last one.
 */
const NOT_ACCEPTED: readonly string[] = [
  "InvalidClientTokenId",
  "SignatureDoesNotMatch",
  "CredentialsProviderError",
];

/**
 * The ARN of the user whose key a cluster has, ID and secret, by one call that the pair signs. IDs
 * of keys are no secrets: a cluster that names one proves nothing. AWS reports the call as the last
 * use of the key, so it follows after all last uses were read.
 * @param region of the settings, never of the cluster
 * @returns undefined if AWS does not accept the pair
 * @throws AwsError if AWS does not answer
 */
export async function pairOwner(
  access: ClusterAccess,
  region: string,
  waiting: Waiting,
): Promise<string | undefined> {
  return await withClusterKey(access, ({ id, secret }) =>
    withIam(
      { region, credentials: { accessKeyId: id, secretAccessKey: secret } },
      waiting,
      async (iam) => requiredOf(await iam.caller()),
    ),
  ).catch((error: unknown) => {
    if (error instanceof AwsError && NOT_ACCEPTED.includes(error.code)) {
      return undefined;
    }
    throw error;
  });
}

/**
 * Whether AWS accepts the pair of a cluster, which must be that of the deployment's user.
 * @throws Error if it is another user's, or AWS does not answer
 */
export async function isOwnPair(
  { region, user: { path, name }, accountId = "" }: KeySettings,
  access: ClusterAccess,
  waiting: Waiting,
): Promise<boolean> {
  const own = iamResourceArn(
    { partition: partitionOf(region), account: accountId },
    `user${path}${name}`,
  );
  const owner = await pairOwner(access, region, waiting);
  if (owner !== undefined && owner !== own) {
    const values = { field: "user", settings: own, cluster: owner, context: access.context };
    throw new ClusterMismatch({ rule: "cluster-is-another", values });
  }
  return owner !== undefined;
}

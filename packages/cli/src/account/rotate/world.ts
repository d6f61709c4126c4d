import { setTimeout as wait } from "node:timers/promises";
import type { KeySettings } from "../../../../../src/settings/deployment";
import type { SecretKey } from "../../cluster/configuration";
import type { ClusterAccess } from "../../cluster/d8";
import {
  type Configured,
  clusterConfiguration,
  giveKey,
  isRefusal,
} from "../../cluster/running-cluster";
import { DENY_POLICY, denial } from "../../iam/leaked-key";
import { type Aws, withAws } from "../aws/client";
import { type IamKey, IamReader, requiredOf } from "../aws/iam-reader";
import { AwsError } from "../aws/operations";
import type { LeakWorld } from "./leak";

/** A new key is valid within seconds. */
const VALID_SECONDS = 60;
const PAUSE_MS = 1000;

/**
 * The keys of the deployment's user in IAM, without a cluster: nothing else in this program changes
 * something in AWS.
 * @param aws with credentials that `rotator-policy.json` describes
 */
export function userWorld(aws: Aws, { region, user: { name: UserName } }: KeySettings): LeakWorld {
  const reader = new IamReader(aws);
  const unread = () => Promise.reject(new Error("the cluster was not read"));
  return {
    now: () => aws.now(),
    async keys() {
      const keys = requiredOf(await reader.usedKeys(UserName));
      if (keys === undefined) {
        throw new Error(`user.name: IAM has no user "${UserName}"; apply the deployment first`);
      }
      return keys;
    },
    dkpKey: unread,
    async createKey() {
      const { AccessKey } = await aws.write("iam:CreateAccessKey", { UserName });
      const { AccessKeyId: id, SecretAccessKey: secret } = AccessKey ?? {};
      if (id === undefined || secret === undefined) {
        throw new Error("iam:CreateAccessKey: AWS returned no key; run the command again");
      }
      return { id, secret };
    },
    signs: unread,
    async accepts(key) {
      await accepted(key, region);
      await listed(key.id, async () => requiredOf(await reader.keys(UserName)) ?? []);
    },
    give: unread,
    // A key that is gone already needs no deactivation, and no deletion.
    async setStatus(AccessKeyId, Status) {
      const update = aws.write("iam:UpdateAccessKey", { UserName, AccessKeyId, Status });
      await (Status === "Inactive" ? unlessGone(update) : update);
    },
    async deleteKey(AccessKeyId) {
      await unlessGone(aws.write("iam:DeleteAccessKey", { UserName, AccessKeyId }));
    },
    async ownerOf(id) {
      const use = await reader.keyUse(id);
      // IAM also denies the call for a key that nobody has.
      const isDenied = "unread" in use && use.error?.code === "AccessDenied";
      return isDenied ? undefined : requiredOf(use)?.user;
    },
    async denySessions(before) {
      const PolicyDocument = JSON.stringify(denial(before.toISOString()));
      const input = { UserName, PolicyName: DENY_POLICY, PolicyDocument };
      await aws.write("iam:PutUserPolicy", input);
    },
  };
}

/**
 * Waits until AWS accepts a key: two responses of two parts of AWS.
 * @throws Error after a minute
 */
async function accepted({ id, secret }: SecretKey, region: string): Promise<void> {
  const access = { region, credentials: { accessKeyId: id, secretAccessKey: secret } };
  const answer = () =>
    withAws(access, { progress: () => undefined, limit: VALID_SECONDS }, (aws) =>
      new IamReader(aws).account(),
    );
  const end = Date.now() + VALID_SECONDS * 1000;
  for (let answers = 0; answers < 2; ) {
    answers = "value" in (await answer()) ? answers + 1 : 0;
    if (Date.now() > end) {
      throw new Error(
        `AWS does not accept the new key ${id} within ${VALID_SECONDS} s; ` +
          "run the command again tomorrow",
      );
    }
    await wait(PAUSE_MS);
  }
}

/** IAM lists a new key within seconds. */
async function listed(id: string, keys: () => Promise<readonly IamKey[]>): Promise<void> {
  const end = Date.now() + VALID_SECONDS * 1000;
  while (!(await keys()).some((key) => key.id === id)) {
    if (Date.now() > end) {
      throw new Error(
        `IAM does not list the new key ${id} within ${VALID_SECONDS} s; run the command again`,
      );
    }
    await wait(PAUSE_MS);
  }
}

const unlessGone = (write: Promise<unknown>): Promise<unknown> =>
  write.catch((error: unknown) => {
    if (!(error instanceof AwsError && error.code === "NoSuchEntity")) {
      throw error;
    }
  });

/**
 * IAM and a running cluster.
 * @param cluster as it was read and compared with the settings
 * @param signs as `RotationWorld.signs`
 */
export function rotationWorld(
  world: LeakWorld,
  access: ClusterAccess,
  cluster: Configured,
  signs: () => Promise<boolean>,
): LeakWorld {
  let configured: Configured = cluster;
  return {
    ...world,
    signs,
    async dkpKey() {
      configured = await clusterConfiguration(access);
      return configured.configuration.keyId;
    },
    lastWrite: () => configured.lastWrite,
    async give(key) {
      try {
        await giveKey(access, configured, key);
        return undefined;
      } catch (error) {
        if (isRefusal(error)) {
          return error;
        }
        throw error;
      }
    },
  };
}

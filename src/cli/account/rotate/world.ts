import { setTimeout as wait } from "node:timers/promises";
import { alwaysOnRegion } from "../../../iam/arns";
import type { Deployment } from "../../../settings/deployment";
import type { SecretKey } from "../../cluster/configuration";
import type { ClusterAccess } from "../../cluster/d8";
import {
  type Configured,
  clusterConfiguration,
  giveKey,
  isRefusal,
} from "../../cluster/running-cluster";
import { DENY_POLICY, denial, leakCommands } from "../../iam/leaked-key";
import { type Aws, withAws } from "../aws/client";
import { type IamKey, IamReader, requiredOf } from "../aws/iam-reader";
import { AwsError } from "../aws/operations";
import type { LeakWorld } from "./leak";
import type { RotationWorld } from "./rotation";

/** A new key is valid within seconds. */
const VALID_SECONDS = 60;
const PAUSE_MS = 1000;

/**
 * The keys of the deployment's user in IAM: nothing else in this program changes something in AWS.
 */
export class UserKeys {
  private readonly reader: IamReader;
  private readonly user: string;

  /** @param aws with credentials that `rotator-policy.json` describes */
  constructor(
    private readonly aws: Aws,
    private readonly deployment: Pick<Deployment, "region" | "user">,
  ) {
    this.reader = new IamReader(aws);
    this.user = deployment.user.name;
  }

  now(): Date {
    return this.aws.now();
  }

  async list(): Promise<readonly IamKey[]> {
    const keys = requiredOf(await this.reader.usedKeys(this.user));
    if (keys === undefined) {
      throw new Error(`user.name: IAM has no user "${this.user}"; apply the deployment first`);
    }
    return keys;
  }

  async create(): Promise<SecretKey> {
    const { AccessKey } = await this.aws.write("iam:CreateAccessKey", { UserName: this.user });
    const { AccessKeyId: id, SecretAccessKey: secret } = AccessKey ?? {};
    if (id === undefined || secret === undefined) {
      throw new Error("iam:CreateAccessKey: AWS returned no key; run the command again");
    }
    return { id, secret };
  }

  /**
   * Waits until AWS accepts a key: two responses of two parts of AWS.
   * @throws Error after a minute
   */
  async accepted({ id, secret }: SecretKey): Promise<void> {
    const access = {
      region: this.deployment.region,
      credentials: { accessKeyId: id, secretAccessKey: secret },
    };
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

  async ownerOf(id: string): Promise<string | undefined> {
    return requiredOf(await this.reader.keyUse(id))?.user;
  }

  async denySessions(before: Date): Promise<void> {
    const PolicyDocument = JSON.stringify(denial(before.toISOString()));
    await this.aws.write("iam:PutUserPolicy", {
      UserName: this.user,
      PolicyName: DENY_POLICY,
      PolicyDocument,
    });
  }

  get removal(): string {
    return leakCommands(this.user, alwaysOnRegion(this.deployment.region)).removeDenial;
  }

  /** A key that is gone already needs no deactivation. */
  async setStatus(AccessKeyId: string, Status: "Active" | "Inactive"): Promise<void> {
    const input = { UserName: this.user, AccessKeyId, Status };
    const update = this.aws.write("iam:UpdateAccessKey", input);
    await (Status === "Inactive" ? unlessGone(update) : update);
  }

  /** A key that is gone already is no error. */
  async delete(AccessKeyId: string): Promise<void> {
    const input = { UserName: this.user, AccessKeyId };
    await unlessGone(this.aws.write("iam:DeleteAccessKey", input));
  }
}

const unlessGone = (write: Promise<unknown>): Promise<unknown> =>
  write.catch((error: unknown) => {
    if (!(error instanceof AwsError && error.code === "NoSuchEntity")) {
      throw error;
    }
  });

/** IAM without a cluster, for the response to a leak. */
export function worldWithoutCluster(keys: UserKeys): RotationWorld {
  const unread = () => Promise.reject(new Error("the cluster was not read"));
  return {
    now: () => keys.now(),
    keys: () => keys.list(),
    dkpKey: unread,
    createKey: () => keys.create(),
    accepts: (key) => keys.accepted(key),
    give: unread,
    setStatus: (id, status) => keys.setStatus(id, status),
    deleteKey: (id) => keys.delete(id),
  };
}

/** Adds what the response to a leak needs. */
export const leakWorld = (
  world: RotationWorld & Pick<LeakWorld, "elsewhere" | "refusal">,
  keys: UserKeys,
): LeakWorld => ({
  ...world,
  ownerOf: (id) => keys.ownerOf(id),
  denySessions: (before) => keys.denySessions(before),
});

/**
 * IAM and a running cluster.
 * @param cluster as it was read and compared with the settings
 */
export function rotationWorld(
  keys: UserKeys,
  access: ClusterAccess,
  cluster: Configured,
): RotationWorld {
  let configured: Configured = cluster;
  return {
    ...worldWithoutCluster(keys),
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

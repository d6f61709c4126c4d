import type { Deployment } from "../../../../../src/settings/deployment";
import type { RunningCluster } from "../../cluster/running-cluster";
import type { StateContents } from "../../terraform/state-file";
import { dkpAccess } from "../../text/advice";
import { type IamKey, type IamReader, type Reading, requiredOf } from "../aws/iam-reader";
import { type KeyUser, keyUser, otherUser } from "../dkp-key";

/** What the state, IAM and the cluster know of the keys of a deployment's user. */
export interface KeySituation {
  readonly settings: Deployment;
  readonly state: Reading<StateContents>;
  readonly iam: IamUser;
  readonly cluster?: RunningCluster | undefined;
}

interface IamUser extends KeyUser {
  readonly account: string | undefined;
  readonly keys: readonly IamKey[];
  /** The other user that has the key of the state. */
  readonly terraformOwner?: string | undefined;
  readonly now: Date;
}

/** @throws Error if the keys of the user cannot be listed */
export async function keySituation(
  settings: Deployment,
  state: Reading<StateContents>,
  iam: IamReader,
  cluster?: RunningCluster,
): Promise<KeySituation> {
  const { name } = settings.user;
  const user = await keyUser(iam, settings, cluster);
  const { keys } = user;
  if (keys === undefined) {
    throw new Error(
      `the keys of the user ${name} cannot be read: ${user.unread}; ` +
        `allow what ${dkpAccess("keys")} --policy prints, or set a longer --timeout`,
    );
  }
  const id = terraformKeyOf({ state })?.id;
  const isElsewhere = id !== undefined && keys.every((key) => key.id !== id);
  const terraformOwner = isElsewhere ? await otherUser(iam, id, name) : undefined;
  const account = requiredOf(await iam.account());
  return {
    ...{ settings, state, cluster },
    iam: { ...user, account, keys, terraformOwner, now: iam.now() },
  };
}

/** The IDs of the keys that Terraform and DKP have. */
export function keysElsewhere(
  state: KeySituation["state"],
  cluster: KeySituation["cluster"],
): readonly string[] {
  const ofTerraform = terraformKeyOf({ state })?.id;
  const ofDkp = cluster?.configuration.keyId;
  return [...new Set([ofTerraform, ofDkp])].filter((id) => id !== undefined);
}

export const terraformKeyOf = ({ state }: Pick<KeySituation, "state">): StateContents["key"] =>
  "value" in state ? state.value.key : undefined;

import type { Deployment } from "../../../../../src/settings/deployment";
import type { RunningCluster } from "../../cluster/running-cluster";
import type { StateContents } from "../../terraform/state-file";
import { dkpAccess } from "../../text/advice";
import { type IamKey, type IamReader, type Reading, requiredOf } from "../aws/iam-reader";
import { otherOwner } from "../dkp-key";

/** What the state, IAM and the cluster know of the keys of a deployment's user. */
export interface KeySituation {
  readonly settings: Deployment;
  readonly state: Reading<StateContents>;
  readonly iam: IamUser;
  readonly cluster?: RunningCluster | undefined;
}

interface IamUser {
  readonly account: string | undefined;
  readonly exists: boolean;
  readonly keys: readonly IamKey[];
  /** Why no last use is known. */
  readonly unread?: string | undefined;
  /** By the ID of a key that is not the user's, the other user that has it. */
  readonly owners: ReadonlyMap<string, string>;
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
  const used = await iam.usedKeys(name);
  const listed = "unread" in used ? await iam.keys(name) : used;
  if ("unread" in listed) {
    throw new Error(
      `the keys of the user ${name} cannot be read: ${listed.unread}; ` +
        `allow what ${dkpAccess("keys")} --policy prints, or set a longer --timeout`,
    );
  }
  const keys = listed.value ?? [];
  const owners = new Map<string, string>();
  for (const id of keysElsewhere(state, cluster)) {
    const isOwn = keys.some((key) => key.id === id);
    const owner = isOwn ? undefined : await otherOwner(iam, id, name);
    if (owner !== undefined) {
      owners.set(id, owner);
    }
  }
  return {
    settings,
    state,
    cluster,
    iam: {
      account: requiredOf(await iam.account()),
      exists: listed.value !== undefined,
      keys,
      unread: "unread" in used ? used.unread : undefined,
      owners,
      now: iam.now(),
    },
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

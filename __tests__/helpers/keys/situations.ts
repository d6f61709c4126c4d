import type { IamKey } from "../../../src/cli/account/aws/iam-reader";
import type { KeySituation, UnmanagedObject } from "../../../src/cli/account/keys/situation";
import type { StateKey } from "../../../src/cli/terraform/state-file";
import { deployment } from "../deployment";

const NOW = new Date("2026-11-01T00:00:00Z");
const daysAgo = (days: number) => new Date(NOW.getTime() - days * 86_400_000);

/** @param days its age @param used how many days ago AWS reports its last use */
export const iamKey = (id: string, days: number, used?: number, status = "Active"): IamKey => ({
  id,
  status,
  created: daysAgo(days),
  lastUsed: used === undefined ? undefined : { at: daysAgo(used), service: "ec2", region: "eu-central-1" },
});

/**
 * A deployment's keys, from YAML settings, the keys of the state, and those of IAM.
 * @param exposed the key that the outputs expose. @default the first one of the state
 */
export function situation(
  settings: string,
  keys: readonly StateKey[],
  inIam: readonly IamKey[],
  exposed: StateKey | undefined = keys[0],
): KeySituation {
  const user = { name: "deckhouse", arn: "arn:aws:iam::123456789012:user/deckhouse" };
  return {
    settings: deployment(settings),
    folder: "cdktf.out/stacks/deckhouse",
    state: {
      keys,
      exposed: { id: exposed?.id, slot: exposed?.slot },
      user: keys.length === 0 ? undefined : user,
      tainted: [],
      resources: [],
      outputs: {},
    },
    iam: { account: "123456789012", exists: true, keys: inIam, now: NOW, clock: NOW },
    unmanagedObjects: [],
    imports: { existing: [], missing: [] },
    permissions: { lost: [], unread: [] },
    unread: [],
  };
}

/** One key, in use. */
export const DEPLOYED = situation(
  "",
  [{ slot: "primary", id: "AKIAPRIMARY", status: "Active", tainted: false, secret: "secret" }],
  [iamKey("AKIAPRIMARY", 30, 0.1)],
);

const OBJECTS = {
  user: { kind: "user", name: "deckhouse", setting: "user" },
  policy: { kind: "policy", name: "D8CloudProviderAWS", setting: "policy" },
  attachment: { kind: "attachment", name: "D8CloudProviderAWS", setting: "policy" },
} as const;

/** Objects that IAM has and the state lacks. @default owner the deployment */
export const lacking = (
  fields: readonly (keyof typeof OBJECTS)[],
  { owner = "ours-unmanaged", by = [] }: Partial<Pick<UnmanagedObject, "owner" | "by">> = {},
): readonly UnmanagedObject[] => fields.map((imports) => ({ ...OBJECTS[imports], imports, owner, by }));

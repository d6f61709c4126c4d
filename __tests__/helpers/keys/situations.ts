import type { IamKey } from "../../../src/cli/account/aws/iam-reader";
import type { IamUser, KeySituation } from "../../../src/cli/account/keys/situation";
import { readConfiguration } from "../../../src/cli/cluster/configuration";
import type { StateContents, StateKey } from "../../../src/cli/terraform/state-file";
import { deployment } from "../deployment";

const NOW = new Date("2026-11-01T00:00:00Z");
const daysAgo = (days: number) => new Date(NOW.getTime() - days * 86_400_000);

/**
 * @param days its age
 * @param used how many days ago AWS reports its last use
 */
export const iamKey = (id: string, days: number, used?: number, status = "Active"): IamKey => ({
  id,
  status,
  created: daysAgo(days),
  lastUsed:
    used === undefined ? undefined : { at: daysAgo(used), service: "ec2", region: "eu-central-1" },
});

/**
 * From YAML settings, the keys of the state, and those of IAM.
 * @param current by default, the first key of the state
 */
export function situation(
  settings: string,
  keys: readonly StateKey[],
  inIam: readonly IamKey[],
  current: StateKey | undefined = keys[0],
): KeySituation {
  return {
    settings: deployment(settings),
    state: {
      keys,
      current: { id: current?.id, slot: current?.slot },
      user: { name: "deckhouse", arn: "arn:aws:iam::123456789012:user/deckhouse" },
      resources: { current: [], tainted: [], deposed: [] },
      outputs: {},
    },
    iam: {
      account: "123456789012",
      exists: true,
      keys: inIam,
      owners: {},
      unknown: [],
      unread: [],
      now: NOW,
    },
  };
}

export const OLD = "AKIAOLD0000000000000";
export const NEW = "AKIANEW0000000000000";
const OTHER = "AKIAOTHER00000000000";
export const PRIMARY: StateKey = {
  slot: "primary",
  id: OLD,
  status: "Active",
  tainted: false,
  secret: "secret",
};
export const SECONDARY: StateKey = { ...PRIMARY, slot: "secondary", id: NEW };
/** Back from `rotate`, after the apply. */
const BACK = situation("", [PRIMARY], [iamKey(OTHER, 40, 0.1), iamKey(OLD, 0.1)]);
export const MOVED = "accessKeys: { secondary: { status: Active }, current: secondary }";
export const RETIRED =
  "accessKeys: { primary: { status: Inactive }, secondary: { status: Active }, current: secondary }";
const REMOVED =
  "accessKeys: { primary: { status: absent }, secondary: { status: Active }, current: secondary }";
const USED = iamKey(OLD, 30, 0.1);
export const DEPLOYED = situation("", [PRIMARY], [USED]);

export const withIam = (given: KeySituation, parts: Partial<IamUser>) => ({
  ...given,
  iam: { ...given.iam, ...parts },
});
const withState = (given: KeySituation, parts: Partial<StateContents>) => ({
  ...given,
  state: { ...given.state, ...parts },
});
export const rotation = (settings: string, old: IamKey, next: IamKey): KeySituation =>
  situation(settings, [PRIMARY, SECONDARY], [old, next], SECONDARY);
/** Terraform manages no key. */
export const rotated = (...keys: readonly IamKey[]): KeySituation =>
  situation("cluster: { prefix: dev }\naccessKeys: { managedBy: rotate, maxAge: 90 }", [], keys);
export const inCluster = (
  given: KeySituation,
  id: string,
  prefix = "dev",
  region = "eu-central-1",
): KeySituation => ({
  ...given,
  cluster: {
    ...{ context: "dev", prefix, isOfCommander: false },
    configuration: readConfiguration(
      `kind: AWSClusterConfiguration\nprovider: { providerAccessKeyId: ${id}, region: ${region} }\n`,
    ),
  },
});

/** A situation, the report of `keys`, and why the next step comes. */
interface Sample {
  readonly given: KeySituation;
  readonly rules: string;
  readonly why: string;
}

const sample = (given: KeySituation, rules: string, why: string) => ({ given, rules, why });
const NOTHING = withState(situation("", [], []), { user: undefined });

/** A situation of every rule and of every step. */
export const SITUATIONS: Readonly<Record<string, Sample>> = {
  "one key is deployed and used": sample(DEPLOYED, "", "done"),
  "nothing is deployed": sample(withIam(NOTHING, { exists: false }), "", "apply"),
  "the first key has no use": sample(situation("", [PRIMARY], [iamKey(OLD, 0.1)]), "", "hand-over"),
  "the first key has no use, and a person says that DKP has it": sample(
    { ...situation("", [PRIMARY], [iamKey(OLD, 3)]), dkpKey: OLD },
    "",
    "done",
  ),
  "another user in the state": sample(
    { ...DEPLOYED, settings: deployment("user: { name: another }") },
    "key-user-differs",
    "differs",
  ),
  "another account than the settings": sample(
    { ...DEPLOYED, settings: deployment('accountId: "210987654321"') },
    "key-account-differs",
    "differs",
  ),
  "another account than the state": sample(
    withIam(DEPLOYED, { account: "210987654321" }),
    "key-account-differs",
    "differs",
  ),
  "another cluster": sample(
    inCluster(
      { ...DEPLOYED, settings: deployment("cluster: { prefix: prod }") },
      OLD,
      "dev",
      "eu-west-1",
    ),
    "cluster-is-another, cluster-is-another",
    "differs",
  ),
  "errored.tfstate": sample(
    { ...DEPLOYED, erroredState: "FOLDER/errored.tfstate" },
    "key-errored-state",
    "differs",
  ),
  "a state that was lost": sample(
    withState(situation("", [], [USED]), { user: undefined }),
    "key-state-lost",
    "differs",
  ),
  "a user that the next apply imports": sample(
    withState(situation("import: { user: true, accessKeyId: AKIAOLD0000000000000 }", [], [USED]), {
      user: undefined,
    }),
    "",
    "apply",
  ),
  "a user that was renamed": sample(
    withIam(DEPLOYED, { exists: false, keys: [], owners: { [OLD]: "deckhouse-old" } }),
    "key-user-deleted",
    "differs",
  ),
  "a user that was deleted": sample(
    withIam(DEPLOYED, { exists: false, keys: [] }),
    "key-user-deleted",
    "differs",
  ),
  "a state that lost the current key": sample(
    situation("", [], [USED], PRIMARY),
    "key-old-state, key-unmanaged",
    "differs",
  ),
  "a quarantine": sample(
    withIam(DEPLOYED, { quarantine: "arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3" }),
    "key-quarantined",
    "differs",
  ),
  "a key that IAM does not list yet": sample(
    situation("", [{ ...PRIMARY, created: daysAgo(0.001) }], []),
    "key-not-listed",
    "differs",
  ),
  "a key that was deleted outside Terraform": sample(
    situation("", [PRIMARY], []),
    "key-deleted",
    "apply",
  ),
  "a key outside Terraform": sample(
    situation("", [PRIMARY], [USED, iamKey(OTHER, 0.1, undefined, "Active")]),
    "key-unmanaged",
    "differs",
  ),
  "a key of rotate beside the first one of Terraform": sample(
    inCluster(BACK, OTHER),
    "key-of-dkp",
    "hand-over",
  ),
  "a key of rotate that nothing uses after the hand-over": sample(
    withIam(BACK, { keys: [iamKey(OTHER, 40, 1.1), iamKey(OLD, 2, 0.1)] }),
    "key-former",
    "retire",
  ),
  "a key of rotate that is Inactive": sample(
    withIam(BACK, { keys: [iamKey(OTHER, 40, 1.1, "Inactive"), iamKey(OLD, 2, 0.1)] }),
    "key-former",
    "delete",
  ),
  "a current key that was deactivated outside Terraform": sample(
    situation("", [PRIMARY], [iamKey(OLD, 30, 0.1, "Inactive")]),
    "key-deactivated",
    "differs",
  ),
  "an old key that was deactivated outside Terraform": sample(
    rotation(MOVED, iamKey(OLD, 80, 2, "Inactive"), iamKey(NEW, 3, 0.1)),
    "key-deactivated",
    "differs",
  ),
  "settings that deactivate a key in use": sample(
    rotation(RETIRED, iamKey(OLD, 80, 0.5), iamKey(NEW, 3, 0.1)),
    "key-ended-in-use, key-old",
    "differs",
  ),
  "settings that deactivate DKP's key": sample(
    inCluster(rotation(RETIRED, iamKey(OLD, 60, 5), iamKey(NEW, 3, 0.1)), OLD),
    "key-ended-in-use",
    "differs",
  ),
  "settings that deactivate a key whose cluster is stopped": sample(
    rotation(RETIRED, iamKey(OLD, 60, 5), iamKey(NEW, 3)),
    "key-ended",
    "apply",
  ),
  "settings of before the rotation": sample(
    situation(
      "",
      [PRIMARY, SECONDARY],
      [iamKey(OLD, 60, 5, "Inactive"), iamKey(NEW, 3, 0.1)],
      SECONDARY,
    ),
    "key-settings-differ",
    "differs",
  ),
  "an import of a key that was deleted": sample(
    situation(
      `import: { user: true, accessKeyId: ${OTHER} }\n${REMOVED}`,
      [SECONDARY],
      [iamKey(NEW, 30, 0.1)],
    ),
    "key-import-left",
    "differs",
  ),
  "settings that delete an unused key": sample(
    rotation(REMOVED, iamKey(OLD, 60, 5, "Inactive"), iamKey(NEW, 3, 0.1)),
    "key-ended-unused",
    "apply",
  ),
  "a key of a stopped cluster": sample(
    situation("", [PRIMARY], [iamKey(OLD, 30, 9)]),
    "key-unused",
    "done",
  ),
  "settings that begin a rotation": sample(situation(MOVED, [PRIMARY], [USED]), "", "apply"),
  "a key 25 days before its end": sample(
    withIam(situation("", [PRIMARY], [iamKey(OLD, -50, -54.9)]), {
      now: new Date("2026-12-26T00:00:00Z"),
      keys: [{ ...iamKey(OLD, 25, -54.9) }],
    }),
    "key-old",
    "done",
  ),
  "two keys, and DKP has the old one": sample(
    rotation(MOVED, iamKey(OLD, 60, 0.1), iamKey(NEW, 0.05)),
    "",
    "hand-over",
  ),
  "two keys, and the cluster has the old one": sample(
    inCluster(rotation(MOVED, iamKey(OLD, 60, 0.1), iamKey(NEW, 0.05)), OLD),
    "",
    "hand-over",
  ),
  "two keys, and DKP has a key that nobody has": sample(
    { ...rotation(MOVED, iamKey(OLD, 60, 0.1), iamKey(NEW, 0.05)), dkpKey: OTHER },
    "dkp-key-dead",
    "hand-over",
  ),
  "two keys, and DKP has an Inactive one": sample(
    { ...rotation(RETIRED, iamKey(OLD, 60, 0.1, "Inactive"), iamKey(NEW, 3)), dkpKey: OLD },
    "dkp-key-dead",
    "hand-over",
  ),
  "two keys, of which somebody deactivated the one in use": sample(
    rotation(RETIRED, iamKey(OLD, 60, 0.1, "Inactive"), iamKey(NEW, 3)),
    "",
    "hand-over",
  ),
  "two keys that were both used within the day": sample(
    rotation(MOVED, iamKey(OLD, 60, 0.5), iamKey(NEW, 1, 0.1)),
    "",
    "wait",
  ),
  "two keys, of which the newer one is not current": sample(
    situation(
      "accessKeys: { secondary: { status: Active } }",
      [PRIMARY, SECONDARY],
      [USED, iamKey(NEW, 1)],
      PRIMARY,
    ),
    "",
    "make-current",
  ),
  "two keys of a stopped cluster": sample(
    rotation(MOVED, iamKey(OLD, 60, 9), iamKey(NEW, 8)),
    "",
    "which-key",
  ),
  "an old key that nothing uses": sample(
    rotation(MOVED, iamKey(OLD, 60, 1.1), iamKey(NEW, 2, 0.1)),
    "",
    "retire",
  ),
  "an old key that nothing uses, with last uses that are denied": sample(
    withIam(rotation(MOVED, iamKey(OLD, 60), iamKey(NEW, 2)), {
      unread: ["iam:GetAccessKeyLastUsed: AccessDenied: no"],
    }),
    "key-unread",
    "differs",
  ),
  "an Inactive key": sample(
    rotation(RETIRED, iamKey(OLD, 60, 1.1, "Inactive"), iamKey(NEW, 2, 0.1)),
    "",
    "delete",
  ),
  "no keys of Terraform": sample(
    situation("accessKeys: none", [], [iamKey(OTHER, 9, 0.1)]),
    "key-external",
    "none",
  ),
  "no key yet, and rotate manages it": sample(
    situation("accessKeys: { managedBy: rotate, maxAge: 30 }", [], []),
    "",
    "create",
  ),
  "keys of rotate, of which the one of DKP is too old, and a younger one was used": sample(
    {
      ...situation(
        "accessKeys: { managedBy: rotate, maxAge: 30 }",
        [],
        [iamKey(OTHER, 45, 0.1), iamKey(NEW, 9, 2)],
      ),
      dkpKey: OTHER,
    },
    "key-of-dkp, rotation-overdue, rotated-key-unmanaged",
    "none",
  ),
  "keys of rotate that are both used for longer than a rotation takes": sample(
    situation(
      "accessKeys: { managedBy: rotate, maxAge: 30 }",
      [],
      [iamKey(OTHER, 20, 0.1), iamKey(NEW, 15, 0.1)],
    ),
    "key-external, key-external, rotated-keys-both-used",
    "none",
  ),
  "keys of rotate, of which the cluster has the younger one": sample(
    inCluster(rotated(iamKey(OTHER, 40, 1.1), iamKey(NEW, 9, 0.1)), NEW),
    "key-replaced, key-of-dkp",
    "none",
  ),
  "keys of rotate, of which the cluster has the older one": sample(
    inCluster(rotated(iamKey(OTHER, 9, 0.1), iamKey(NEW, 1)), OTHER),
    "key-of-dkp, key-of-nobody",
    "none",
  ),
  "a key of rotate that does not work": sample(
    inCluster(rotated(iamKey(OTHER, 9, 0.1, "Inactive")), OTHER),
    "key-of-dkp, dkp-key-dead",
    "differs",
  ),
  "a cluster with the key of another user": sample(
    withIam(inCluster(rotated(iamKey(OLD, 9, 0.1)), OTHER), { owners: { [OTHER]: "another" } }),
    "cluster-is-another",
    "differs",
  ),
  "back from rotate, before the apply": sample(
    situation("", [], [iamKey(OTHER, 40, 0.1)]),
    "key-former",
    "apply",
  ),
  "keys that Terraform still has": sample(
    situation("accessKeys: none", [PRIMARY], [USED]),
    "",
    "apply",
  ),
};

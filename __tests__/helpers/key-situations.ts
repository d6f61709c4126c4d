import type { IamKey } from "../../packages/cli/src/account/aws/iam-reader";
import type { KeySituation } from "../../packages/cli/src/account/keys/situation";
import { readConfiguration } from "../../packages/cli/src/cluster/configuration";
import { deployment } from "./deployment";

export const NOW: Date = new Date("2026-11-01T00:00:00Z");
const daysAgo = (days: number) => new Date(NOW.getTime() - days * 86_400_000);

export const OLD = "AKIAOLD0000000000000";
export const NEW = "AKIANEW0000000000000";
export const OTHER = "AKIAOTHER00000000000";

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
 * From YAML settings, the key of the state, and those of IAM.
 * @param key its ID; the state has its secret
 */
export const situation = (
  settings: string,
  key: string | undefined,
  ...keys: readonly IamKey[]
): KeySituation => ({
  settings: deployment(settings),
  state: {
    value: {
      key: key === undefined ? undefined : { id: key, user: "deckhouse", secret: "the secret" },
      current: key,
      user: { name: "deckhouse", arn: "arn:aws:iam::123456789012:user/deckhouse" },
      resources: { current: [], tainted: [], deposed: [] },
      outputs: {},
    },
  },
  iam: { account: "123456789012", exists: true, keys, now: NOW },
});

export const withIam = (
  given: KeySituation,
  parts: Partial<KeySituation["iam"]>,
): KeySituation => ({ ...given, iam: { ...given.iam, ...parts } });

/** One key of Terraform, which is used. */
export const DEPLOYED: KeySituation = situation("", OLD, iamKey(OLD, 30, 0.1));

/** The keys of `rotate`. */
export const rotated = (...keys: readonly IamKey[]): KeySituation =>
  situation("cluster: { prefix: dev }\naccessKeys: { managedBy: rotate }", undefined, ...keys);

export const inCluster = (
  given: KeySituation,
  id: string,
  prefix: string = "dev",
  region: string = "eu-central-1",
): KeySituation => ({
  ...given,
  cluster: {
    ...{ context: "dev", prefix, isOfCommander: false },
    configuration: readConfiguration(
      `kind: AWSClusterConfiguration\nprovider: { providerAccessKeyId: ${id}, region: ${region} }\n`,
    ),
  },
});

const NONE = "accessKeys: { managedBy: none }";

/** By name, with the rules that `keys` reports. */
export const SITUATIONS: Readonly<Record<string, readonly [given: KeySituation, rules: string]>> = {
  "Terraform's key is used": [DEPLOYED, ""],
  "DKP has Terraform's key": [inCluster(DEPLOYED, OLD), "nothing-to-end"],
  "the user does not exist": [
    withIam(situation("", undefined), { exists: false }),
    "key-user-absent",
  ],
  "the state is of another user": [
    { ...DEPLOYED, settings: deployment("user: { name: another }") },
    "user-differs",
  ],
  "the settings have another account": [
    { ...DEPLOYED, settings: deployment('accountId: "210987654321"') },
    "account-differs",
  ],
  "the state has another account": [
    withIam(DEPLOYED, { account: "210987654321" }),
    "account-differs",
  ],
  "the cluster has another prefix and Region": [
    inCluster(
      { ...DEPLOYED, settings: deployment("cluster: { prefix: prod }") },
      OLD,
      "dev",
      "eu-west-1",
    ),
    "cluster-is-another, cluster-is-another",
  ],
  "another user has DKP's key": [
    withIam(inCluster(rotated(iamKey(OLD, 9, 0.1)), OTHER), {
      owner: { user: "another" },
    }),
    "cluster-is-another",
  ],
  "the state cannot be read": [{ ...DEPLOYED, state: { unread: "no backend" } }, "key-unread"],
  "the last uses cannot be read": [
    withIam(rotated(iamKey(OLD, 60), iamKey(NEW, 2)), {
      unread: "iam:GetAccessKeyLastUsed: AccessDenied: no",
    }),
    "key-unread",
  ],
  "Terraform's key was deleted": [situation("", OLD), "key-deleted, no-key"],
  "another user has Terraform's key": [
    withIam(situation("", OLD), { terraformOwner: "deckhouse-old" }),
    "key-of-other-user, no-key",
  ],
  "Terraform's key is too old": [situation("", OLD, iamKey(OLD, 90, 0.1)), "key-old"],
  "somebody else's key is too old": [situation(NONE, undefined, iamKey(OTHER, 91, 0.1)), "key-old"],
  "nobody here has a key": [
    inCluster(situation(NONE, undefined, iamKey(OLD, 9, 0.1), iamKey(OTHER, 5)), OLD),
    "key-of-nobody",
  ],
  "a deactivated key stays": [
    situation("", NEW, iamKey(OLD, 60, 20, "Inactive"), iamKey(NEW, 9, 0.1)),
    "key-inactive",
  ],
  "Terraform's key is not handed over": [
    inCluster(situation("", NEW, iamKey(OLD, 60, 0.1), iamKey(NEW, 1)), OLD),
    "not-handed-over",
  ],
  "the former key of Terraform's one can end": [
    situation("", NEW, iamKey(OLD, 60, 20), iamKey(NEW, 30, 0.1)),
    "end-by-person",
  ],
  "rotate has nothing to do": [inCluster(rotated(iamKey(OLD, 9, 0.1)), OLD), "nothing-due"],
  "rotate waits for the former key": [
    inCluster(rotated(iamKey(OLD, 95, 3), iamKey(NEW, 5, 0.1)), NEW),
    "waiting-for-uses",
  ],
  "rotate has deactivated the former key": [
    inCluster(rotated(iamKey(OLD, 95, 20, "Inactive"), iamKey(NEW, 30, 0.1)), NEW),
    "key-inactive",
  ],
  "rotate is due": [inCluster(rotated(iamKey(OLD, 91, 0.1)), OLD), "replace"],
  "rotate is due, and the cluster was not read": [rotated(iamKey(OLD, 91, 0.1)), "due-unread"],
  "a younger key than DKP's was used": [
    inCluster(rotated(iamKey(OLD, 30, 0.1), iamKey(NEW, 9, 2)), OLD),
    "younger-used",
  ],
  "rotate is late": [inCluster(rotated(iamKey(OLD, 105, 0.1)), OLD), "replace, rotation-overdue"],
  "DKP's key does not work": [
    inCluster(rotated(iamKey(OTHER, 9, 0.1, "Inactive")), OTHER),
    "dkp-key-dead",
  ],
};

import type { IamKey } from "../../../src/cli/account/aws/iam-reader";
import type { Why } from "../../../src/cli/account/keys/key-rules";
import type { Permissions } from "../../../src/cli/account/keys/permissions";
import type { IamUser, KeySituation } from "../../../src/cli/account/keys/situation";
import type { LackingObject } from "../../../src/cli/account/ownership";
import type { StateContents, StateKey } from "../../../src/cli/terraform/state-file";
import { deployment } from "../deployment";
import { ENCRYPTION_KEY, EXPIRING_KEY } from "../pgp-keys";

const NOW = new Date("2026-11-01T00:00:00Z");
const minutesAgo = (minutes: number) => new Date(NOW.getTime() - minutes * 60_000);
const daysAgo = (days: number) => minutesAgo(days * 24 * 60);

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
      resources: { current: [], tainted: [], deposed: [] },
      outputs: {},
    },
    iam: { account: "123456789012", exists: true, keys: inIam, owners: {}, now: NOW },
    lacking: [],
    permissions: { lacking: [], isImportMissing: false, lost: [], denials: [], unlinked: [], unread: [] },
    unread: [],
  };
}

export const PRIMARY: StateKey = { slot: "primary", id: "AKIAPRIMARY", status: "Active", tainted: false, secret: "secret" };
export const USED = iamKey("AKIAPRIMARY", 30, 0.1);
/** One key, in use. */
export const DEPLOYED = situation("", [PRIMARY], [USED]);

const OBJECTS = {
  user: { kind: "user", name: "deckhouse", setting: "user", imports: "user" },
  policy: { kind: "policy", name: "D8CloudProviderAWS", setting: "policy", imports: "policy" },
  second: { kind: "policy", name: "D8CloudProviderAWS-2", setting: "policy", imports: undefined },
} as const;

/** Objects that the state lacks. @default given IAM has them, the settings do not import them, and they are the deployment's */
export const lacking = (
  fields: readonly (keyof typeof OBJECTS)[],
  given: Partial<LackingObject> = {},
): readonly LackingObject[] =>
  fields.map((field) => ({
    ...OBJECTS[field],
    ...{ path: "/", address: "aws_iam_policy.policy-2", arn: `arn:aws:iam::123456789012:policy/${OBJECTS[field].name}` },
    ...{ inIam: true, isImported: false, owner: "ours-unmanaged", by: [], ...given },
  }));

export const SECONDARY: StateKey = { ...PRIMARY, slot: "secondary", id: "AKIASECONDARY" };
const ENCRYPTED: StateKey = { ...PRIMARY, secret: undefined, encryptedSecret: "secret", pgpKey: ENCRYPTION_KEY };
export const BOTH = "accessKeys: { secondary: { status: Active } }";
export const MOVED = "accessKeys: { secondary: { status: Active }, current: secondary }";
export const RETIRED = "accessKeys: { primary: { status: Inactive }, secondary: { status: Active }, current: secondary }";
const NONE = "accessKeys: none";
const IMPORT = "import: { user: true, accessKeyId: AKIAABCDEFGHIJKLMNOP }";
const { iam, state } = DEPLOYED;
const withIam = (given: KeySituation, parts: Partial<IamUser>) => ({ ...given, iam: { ...given.iam, ...parts } });
const NO_USER = { exists: false, keys: [] };
const withState = (given: KeySituation, parts: Partial<StateContents>) => ({ ...given, state: { ...given.state, ...parts } });
const NO_KEYS = { keys: [], exposed: {}, user: state.user };
const withResources = (parts: Partial<StateContents["resources"]>, given = DEPLOYED) =>
  withState(given, { resources: { ...state.resources, ...parts } });
const withPermissions = (parts: Partial<Permissions>, given = DEPLOYED) => ({
  ...given,
  permissions: { ...given.permissions, ...parts },
});
const LOST = { address: "aws_iam_user_policy_attachment.policy-attachment", lost: "the policy is not attached to the user" };
const denied = (policy: string) => withPermissions({ denials: [{ policy, on: "user deckhouse" }] });
const resource = (address: string, name: string, path = "/") => {
  const arn = `arn:aws:iam::123456789012:${/^aws_iam_(\w+)/.exec(address)?.[1]}${path}${name}`;
  return { address, attributes: { name, arn } };
};

const attachmentOf = (policy: string) => ({
  address: "aws_iam_user_policy_attachment.policy-attachment",
  attributes: { user: "deckhouse", policy_arn: `arn:aws:iam::123456789012:policy/${policy}` },
});

/** A situation, what `keys` reports about it, and why the next step comes. */
interface Sample {
  readonly given: KeySituation;
  /** The rules, each with the setting or address that it is about. */
  readonly rules: string;
  readonly why: Why;
}

/** A deployed key that is encrypted for a key which expires on 1 January 2027, used on this day. */
function encryptedOn(day: string): KeySituation {
  const now = new Date(`${day}T00:00:00Z`);
  const keys = [{ ...USED, created: now, lastUsed: USED.lastUsed && { ...USED.lastUsed, at: now } }];
  const key = { ...PRIMARY, secret: undefined, encryptedSecret: "secret", pgpKey: EXPIRING_KEY };
  const given = situation(`accessKeys: { primary: { pgpKey: ${EXPIRING_KEY} } }`, [key], []);
  return { ...given, iam: { ...iam, now, keys } };
}

const sample = (given: KeySituation, rules: string, why: Sample["why"]): Sample => ({ given, rules, why });

/** A situation of every rule and of every step. */
export const SITUATIONS: Readonly<Record<string, Sample>> = {
  "one key is deployed and used": sample(DEPLOYED, "", "done"),
  "nothing is deployed": sample(withIam(situation("", [], []), NO_USER), "", "apply"),
  "another user in the state": sample(
    { ...DEPLOYED, settings: deployment("user: { name: another }") },
    "key-user-differs user.name",
    "unverifiable",
  ),
  "another account than the settings": sample(
    { ...DEPLOYED, settings: deployment('accountId: "210987654321"') },
    "key-account-differs accountId",
    "unverifiable",
  ),
  "another account than the state": sample(withIam(DEPLOYED, { account: "210987654321" }), "key-account-differs", "unverifiable"),
  "errored.tfstate": sample({ ...DEPLOYED, erroredState: "errored-state" }, "key-errored-state", "errored-state"),
  "errored.tfstate of another lineage": sample(
    { ...DEPLOYED, erroredState: "errored-state-other" },
    "key-errored-state-other",
    "errored-state-other",
  ),
  "a user that the state does not have": sample(
    { ...situation("", [], [USED]), lacking: lacking(["user", "policy"], { owner: "unknown" }) },
    "key-state-lost user.name",
    "apply",
  ),
  "a user with two Active keys that the state does not have": sample(
    { ...situation(BOTH, [], [USED, iamKey("AKIATWO", 9)]), lacking: lacking(["user"]) },
    "key-state-lost user.name, key-over-quota accessKeys.primary, key-over-quota accessKeys.secondary",
    "ask-which-key",
  ),
  "an import before the first apply": sample(situation(IMPORT, [], [iamKey("AKIAABCDEFGHIJKLMNOP", 9, 0.1)]), "", "apply"),
  "a state without the policy": sample({ ...DEPLOYED, lacking: lacking(["policy"]) }, "key-object-lost policy.name", "apply"),
  "one policy that may be another deployment's": sample(
    { ...DEPLOYED, lacking: lacking(["policy"], { owner: "unknown" }) },
    "key-object-lost policy.name",
    "apply",
  ),
  "a policy of another deployment": sample(
    { ...DEPLOYED, lacking: lacking(["policy"], { owner: "another", by: ["user second"] }) },
    "key-object-of-another policy.name",
    "unverifiable",
  ),
  "a state without the second policy": sample(
    { ...DEPLOYED, lacking: lacking(["second"]) },
    "key-object-lost policy.name",
    "apply",
  ),
  "an apply that ended while it replaced the second policy": sample(
    withResources({ deposed: [resource("aws_iam_policy.policy-2", "former")] }),
    "key-left-over aws_iam_policy.policy-2",
    "unverifiable",
  ),
  "an attached policy whose attachment the state lost, and that the settings do not need": sample(
    withPermissions({ unlinked: [{ policy: "arn:aws:iam::123456789012:policy/D8CloudProviderAWS-2", on: "user deckhouse" }] }),
    "key-policy-attached",
    "unverifiable",
  ),
  "another policy.path under protect": sample(
    withResources({ current: [resource("aws_iam_policy.policy", "D8CloudProviderAWS", "/former/")] }),
    "key-object-renamed aws_iam_policy.policy",
    "unverifiable",
  ),
  "another policy.name under protect, and a state that has only the attachment": sample(
    withResources({ current: [attachmentOf("former")] }),
    "key-object-renamed aws_iam_user_policy_attachment.policy-attachment",
    "unverifiable",
  ),
  "another policy.name without protect": sample(
    withResources({ current: [resource("aws_iam_policy.policy", "former")] }, situation("protect: false", [PRIMARY], [USED])),
    "",
    "done",
  ),
  "a user that AWS quarantined": sample(
    denied("arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3"),
    "key-quarantined",
    "unverifiable",
  ),
  "an inline policy that denies": sample(denied("deny-all"), "key-denied", "unverifiable"),
  "permissions that cannot be read": sample(
    withPermissions({ unread: ["iam:GetUser: AccessDenied: not authorized"] }),
    "key-permissions-unread",
    "unverifiable",
  ),
  "an import of a key, and an Inactive one beside it": sample(
    situation(`${IMPORT}\n${BOTH}`, [], [iamKey("AKIAABCDEFGHIJKLMNOP", 9, 0.1), iamKey("AKIAOLD", 99, 9, "Inactive")]),
    "key-over-quota accessKeys.secondary, key-unmanaged",
    "free-slot",
  ),
  "an import of the key of another user": sample(
    withIam(situation(IMPORT, [], [], undefined), { ...NO_USER, owners: { AKIAABCDEFGHIJKLMNOP: "deckhouse-old" } }),
    "key-of-another-user user.name",
    "unverifiable",
  ),
  "an import of a key that IAM does not have": sample(
    situation(IMPORT, [], [iamKey("AKIAOTHER", 9, 0.1)]),
    "key-import-fails accessKeys.primary, key-unmanaged",
    "create",
  ),
  "a selected key without a secret": sample(
    situation(MOVED, [PRIMARY, { ...SECONDARY, secret: undefined }], [USED, iamKey("AKIASECONDARY", 3)]),
    "key-exposed-without-secret accessKeys.current",
    "revert",
  ),
  "a policy that a user of another name has, before the first apply": sample(
    {
      ...withIam(situation("", [], []), NO_USER),
      lacking: lacking(["policy"], { owner: "another", by: ["user deckhouse-old"] }),
    },
    "key-object-of-another policy.name",
    "unverifiable",
  ),
  "a user that was renamed": sample(
    withIam(situation("", [PRIMARY], []), { ...NO_USER, owners: { AKIAPRIMARY: "deckhouse-old" } }),
    "key-of-another-user user.name",
    "unverifiable",
  ),
  "accessKeys: none, and a user that was deleted": sample(
    withIam(withState(situation(NONE, [], []), NO_KEYS), NO_USER),
    "key-user-deleted",
    "unverifiable",
  ),
  "a user that IAM does not list yet": sample(
    withPermissions({ lost: [LOST] }, withIam(situation("", [{ ...PRIMARY, created: daysAgo(0.001) }], []), NO_USER)),
    "key-not-listed",
    "unlisted",
  ),
  "an import of a policy of another deployment": sample(
    { ...DEPLOYED, lacking: lacking(["policy"], { owner: "another", by: ["user second"], isImported: true }) },
    "key-object-of-another policy.name",
    "unverifiable",
  ),
  "an import of an attachment that IAM does not have": sample(
    withPermissions({ isImportMissing: true }),
    "key-import-missing import.attachment",
    "drop-import",
  ),
  "a policy that was detached": sample(
    withPermissions({ lost: [LOST] }),
    "key-permissions-lost aws_iam_user_policy_attachment.policy-attachment",
    "apply",
  ),
  "an attachment that neither the state nor IAM has": sample(
    withPermissions({ lacking: [LOST.address], lost: [LOST] }),
    "",
    "apply",
  ),
  "a state without an attachment that IAM has": sample(withPermissions({ lacking: [LOST.address] }), "", "apply"),
  "a state without the exposed key": sample(
    situation(BOTH, [SECONDARY], [USED, iamKey("AKIASECONDARY", 3)], PRIMARY),
    "key-exposed-lost, key-over-quota accessKeys.primary",
    "expose-other",
  ),
  "a key that was created manually": sample(
    situation("", [PRIMARY], [USED, iamKey("AKIAMANUAL", 9)]),
    "key-unmanaged",
    "unmanaged-retire",
  ),
  "an unmanaged key that is used as well as the exposed one": sample(
    situation("", [PRIMARY], [USED, iamKey("AKIAMANUAL", 9, 0.2)]),
    "key-unmanaged",
    "both-used",
  ),
  "a recent key that was created manually": sample(
    situation("", [PRIMARY], [USED, iamKey("AKIAMANUAL", 0.5)]),
    "key-unmanaged",
    "wait",
  ),
  "accessKeys: none, and a state without an attachment that IAM has": sample(
    withPermissions({ lacking: [LOST.address] }, situation(NONE, [PRIMARY], [USED])),
    "key-ended accessKeys.primary",
    "none-create",
  ),
  "an import into the slot of a retired key": sample(
    situation(
      "import: { accessKeyId: AKIAABCDEFGHIJKLMNOP }\naccessKeys: { primary: { status: Inactive }, secondary: { status: Active }, current: secondary }",
      [PRIMARY],
      [iamKey("AKIAPRIMARY", 99, 9, "Inactive"), iamKey("AKIAABCDEFGHIJKLMNOP", 9, 0.1)],
    ),
    "key-over-quota accessKeys.secondary, key-current-differs accessKeys.current, key-unmanaged",
    "free-slot",
  ),
  "accessKeys: none, an unused key, and none outside Terraform": sample(
    situation(NONE, [PRIMARY], [iamKey("AKIAPRIMARY", 99, 9)]),
    "key-ended accessKeys.primary, key-old",
    "none-create",
  ),
  "accessKeys: none, and two Inactive keys outside Terraform": sample(
    situation(NONE, [], [iamKey("AKIAONE", 9, 5, "Inactive"), iamKey("AKIATWO", 9, 5, "Inactive")]),
    "key-external, key-external, key-none-active accessKeys",
    "none-full",
  ),
  "a key outside Terraform, as accessKeys: none requires": sample(situation(NONE, [], [USED]), "key-external", "none"),
  "accessKeys: none, and a state that has the user": sample(
    withState(situation(NONE, [], [USED]), NO_KEYS),
    "key-external",
    "none",
  ),
  "accessKeys: none with both keys, and permissions that an apply would restore": sample(
    withPermissions({ lost: [LOST] }, situation(NONE, [PRIMARY], [USED, iamKey("AKIAEXTERNAL", 3, 0.1)])),
    "key-permissions-lost aws_iam_user_policy_attachment.policy-attachment, key-ended accessKeys.primary, key-unmanaged",
    "none-early",
  ),
  "accessKeys: none without an Active key": sample(
    situation(NONE, [], [iamKey("AKIAEXTERNAL", 9, 3, "Inactive")]),
    "key-external, key-none-active accessKeys",
    "none-create",
  ),
  "accessKeys: none while DKP uses the managed key": sample(
    situation(NONE, [PRIMARY], [USED]),
    "key-ended accessKeys.primary",
    "none-create",
  ),
  "accessKeys: none while DKP may use either key": sample(
    situation(NONE, [PRIMARY], [USED, iamKey("AKIAEXTERNAL", 1)]),
    "key-ended accessKeys.primary, key-unmanaged",
    "ask-which-key",
  ),
  "accessKeys: none, and DKP uses the key outside Terraform": sample(
    situation(NONE, [PRIMARY], [iamKey("AKIAPRIMARY", 30, 2), iamKey("AKIAEXTERNAL", 3, 0.1)]),
    "key-deleted-while-active accessKeys.primary, key-unmanaged",
    "ask-which-key",
  ),
  "accessKeys: none, and the managed key is deleted": sample(
    situation(NONE, [PRIMARY], []),
    "key-exposed-deleted, key-none-active accessKeys",
    "none-create",
  ),
  "a tainted key": sample(
    withState(withResources({ tainted: [resource("aws_iam_access_key.user", "")] }), { keys: [{ ...PRIMARY, tainted: true }] }),
    "key-tainted aws_iam_access_key.user, key-replacement-fails accessKeys.primary",
    "tainted",
  ),
  "an exposed key that would be deactivated": sample(
    situation(RETIRED, [PRIMARY, SECONDARY], [USED, iamKey("AKIASECONDARY", 3)]),
    "key-ended accessKeys.primary, key-current-differs accessKeys.current",
    "revert",
  ),
  "settings that delete an Active key": sample(
    situation(
      "accessKeys: { primary: { status: absent }, secondary: { status: Active }, current: secondary }",
      [PRIMARY, SECONDARY],
      [iamKey("AKIAPRIMARY", 30, 2), iamKey("AKIASECONDARY", 3, 0.1)],
      SECONDARY,
    ),
    "key-deleted-while-active accessKeys.primary",
    "revert",
  ),
  "settings that deactivate a key which nothing uses": sample(
    situation(RETIRED, [PRIMARY, SECONDARY], [iamKey("AKIAPRIMARY", 30, 2), iamKey("AKIASECONDARY", 3, 0.1)], SECONDARY),
    "",
    "apply",
  ),
  "settings before an apply": sample(
    situation(MOVED, [PRIMARY, SECONDARY], [USED, iamKey("AKIASECONDARY", 3)]),
    "key-current-differs accessKeys.current",
    "apply",
  ),
  "settings of before the rotation": sample(
    situation(BOTH, [PRIMARY, SECONDARY], [USED, iamKey("AKIASECONDARY", 3, 0.1)], SECONDARY),
    "key-current-differs accessKeys.current",
    "apply",
  ),
  "a pgpKey that was changed in the live slot": sample(
    situation(`accessKeys: { primary: { pgpKey: ${ENCRYPTION_KEY} } }`, [PRIMARY], [USED]),
    "key-replacement-fails accessKeys.primary",
    "revert",
  ),
  "a secret that the provider encrypted for another OpenPGP key": sample(
    situation(
      `accessKeys: { primary: { pgpKey: ${ENCRYPTION_KEY} } }`,
      [{ ...ENCRYPTED, keyFingerprint: "e177ccad83ddd87ac2af1f62d807c8ea6f0c116e" }],
      [USED],
    ),
    "key-encrypted-otherwise accessKeys.primary.pgpKey",
    "unverifiable",
  ),
  "a new slot in plaintext next to an encrypted key": sample(
    situation(`accessKeys: { primary: { pgpKey: ${ENCRYPTION_KEY} }, secondary: { status: Active } }`, [ENCRYPTED], [USED]),
    "key-in-plaintext accessKeys.secondary",
    "revert",
  ),
  "a newer key in plaintext next to an exposed, encrypted one": sample(
    situation(
      `accessKeys: { primary: { pgpKey: ${ENCRYPTION_KEY} }, secondary: { status: Active } }`,
      [ENCRYPTED, SECONDARY],
      [USED, iamKey("AKIASECONDARY", 3)],
    ),
    "",
    "rotate-retire",
  ),
  "an import that is not applied yet": sample({ ...DEPLOYED, lacking: lacking(["policy"], { isImported: true }) }, "", "apply"),
  "an import of what IAM does not have": sample(
    { ...DEPLOYED, lacking: lacking(["policy"], { inIam: false, isImported: true }) },
    "key-import-missing import.policy",
    "drop-import",
  ),
  "an imported key that nothing uses, and an unmanaged key in use": sample(
    situation("", [{ ...PRIMARY, secret: undefined }], [iamKey("AKIAPRIMARY", 30, 3), iamKey("AKIAMANUAL", 9, 0.1)]),
    "key-unmanaged",
    "ask-which-key",
  ),
  "a deactivated exposed key": sample(
    situation("", [PRIMARY], [iamKey("AKIAPRIMARY", 30, 0.1, "Inactive")]),
    "key-activated accessKeys.primary",
    "deactivated",
  ),
  "a deleted exposed key": sample(situation("", [PRIMARY], []), "key-exposed-deleted", "apply"),
  "a deleted exposed key, and another one to hand over": sample(
    situation(BOTH, [PRIMARY, SECONDARY], [iamKey("AKIASECONDARY", 3)]),
    "key-deleted accessKeys.primary, key-exposed-deleted",
    "expose-other",
  ),
  "a deleted other key": sample(situation(BOTH, [PRIMARY, SECONDARY], [USED]), "key-deleted accessKeys.secondary", "revert"),
  "a third key": sample(
    situation(BOTH, [PRIMARY], [USED, iamKey("AKIAMANUAL", 0.1)]),
    "key-over-quota accessKeys.secondary, key-unmanaged",
    "revert",
  ),
  "a deleted user": sample(withIam(situation("", [PRIMARY], []), NO_USER), "key-user-deleted", "unverifiable"),
  "no outputs": sample(withState(DEPLOYED, { exposed: {} }), "key-no-outputs", "expose-other"),
  "a key of 74 days": sample(situation("", [PRIMARY], [iamKey("AKIAPRIMARY", 74, 0.1)]), "", "done"),
  "a key of 75 days": sample(situation("", [PRIMARY], [iamKey("AKIAPRIMARY", 75, 0.1)]), "key-old", "done"),
  "an Inactive key of 75 days": sample(
    situation(
      RETIRED,
      [PRIMARY, SECONDARY],
      [iamKey("AKIAPRIMARY", 75, 3, "Inactive"), iamKey("AKIASECONDARY", 3, 0.1)],
      SECONDARY,
    ),
    "",
    "rotate-delete",
  ),
  "an ignored import of the key of another user": sample(
    withIam(situation(IMPORT, [PRIMARY], [USED]), { owners: { AKIAABCDEFGHIJKLMNOP: "another" } }),
    "",
    "done",
  ),
  "an exposed key that nothing uses": sample(situation("", [PRIMARY], [iamKey("AKIAPRIMARY", 30, 1)]), "", "ask-which-key"),
  "a key that IAM does not list yet": sample(
    situation("", [{ ...PRIMARY, created: minutesAgo(1) }], []),
    "key-not-listed",
    "unlisted",
  ),
  "an OpenPGP key 31 days before it expires": sample(encryptedOn("2026-12-01"), "", "done"),
  "an OpenPGP key 30 days before it expires": sample(
    encryptedOn("2026-12-02"),
    "pgp-key-expires accessKeys.primary.pgpKey",
    "done",
  ),
};

import { templateRules } from "../../findings/templates";
import { PROGRAM, page, recovery } from "../../text/advice";
import { MAX_KEYS, RECENT_HOURS } from "./situation";

const DO_NOT_APPLY = "do not apply these settings";

const OF_NOBODY =
  `if nobody created {id} for a deployment or a program, it is an attacker's, so run ${PROGRAM} keys --leaked {stack} --key {id}` as const;
const SWITCHES = "the next apply switches the outputs from {exposed} to [{key}|a new key] ({slot})";

const ATTENTION = templateRules("attention", {
  "key-errored-state": [
    "{folder}/errored.tfstate has the state of an apply that Terraform could not write, and the secret of its keys",
    `write it before another apply; if the state is locked, run force-unlock, and push again (${recovery("errored-state")})`,
  ],
  "key-errored-state-other": [
    "{folder}/errored.tfstate is older than the state, damaged, or that of another deployment, backend or workspace, so that Terraform rejects a push",
    `find out whose it is, because it can contain the only secret of a key (${recovery("errored-state")})`,
  ],
  "key-not-listed": [
    "{slot}: IAM does not list {key} yet, which was created minutes ago",
    "do not apply, and run this command again in ten minutes",
  ],
  "key-state-lost": [
    `the state has no user, and IAM has the user {user}[ with {keys}]; possible reasons: it was created outside Terraform (${page("import")}), it belongs to another deployment, the first apply failed, the state was lost or is that of another workspace`,
    `${DO_NOT_APPLY}, and do not delete or deactivate a key; see ${recovery("lost-state")}`,
  ],
  "key-object-lost": {
    text: "the state does not have the {kind} {name}, and IAM has it[; whether it is this deployment's is {owner}]; possible reasons: the state was partly lost, a run ended before it wrote the state, the object was created outside Terraform",
    risk: "the next apply would fail",
    remedy: `see ${recovery("half-made")}`,
  },
  "key-import-missing": [
    "{field}: true, and IAM does not have it, so the plan fails (Cannot import non-existent remote object)",
    "remove {field}",
  ],
  "key-permissions-lost": [
    "DKP lacks permissions: {lost} ({address})",
    `apply, which restores it; see ${recovery("manual-changes")}`,
  ],
  "key-exposed-lost": [
    "the outputs expose {key} ({slot}), and the state does not have it, because the state was partly lost or edited",
    `${DO_NOT_APPLY}; see ${recovery("old-state")}`,
  ],
  "key-unmanaged": {
    text: "{key} is in IAM and not in the state; possible reasons: it was created outside Terraform, an apply failed, another deployment has the same user.name, the state is older than the account",
    risk: `[DKP may have it, because it was {recently} within the last ${RECENT_HOURS} hours, so do not delete or deactivate it]`,
    remedy: `${OF_NOBODY}; otherwise see ${recovery("unmanaged-key")}`,
  },
  "key-tainted": {
    text: "{address} is tainted, because an apply failed after creating it",
    risk: "the next apply would replace it, which deletes the existing one or fails",
    remedy: `untaint it; see ${recovery("tainted")}`,
  },
  "key-exposed-deleted": {
    text: "{slot}: {key}, which the outputs expose, does not exist in IAM, so it was deleted outside Terraform",
    risk: "DKP has no working key until it has another one",
    remedy: `see ${recovery("deleted-key")}`,
  },
  "key-no-outputs": "the state has keys and no output access_key_id, so it does not show which key DKP has",
  "key-old": ["{slot}: the key is {days} days old", "rotate before it is {limit}"],
  "pgp-key-expires": {
    text: "{slot}: its OpenPGP key expires on {day}",
    risk: "Terraform cannot create a key with an expired one",
    remedy: "rotate to a new one",
  },
  "key-current-differs": `the settings select {slot}, so ${SWITCHES}`,
  "key-none-active": {
    text: "accessKeys is none, and the user {user} has no Active key",
    risk: "DKP cannot call AWS until a key is created outside Terraform",
  },
});

/** What an apply of the settings would do to a key, and must not. */
const HAZARDS = templateRules("attention", {
  "key-over-quota": {
    text: "the next apply creates a key in {slot}",
    risk: `it fails, because IAM allows a user ${MAX_KEYS} keys (LimitExceeded)`,
    remedy: DO_NOT_APPLY,
  },
  "key-deleted": {
    text: "the next apply creates a key in {slot}, because {key} was deleted outside Terraform",
    risk: "DKP does not need it, because the other key works",
  },
  "key-in-plaintext": {
    text: "the next apply creates a key in {slot}",
    risk: "its secret is in plaintext, although that of the exposed key is encrypted",
    remedy: "set pgpKey of the slot, or the slot to absent",
  },
  "key-replacement-fails": {
    text: "the next apply replaces {key} ({slot}), because its pgpKey changed or it is tainted",
    risk: "prevent_destroy makes the plan fail; without protect, DKP loses its key",
    remedy: DO_NOT_APPLY,
  },
  "key-import-fails": {
    text: "the next apply imports {key} into {slot}",
    risk: "it fails, because IAM does not have the key or another slot has it",
    remedy: DO_NOT_APPLY,
  },
  "key-activated": {
    text: "the next apply activates {key} ({slot})",
    risk: "the key was deactivated, perhaps because it leaked",
    remedy: `if it leaked, do not apply, and run ${PROGRAM} keys --leaked (${page("keys", "when-a-key-has-leaked")})`,
  },
  "key-ended": {
    text: "the next apply {verb}s {key} ({slot})",
    risk: `DKP may be using the key, because it was created or used within the last ${RECENT_HOURS} hours, or AWS reports no use of the exposed key in that time`,
    remedy: DO_NOT_APPLY,
  },
  "key-deleted-while-active": {
    text: "the next apply deletes {key} ({slot}), which is Active",
    risk: "something may be using the key, and a deletion cannot be reversed",
    remedy: "deactivate it first, as the next step says",
  },
  "key-exposed-without-secret": {
    text: SWITCHES,
    risk: "its secret is not in the state, or it is not Active",
    remedy: DO_NOT_APPLY,
  },
});

export type Hazard = keyof typeof HAZARDS;

/** What differs from everything that has a step: `keys` stops. */
const UNVERIFIABLE = templateRules("unverifiable", {
  "key-user-differs": {
    text: 'the settings have the user "{settings}", and the state has "{state}"; either it is the state of another workspace, or user.name was changed',
    risk: "the next apply would delete the keys",
    remedy: 'do not apply; check the backend and the workspace that is selected in {folder}, or set user.name: "{state}"',
  },
  "key-account-differs": [
    "{of} {expected}, and the credentials belong to account {account}",
    "do not apply; use credentials of {expected}, or check the backend",
  ],
  "key-object-of-another": {
    text: "the {kind} {name} belongs to another deployment, because it is used by {by}",
    risk: "an import takes it from its owner, and without one the next apply fails",
    remedy: `choose another {field}[, and remove {imported}], unless this deployment's user was renamed (${recovery("renamed-user")})`,
  },
  "key-user-deleted": {
    text: "IAM has no user {user}, and the state has it, so the user was deleted or renamed outside Terraform",
    risk: "the next apply creates another user, and the keys of a renamed one still work",
    remedy: `find out which it was, for example in CloudTrail; see ${recovery("renamed-user")}`,
  },
  "key-of-another-user": {
    text: "the key {key} belongs to the user {owner}, not to {user}, so the user was renamed outside Terraform[, or {imported} names the key of another user]",
    risk: "the next apply creates another user and another key, and {key} keeps all permissions that {owner} has",
    remedy: `${DO_NOT_APPLY}; see ${recovery("renamed-user")}`,
  },
  "key-left-over": {
    text: "the state has {name} at {address} besides the present object (deposed), because an apply ended while it replaced the object",
    risk: "its attachments still exist",
    remedy: `see ${recovery("left-over")}`,
  },
  "key-policy-attached": {
    text: "the settings do not need {policy} any more, and it is attached to the {on}, although the state has no such attachment",
    risk: "the next apply fails (DeleteConflict)",
    remedy: `see ${recovery("left-over")}`,
  },
  "key-object-renamed": {
    text: "the settings have {value} at {address}, and the state has {former}",
    risk: "protect fails every plan that replaces the policy or its attachment (Instance cannot be destroyed)",
    remedy: `set the former name or path, or see ${page("change-and-retire", "changes-that-replace-objects")}`,
  },
  "key-quarantined": {
    text: "AWS has quarantined the {on}: {policy} is attached, because a key of it was exposed publicly, so that no other key helps",
    risk: "it denies ec2:RunInstances and more, whatever key of the user DKP has",
    remedy: `follow ${recovery("quarantine")} at once`,
  },
  "key-denied": {
    text: "{policy} of the {on} denies something, and Terraform does not manage it",
    risk: "it may deny calls that DKP requires, whatever key of the user DKP has, so that AWS reports no use",
    remedy: `ask who wrote it; see ${recovery("quarantine")}`,
  },
  "key-permissions-unread": [
    "whether DKP has its permissions is unknown: {unread}",
    "allow these calls, or set a longer --timeout if AWS did not answer in time, and run this command again",
  ],
});

/** What must not go on: `keys` stops. */
const BREAKING = templateRules("breaking", {
  "key-encrypted-otherwise": {
    text: "{slot}: the secret of {key} is encrypted for the OpenPGP key {recorded}, and not for {fingerprint}, the one in the settings",
    risk: "whoever has the private key of {recorded} can read the secret",
    remedy: `find out who wrote pgpKey, and treat the access key as leaked: ${PROGRAM} keys --leaked {stack} --key {key}`,
  },
});

/** What `keys` reports about the keys of a deployment. */
export const KEY_RULES = {
  ...BREAKING,
  ...HAZARDS,
  ...ATTENTION,
  ...UNVERIFIABLE,
  ...templateRules("note", {
    "key-external": ["{key} is managed outside Terraform, as accessKeys: none requires", `rotate it yourself; ${OF_NOBODY}`],
  }),
} as const;

export type KeyRules = typeof KEY_RULES;

/** Why no step comes, and the section of recover.md that is about it, if no finding names one. */
const STOPS = {
  unreachable: [
    "make state and keys readable; nothing else shows which key DKP has, and the effect of an apply",
    "restore-the-state",
  ],
  unverifiable: ["nothing is advised as long as something is breaking or unverifiable; follow what is said about it above"],
  unused: [
    "AWS reports no use of KEY within a day, although DKP has it, so its cluster is stopped, or something denies its calls",
    "unused-key",
  ],
  "both-used": [
    "KEY and the exposed key are both used; if DKP got the exposed key within the day, run keys again later, otherwise something else uses KEY",
    "unmanaged-key",
  ],
  "none-full": [
    "the user has two keys, and none that Terraform manages, so delete the one that nothing uses, and run keys again",
    "unmanaged-key",
  ],
  "none-early": [
    "the user has two keys, or DKP may be using the one that the apply would delete, so remove accessKeys: none, and run keys again",
  ],
} as const satisfies Readonly<Record<string, readonly [reason: string, section?: string]>>;

/** Why a step comes next. `KEY` stands for the key that it is about. */
const WHY = {
  "errored-state": "write the state that Terraform could not write",
  "errored-state-other": "move errored.tfstate, which does not belong to this state, out of the folder",
  unlisted: "wait until IAM lists the new key",
  tainted: "untaint the resource, and only then apply",
  deactivated: "KEY is Inactive in IAM and Active in the settings. If nobody deactivated it because of a leak, activate it again",
  revert: "change the settings back to what is deployed; make the change again once no finding advises against it",
  "none-create": "create a key outside Terraform, as accessKeys: none requires, and give it to DKP",
  "none-retire": "deactivate KEY, because DKP uses the key that was created outside Terraform; it can be activated again",
  apply: "apply the settings",
  "rotate-expose": "put the new key into the outputs, then give it to DKP",
  "rotate-retire": "deactivate the old key, once DKP has the exposed one; it can be activated again",
  "rotate-delete": "delete the retired key, once you do not want to go back to it",
  wait: `wait: KEY was created or used within the last ${RECENT_HOURS} hours, or AWS reports no use of the exposed key in that time`,
  "unmanaged-retire":
    "remove KEY, which the state does not have and nothing uses, unless another deployment or program has it; first deactivate it, which can be reversed",
  "expose-other": "put the key that works into the outputs",
  create: "create a key whose secret is in the state",
  "free-slot":
    "unless another deployment or program has KEY, remove it, because IAM allows two keys, and DKP needs one whose secret is in the state",
  "ask-which-key": "look up which key DKP has: providerAccessKeyId in d8 system edit provider-cluster-configuration",
  "hand-over": "give the exposed key to DKP",
  "drop-import": "remove the import, which imports nothing",
  none: "accessKeys is none, so keys are created and rotated outside Terraform; to let Terraform manage them again, remove accessKeys",
  done: "nothing left to do for the keys; to rotate, create a second key",
};

type Stop = keyof typeof STOPS;
export type Why = keyof typeof WHY | Stop;

export const isStop = (why: Why): why is Stop => why in STOPS;

/** Why a step comes next, or none. */
export const whyText = (why: Why, key: string): string => {
  const [reason, section]: readonly [string, string?] = isStop(why) ? STOPS[why] : [WHY[why]];
  const text = `${isStop(why) ? "stop: " : ""}${reason.replaceAll("KEY", key)}`;
  return section === undefined ? text : `${text} (${recovery(section)})`;
};

import { templateRules } from "../../findings/templates";
import { PROGRAM, page, recovery } from "../../text/advice";
import { ENDED, ENDED_IN_USE, ENDED_UNUSED, QUARANTINED, ROTATED_RULES } from "../shared-rules";

const OF_NOBODY =
  `if none of you created it, an attacker did: run ${PROGRAM} keys {stack} --leaked {id}` as const;

/** Differences after which nothing is advised but to resolve them. */
const DIFFERENCES = {
  ...templateRules("unverifiable", {
    "key-user-differs": {
      text: 'the settings have the user "{settings}", and the state has "{state}"',
      risk: "the next apply deletes the user {state} and its keys",
      remedy: 'check backend and workspace, or set user.name: "{state}"',
    },
    "key-account-differs": [
      "{of} {expected}, and the credentials belong to account {account}",
      "use credentials of {expected}, or check the backend",
    ],
    "key-cluster-differs": [
      "{field}: the settings have {settings}, and the cluster of {context} has {cluster}",
      "name another --context or stack",
    ],
    "key-errored-state": [
      "{file} has the state of an apply that could not write it, and the secret of its keys",
      `write it before another apply (${recovery("errored-state")})`,
    ],
    "key-state-lost": [
      "the state has no user, and IAM has the user {user}[ with {keys}]",
      `do not apply; follow ${recovery("lost-state")}, or ${page("import")} if it was created outside Terraform`,
    ],
    "key-user-deleted": {
      text: "IAM has no user {user}, and the state has it[; its key is that of the user {owner}, so the user was renamed]",
      risk: "the next apply creates another user, and the keys of a renamed one still work",
      remedy: `do not apply; follow ${recovery("renamed-user")}`,
    },
    "key-old-state": [
      "the outputs have the key {key}, and the state does not have it, because the state was partly lost or edited",
      `do not apply; follow ${recovery("old-state")}`,
    ],
    "key-quarantined": QUARANTINED,
  }),
  ...templateRules("attention", {
    "key-not-listed": [
      "{slot}: IAM does not list {key} yet, which was created minutes ago",
      "wait ten minutes",
    ],
    "key-unmanaged": [
      "{key} is in IAM and not in the state",
      `${OF_NOBODY}; otherwise follow ${recovery("unmanaged-key")}`,
    ],
    "key-import-left": [
      "import.accessKeyId is {id}, and the user has no such key",
      "remove import.accessKeyId",
    ],
    "key-deactivated": [
      "{slot}: {key} is Inactive in IAM and Active in the settings",
      `if it leaked, run ${PROGRAM} keys {stack} --leaked {key}; otherwise [set accessKeys.{other}.status: Inactive, and apply|activate it again: {activate}]`,
    ],
  }),
  ...templateRules("breaking", {
    "key-encrypted-otherwise": {
      text: "{slot}: the secret of {key} is encrypted for the OpenPGP key {recorded}, and not for {fingerprint}, the one in the settings",
      risk: "whoever has the private key of {recorded} can read the secret",
      remedy: `find out who wrote pgpKey, and treat the access key as leaked: ${PROGRAM} keys {stack} --leaked {key}`,
    },
    "key-settings-differ": {
      text: "the settings end or replace the current key {key} ({slot}): they are older than what is deployed, or have two steps at once",
      risk: "the cluster has no access to AWS if DKP has this key",
      remedy: "restore what is deployed: accessKeys.current: {slot}, {deployed}",
    },
    "key-ended-in-use": ENDED_IN_USE,
  }),
};

export const KEY_RULES = {
  ...DIFFERENCES,
  ...ROTATED_RULES,
  ...templateRules("attention", {
    "key-ended": ENDED,
    "key-former": [
      "{key} is in IAM and not in the state, and older than the current key: it is that of rotate, if accessKeys.managedBy was rotate",
      `the next steps end it; ${OF_NOBODY}`,
    ],
    "key-deleted": {
      text: "{slot}: {key} is in the state and not in IAM, so it was deleted outside Terraform",
      risk: "if DKP has it, DKP has no working key until it gets another one",
      remedy: `plan and apply (${recovery("deleted-key")})`,
    },
    "key-dkp-dead": {
      text: "DKP has {key}, which is [{status}|no key of the user {user}][, but of {owner}]",
      remedy: "give DKP the current key",
    },
    "key-unread": [
      "not read: {unread}",
      "allow these calls, or set a longer --timeout; a key whose last use is unknown counts as used",
    ],
    "key-old": ["{slot}: the key is {days} days old", "rotate before it is {limit}"],
  }),
  ...templateRules("note", {
    "key-ended-unused": ENDED_UNUSED,
    "key-unused": [
      "AWS reports no use of the current key {key} since {used}, so the cluster is stopped, or DKP does not have it",
      `say which key DKP has: ${PROGRAM} keys {stack} --cluster, or --dkp-key`,
    ],
    "key-external": ["{key} is managed outside Terraform", `rotate it with {by}; ${OF_NOBODY}`],
  }),
} as const;

export type KeyRules = typeof KEY_RULES;

/** Whether a rule is a difference that has to be resolved before any step. */
export const isDifference = (rule: keyof KeyRules): boolean => rule in DIFFERENCES;

export const STEPS = templateRules("note", {
  differs: "first do what is said above, then run keys again",
  apply: "apply, because {what}",
  "hand-over": "give the current key {key} to DKP, {what}",
  "make-current": "make the newer key {key} current, and give it to DKP",
  wait: "wait until {time}: {what}",
  "which-key":
    "find out which key DKP has, because AWS reports no use that shows it: run keys with --cluster, or with --dkp-key KEY",
  retire:
    "deactivate the old key {key}, because DKP has the current one; it can be activated again",
  delete: "delete the old key {key}, once you are sure that nothing needs it",
  create: "create a key for DKP, because the user has none",
  none: "nothing: Terraform manages no key of this deployment",
  done: "nothing to do until {time}. To rotate earlier, create a second key and make it current, in one edit",
});

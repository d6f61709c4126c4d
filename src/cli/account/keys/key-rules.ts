import { type RulesOf, templateRules } from "../../findings/templates";
import {
  CLUSTER_RULES,
  type ClusterRules,
  ENDED,
  ENDED_IN_USE,
  ENDED_UNUSED,
  QUARANTINED,
  ROTATED_RULES,
  type RotatedRules,
} from "../shared-rules";

/** Differences after which nothing is advised but to resolve them. */
const DIFFERENCES = {
  unverifiable: {
    "key-user-differs": {
      text: 'the settings have the user "{settings}", and the state has "{state}"',
      risk: "the next apply deletes the user {state} and its keys",
      remedy: 'check backend and workspace, or set user.name: "{state}"',
    },
    "key-account-differs": {
      text: "{of} {expected}, and the credentials belong to account {account}",
      remedy: "use credentials of {expected}, or check the backend",
    },
    "key-errored-state": {
      text: "{file} has the state of an apply that could not write it, and the secret of its keys",
      remedy: "write it before another apply (docs/how-to/recover.md#errored-state)",
    },
    "key-state-lost": {
      text: "the state has no user, and IAM has the user {user}[ with {keys}]",
      remedy: `do not apply; follow docs/how-to/recover.md#lost-state, or docs/how-to/import.md if
        it was created outside Terraform`,
    },
    "key-user-deleted": {
      text: `IAM has no user {user}, and the state has it[; its key is that of the user {owner}, so
        the user was renamed]`,
      risk: "the next apply creates another user, and the keys of a renamed one still work",
      remedy: "do not apply; follow docs/how-to/recover.md#renamed-user",
    },
    "key-old-state": {
      text: `the outputs have the key {key}, and the state does not have it, because the state was
        partly lost or edited`,
      remedy: "do not apply; follow docs/how-to/recover.md#old-state",
    },
    "key-quarantined": QUARANTINED as typeof QUARANTINED,
  },
  attention: {
    "key-not-listed": {
      text: "{slot}: IAM does not list {key} yet, which was created minutes ago",
      remedy: "wait ten minutes",
    },
    "key-unmanaged": {
      text: "{key} is in IAM and not in the state",
      remedy: "ask who created it, and follow docs/how-to/recover.md#unmanaged-key",
    },
    "key-import-left": {
      text: "import.accessKeyId is {id}, and the user has no such key",
      remedy: "remove import.accessKeyId",
    },
    "key-deactivated": {
      text: "{slot}: {key} is Inactive in IAM and Active in the settings",
      remedy: `if it leaked, run npx dkp-access keys {stack} --leaked {key}; otherwise [set
        accessKeys.{other}.status: Inactive, and apply|activate it again: {activate}]`,
    },
  },
  breaking: {
    "key-settings-differ": {
      text: `the settings end or replace the current key {key} ({slot}): they are older than what is
        deployed, or have two steps at once`,
      risk: "the cluster has no access to AWS if DKP has this key",
      remedy: "restore what is deployed: accessKeys.current: {slot}, {deployed}",
    },
    "key-ended-in-use": ENDED_IN_USE as typeof ENDED_IN_USE,
  },
} as const;
const DIFFERENCE_RULES = templateRules(DIFFERENCES);

const KEYS = {
  attention: {
    "key-ended": ENDED as typeof ENDED,
    "key-former": {
      text: `{key} is in IAM and not in the state, and older than the key of the state: it is that
        of rotate, if accessKeys.managedBy was rotate`,
      remedy: "the next steps end it; if accessKeys.managedBy never was rotate, ask who created it",
    },
    "key-deleted": {
      text: "{slot}: {key} is in the state and not in IAM, so it was deleted outside Terraform",
      risk: "if DKP has it, DKP has no working key until it gets another one",
      remedy: "plan and apply (docs/how-to/recover.md#deleted-key)",
    },
    "key-unread": {
      text: "not read: {unread}",
      remedy: `allow these calls, or set a longer --timeout; a key whose last use is unknown counts
        as used`,
    },
    "key-old": {
      text: "{slot}: the key is {days} days old",
      remedy: "rotate before it is {limit}",
    },
  },
  note: {
    "key-ended-unused": ENDED_UNUSED as typeof ENDED_UNUSED,
    "key-unused": {
      text: `AWS reports no use of the current key {key} since {used}, so the cluster is stopped, or
        DKP does not have it`,
      remedy: "say which key DKP has: npx dkp-access keys {stack} --cluster, or --dkp-key",
    },
    "key-of-dkp": "DKP has {key}[, which rotate replaces from {due}]",
    "key-replaced": "{key} is older than the key that DKP has, and rotate ends it",
    "key-external": {
      text: "{key} is managed outside Terraform",
      remedy: "npx dkp-access keys {stack} --cluster shows whether DKP has it",
    },
    "key-of-nobody": {
      text: "{key} is of nobody here: neither the state nor the cluster has it",
      remedy: "ask who created it, and follow docs/how-to/recover.md#unmanaged-key",
    },
  },
} as const;

export type KeyRules = RulesOf<typeof DIFFERENCES> &
  ClusterRules &
  RotatedRules &
  RulesOf<typeof KEYS>;

export const KEY_RULES: KeyRules = {
  ...DIFFERENCE_RULES,
  ...CLUSTER_RULES,
  ...ROTATED_RULES,
  ...templateRules(KEYS),
};

/** Whether a rule is a difference that has to be resolved before any step. */
export const isDifference = (rule: keyof KeyRules): boolean =>
  rule in DIFFERENCE_RULES || rule === "cluster-is-another";

const REASONS = {
  note: {
    differs: "first do what is said above, then run keys again",
    apply: "apply, because {what}",
    "hand-over": "give the current key {key} to DKP, {what}",
    "make-current": "make the newer key {key} current, and give it to DKP",
    wait: "wait until {time}: {what}",
    "which-key": `find out which key DKP has, because AWS reports no use that shows it: run keys
      with --cluster, or with --dkp-key KEY`,
    retire:
      "deactivate the old key {key}, because DKP has the current one; it can be activated again",
    delete: "delete the old key {key}, once you are sure that nothing needs it",
    create: "create a key for DKP, because the user has none",
    none: "nothing: Terraform manages no key of this deployment",
    done: `nothing to do until {time}. To rotate earlier, create a second key and make it current,
      in one edit`,
  },
} as const;

export const STEPS: RulesOf<typeof REASONS> = templateRules(REASONS);

import { type RulesOf, templateRules } from "../../findings/templates";
import { OVERDUE } from "../shared-rules";

const ROTATION = {
  note: {
    "nothing-due":
      "nothing to do: DKP has {key}, created {created}, and its rotation begins on {until}",
    replace: "DKP has {key}, created {created}: another key is created and given to the cluster",
    "another-run": `waiting until {until}: {other} is new, and another run of rotate may be about to
      give {other} to the cluster`,
    "delete-leftover": `{other} is deleted: a run that did not end left it, nothing has used it, and
      the cluster does not have it`,
    "waiting-for-uses": "waiting until {until}: the former key {other} was {use}",
    "waiting-for-proof": `waiting until a component of DKP uses {key}, two days or more after the
      last use of the former key {other} ({use})`,
    deactivate: "the former key {other} is deactivated: it was {use}, and DKP has used {key} since",
    "waiting-for-deletion": `waiting until {until}: then the former key {other}, which is Inactive
      and was {use}, is deleted`,
    "delete-retired": "the former key {other}, which is Inactive and was {use}, is deleted",
    "delete-for-slot": `{other}, which nothing uses, is deleted, because IAM allows only two keys
      and DKP needs another one`,
    "new-key": {
      text: "the new key {key} is Active, and {to} has its secret",
      remedy: `give it to DKP; as soon as the cluster has it, npx dkp-access rotate [{stack}|STACK]
        --cluster rotates it`,
    },
    given: `the cluster has the key {key} now, and AWS denies DKP's calls until its components have
      restarted with it`,
    "leaked-deleted": "{key} is deleted; it was {use}",
    // The hours are SESSION_HOURS of the module leaked-key.
    "sessions-denied": {
      text: "sessions of the user that were issued before {before} are denied",
      remedy: `find what the attacker created: step 5 of review/[{stack}|STACK]/after-a-leak.md. 36
        hours after that time, remove the Deny: {removal}`,
    },
  },
  attention: {
    "still-used": {
      text: "the former key {other} is still in use, so it stays Active: {use}",
      remedy: `check what uses it: the module cloud-provider-aws in maintenance, a queue of DKP that
        stands still, another cluster with this key`,
    },
    "never-proven": {
      text: `no component of DKP has used {key} two days or more after the former key {other}
        ({use}), so {other} stays Active`,
      remedy: "check whether the cluster runs, and whether the queue of DKP stands still",
    },
    "younger-used": {
      text: `{other} is newer than {key}, the key that DKP has, and was {use}: somebody has written
        the older key back into the cluster, or uses a key of this user[; {manager} wrote the Secret
        of DKP last, on {time}]`,
      remedy: `find out who wrote it back, and what uses {other}; when only {key} has been used for
        two days, deactivate and delete {other}; rotate does nothing until then`,
    },
    // While a run does this, DKP's key does not work.
    "replace-unknown": `DKP had {key}, which no user of the account has: another key is created and
      given to the cluster`,
    "replace-inactive":
      "DKP had {key}, which is Inactive: another key is created and given to the cluster",
    "rotation-overdue": OVERDUE as typeof OVERDUE,
    reactivated: {
      text: `the cluster has the former key {other} again, so it was activated again[; {manager}
        wrote the Secret of DKP last, on {time}]`,
      remedy: "find out who wrote it back",
    },
    "leak-new-key": {
      text: `the new key {key} is Active, and {to} has its secret; if DKP had a leaked key, DKP has
        no access to AWS until it has this one`,
      remedy: "give it to DKP",
    },
    "leaked-gone": {
      text: "the user has no key {key}",
      remedy: "check the ID, unless a former run or somebody else deleted the key",
    },
  },
  breaking: {
    "inactive-wait": {
      text: `DKP has {key}, which is Inactive; {other} is new, and another run of rotate may be
        about to give {other} to the cluster`,
      remedy: "run the command again after {until}",
    },
    "unknown-without-slot": {
      text: `DKP has {key}, which no user of the account has, and both keys of the user may be in
        use`,
      remedy: "delete the one that nothing uses, and run the command again",
    },
    "not-given": {
      text: "DKP may have no key that works: {reason}",
      remedy: "give it another one: npx dkp-access rotate [{stack}|STACK] {options}",
    },
    "cluster-unread": {
      text: "the cluster was not read, so DKP may have a key that does not work any more",
      remedy: `give it another one: npx dkp-access rotate [{stack}|STACK] --cluster --replaces
        {key}, or for Commander npx dkp-access rotate [{stack}|STACK] --out FILE`,
    },
  },
} as const;

export type RotateRules = RulesOf<typeof ROTATION>;

export const ROTATE_RULES: RotateRules = templateRules(ROTATION);

import { type RulesOf, templateRules } from "../../findings/templates";

const NOT_GIVEN = "DKP may have no key that works: {reason}";

const ROTATION = {
  note: {
    "nothing-due":
      "nothing to do: DKP has {key}, created {created}, and its rotation begins on {until}",
    "nothing-to-end":
      "no key to end: DKP has {key}, created {created}, and the user has no other key",
    replace: "DKP has {key}, created {created}: another key is created and given to the cluster",
    "waiting-for-uses": "waiting until {until}: the former key {other} was {use}",
    deactivate: "the former key {other} is deactivated: it was {use}, and DKP has used {key} since",
    "former-inactive": `nothing to do: the former key {other} is Inactive, and was {use}; it stays
      until another key needs the room`,
    "younger-unused": `{other} is newer than {key}, the key that DKP has, and nothing has used it:
      a file of --out may have it, or a run that did not end; it makes no room for another key
      before {until}`,
    "nothing-due-unread": `nothing to do: the youngest key that works is {key}, created
      {created}[, and its rotation begins on {until}]`,
    "end-by-person": {
      text: `the former key {other} was {use}, and {key} has been used since; the cluster was not
        read, so {other} stays Active`,
      remedy: "if you know that DKP has {key}, end {other}: {command}",
    },
    "delete-for-room": `{other}, which nothing uses, is deleted, because IAM allows only two keys
      and DKP needs another one`,
    "new-key": {
      text: `the new key {key} is Active, and {to} has its secret; use it before {until}, because a
        rotation may then delete a key that nothing used`,
      remedy: `give it to DKP; as soon as the cluster has it, npx dkp-access rotate
        [{stack}|STACK] --cluster rotates it`,
    },
    given: `the cluster has the key {key} now, and AWS denies DKP's calls until its components
      have restarted with it`,
    "leaked-deleted": "{key} is deleted; it was {use}",
    // GetSessionToken, "DurationSeconds": at most 129,600 seconds for an IAM user.
    "sessions-denied": {
      text: "sessions of the user that were issued before {before} are denied",
      remedy: `find what the attacker created: docs/how-to/leak.md#on-the-next-day. 36 hours after
        that time, remove the Deny: {removal}`,
    },
  },
  attention: {
    "not-handed-over": {
      text: "{other} is newer than {key}, the key that DKP has, and nothing has used it",
      remedy: "[if it is Terraform's key, give it to DKP: {command}]",
    },
    "both-used": {
      text: "{key} was {use}, and the older key {other} within a day",
      risk: "one of them may be somebody else's",
      remedy: `npx dkp-access rotate [{stack}|STACK] --cluster shows which one DKP has, and what to
        do`,
    },
    "key-old": {
      text: "{key} is {days} days old, and accessKeys.maxAge is {limit}",
      remedy: `[replace it: {page}|have it replaced by whoever creates the keys of this user]`,
    },
    "key-of-nobody": {
      text: "{key} is of nobody here: neither the state nor the cluster has it",
      risk: "whoever has it acts with all permissions of DKP",
      remedy: "ask who created it, and follow docs/how-to/recover.md#unmanaged-key",
    },
    "still-used": {
      text: `the former key {other} is still in use, two weeks after DKP got {key}, so it stays
        Active: {use}`,
      remedy: `find out what uses it: a module of DKP in maintenance, a second cluster with this
        key[; when nothing needs it, end it: {command}]`,
    },
    "never-proven": {
      text: `the former key {other} was {use}, and no component of DKP has used {key} since, so
        {other} stays Active`,
      remedy: "check whether the cluster runs, and whether the queue of DKP stands still",
    },
    "due-unread": {
      text: "{key} was created {created}, and its rotation is due",
      remedy: `npx dkp-access rotate [{stack}|STACK] --cluster, or where this computer does not
        reach the cluster, --out FILE`,
    },
    "no-key": {
      text: "the user has no key that works",
      remedy: `[{before}; then ]{command} gives a running cluster one; for an installation, write
        --out FILE instead of --cluster`,
    },
    "due-by-file": {
      text: `DKP has {key}, created {created}, and its rotation is due; Commander manages the
        cluster, so the key goes into Commander`,
      remedy: "npx dkp-access rotate [{stack}|STACK] --out FILE",
    },
    "younger-used": {
      text: `{other} is newer than {key}, the key that DKP has, and was {use}: somebody has
        written the older key back into the cluster, or uses a key of this user[; {manager} wrote
        the Secret of DKP last, on {time}]`,
      risk: "whoever has {other} acts with all permissions of DKP",
      remedy: `find out who wrote it back, and what uses {other}; rotate ends neither of them
        (docs/how-to/recover.md#unmanaged-key)`,
    },
    // While a run does this, DKP's key does not work.
    "replace-dead":
      "DKP's key {key} does not work: another key is created and given to the cluster",
    "rotation-overdue": {
      text: `{key} is of {created}, and accessKeys.maxAge is {days} days: no rotation has ended for
        two weeks`,
      remedy: `check whether the schedule of rotate runs; npx dkp-access rotate [{stack}|STACK]
        --cluster shows what it waits for`,
    },
    reactivated: {
      text: `the cluster has the former key {other} again, so it was activated again[; {manager}
        wrote the Secret of DKP last, on {time}]`,
      remedy: "find out who wrote it back",
    },
    "leaked-gone": {
      text: "the user has no key {key}",
      remedy: "check the ID, unless a former run or somebody else deleted the key",
    },
    "leaked-in-state": {
      text: "Terraform's state may have the leaked key {key}, and an apply may create another one",
      remedy: `if DKP has its key from rotate, or {key} leaked from the state, set
        accessKeys.managedBy: rotate, and apply: Terraform forgets the key`,
    },
  },
  breaking: {
    // No schedule gives another key: somebody may have ended this one on purpose.
    "dkp-key-dead": {
      text: "DKP has {key}, which {why}",
      risk: "AWS denies DKP's calls",
      remedy: `[{command} gives it another one, and asks a person first|give DKP a key of the user
        that is Active; if it has none, follow docs/how-to/recover.md#deleted-key]`,
    },
    "dead-without-room": {
      text: `DKP has {key}, and both keys of the user may be in use, so there is no room for
        another one`,
      remedy: "delete the one that nothing needs, and run the command again",
    },
    "not-given": {
      text: NOT_GIVEN as typeof NOT_GIVEN,
      remedy: "give it another one: npx dkp-access rotate [{stack}|STACK] {options}",
    },
    "not-given-terraform": {
      text: NOT_GIVEN as typeof NOT_GIVEN,
      remedy: `apply, then npx dkp-access hand-over [{stack}|STACK] --cluster; if the key leaked
        from the state, set accessKeys.managedBy: rotate, apply, then npx dkp-access rotate
        [{stack}|STACK] {options}`,
    },
    "not-given-none": {
      text: NOT_GIVEN as typeof NOT_GIVEN,
      remedy: `whoever creates the keys of this user gives DKP another one, or npx dkp-access rotate
        [{stack}|STACK] {options}`,
    },
    "leak-new-key": {
      text: `the new key {key} is Active, and {to} has its secret; DKP may have no access to AWS
        until it has this key`,
      remedy: `paste {to} into the configuration of DKP before {until}, then npx dkp-access keys
        [{stack}|STACK] --cluster`,
    },
    "leak-has-key": {
      text: `no key was created: {key}, created {created}, is Active, and younger than the leaked
        ones; DKP may have no access to AWS until it has this key`,
      remedy: `paste the file that has it into the configuration of DKP; if it is lost, npx
        dkp-access rotate [{stack}|STACK] --out FILE --leaked {key}`,
    },
    "leaked-of-other": {
      text: `{key} is a key of the user "{owner}", and was left alone`,
      remedy: `if it leaked too, name the stack of that user, or deactivate it: {command}`,
    },
  },
} as const;

export type RotateRules = RulesOf<typeof ROTATION>;

export const ROTATE_RULES: RotateRules = templateRules(ROTATION);

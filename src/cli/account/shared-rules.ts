import { templateRules } from "../findings/templates";
import { dkpAccess, PROGRAM, page, recovery } from "../text/advice";
import type { CallError } from "./aws/call-errors";

export const CALL_REMEDIES = {
  "credentials-missing":
    "check that aws configure list-profiles lists the profile of AWS_PROFILE or provider.profile, and that its sign-in has not expired; or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
  "credentials-rejected": "use the credentials that apply the stack",
  "role-not-assumed": "correct it, or the trust policy of the role",
  "call-denied": `allow what ${PROGRAM} preflight --policy prints`,
  "timed-out": "try again with a longer --timeout",
  "call-unreachable":
    "check the Region; sign in to the network if it asks for that, or set HTTPS_PROXY and NO_PROXY as it requires",
  "call-failed": "try again; if the error persists, its message names the cause",
} as const satisfies Readonly<Record<CallError, string>>;

const WHAT = "Terraform {verb} the access key[ {key}] in the slot {slot}";
const IF_LEAKED = "if it has leaked, run keys --leaked instead";

export const ENDED_IN_USE = {
  text: `${WHAT}[, which AWS reports as used at {used}|, which is {whose} key]`,
  risk: "the cluster has no access to AWS if DKP has this key",
  remedy: `restore accessKeys.{slot}.status, and follow ${dkpAccess("keys")}; ${IF_LEAKED}`,
} as const;
export const ENDED = {
  text: `${WHAT}, and no use of the current key within the last day is known`,
  risk: "if DKP still has this key, the cluster loses access to AWS",
  remedy: `find out which key DKP has, before you apply: ${dkpAccess("keys")} shows the last uses that AWS reports`,
} as const;
export const ENDED_UNUSED = `${WHAT}, which nothing used for a day, and the current key was used within the last day`;

/** `id` is the ARN of the policy. */
export const QUARANTINED = {
  text: "AWS has attached {id}, because a key of the user was exposed publicly",
  risk: "it denies ec2:RunInstances and more to every key of the user",
  remedy: `follow ${recovery("quarantine")} at once`,
} as const;

/** The command that knows which deployment it is about adds its stack. */
export const ROTATE = `${PROGRAM} rotate [{stack}|STACK]` as const;

/** A rotation that has not ended in time, for `plan`, `keys` and `drift` too. */
export const OVERDUE = [
  "{key} is of {created}, and accessKeys.maxAge is {days} days: no rotation has ended for a week",
  `check whether the schedule of rotate runs; ${ROTATE} --cluster shows what it waits for`,
] as const;

/** The field manager of the Secret is a program. */
export const WRITTEN = "[; {manager} wrote the Secret of DKP last, on {time}]";

export const ROTATED_RULES = templateRules("attention", {
  "rotation-overdue": OVERDUE,
  "rotated-key-unmanaged": {
    text: `{id} was created after {key}, the key that DKP has, and was {use}: rotate did not create it for DKP${WRITTEN}`,
    risk: "whoever has it acts with all permissions of DKP",
    remedy: `ask who created it, or wrote an older key back; if none of you did, an attacker did: run ${PROGRAM} keys {stack} --leaked {id}`,
  },
  "rotated-keys-both-used": {
    text: "{key} and {id} are both in use, for longer than a rotation takes",
    risk: "one of them may be somebody else's",
    remedy: `${PROGRAM} rotate {stack} --cluster shows which one DKP has, and what to do`,
  },
});

export type RotatedRules = typeof ROTATED_RULES;

const EXISTS = "it exists[, since {since}], and the state does not have it";
const OTHER_NAME = "choose another {setting}.name";

export const UNMANAGED_RULES = templateRules("attention", {
  "object-unmanaged": {
    text: EXISTS,
    risk: `the next apply fails because the name is in use (${recovery("half-made")})`,
    remedy: `ask who created it; if the state was lost, follow ${recovery("lost-state")}; if it is yours, [set {setting}.path: {path}, and ]import it (${page("import")}); otherwise ${OTHER_NAME}`,
  },
  "object-shared": {
    text: `${EXISTS}; it is used by {by}`,
    risk: "an import changes the permissions of {by}",
    remedy: `ask who uses it; if that is another deployment, ${OTHER_NAME}`,
  },
});

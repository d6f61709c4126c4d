import { type RulesOf, templateRules } from "../../findings/templates";
import { ROTATE_RULES, type RotateRules } from "../rotate/rotate-rules";
import {
  CLUSTER_RULES,
  type ClusterRules,
  QUARANTINED,
  UNMANAGED_RULES,
  type UnmanagedRules,
} from "../shared-rules";

/** CloudTrail's event history has 90 days. */
const ASK = `before anybody changes it, ask who did this and why, and whether DKP needs it;
  CloudTrail has it as {event}`;

const DIFFERENCES = {
  attention: {
    "permissions-unmanaged": {
      text: "it has the {part} {id}, and neither the settings nor the state have it",
      risk: "the access key has its permissions too",
      remedy: ASK as typeof ASK,
    },
    "role-permissions-unmanaged": {
      text: "it has the {part} {id}, and neither the settings nor the state have it",
      risk: `every node, and whoever can launch an instance with the role, has its permissions; an
        attacker with the access key can write inline policies of it`,
      remedy: `before anybody changes it, ask who did this and why, and whether DKP needs it;
        CloudTrail has it as {event}[; if it is intended, add it to {setting}]`,
    },
    "permissions-absent": {
      text: "it lacks the attached policy {id}, which the state has",
      risk: "DKP lacks the permissions of that policy",
      remedy: `ask who did this, which CloudTrail has; then plan, and apply, which restores it
        (docs/how-to/recover.md#manual-changes)`,
    },
    "permissions-denied": {
      text: `[its group {group}|it] has the {part} {id}, which denies {count} of DKP's
        policy[ {limits}]: {denied}`,
      risk: "no policy of DKP can allow what another one denies",
      remedy: ASK as typeof ASK,
    },
    quarantined: QUARANTINED as typeof QUARANTINED,
    "principal-unmanaged": {
      text: "the {id} uses it",
      risk: `the {id} has all permissions of DKP, also after each change of the policy; or it is of
        another deployment, and the two change each other's object`,
      remedy: `before anybody changes it, ask who did this and why, and whether DKP needs it;
        CloudTrail has it as {event}[; if it is of another deployment, give one of the two another
        {setting}]`,
    },
    "credential-unmanaged": {
      text: "it has the {part} {id}",
      risk: "whoever has it acts as the user without its access keys",
      remedy: ASK as typeof ASK,
    },
    "access-key-unmanaged": {
      text: `it has the access key {id} ({status}[, since {since}]), and the state does not have
        it`,
      risk: "whoever has it acts with all permissions of DKP, and a rotation does not end that",
      remedy: `npx dkp-access keys {stack} shows its last use; see
        docs/how-to/recover.md#unmanaged-key`,
    },
    "boundary-differs": {
      text: "its permissions boundary is {boundary}, and Terraform manages {managed}",
      risk: `[the {unlimited} has permissions that the managed boundary denies][the {limited} lacks
        every permission that {limit} does not allow][{other} and the managed boundary are not
        compared]`,
      remedy: `plan, then apply, which restores it (docs/how-to/recover.md#manual-changes); if it is
        intended, set {setting}`,
    },
    "document-differs": {
      text: "its {part} is not the generated document[, and also allows {actions}]",
      risk: "{who} lacks permissions, or has others than the reviewed ones",
      remedy: `[converge the base infrastructure, which restores the {dkpRole} (dhctl
        converge)|plan, then apply, which restores it (docs/how-to/recover.md#manual-changes)]; ask
        who wrote it; CloudTrail has it as {event}[; if it is intended, add it to {setting}]`,
    },
    "trust-differs": {
      text: "its trust policy is not the one for EC2: {trust}",
      risk: `others than instances can assume the role, also from another account and when no access
        key works`,
      remedy: `[converge the base infrastructure, which restores the {dkpRole} (dhctl
        converge)|plan, then apply, which restores it (docs/how-to/recover.md#manual-changes)]; ask
        who wrote it; CloudTrail has it as UpdateAssumeRolePolicy`,
    },
    "cluster-differs": {
      text: "the cluster has {running}, and the settings have {settings}: {effect}",
      risk: "DKP lacks permissions, or its key has others than it requires",
      remedy: "write into the settings what the cluster has, or correct the cluster",
    },
    "cluster-version-unknown": {
      text: "the cluster runs DKP {version}, and the policy covers {first} to {last}",
      remedy: "install the newest version of dkp-access",
    },
    "object-left-over": {
      text: `the state has {name} at {address} besides the present object, because an apply ended
        while it replaced the object`,
      risk: "its attachments still exist",
      remedy: "follow docs/how-to/recover.md#left-over",
    },
  },
} as const;

const NOT_COMPARED = {
  unverifiable: {
    "state-unread": {
      text: `no state is readable, so only objects of the settings count as managed, and access keys
        are not compared: {reason}`,
      remedy: `make the state readable (synth, init), and run npx dkp-access drift {stack} again; if
        the user does not exist, check the credentials`,
    },
    "account-unread": "nothing was read: {reason}",
    "part-unread": { text: "a part of it cannot be read: {reason}", remedy: "{remedy}" },
  },
  note: {
    "object-absent": "it does not exist",
    "own-denial": {
      text: "it has the inline policy {id}, which denies the sessions of a leaked key",
      remedy: "36 hours after it was written, follow docs/how-to/leak.md#on-the-next-day",
    },
    "node-role-not-compared":
      "cluster.prefix is not set, so the role <prefix>-node of DKP is not compared",
  },
} as const;

export type DriftRules = RulesOf<typeof DIFFERENCES> &
  ClusterRules &
  RotateRules &
  UnmanagedRules &
  RulesOf<typeof NOT_COMPARED>;

/**
 * What `drift` reports. Rule IDs are stable. No remedy removes anything: drift cannot know who
 * needs an object.
 */
export const DRIFT_RULES: DriftRules = {
  ...templateRules(DIFFERENCES),
  ...CLUSTER_RULES,
  ...ROTATE_RULES,
  ...UNMANAGED_RULES,
  ...templateRules(NOT_COMPARED),
};

import { type RulesOf, templateRules } from "../../findings/templates";
import { ROTATE_RULES, type RotateRules } from "../rotate/rotate-rules";
import { CLUSTER_RULES, type ClusterRules } from "../shared-rules";

const KEYS = {
  unverifiable: {
    "key-user-differs": {
      text: 'the settings have the user "{settings}", and the state has "{state}"',
      risk: "the next apply renames the user {state}, and replaces its key",
      remedy: 'check backend and workspace, or set user.name: "{state}"',
    },
    "key-account-differs": {
      text: "{of} {expected}, and the credentials belong to account {account}",
      remedy: "use credentials of {expected}, or check the backend",
    },
  },
  attention: {
    "key-unread": {
      text: "not read: {unread}",
      remedy: "[run {command}, which initializes the state|allow it, or set a longer --timeout]",
    },
    "key-user-absent": {
      text: "IAM has no user {user}",
      remedy: `apply the deployment; if the state has the user, follow
        docs/how-to/recover.md#renamed-user first`,
    },
    "key-of-other-user": {
      text: "{key} is in the state, and in IAM a key of the user {owner}",
      remedy: "do not apply; follow docs/how-to/recover.md#renamed-user",
    },
    "key-deleted": {
      text: `{key} is in the state and not in IAM: it was created minutes ago, or deleted outside
        Terraform`,
      remedy: "run keys again in ten minutes, then follow docs/how-to/recover.md#deleted-key",
    },
    "key-old": {
      text: "{key} is {days} days old, and accessKeys.maxAge is {limit}",
      remedy: `[replace it: {page}|have it replaced by whoever creates the keys of this user]`,
    },
    "key-of-nobody": {
      text: "{key} is of nobody here: neither the state nor the cluster has it",
      remedy: "ask who created it, and follow docs/how-to/recover.md#unmanaged-key",
    },
  },
  note: {
    "key-inactive": {
      text: "{key} is Inactive, and takes the room of one of two keys until it is deleted",
      remedy: "if nothing needs it any more: {command}",
    },
  },
} as const;

export type KeyRules = RulesOf<typeof KEYS> & ClusterRules & RotateRules;

export const KEY_RULES: KeyRules = { ...ROTATE_RULES, ...CLUSTER_RULES, ...templateRules(KEYS) };

import { type RulesOf, templateRules } from "../../findings/templates";
import { ROTATE_RULES, type RotateRules } from "../rotate/rotate-rules";
import { CLUSTER_RULES, type ClusterRules } from "../shared-rules";

const KEYS = {
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

import { type RulesOf, templateRules } from "../findings/templates";

/** `id` is the ARN of the policy. */
export const QUARANTINED = {
  text: "AWS has attached {id}, because a key of the user was exposed publicly",
  risk: "it denies ec2:RunInstances and more to every key of the user",
  remedy: "follow docs/how-to/recover.md#quarantine at once",
} as const;

/** Settings, state, credentials and cluster that do not belong together. */
const CLUSTER = {
  unverifiable: {
    "account-differs": {
      text: "{source} {expected}, and the credentials are of {account}",
      remedy: "[use credentials of {wanted}, or check the backend|set accountId, and commit it]",
    },
    "user-differs": {
      text: 'the settings have the user "{settings}", and the state has "{state}"',
      risk: "the next apply renames the user {state}, and replaces its key",
      remedy: 'check backend and workspace, or set user.name: "{state}"',
    },
    "cluster-is-another": {
      text: `{field}: the settings have {settings}, and the cluster[ of {context}] has {cluster}[,
        as its key {key} shows]`,
      remedy: "this is another cluster: name another --context or stack",
    },
  },
} as const;

export type ClusterRules = RulesOf<typeof CLUSTER>;

export const CLUSTER_RULES: ClusterRules = templateRules(CLUSTER);

const UNMANAGED = {
  attention: {
    "object-unmanaged": {
      text: "it exists[, since {since}], and the state does not have it",
      risk: "the next apply fails because the name is in use (docs/how-to/recover.md#half-made)",
      remedy: `ask who created it; if the state was lost, follow docs/how-to/recover.md#lost-state;
        if it is yours, [set {setting}.path: {path}, and ]import it (docs/how-to/import.md);
        otherwise choose another {setting}.name`,
    },
    "object-shared": {
      text: "it exists[, since {since}], and the state does not have it; it is used by {by}",
      risk: "an import changes the permissions of {by}",
      remedy: "ask who uses it; if that is another deployment, choose another {setting}.name",
    },
  },
} as const;

export type UnmanagedRules = RulesOf<typeof UNMANAGED>;

export const UNMANAGED_RULES: UnmanagedRules = templateRules(UNMANAGED);

import { type RulesOf, templateRules } from "../findings/templates";

/** `id` is the ARN of the policy. */
export const QUARANTINED = {
  text: "AWS has attached {id}, because a key of the user was exposed publicly",
  risk: "it denies ec2:RunInstances and more to every key of the user",
  remedy: "follow docs/how-to/recover.md#quarantine at once",
} as const;

/**
 * A rotation that has not ended in time, for `plan`, `keys` and `drift` too. Commands that
 * know which deployment it is about give `stack`.
 */
export const OVERDUE = {
  text: `{key} is of {created}, and accessKeys.maxAge is {days} days: no rotation has ended for
    two weeks`,
  remedy: `check whether the schedule of rotate runs; npx dkp-access rotate [{stack}|STACK]
    --cluster shows what it waits for`,
} as const;

/**
 * No schedule gives another key: somebody may have ended this one on purpose. `why` is what IAM or
 * AWS says of it: "is Inactive".
 */
export const DKP_KEY_DEAD = {
  text: "DKP has {key}, which {why}",
  risk: "AWS denies DKP's calls",
  remedy: `[{command} gives it another one, and asks a person first|give DKP a key of the user
    that is Active]`,
} as const;

/** What the cluster that DKP runs in says, for each command that reads it. */
const CLUSTER = {
  unverifiable: {
    "cluster-is-another": {
      text: `{field}: the settings have {settings}, and the cluster[ of {context}] has {cluster}[,
        as its key {key} shows]`,
      remedy: "this is another cluster: name another --context or stack",
    },
  },
  breaking: {
    "dkp-key-dead": DKP_KEY_DEAD as typeof DKP_KEY_DEAD,
  },
} as const;

export type ClusterRules = RulesOf<typeof CLUSTER>;

export const CLUSTER_RULES: ClusterRules = templateRules(CLUSTER);

const ROTATED = {
  attention: {
    "rotation-overdue": OVERDUE as typeof OVERDUE,
    "rotated-key-unmanaged": {
      text: `{id} was created after {key}, the key that DKP has, and was {use}: rotate did not
        create it for DKP[; {manager} wrote the Secret of DKP last, on {time}]`,
      risk: "whoever has it acts with all permissions of DKP",
      remedy: `ask who created it, or wrote an older key back, and follow
        docs/how-to/recover.md#unmanaged-key`,
    },
    "rotated-keys-both-used": {
      text: `[{key} was {use}, and only the older key {id} was used within a day|{key} and {id} are
        both in use, for longer than a rotation takes]`,
      risk: "one of them may be somebody else's",
      remedy: "npx dkp-access rotate {stack} --cluster shows which one DKP has, and what to do",
    },
  },
} as const;

export type RotatedRules = RulesOf<typeof ROTATED>;

export const ROTATED_RULES: RotatedRules = templateRules(ROTATED);

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

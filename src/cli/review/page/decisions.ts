import { SLOTS } from "../../../iam/key-slots";
import type { Deployment } from "../../../settings/deployment";
import { RECOMMENDED_SETTINGS } from "../../../settings/recommended-settings";
import { secretInState } from "./secret-exposure";

/** A choice of a deployment that a reviewer approves. Its texts are Markdown and contain no values of the settings. */
export interface Decision {
  /** The setting to change. */
  readonly setting: string;
  /** What the settings choose, and what follows from it. */
  readonly chosen: string;
  /** A stronger choice, and what it costs. Absent: the choice is the strongest one. */
  readonly stronger?: { readonly choice: string; readonly cost: string };
}

interface DecisionRule extends Decision {
  /** Whether the deployment has this choice. */
  readonly when: (deployment: Deployment) => boolean;
}

const { accountId, mode, dkpVersion, attachment, pgpKeys } = RECOMMENDED_SETTINGS;

const hasPlaintext = (deployment: Deployment) => secretInState(deployment).form === "plaintext";
const hasMode = (name: string) => (deployment: Deployment) => deployment.policy.mode === name;
const hasBoundary = ({ user }: Deployment) => user.permissionsBoundary !== undefined;
const throughGroup = (deployment: Deployment) => deployment.attachment === "group";
const limitsKeys = ({ policy, cluster }: Deployment) =>
  policy.mode !== "documented" && cluster.features.includes("encrypted-volumes");

/** One row per choice. The first one of a setting whose condition holds is the choice of the deployment; most important first. */
const RULES: readonly DecisionRule[] = [
  {
    setting: "policy.mode",
    when: hasMode("documented"),
    chosen: "`documented`: the actions of the DKP documentation on all resources of the account",
    stronger: {
      choice: "`scoped`, then `minimal`: one Region, only the roles of this cluster",
      cost: "state `cluster.prefix`; a live cluster changes in separate steps",
    },
  },
  {
    setting: "policy.mode",
    when: hasMode("scoped"),
    chosen: "`scoped`: also actions that this cluster does not call",
    stronger: {
      choice: `\`minimal\`: ${mode.why}`,
      cost: "apply before the cluster gets another layout, feature or DKP version",
    },
  },
  {
    setting: "policy.mode",
    when: hasMode("minimal"),
    chosen: `\`minimal\`: ${mode.why}`,
    stronger: {
      choice: "`strict`: changes only what has the tag of this cluster; worth little without the service control policy",
      cost: "the tag is on every object of the cluster and never removed; check with `preflight --existing-cluster`",
    },
  },
  { setting: "policy.mode", when: hasMode("strict"), chosen: "`strict`: changes only what has the tag of this cluster" },
  {
    setting: "user.allowedNetworks",
    when: ({ user }) => user.allowedNetworks === undefined,
    chosen: "not set: a leaked key works from every network",
    stronger: {
      choice: "the public addresses or VPC endpoints of the cluster: a leaked key is useless elsewhere",
      cost: "stable addresses; apply before they change",
    },
  },
  { setting: "user.allowedNetworks", when: () => true, chosen: "the key works only from the networks of the settings" },
  {
    setting: "accessKeys.*.pgpKey",
    when: hasPlaintext,
    chosen: "not set: the state contains the secret in plaintext",
    stronger: {
      choice: `\`pgpKey\` in both slots: ${pgpKeys.why}`,
      cost: "somebody keeps the private OpenPGP key; a live key changes by rotation",
    },
  },
  { setting: "accessKeys.*.pgpKey", when: () => true, chosen: "the state contains no secret in plaintext" },
  {
    setting: "outputs.secret",
    when: (deployment) => deployment.outputs.secret && hasPlaintext(deployment),
    chosen: "`true`: every workspace that reads an output stores the secret in its own state",
    stronger: { choice: "`false`: no output contains the secret", cost: "DKP gets the key only through `hand-over`" },
  },
  { setting: "outputs.secret", when: () => true, chosen: "no output contains the secret in plaintext" },
  {
    setting: "accountId",
    when: (deployment) => deployment.accountId === undefined,
    chosen: "not set: Terraform applies to the account of any credentials",
    stronger: { choice: `the ID of the account: ${accountId.why}`, cost: "none" },
  },
  { setting: "accountId", when: () => true, chosen: accountId.why },
  {
    setting: "cluster.dkpVersion",
    when: ({ policy, cluster }) => policy.mode !== "documented" && cluster.dkpVersion === undefined,
    chosen: "not set: the policy covers every supported version of DKP",
    stronger: { choice: `the version that runs: ${dkpVersion.why}`, cost: "run `upgrade` and apply before DKP is upgraded" },
  },
  { setting: "cluster.dkpVersion", when: ({ policy }) => policy.mode !== "documented", chosen: dkpVersion.why },
  {
    setting: "user.permissionsBoundary",
    when: (deployment) => !hasBoundary(deployment),
    chosen: "not set: whoever applies can give the user any permission",
    stronger: {
      choice: "a boundary of your administrators: it limits the user whatever its policy allows",
      cost: "administrators update it with the policy",
    },
  },
  { setting: "user.permissionsBoundary", when: hasBoundary, chosen: "a permissions boundary limits the user" },
  {
    setting: "attachment",
    when: (deployment) => hasBoundary(deployment) && deployment.attachment !== "user",
    chosen: "a group has the policy: whoever applies can add a user without the boundary to it",
    stronger: {
      choice: "`user`: whoever applies cannot give the policy to a user without the boundary",
      cost: "scanners report that the user has the policy itself",
    },
  },
  {
    setting: "attachment",
    when: (deployment) => !hasBoundary(deployment) && !throughGroup(deployment),
    chosen: "the user has the policy itself, which scanners report",
    stronger: {
      choice: `\`group\`: ${attachment.why}`,
      cost: "whoever applies can add any user to the group; a live deployment requires two applies",
    },
  },
  { setting: "attachment", when: throughGroup, chosen: attachment.why },
  { setting: "attachment", when: hasBoundary, chosen: "whoever applies cannot give the policy to a user without the boundary" },
  {
    setting: "accessKeys.*.status",
    when: ({ accessKeys }) => accessKeys !== "none" && SLOTS.every((slot) => accessKeys[slot].status !== "absent"),
    chosen: "two keys exist, of which DKP uses one",
    stronger: { choice: "`absent` in the slot that is not current", cost: "none, when the rotation is complete" },
  },
  {
    setting: "cluster.formerIamNodeRoles",
    when: ({ policy, cluster, nodeRole }) =>
      policy.mode !== "documented" &&
      cluster.formerIamNodeRoles.some((role) => nodeRole === undefined || role !== `${nodeRole.path}${nodeRole.name}`),
    chosen: "the key can still use the former node roles",
    stronger: { choice: "remove the roles that no node uses", cost: "none" },
  },
  {
    setting: "cluster.kmsKeyArns",
    when: (deployment) => limitsKeys(deployment) && deployment.cluster.kmsKeyArns.length === 0,
    chosen: "not set: every KMS key of the account in the Region",
    stronger: { choice: "the keys that encrypt disks", cost: "apply before a disk gets another key" },
  },
  { setting: "cluster.kmsKeyArns", when: limitsKeys, chosen: "only the KMS keys of the settings" },
  {
    setting: "nodeRole.permissionsBoundary",
    when: ({ nodeRole }) => nodeRole !== undefined && nodeRole.permissionsBoundary === undefined,
    chosen: "not set: whoever applies can give the node role any permission",
    stronger: { choice: "a boundary of your administrators", cost: "administrators update it with the role" },
  },
  {
    setting: "nodeRole.permissionsBoundary",
    when: ({ nodeRole }) => nodeRole !== undefined,
    chosen: "a permissions boundary limits the node role",
  },
  {
    setting: "backend",
    when: ({ state }) => state.type === "local",
    chosen: "`local`: the state is a file on one computer, without access control and without a backup",
    stronger: { choice: "a backend that encrypts, locks and keeps old versions, such as `s3`", cost: "a bucket or a service" },
  },
  {
    setting: "protect",
    when: ({ protect }) => !protect,
    chosen: "`false`: **a plan can delete the user, the policy and keys**",
    stronger: { choice: "`true`: Terraform rejects such plans", cost: "an apply with `false` before you remove the deployment" },
  },
  {
    setting: "protect",
    when: () => true,
    chosen: "Terraform rejects plans that delete the user, the policy or a key, except a key whose slot becomes `absent`",
  },
];

/** The choices of a deployment, the most important ones first. */
export function decisionsOf(deployment: Deployment): readonly Decision[] {
  const settings = new Set<string>();
  return RULES.filter(({ setting, when }) => {
    const isChoice = !settings.has(setting) && when(deployment);
    if (isChoice) {
      settings.add(setting);
    }
    return isChoice;
  });
}

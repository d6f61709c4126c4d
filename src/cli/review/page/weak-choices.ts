import { SLOTS } from "../../../iam/key-slots";
import { RECOMMENDED_SETTINGS } from "../../recommended-settings";
import type { Reviewed } from "../reviewed";

/** A choice for which a stronger one exists. Its texts are Markdown and contain no values of the settings. */
export interface WeakChoice {
  /** The setting to change. */
  readonly setting: string;
  /** What the settings choose, and what follows from it. */
  readonly chosen: string;
  readonly stronger: string;
  /** What the stronger choice costs. */
  readonly cost: string;
}

interface Rule extends WeakChoice {
  /** Whether the deployment has this choice. */
  readonly when: (review: Reviewed) => boolean;
}

const { accountId, mode, dkpVersion, attachment, pgpKeys } = RECOMMENDED_SETTINGS;

const hasPlaintext = ({ secret }: Reviewed) => secret.form === "plaintext";
const hasMode =
  (name: string) =>
  ({ deployment }: Reviewed) =>
    deployment.policy.mode === name;
const hasBoundary = ({ deployment }: Reviewed) => deployment.user.permissionsBoundary !== undefined;

/** The most important one first. A setting has at most one choice in a deployment. */
const RULES: readonly Rule[] = [
  {
    setting: "policy.mode",
    when: hasMode("documented"),
    chosen: "`documented`: the actions of the DKP documentation on all resources of the account",
    stronger: "`scoped`, then `minimal`: one Region, only the roles of this cluster",
    cost: "set `cluster.prefix`; a live cluster changes in separate steps",
  },
  {
    setting: "policy.mode",
    when: hasMode("scoped"),
    chosen: "`scoped`: also actions that this cluster does not call",
    stronger: `\`minimal\`: ${mode}`,
    cost: "apply before the cluster gets another layout, feature or DKP version",
  },
  {
    setting: "policy.mode",
    when: hasMode("minimal"),
    chosen: `\`minimal\`: ${mode}`,
    stronger: "`strict`: changes only what has the tag of this cluster; worth little without the service control policy",
    cost: "the tag is on every object of the cluster and never removed; check with `preflight --existing-cluster`",
  },
  {
    setting: "user.allowedNetworks",
    when: ({ deployment: { user } }) => user.allowedNetworks === undefined,
    chosen: "not set: a leaked key works from every network",
    stronger: "the public addresses or VPC endpoints of the cluster: a leaked key is useless elsewhere",
    cost: "stable addresses; apply before they change",
  },
  {
    setting: "accessKeys.*.pgpKey",
    when: hasPlaintext,
    chosen: "not set: the state contains the secret in plaintext",
    stronger: `\`pgpKey\` in both slots: ${pgpKeys}`,
    cost: "somebody keeps the private OpenPGP key; a live key changes by rotation",
  },
  {
    setting: "outputs.secret",
    when: (review) => review.deployment.outputs.secret && hasPlaintext(review),
    chosen: "`true`: every workspace that reads an output stores the secret in its own state",
    stronger: "`false`: no output contains the secret",
    cost: "DKP gets the key only through `hand-over`",
  },
  {
    setting: "accountId",
    when: ({ deployment }) => deployment.accountId === undefined,
    chosen: "not set: Terraform applies to the account of any credentials",
    stronger: `the ID of the account: ${accountId}`,
    cost: "none",
  },
  {
    setting: "cluster.dkpVersion",
    when: ({ deployment: { policy, cluster } }) => policy.mode !== "documented" && cluster.dkpVersion === undefined,
    chosen: "not set: the policy covers every supported version of DKP",
    stronger: `the version that runs: ${dkpVersion}`,
    cost: "apply before DKP is upgraded",
  },
  {
    setting: "user.permissionsBoundary",
    when: (review) => !hasBoundary(review),
    chosen: "not set: whoever applies can give the user any permission",
    stronger: "a boundary of your administrators: it limits the user whatever its policy allows",
    cost: "administrators update it with the policy",
  },
  {
    setting: "attachment",
    when: (review) => hasBoundary(review) && review.deployment.attachment !== "user",
    chosen: "a group has the policy: whoever applies can add a user without the boundary to it",
    stronger: "`user`: whoever applies cannot give the policy to a user without the boundary",
    cost: "scanners report that the user has the policy itself",
  },
  {
    setting: "attachment",
    when: (review) => !hasBoundary(review) && review.deployment.attachment !== "group",
    chosen: "the user has the policy itself, which scanners report",
    stronger: `\`group\`: ${attachment}`,
    cost: "whoever applies can add any user to the group; a live deployment requires two applies",
  },
  {
    setting: "accessKeys.*.status",
    when: ({ deployment: { accessKeys } }) =>
      accessKeys !== "none" && SLOTS.every((slot) => accessKeys[slot].status !== "absent"),
    chosen: "two keys exist, of which DKP uses one",
    stronger: "`absent` in the slot that is not current",
    cost: "none, when the rotation is complete",
  },
  {
    setting: "cluster.formerIamNodeRoles",
    when: ({ deployment: { policy, cluster, nodeRole } }) =>
      policy.mode !== "documented" &&
      cluster.formerIamNodeRoles.some((role) => nodeRole === undefined || role !== `${nodeRole.path}${nodeRole.name}`),
    chosen: "the key can still use the former node roles",
    stronger: "remove the roles that no node uses",
    cost: "none",
  },
  {
    setting: "cluster.kmsKeyArns",
    when: ({ deployment: { policy, cluster } }) =>
      policy.mode !== "documented" && cluster.features.includes("encrypted-volumes") && cluster.kmsKeyArns.length === 0,
    chosen: "not set: every KMS key of the account in the Region",
    stronger: "the keys that encrypt disks",
    cost: "apply before a disk gets another key",
  },
  {
    setting: "nodeRole.permissionsBoundary",
    when: ({ deployment: { nodeRole } }) => nodeRole !== undefined && nodeRole.permissionsBoundary === undefined,
    chosen: "not set: whoever applies can give the node role any permission",
    stronger: "a boundary of your administrators",
    cost: "administrators update it with the role",
  },
  {
    setting: "backend",
    when: ({ deployment: { state } }) => state.type === "local",
    chosen: "`local`: the state is a file on one computer, without access control and without a backup",
    stronger: "a backend that encrypts, locks and keeps old versions, such as `s3`",
    cost: "a bucket or a service",
  },
  {
    setting: "backend.s3.endpoints",
    when: ({ isStateOutsideAws }) => isStateOutsideAws,
    chosen: "not an endpoint of AWS: whoever runs that service can read and change the state",
    stronger: "a bucket of AWS, whose readers IAM limits",
    cost: "a bucket; a move of the state",
  },
  {
    setting: "backend.s3.encrypt",
    when: ({ deployment: { state } }) => state.type === "s3" && state.arguments.encrypt !== true,
    chosen: "`false`: Terraform requests no encryption of the state, also with `kms_key_id`",
    stronger: "`true`",
    cost: "none",
  },
  {
    setting: "backend.s3.use_lockfile",
    when: ({ deployment, isStateLocked }) => deployment.state.type === "s3" && !isStateLocked,
    chosen: "`false`: two applies at the same time can lose a key or its secret",
    stronger: "`true`",
    cost: "none",
  },
  {
    setting: "protect",
    when: ({ deployment: { protect } }) => !protect,
    chosen: "`false`: **a plan can delete the user, the policy and keys**",
    stronger: "`true`: Terraform rejects such plans",
    cost: "an apply with `false` before you remove the deployment",
  },
];

/** The choices of a deployment for which a stronger one exists, the most important ones first. */
export function weakChoices(review: Reviewed): readonly WeakChoice[] {
  return RULES.filter(({ when }) => when(review));
}

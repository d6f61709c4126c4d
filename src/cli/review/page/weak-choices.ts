import { SLOTS } from "../../../iam/key-slots";
import { RECOMMENDED_SETTINGS } from "../../recommended-settings";
import { trusted } from "../../text/markdown";
import type { TemplateData } from "../../text/template";
import type { Reviewed } from "../reviewed";

/** Of the recommended settings, those whose reasons the texts contain. */
const REASONS = ["accountId", "mode", "dkpVersion", "attachment", "pgpKeys"] as const;

const hasPlaintext = ({ secret }: Reviewed) => secret.form === "plaintext";
const hasMode =
  (name: string) =>
  ({ deployment }: Reviewed) =>
    deployment.policy.mode === name;
const hasBoundary = ({ deployment }: Reviewed) => deployment.user.permissionsBoundary !== undefined;

/**
 * The choices for which a stronger one exists: name, setting, and whether a deployment has it. Their texts are in review-page.md. The
 * most important one first; a setting has at most one in a deployment.
 */
const CHOICES: readonly (readonly [name: string, setting: string, isMade: (review: Reviewed) => boolean])[] = [
  ["documentedMode", "policy.mode", hasMode("documented")],
  ["scopedMode", "policy.mode", hasMode("scoped")],
  ["minimalMode", "policy.mode", hasMode("minimal")],
  ["anyNetwork", "user.allowedNetworks", ({ deployment: { user } }) => user.allowedNetworks === undefined],
  ["plaintext", "accessKeys.*.pgpKey", hasPlaintext],
  ["outputsWithSecret", "outputs.secret", (review) => review.deployment.outputs.secret && hasPlaintext(review)],
  ["anyAccount", "accountId", ({ deployment }) => deployment.accountId === undefined],
  [
    "anyVersion",
    "cluster.dkpVersion",
    ({ deployment: { policy, cluster } }) => policy.mode !== "documented" && cluster.dkpVersion === undefined,
  ],
  ["noBoundary", "user.permissionsBoundary", (review) => !hasBoundary(review)],
  ["throughGroup", "attachment", (review) => hasBoundary(review) && review.deployment.attachment !== "user"],
  ["throughUser", "attachment", (review) => !hasBoundary(review) && review.deployment.attachment !== "group"],
  [
    "twoKeys",
    "accessKeys.*.status",
    ({ deployment: { accessKeys } }) => accessKeys !== "none" && SLOTS.every((slot) => accessKeys[slot].status !== "absent"),
  ],
  [
    "formerNodeRoles",
    "cluster.formerIamNodeRoles",
    ({ deployment: { policy, cluster, nodeRole } }) =>
      policy.mode !== "documented" &&
      cluster.formerIamNodeRoles.some((role) => nodeRole === undefined || role !== `${nodeRole.path}${nodeRole.name}`),
  ],
  [
    "anyKmsKey",
    "cluster.kmsKeyArns",
    ({ deployment: { policy, cluster } }) =>
      policy.mode !== "documented" && cluster.features.includes("encrypted-volumes") && cluster.kmsKeyArns.length === 0,
  ],
  [
    "nodeRoleWithoutBoundary",
    "nodeRole.permissionsBoundary",
    ({ deployment: { nodeRole } }) => nodeRole !== undefined && nodeRole.permissionsBoundary === undefined,
  ],
  ["localState", "backend", ({ deployment: { state } }) => state.type === "local"],
  ["outsideAws", "backend.s3.endpoints", ({ isStateOutsideAws }) => isStateOutsideAws],
  ["notEncrypted", "backend.s3.encrypt", ({ deployment: { state } }) => state.type === "s3" && state.arguments.encrypt !== true],
  ["notLocked", "backend.s3.use_lockfile", ({ deployment, isStateLocked }) => deployment.state.type === "s3" && !isStateLocked],
  ["notProtected", "protect", ({ deployment: { protect } }) => !protect],
];

/** The settings with a weak choice, the most important one first. */
export function weakSettings(review: Reviewed): readonly string[] {
  return CHOICES.filter(([, , isMade]) => isMade(review)).map(([, setting]) => setting);
}

/** Which weak choices the table of REVIEW.md shows: the data of its rows. */
export function weakChoices(review: Reviewed): TemplateData {
  const reasons = REASONS.map((name) => [`${name}Reason`, trusted(RECOMMENDED_SETTINGS[name])]);
  return Object.fromEntries([...reasons, ...CHOICES.map(([name, , isMade]) => [name, isMade(review)])]);
}

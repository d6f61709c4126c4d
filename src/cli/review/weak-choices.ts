import { SLOTS } from "../../iam/key-slots";
import type { Deployment, SecretForm } from "../../settings/deployment";

/** What the choices are read from. */
interface Facts {
  readonly deployment: Deployment;
  readonly secret: { readonly form: SecretForm };
  readonly isStateLocked: boolean;
  readonly isStateOutsideAws: boolean;
}

const hasPlaintext = ({ secret }: Facts) => secret.form === "plaintext";
const hasMode =
  (name: string) =>
  ({ deployment }: Facts) =>
    deployment.policy.mode === name;

/**
 * The choices for which a stronger one exists: name, setting, and whether a deployment has it. Their texts are in pages/REVIEW.md. The
 * most important one first; a setting has at most one in a deployment. Whether it is made depends on its own setting,
 * so that following a recommendation makes no other one necessary.
 */
const CHOICES: readonly (readonly [name: string, setting: string, isMade: (facts: Facts) => boolean])[] = [
  ["documentedMode", "policy.mode", hasMode("documented")],
  ["scopedMode", "policy.mode", hasMode("scoped")],
  [
    "nodeRoleWithMore",
    "nodeRole.managedPolicyArns",
    ({ deployment: { nodeRole } }) =>
      nodeRole !== undefined && nodeRole.managedPolicyArns.length + nodeRole.additionalActions.length > 0,
  ],
  ["anyNetwork", "user.allowedNetworks", ({ deployment: { user } }) => user.allowedNetworks === undefined],
  ["plaintext", "accessKeys.*.pgpKey", hasPlaintext],
  ["outputsWithSecret", "outputs.secret", (facts) => facts.deployment.outputs.secret && hasPlaintext(facts)],
  ["anyAccount", "accountId", ({ deployment }) => deployment.accountId === undefined],
  ["anyVersion", "cluster.dkpVersion", ({ deployment: { cluster } }) => cluster.dkpVersion === undefined],
  ["noBoundary", "user.permissionsBoundary", ({ deployment: { user } }) => user.permissionsBoundary === undefined],
  ["throughGroup", "attachment", ({ deployment: { attachment } }) => attachment !== "user"],
  [
    "twoKeys",
    "accessKeys.*.status",
    ({ deployment: { accessKeys } }) => accessKeys !== "none" && SLOTS.every((slot) => accessKeys[slot].status !== "absent"),
  ],
  [
    "formerNodeRoles",
    "cluster.formerIamNodeRoles",
    ({ deployment: { cluster, nodeRole } }) =>
      cluster.formerIamNodeRoles.some((role) => nodeRole === undefined || role !== `${nodeRole.path}${nodeRole.name}`),
  ],
  [
    "anyKmsKey",
    "cluster.kmsKeyArns",
    ({ deployment: { cluster } }) => cluster.features.includes("encrypted-volumes") && cluster.kmsKeyArns.length === 0,
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

/** The weak choices of a deployment, the most important one first. */
export function weakChoices(facts: Facts) {
  return CHOICES.filter(([, , isMade]) => isMade(facts)).map(([name, setting]) => ({ name, setting }));
}

import { SLOTS, type Slot } from "../iam/key-slots";
import { ROLE_POLICIES } from "../iam/limits";
import { additionalRowsOf } from "../iam/policy-statements";
import { REGIONS } from "../iam/regions";
import type { Deployment } from "./deployment";
import { show, suggest } from "./message-parts";

const SECRET_IN_STATE =
  "the secret access key is in the Terraform state in plaintext; encrypt the state and restrict who can read it, or set pgpKey";
const SECRET_IN_OUTPUTS = `${SECRET_IN_STATE}. Every workspace that reads one output of this state receives the secret too; outputs.secret: false prevents that`;
const IMPORTING = "import is set: remove it after the apply; while it is set, checkov cannot read the Terraform JSON";
const GROUP_ONLY =
  'attachment is group: the policy is no longer attached to the user itself; change a live deployment from "user" to "user-and-group" first, in an apply of its own';

/**
 * Notes about a deployment, one per decision. A decision that the settings state, such as `outputs.secret: true`, has no note:
 * only its default has one. `import` and `attachment: group` have one because they require an order of applies.
 */
export function notesOf(deployment: Deployment): readonly string[] {
  const { import: imports, attachment, policy, cluster, stated } = deployment;
  const secret = secretNote(deployment);
  const actions = additionalRowsOf(cluster).map(({ action, why }) => `${action} (${why})`);
  return [
    ...(imports === undefined ? [] : [IMPORTING]),
    ...(secret === undefined ? [] : [secret]),
    ...(attachment === "group" ? [GROUP_ONLY] : []),
    ...(policy.supplement && !stated.has("policy.supplement")
      ? [`policy.supplement adds actions that DKP calls and its documentation omits: ${actions.join("; ")}`]
      : []),
  ];
}

/** A secret in the outputs is in the state too, so that `outputs.secret: true` decides about both. */
function secretNote(deployment: Deployment): string | undefined {
  const { accessKeys, outputs, stated } = deployment;
  const plaintext = plaintextSlots(deployment);
  if (accessKeys !== "none" && plaintext.includes(accessKeys.current) && outputs.secret) {
    return stated.has("outputs.secret") ? undefined : SECRET_IN_OUTPUTS;
  }
  return plaintext.length === 0 ? undefined : SECRET_IN_STATE;
}

/** The slots whose secret is in plaintext in the state. Terraform does not know the secret of an imported key. */
function plaintextSlots({ accessKeys, import: imports }: Deployment): readonly Slot[] {
  if (accessKeys === "none") {
    return [];
  }
  const imported: Slot | undefined = imports?.accessKeyId === undefined ? undefined : "primary";
  return SLOTS.filter((slot) => {
    const { status, pgpKey } = accessKeys[slot];
    return status !== "absent" && pgpKey === undefined && slot !== imported;
  });
}

/** Values that are allowed and likely to be mistakes. */
export function settingsWarnings({
  region,
  nodeRole,
  state,
}: Pick<Deployment, "region" | "nodeRole" | "state">): readonly string[] {
  const policies = nodeRole?.managedPolicyArns.length ?? 0;
  const inS3 = state.type === "s3" ? state.arguments : {};
  return [
    ...regionWarning("region", region),
    ...(typeof inS3.region === "string" ? regionWarning("backend.s3.region", inS3.region) : []),
    ...(typeof inS3.bucket === "string" ? bucketWarning(inS3.bucket) : []),
    ...(policies > ROLE_POLICIES.byDefault
      ? [
          `nodeRole.managedPolicyArns: has ${policies} policies, an account allows ${ROLE_POLICIES.byDefault} per role by default; raise the quota "Managed policies per role" before the apply`,
        ]
      : []),
  ];
}

function regionWarning(field: string, region: string): readonly string[] {
  return REGIONS.includes(region)
    ? []
    : [`${field}: ${show(region)} is not a region that AWS is known to have, ${suggest(region, REGIONS)}`];
}

/** Source: Amazon S3 User Guide, "General purpose bucket naming rules". */
function bucketWarning(bucket: string): readonly string[] {
  const name = bucket.replace(/^arn:.*:/, "").toLowerCase();
  if (bucket.startsWith("arn:")) {
    return [`backend.s3.bucket: ${show(bucket)} is an ARN, and Terraform takes the name; write ${show(name)}`];
  }
  return bucket === name
    ? []
    : [`backend.s3.bucket: ${show(bucket)} has capital letters, which no bucket of AWS has; write ${show(name)}`];
}

import { SLOTS, type Slot } from "../iam/key-slots";
import { additionalRowsOf } from "../iam/policy-statements";
import type { Deployment } from "./deployment";

const SECRET_IN_STATE =
  "the secret access key is in the Terraform state in plaintext; encrypt the state and restrict who can read it, or set pgpKey";
const SECRET_IN_OUTPUTS = `${SECRET_IN_STATE}. Every workspace that reads one output of this state receives the secret too; outputs.secret: false prevents that`;
const IMPORTING = "import is set: remove it after the apply; while it is set, checkov cannot read the Terraform JSON";
const CHECKING =
  "preflight is set: Terraform reads the data of its check blocks at every apply, so that plan -detailed-exitcode is always 2, and synth --hcl drops the blocks";
const GROUP_ONLY =
  'attachment is group: the policy is no longer attached to the user itself; change a live deployment from "user" to "user-and-group" first, in an apply of its own';

/** What the user of a deployment should know about its settings, one note per decision. */
export function notesOf(deployment: Deployment): readonly string[] {
  const { import: imports, preflight, attachment, policy, outputs, cluster, accessKeys } = deployment;
  const plaintext = plaintextSlots(deployment);
  const isExposed = accessKeys !== "none" && plaintext.includes(accessKeys.current) && outputs.secret;
  const actions = additionalRowsOf(cluster).map(({ action, why }) => `${action} (${why})`);
  return [
    ...(imports === undefined ? [] : [IMPORTING]),
    ...(preflight ? [CHECKING] : []),
    ...(plaintext.length === 0 ? [] : [isExposed ? SECRET_IN_OUTPUTS : SECRET_IN_STATE]),
    ...(attachment === "group" ? [GROUP_ONLY] : []),
    ...(policy.supplement
      ? [`policy.supplement adds actions that DKP calls and its documentation omits: ${actions.join("; ")}`]
      : []),
  ];
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

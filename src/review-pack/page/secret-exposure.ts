import { SLOTS } from "../../iam/key-slots";
import { code, list, plain, sentence, table } from "../../render/markdown";
import type { Deployment } from "../../settings/deployment";
import type { TerraformJson } from "../../terraform/terraform-json";
import { DEPLOYER_NOTES, type DeployerPolicies } from "../deployer-policy-files";
import { renderConditions } from "./permission-tables";

/** Where the secret is in plaintext, and who can read it. */
export function secretExposure(deployment: Deployment, { output = {} }: TerraformJson): readonly string[] {
  const inOutputs =
    "secret_access_key" in output
      ? [
          "Whoever reads the state of such a workspace: all outputs land there, the secret in clear. `outputs: { secret: false }` prevents that.",
        ]
      : [];
  const dkp = "Whoever administers the cluster, or has its installation file: DKP keeps its key there in clear.";
  return [
    "## Who sees the secret",
    "",
    ...list([...inState(deployment), ...inOutputs, dkp, "Nobody through the settings, these papers or what Terraform prints."]),
  ];
}

/** Who can read the secret through the state and the plans. */
function inState({ accessKeys, adopt }: Deployment): readonly string[] {
  const keys = accessKeys === "none" ? [] : SLOTS.map((slot) => ({ slot, ...accessKeys[slot] }));
  const live = keys.filter(({ status }) => status !== "absent");
  // Terraform does not know the secret of an imported key.
  const created = live.filter(({ slot }) => slot !== "primary" || adopt?.accessKeyId === undefined);
  const plaintext = created.filter(({ pgpKey }) => pgpKey === undefined);
  if (live.length === 0) {
    return ["Nobody through Terraform: no key is in the state."];
  }
  if (created.length === 0) {
    return ["Whoever made the key by hand: Terraform does not know its secret."];
  }
  if (plaintext.length === 0) {
    return ["Whoever has the private OpenPGP key: state and plans hold the secret only encrypted."];
  }
  const secrets = plaintext.length > 1 ? "the secrets of both keys" : "the secret";
  return [
    `Whoever may read the state, its old versions, or a saved plan: all hold ${secrets} in clear. Encryption of the bucket hides nothing from them.`,
    "Every workspace that reads one output: it must be allowed to read the whole state for that.",
  ];
}

/** The policies required to plan and apply, and their impact. */
export function applyPermissions({ policies, notes }: DeployerPolicies): readonly string[] {
  return [
    "## Who may apply this",
    "",
    "Whoever applies reads the state, and sees what is said above. What planning, applying and destroying this takes, and no more:",
    "",
    ...policies.flatMap(({ file, principal, role, grants }) => [
      `${code(file)}, for ${role === undefined ? principal : `the role ${code(role)}`}:`,
      "",
      ...table(
        ["action", "on", "only if", "why"],
        grants.map(({ action, resources, conditions, why }) => [
          code(action),
          resources.map(code).join(", "),
          renderConditions(conditions),
          plain(why),
        ]),
      ),
    ]),
    ...list([...DEPLOYER_NOTES, ...notes.map(sentence)]),
  ];
}

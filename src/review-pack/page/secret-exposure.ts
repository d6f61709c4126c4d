import { SLOTS } from "../../iam/key-slots";
import { code, list, plain, sentence, table } from "../../render/markdown";
import type { Deployment } from "../../settings/deployment";
import type { TerraformJson } from "../../terraform/terraform-json";
import { DEPLOYER_NOTES, type DeployerPolicies } from "../deployer-policy-files";
import { conditionsInWords } from "./permission-tables";

/** Where the secret is in clear, and for whom. */
export function whoSeesTheSecret({ accessKeys, adopt }: Deployment, { output = {} }: TerraformJson): readonly string[] {
  const live = accessKeys === "none" ? [] : SLOTS.filter((slot) => accessKeys[slot].status !== "absent");
  const byHand = live.filter((slot) => slot === "primary" && adopt?.accessKeyId !== undefined);
  const clear = live.filter((slot) => accessKeys !== "none" && accessKeys[slot].pgpKey === undefined && !byHand.includes(slot));
  const secrets = clear.length > 1 ? "the secrets of both keys" : "the secret";
  const inState =
    live.length === 0
      ? ["Nobody through Terraform: no key is in the state."]
      : live.length === byHand.length
        ? ["Whoever made the key by hand: Terraform does not know its secret."]
        : clear.length === 0
          ? ["Whoever has the private OpenPGP key: state and plans hold the secret only encrypted."]
          : [
              `Whoever may read the state, its old versions, or a saved plan: all hold ${secrets} in clear. Encryption of the bucket hides nothing from them.`,
              "Every workspace that reads one output: it must be allowed to read the whole state for that.",
            ];
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
    ...list([...inState, ...inOutputs, dkp, "Nobody through the settings, these papers or what Terraform prints."]),
  ];
}

/** What planning and applying takes, and what it makes of its holder. */
export function whoMayApply({ policies, notes }: DeployerPolicies): readonly string[] {
  return [
    "## Who may apply this",
    "",
    "Whoever applies reads the state, and sees what is said above. What planning, applying and destroying this takes, and no more:",
    "",
    ...policies.flatMap(({ file, holder, role, grants }) => [
      `${code(file)}, for ${role === undefined ? holder : `the role ${code(role)}`}:`,
      "",
      ...table(
        ["action", "on", "only if", "why"],
        grants.map(({ action, resources, conditions, why }) => [
          code(action),
          resources.map(code).join(", "),
          conditionsInWords(conditions),
          plain(why),
        ]),
      ),
    ]),
    ...list([...DEPLOYER_NOTES, ...notes.map(sentence)]),
  ];
}

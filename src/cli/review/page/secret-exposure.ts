import { SLOTS } from "../../../iam/key-slots";
import type { Deployment } from "../../../settings/deployment";
import type { TerraformJson } from "../../../terraform/terraform-json";
import { trusted } from "../../../text/markdown";
import type { TemplateData } from "../../../text/template";

/** In which form the state contains the secret access keys. */
type SecretInState = "none" | "unknown to Terraform" | "encrypted" | "plaintext";

/** Who can read the secret: the conditions of the template's section. */
export function secretExposure(deployment: Deployment, { output = {} }: TerraformJson): TemplateData {
  const { form, secrets } = secretInState(deployment);
  return {
    secretNotInState: form === "none",
    secretUnknownToTerraform: form === "unknown to Terraform",
    secretEncrypted: form === "encrypted",
    secretInPlaintext: form === "plaintext",
    secrets: trusted(secrets === 1 ? "the secret" : "the secrets of both keys"),
    secretInOutputs: "secret_access_key" in output,
  };
}

/** The least protected form of a secret in the state, and how many secrets have it. */
export function secretInState({ accessKeys, import: imports }: Deployment): {
  readonly form: SecretInState;
  readonly secrets: number;
} {
  if (accessKeys === "none") {
    return { form: "none", secrets: 0 };
  }
  const slots = SLOTS.filter((slot) => accessKeys[slot].status !== "absent");
  const created = slots.filter((slot) => slot !== "primary" || imports?.accessKeyId === undefined);
  if (created.length === 0) {
    return { form: "unknown to Terraform", secrets: 0 };
  }
  const plaintext = created.filter((slot) => accessKeys[slot].pgpKey === undefined);
  return plaintext.length === 0
    ? { form: "encrypted", secrets: created.length }
    : { form: "plaintext", secrets: plaintext.length };
}

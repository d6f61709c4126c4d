import { SLOTS } from "../../../iam/key-slots";
import { pgpKeyOf, pgpKeyText } from "../../../iam/openpgp-key";
import type { Deployment } from "../../../settings/deployment";
import type { TerraformJson } from "../../../terraform/terraform-json";
import { code, joined, type Markdown, trusted } from "../../text/markdown";
import type { TemplateData } from "../../text/template";

/** In which form the state contains the secret access keys. */
type SecretInState = "none" | "unknown to Terraform" | "encrypted" | "plaintext";

/** What else whoever reads the state reads. */
const PLAN_READS: Readonly<Record<SecretInState, string>> = {
  none: "",
  "unknown to Terraform": "",
  encrypted: ", in which the secret is encrypted",
  plaintext: ", and the secret in it",
};

/** Who can read the secret: the data of the template's section. */
export function secretExposure(deployment: Deployment, { output = {} }: TerraformJson): TemplateData {
  const { form, secrets } = secretInState(deployment);
  return {
    secretNotInState: form === "none",
    secretUnknownToTerraform: form === "unknown to Terraform",
    secretEncrypted: form === "encrypted",
    secretInPlaintext: form === "plaintext",
    secrets: trusted(secrets === 1 ? "the secret" : "the secrets of both keys"),
    secretInOutputs: "secret_access_key" in output,
    pgpKeys: pgpKeys(deployment),
    planReads: trusted(PLAN_READS[form]),
  };
}

/** Whose OpenPGP keys the settings have: user IDs, fingerprint and expiry. */
function pgpKeys({ accessKeys }: Deployment): Markdown {
  const given = accessKeys === "none" ? [] : SLOTS.flatMap((slot) => pgpKeyOf(accessKeys[slot].pgpKey) ?? []);
  return joined([...new Set(given.map(pgpKeyText))].map(code), " or ");
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

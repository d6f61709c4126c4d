import { SLOTS, type Slot } from "../iam/key-slots";
import type { Settings } from "./schema/deployment-schema";

/** In which form the Terraform state contains the secret of a key, the best protected one first. */
const SECRET_FORMS = ["none", "unknown to Terraform", "encrypted", "plaintext"] as const;
export type SecretForm = (typeof SECRET_FORMS)[number];

/** The form of the secret in each key slot. Terraform does not know the secret of an imported key. */
export function secretForms({
  accessKeys,
  import: imports,
}: Pick<Settings, "accessKeys" | "import">): Readonly<Record<Slot, SecretForm>> {
  const formOf = (slot: Slot): SecretForm => {
    if (accessKeys === "none" || accessKeys[slot].status === "absent") {
      return "none";
    }
    if (slot === "primary" && imports?.accessKeyId !== undefined) {
      return "unknown to Terraform";
    }
    return accessKeys[slot].pgpKey === undefined ? "plaintext" : "encrypted";
  };
  return { primary: formOf("primary"), secondary: formOf("secondary") };
}

/** The least protected form of a secret of a deployment, and the slots that have it. */
export function leastProtected(forms: Readonly<Record<Slot, SecretForm>>) {
  const form = SECRET_FORMS.findLast((candidate) => SLOTS.some((slot) => forms[slot] === candidate)) ?? "none";
  return { form, slots: SLOTS.filter((slot) => forms[slot] === form) } as const;
}

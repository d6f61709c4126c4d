import type { SecretForm } from "../../settings/key-secrets";
import type { OutputName } from "../../terraform/outputs";
import { visible } from "../../text/printable";
import { hclArguments } from "../text/hcl";
import { trusted } from "../text/markdown";
import { fillTemplateFile } from "../text/template";
import type { Reviewed } from "./reviewed";

/**
 * consumer.tf: HCL with which another workspace reads the outputs of a deployment. It contains the remote state, the `provider` block
 * of DKP's `AWSClusterConfiguration`, and a Kubernetes secret, and requires no provider. Without the secret in the outputs it has a
 * variant with a write-only argument, so that neither the state nor a plan contains the secret.
 * Sources: Terraform 1.11, "Use write-only arguments"; provider hashicorp/aws 5.100, `aws_secretsmanager_secret_version`.
 */
export function consumerHcl({ deployment, terraform, networks, secret, stateReading }: Reviewed): string {
  const outputs = Object.keys(terraform.output ?? {}) as OutputName[];
  const encrypted = outputs.includes("encrypted_secret_access_key");
  const { backend, config, missing } = stateReading;
  const outputOrVariable = (name: OutputName) =>
    trusted(outputs.includes(name) ? `data.terraform_remote_state.dkp_access.outputs.${name}` : `var.dkp_${name}`);
  return fillTemplateFile("src/cli/review/consumer.tf", {
    stack: trusted(visible(deployment.stack)),
    idInOutputs: outputs.includes("access_key_id"),
    secretInOutputs: outputs.includes("secret_access_key"),
    secretForm: trusted(encrypted || secret.current !== "encrypted" ? IN_OUTPUTS[secret.current] : IN_OUTPUTS.plaintext),
    secretSource: trusted(
      encrypted
        ? "The secret access key, decrypted: terraform output -raw encrypted_secret_access_key | base64 -d | gpg --decrypt"
        : "The secret access key, from your secret store",
    ),
    networks: trusted(visible(networks.join(", "))),
    missing: trusted(visible(missing.join(", "))),
    local: backend === "local",
    remoteState: trusted(hclArguments({ backend, config }, "  ").join("\n")),
    id: outputOrVariable("access_key_id"),
    secret: outputOrVariable("secret_access_key"),
  });
}

/** In which form the outputs contain the secret, if not in plaintext. */
const IN_OUTPUTS: Readonly<Record<SecretForm, string>> = {
  none: "The deployment has no key; create it outside Terraform.",
  "unknown to Terraform":
    "They do not contain the secret: the key was created outside Terraform, which does not know its secret.",
  encrypted: "They contain the secret only encrypted, for the OpenPGP key with key_fingerprint.",
  plaintext: "They do not contain the secret; `dkp-access hand-over` reads it from the state of the deployment.",
};

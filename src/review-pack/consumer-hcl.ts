import { Expression, type HclValue, hclArguments } from "../render/hcl";
import { visible } from "../render/printable";
import type { Deployment } from "../settings/deployment";
import type { OutputName } from "../terraform/outputs";
import { stateReading } from "../terraform/remote-state";

const STATE = "data.terraform_remote_state.dkp_access";

/**
 * HCL with which another workspace reads a deployment's outputs: the remote state, the `provider` block of DKP's
 * `AWSClusterConfiguration`, and a Kubernetes secret. It needs no provider.
 * @param outputs names of the outputs that the deployment has
 */
export function consumerHcl(deployment: Deployment, outputs: readonly OutputName[]): string {
  const { backend, config, missing } = stateReading(deployment.state);
  const has = (name: OutputName) => outputs.includes(name);
  const id = has("access_key_id") ? output("access_key_id") : new Expression("var.dkp_access_key_id");
  const secret = has("secret_access_key") ? output("secret_access_key") : new Expression("var.dkp_secret_access_key");
  const region = output("region");
  const variables = [
    ...(has("access_key_id")
      ? []
      : [variable("dkp_access_key_id", { description: "Id of the access key, which was made outside Terraform", type: STRING })]),
    ...(has("secret_access_key")
      ? []
      : [variable("dkp_secret_access_key", { description: secretDescription(has), type: STRING, sensitive: true })]),
  ];
  return [
    ...comment([
      ...headline(deployment, outputs),
      ...(missing.length === 0 ? [] : [`Add to config what this deployment leaves to -backend-config: ${missing.join(", ")}.`]),
      ...(backend === "local" ? ["The path counts from the folder that reads; change it accordingly."] : []),
    ]),
    "",
    block('data "terraform_remote_state" "dkp_access"', { backend, config }),
    ...variables,
    ...comment(["The provider block of DKP's AWSClusterConfiguration: terraform output -raw dkp_provider"]),
    yamlOutput("dkp_provider", {
      provider: { providerAccessKeyId: id, providerSecretAccessKey: secret, region },
    }),
    ...comment(["A Kubernetes secret: terraform output -raw dkp_kubernetes_secret | kubectl apply -f -"]),
    yamlOutput("dkp_kubernetes_secret", {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "dkp-aws-access", namespace: "default" },
      type: "Opaque",
      stringData: { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_REGION: region },
    }),
    ...(has("secret_access_key") ? [] : writeOnlyVariant(secretDescription(has), { id, secret, region })),
  ].join("\n");
}

const STRING = new Expression("string");

/** First line of the variant of `consumer.tf` that keeps the secret out of the reader's state; all lines below it are comments. */
export const WRITE_ONLY_VARIANT = "VARIANT THAT KEEPS THE SECRET OUT OF THIS STATE, with AWS Secrets Manager:";

/**
 * HCL as comments: the variable is ephemeral and its value goes to a write-only argument, so that neither state nor plan
 * contains the secret.
 * Sources: Terraform 1.11, "Use write-only arguments"; provider hashicorp/aws 5.100, `aws_secretsmanager_secret_version`.
 */
function writeOnlyVariant(
  description: string,
  { id, secret, region }: Readonly<Record<"id" | "secret" | "region", Expression>>,
): readonly string[] {
  const version = new Expression("var.dkp_secret_version");
  const hcl = [
    variable("dkp_secret_access_key", { description, type: STRING, sensitive: true, ephemeral: true }),
    variable("dkp_secret_version", {
      description: "Increase it whenever the secret changes; Terraform sends the secret only then",
      type: new Expression("number"),
    }),
    block('resource "aws_secretsmanager_secret" "dkp"', { name: "dkp-aws-access" }),
    [
      'resource "aws_secretsmanager_secret_version" "dkp" {',
      ...hclArguments({ secret_id: new Expression("aws_secretsmanager_secret.dkp.id"), secret_string_wo_version: version }, "  "),
      "  secret_string_wo = jsonencode({",
      ...hclArguments({ AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_REGION: region }, "    "),
      "  })",
      "}",
    ].join("\n"),
  ];
  return comment([
    WRITE_ONLY_VARIANT,
    "remove the variable dkp_secret_access_key and both outputs above, and uncomment what follows. It needs Terraform >= 1.11 and",
    "hashicorp/aws >= 5.100. Plans that do not change dkp_secret_version need any value for dkp_secret_access_key but null:",
    "a placeholder such as -var dkp_secret_access_key=unused. The same works with aws_ssm_parameter and its value_wo.",
    "",
    ...hcl.flatMap((part) => part.split("\n")),
  ]).concat("");
}

/** Warnings for the reader, at the top of the file. */
function headline(deployment: Deployment, outputs: readonly OutputName[]): readonly string[] {
  const name = visible(deployment.stack);
  const all = `Reading one output of ${name} brings all of them into this workspace's own state:`;
  if (outputs.includes("secret_access_key")) {
    return [
      `${all} THE SECRET ACCESS KEY IN CLEAR`,
      "is among them, and nothing marks it as sensitive there. Encrypt this state and limit who reads it as you do for that one,",
      "or set `outputs: { secret: false }` or a `pgpKey` in the deployment.",
    ];
  }
  return [
    "WARNING: the outputs below store var.dkp_secret_access_key, decrypted, IN PLAINTEXT in the state of this workspace.",
    "The variant at the end of this file keeps it out of the state. `npm run hand-over` gives it to DKP without Terraform.",
    all,
    whyNoSecret(deployment, outputs),
  ];
}

/** Why the outputs do not contain the secret in plaintext. */
function whyNoSecret({ accessKeys, adopt }: Deployment, outputs: readonly OutputName[]): string {
  if (accessKeys === "none") {
    return "the deployment has no key; you make it outside Terraform.";
  }
  if (outputs.includes("encrypted_secret_access_key")) {
    return "the secret is among them only encrypted, for the OpenPGP key with key_fingerprint.";
  }
  if (adopt?.accessKeyId !== undefined && accessKeys.current === "primary") {
    return "the secret is not among them: the key was made by hand, and Terraform does not know it.";
  }
  return "the secret is not among them; `npm run hand-over` reads it from the deployment's own state.";
}

function secretDescription(has: (name: OutputName) => boolean): string {
  return has("encrypted_secret_access_key")
    ? "The secret access key, decrypted: terraform output -raw encrypted_secret_access_key | base64 -d | gpg --decrypt"
    : "The secret access key, from a safe place";
}

const output = (name: OutputName) => new Expression(`${STATE}.outputs.${name}`);

function variable(name: string, values: Readonly<Record<string, HclValue>>): string {
  return block(`variable "${name}"`, values);
}

function yamlOutput(name: string, value: HclValue): string {
  const lines = hclArguments(value as Readonly<Record<string, HclValue>>, "    ");
  return [`output "${name}" {`, "  sensitive = true", "  value = yamlencode({", ...lines, "  })", "}", ""].join("\n");
}

function block(head: string, values: Readonly<Record<string, HclValue>>): string {
  return [`${head} {`, ...hclArguments(values, "  "), "}", ""].join("\n");
}

function comment(lines: readonly string[]): readonly string[] {
  return lines.map((line) => (line === "" ? "#" : `# ${line}`));
}

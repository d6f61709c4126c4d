import { networkList } from "../../iam/networks";
import type { Deployment } from "../../settings/deployment";
import type { OutputName } from "../../terraform/outputs";
import { stateReading } from "../../terraform/remote-state";
import { Expression, type HclValue, hclArguments } from "../../text/hcl";
import { visible } from "../../text/printable";

const STATE = "data.terraform_remote_state.dkp_access";

/**
 * consumer.tf: HCL with which another workspace reads the outputs of a deployment. It contains the remote state, the `provider` block
 * of DKP's `AWSClusterConfiguration`, and a Kubernetes secret, and requires no provider.
 * @param outputs names of the deployment's outputs
 */
export function consumerHcl(deployment: Deployment, outputs: readonly OutputName[]): string {
  const { state, user } = deployment;
  const { backend, config, missing } = stateReading(state);
  const has = (name: OutputName) => outputs.includes(name);
  const id = has("access_key_id") ? output("access_key_id") : new Expression("var.dkp_access_key_id");
  const secret = has("secret_access_key") ? output("secret_access_key") : new Expression("var.dkp_secret_access_key");
  const region = output("region");
  const variables = [
    ...(has("access_key_id")
      ? []
      : [
          variable("dkp_access_key_id", {
            description: "ID of the access key, which was created outside Terraform",
            type: STRING,
          }),
        ]),
    ...(has("secret_access_key")
      ? []
      : [variable("dkp_secret_access_key", { description: secretSource(has), type: STRING, sensitive: true })]),
  ];
  return [
    ...comment([
      ...headline(deployment, outputs),
      ...(user.allowedNetworks === undefined
        ? []
        : [
            `AWS denies requests with the key that come from other networks than ${networkList(user.allowedNetworks).join(", ")}.`,
          ]),
      ...(missing.length === 0
        ? []
        : [`Add these arguments to config, which the deployment gets from -backend-config: ${missing.join(", ")}.`]),
      ...(backend === "local" ? ["The path is relative to the folder of this workspace; change it accordingly."] : []),
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
    ...(has("secret_access_key") ? [] : writeOnlyVariant(secretSource(has), { id, secret, region })),
  ].join("\n");
}

const STRING = new Expression("string");

/** The line above the variant that keeps the secret out of the state of the workspace; all lines below it are comments. */
export const WRITE_ONLY_VARIANT = "VARIANT THAT KEEPS THE SECRET OUT OF THIS STATE, with AWS Secrets Manager:";

/**
 * HCL as comments: an ephemeral variable for a write-only argument, so that neither the state nor a plan contains the secret.
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
    "remove the variable dkp_secret_access_key and both outputs above, and uncomment the lines below. It requires Terraform >= 1.11",
    "and hashicorp/aws >= 5.100. Plans that do not change dkp_secret_version require any value except null for dkp_secret_access_key,",
    "such as -var dkp_secret_access_key=unused. Instead, you can use aws_ssm_parameter with value_wo in the same way.",
    "",
    ...hcl.flatMap((part) => part.split("\n")),
  ]).concat("");
}

/** What the user of the file must know first. */
function headline(deployment: Deployment, outputs: readonly OutputName[]): readonly string[] {
  const all = `Reading one output of ${visible(deployment.stack)} stores all of its outputs in the state of this workspace`;
  if (outputs.includes("secret_access_key")) {
    return [
      `WARNING: ${all},`,
      "including THE SECRET ACCESS KEY IN PLAINTEXT. Terraform does not mark it as sensitive there. Encrypt this state and limit",
      "its readers as for the state of the deployment, or set `outputs: { secret: false }` or a `pgpKey` in the deployment.",
    ];
  }
  return [
    "WARNING: the outputs below store var.dkp_secret_access_key, decrypted, IN PLAINTEXT in the state of this workspace.",
    `The variant at the end of this file keeps it out of the state. \`dkp-access hand-over\` prints it for DKP.`,
    `${all}.`,
    secretInOutputs(deployment, outputs),
  ];
}

/** In which form the outputs contain the secret, if not in plaintext. */
function secretInOutputs({ accessKeys, import: imports }: Deployment, outputs: readonly OutputName[]): string {
  if (accessKeys === "none") {
    return "The deployment has no key; create it outside Terraform.";
  }
  if (outputs.includes("encrypted_secret_access_key")) {
    return "They contain the secret only encrypted, for the OpenPGP key with key_fingerprint.";
  }
  if (imports?.accessKeyId !== undefined && accessKeys.current === "primary") {
    return "They do not contain the secret: the key was created outside Terraform, which does not know its secret.";
  }
  return `They do not contain the secret; \`dkp-access hand-over\` reads it from the state of the deployment.`;
}

function secretSource(has: (name: OutputName) => boolean): string {
  return has("encrypted_secret_access_key")
    ? "The secret access key, decrypted: terraform output -raw encrypted_secret_access_key | base64 -d | gpg --decrypt"
    : "The secret access key, from your secret store";
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

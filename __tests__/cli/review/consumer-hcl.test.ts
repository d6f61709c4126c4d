import { terraformJson } from "../../../src/app";
import { reviewPack } from "../../../src/cli/review/pack";
import { deployment } from "../../helpers/deployment";
import { RSA_KEY } from "../../helpers/pgp-keys";

/** The line above the variant that keeps the secret out of the state of the workspace; all lines below it are comments. */
const WRITE_ONLY_VARIANT = "VARIANT THAT KEEPS THE SECRET OUT OF THIS STATE, with AWS Secrets Manager:";

function consumer(settings = ""): string {
  const described = deployment(settings);
  return reviewPack(described, terraformJson([described])[described.stack] ?? {})["consumer.tf"] ?? "";
}

const head = (settings?: string) =>
  consumer(settings)
    .split("\n")
    .filter((line) => line.startsWith("#"))
    .slice(0, settings === undefined ? 3 : 4);

/** The block of the remote state. */
const reading = (settings: string) => /data "terraform_remote_state" "dkp_access" \{\n.*?\n\}/s.exec(consumer(settings))?.[0];

describe("consumer.tf", () => {
  it("states first in which form the workspace gets the secret", () => {
    expect(head()).toEqual([
      "# WARNING: Reading one output of deckhouse stores all of its outputs in the state of this workspace,",
      "# including THE SECRET ACCESS KEY IN PLAINTEXT. Terraform does not mark it as sensitive there. Encrypt this state and limit",
      "# its readers as for the state of the deployment, or set `outputs: { secret: false }` or a `pgpKey` in the deployment.",
    ]);
    expect(head("outputs: { secret: false }")[3]).toBe(
      "# They do not contain the secret; `dkp-access hand-over` reads it from the state of the deployment.",
    );
    expect(head("accessKeys: none")[3]).toBe("# The deployment has no key; create it outside Terraform.");
    expect(head(`accessKeys: { primary: { pgpKey: ${RSA_KEY} } }`)[3]).toBe(
      "# They contain the secret only encrypted, for the OpenPGP key with key_fingerprint.",
    );
  });

  it.each(["outputs: { secret: false }", "accessKeys: none", `accessKeys: { primary: { pgpKey: ${RSA_KEY} } }`])(
    "warns in its first line that its outputs store the decrypted secret, and has a variant that does not: %.20s",
    (settings) => {
      expect(head(settings).slice(0, 3)).toEqual([
        "# WARNING: the outputs below store var.dkp_secret_access_key, decrypted, IN PLAINTEXT in the state of this workspace.",
        "# The variant at the end of this file keeps it out of the state. `dkp-access hand-over` prints it for DKP.",
        "# Reading one output of deckhouse stores all of its outputs in the state of this workspace.",
      ]);
      const [, variant = ""] = consumer(settings).split(`# ${WRITE_ONLY_VARIANT}\n`);
      expect(variant.split("\n").filter((line) => line !== "" && !line.startsWith("#"))).toEqual([]);
      expect(variant).toContain("#   ephemeral   = true\n");
      expect(variant).toContain("#   secret_string_wo = jsonencode({\n");
      expect(variant).toContain(
        "Plans that do not change dkp_secret_version require any value except null for dkp_secret_access_key,\n",
      );
    },
  );

  it("has no variant if the outputs contain the secret", () => {
    expect(consumer()).not.toContain(WRITE_ONLY_VARIANT);
  });

  it("reads the state of the deployment without the arguments that only writing requires", () => {
    expect(
      reading(
        "backend: { s3: { bucket: b, region: eu-west-1, profile: writer, kms_key_id: k, endpoints: { s3: https://s3.local } } }",
      ),
    ).toBe(`data "terraform_remote_state" "dkp_access" {
  backend = "s3"
  config = {
    bucket = "b"
    endpoints = {
      s3 = "https://s3.local"
    }
    key    = "deckhouse/terraform.tfstate"
    region = "eu-west-1"
  }
}`);
  });

  it.each([
    ["gcs", "{ bucket: b, prefix: dkp }", ['bucket = "b"', 'prefix = "dkp"']],
    [
      "azurerm",
      "{ storage_account_name: s, container_name: c, key: k, resource_group_name: g }",
      ['container_name       = "c"', 'key                  = "k"', 'resource_group_name  = "g"', 'storage_account_name = "s"'],
    ],
    [
      "http",
      "{ address: https://state.local/dkp, lock_address: https://state.local/lock }",
      ['address = "https://state.local/dkp"'],
    ],
    ["pg", "{ schema_name: dkp }", ['schema_name = "dkp"']],
  ])("reads a state in the backend %s", (type, args, lines) => {
    const config = reading(`backend: { ${type}: ${args} }`)
      ?.split("\n")
      .filter((line) => line.startsWith("    "))
      .map((line) => line.trim());
    expect(config).toEqual(lines);
  });

  it("reads a workspace of HCP Terraform with the backend remote", () => {
    const block = reading("cloud: { organization: acme, workspaces: { name: dkp, project: platform } }");
    expect(block).toContain('backend = "remote"');
    expect(block).toContain('organization = "acme"\n    workspaces = {\n      name = "dkp"\n    }');
  });

  it("lists the arguments that the deployment gets from -backend-config", () => {
    expect(consumer("backend: { s3: {}, partial: true }")).toContain(
      "# Add these arguments to config, which the deployment gets from -backend-config: bucket.\n",
    );
    expect(consumer("cloud: { organization: acme, workspaces: { tags: [dkp] } }")).toContain(
      "# Add these arguments to config, which the deployment gets from -backend-config: workspaces.\n",
    );
  });

  it("has variables for what the state does not contain", () => {
    expect(consumer("outputs: { secret: false }")).toContain(`variable "dkp_secret_access_key" {
  description = "The secret access key, from your secret store"
  type        = string
  sensitive   = true
}`);
    expect(consumer("accessKeys: none")).toContain("providerAccessKeyId     = var.dkp_access_key_id");
    expect(consumer()).not.toContain("variable");
  });
});

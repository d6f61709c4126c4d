import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { SecretsmanagerSecret } from "@cdktf/provider-aws/lib/secretsmanager-secret";
import { SecretsmanagerSecretVersion } from "@cdktf/provider-aws/lib/secretsmanager-secret-version";
import { App, DataTerraformRemoteStateS3, S3Backend, TerraformOutput, TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import { AccessState } from "dkp-access";

const STATES = { bucket: "example-terraform-state", region: "eu-central-1" };

/**
 * Puts the `provider` block of DKP's AWSClusterConfiguration into AWS Secrets Manager, for whoever
 * installs the cluster.
 */
class ProviderSecret extends TerraformStack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    new S3Backend(this, { ...STATES, key: "cdktf-consumer/terraform.tfstate" });
    new AwsProvider(this, "aws", { region: "eu-central-1" });
    const state = new DataTerraformRemoteStateS3(this, "access", {
      ...STATES,
      key: "deckhouse/terraform.tfstate",
    });
    const access = new AccessState(state);
    const secret = new SecretsmanagerSecret(this, "secret", {
      name: "cdktf-consumer/deckhouse-provider",
    });
    new SecretsmanagerSecretVersion(this, "version", {
      secretId: secret.id,
      secretString: access.providerBlock,
    });
    new TerraformOutput(this, "user_arn", { value: access.output("user_arn") });
  }
}

const app = new App();
new ProviderSecret(app, "provider-secret");
app.synth();

import { LocalAws } from "./support/local-aws";
import { Deployments, folder, removeFolders } from "./support/project";
import { Terraform } from "./support/terraform";

const BUCKET = "shared-state";
const SETTINGS = `region: eu-central-1\nbackend: { s3: { bucket: ${BUCKET}, region: eu-central-1 } }\n`;
const S3_ON_LOCAL_AWS = "-backend-config=use_path_style=true";

/** A workspace of another team that builds the fields of DKP's AWSClusterConfiguration from the outputs. */
const consumer = (secret: string) => `
data "terraform_remote_state" "access" {
  backend = "s3"
  config = {
    bucket         = "${BUCKET}"
    key            = "deckhouse/terraform.tfstate"
    region         = "eu-central-1"
    use_path_style = true
  }
}

output "provider" {
  sensitive = true
  value = yamlencode({
    provider = {
      providerAccessKeyId     = data.terraform_remote_state.access.outputs.access_key_id
      providerSecretAccessKey = ${secret}
      region                  = data.terraform_remote_state.access.outputs.region
    }
  })
}
`;

describe("state in a shared S3 bucket", () => {
  let aws: LocalAws;
  let deployments: Deployments;
  let terraform: Terraform;

  beforeAll(async () => {
    aws = await LocalAws.start();
    await aws.createBucket(BUCKET);
    deployments = Deployments.of({ deckhouse: SETTINGS });
    terraform = deployments.terraform("deckhouse", aws);
    terraform.init(S3_ON_LOCAL_AWS);
    terraform.apply();
  });

  afterAll(async () => {
    await aws.stop();
    removeFolders();
  });

  it("provides another workspace with the fields of AWSClusterConfiguration, and writes the secret to its state", () => {
    const reader = new Terraform(
      folder({ "main.tf": consumer("data.terraform_remote_state.access.outputs.secret_access_key") }),
      aws,
    );
    reader.init();
    reader.apply();
    const secret = terraform.output("secret_access_key");
    expect(reader.output("provider")).toBe(
      [
        '"provider":',
        `  "providerAccessKeyId": "${terraform.output("access_key_id")}"`,
        `  "providerSecretAccessKey": "${secret}"`,
        '  "region": "eu-central-1"',
        "",
      ].join("\n"),
    );
    expect(secret).toHaveLength(40);
    expect(reader.state()).toContain(secret);
  });

  it("keeps the secret from other workspaces with outputs.secret: false", () => {
    const secret = terraform.output("secret_access_key");
    deployments.change({ deckhouse: `${SETTINGS}outputs: { secret: false }\n` });
    terraform.apply();
    const reader = new Terraform(folder({ "main.tf": consumer('"from a vault"') }), aws);
    reader.init();
    reader.apply();
    expect(reader.state()).toContain(terraform.output("access_key_id"));
    expect(reader.state()).not.toContain(secret);
    // The deployment's own state must still contain the secret, because hand-over reads it there.
    expect(terraform.state()).toContain(secret);
  });
});

import { LocalAws } from "./support/local-aws";
import { Deployments, folder, removeFolders } from "./support/project";
import { Terraform } from "./support/terraform";

const BUCKET = "shared-state";
const SETTINGS = `region: eu-central-1\nbackend: { s3: { bucket: ${BUCKET}, region: eu-central-1 } }\n`;
const S3_ON_LOCAL_AWS = "-backend-config=use_path_style=true";

/** A workspace that somebody else keeps: it builds what DKP's AWSClusterConfiguration wants from the outputs. */
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
    await aws.makeBucket(BUCKET);
    deployments = Deployments.of({ deckhouse: SETTINGS });
    terraform = deployments.terraform("deckhouse", aws);
    terraform.init(S3_ON_LOCAL_AWS);
  });

  afterAll(async () => {
    await aws.stop();
    removeFolders();
  });

  it("lets one of two applies at once through and tells the other that the state is locked", async () => {
    const second = Deployments.of({ deckhouse: SETTINGS }).terraform("deckhouse", aws);
    second.init(S3_ON_LOCAL_AWS);
    const ends = await Promise.all([terraform, second].map((one) => one.start("apply", "-auto-approve")));
    const [winner, loser] = ends.toSorted((one, other) => (one.status ?? 1) - (other.status ?? 1));
    expect(winner).toMatchObject({ status: 0, output: expect.stringContaining("4 added, 0 changed, 0 destroyed") });
    expect(loser).toMatchObject({ status: 1, output: expect.stringContaining("Error acquiring the state lock") });
    expect(terraform.isUpToDate()).toBe(true);
    expect(await aws.objects(BUCKET)).toEqual(["deckhouse/terraform.tfstate"]);
  });

  it("gives another workspace what AWSClusterConfiguration needs, and the secret into its state", () => {
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
    const reader = new Terraform(folder({ "main.tf": consumer('"from a safe place"') }), aws);
    reader.init();
    reader.apply();
    expect(reader.state()).toContain(terraform.output("access_key_id"));
    expect(reader.state()).not.toContain(secret);
    // This deployment's own state must still hold it: that is where the hand-over takes it from.
    expect(terraform.state()).toContain(secret);
  });
});

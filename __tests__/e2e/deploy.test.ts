import { join } from "node:path";
import { LocalAws } from "./support/local-aws";
import { copyOfProject } from "./support/project";
import {
  ended,
  type Finished,
  ownProviderEnvironment,
  PATH_STYLE,
  runIn,
  Terraform,
} from "./support/terraform";

const BUCKET = "example-terraform-state";

describe("cdktf deploy of the first deployment of the README", () => {
  let aws: LocalAws;
  let deployed: Finished;
  let terraform: Terraform;

  beforeAll(async () => {
    aws = await LocalAws.start();
    await aws.createBucket(BUCKET);
    const project = copyOfProject();
    const environment = {
      ...ownProviderEnvironment(aws),
      TF_CLI_ARGS_init: PATH_STYLE,
      FORCE_COLOR: "0",
      CI: "1",
    };
    const args = ["deploy", "deckhouse", "--auto-approve", "--skip-provider-lock"];
    deployed = runIn(project, environment, join(project, "node_modules/.bin/cdktf"), ...args);
    terraform = new Terraform(join(project, "cdktf.out/stacks/deckhouse"), aws);
  });

  it("applies", () => {
    expect(deployed).toMatchObject(ended(0, "4 added, 0 changed, 0 destroyed"));
  });

  it("does not print the secret", () => {
    expect(terraform.output("secret_access_key")).toHaveLength(40);
    expect(deployed.output).not.toContain(terraform.output("secret_access_key"));
  });

  it("creates a key that may do only what is documented", async () => {
    const key = terraform.key();
    await expect(aws.ec2(key).describeInstances()).resolves.toMatchObject({ Reservations: [] });
    await expect(aws.ec2(key).describeSnapshots()).rejects.toThrow(/not authorized/);
    await expect(aws.iam(key).listUsers()).rejects.toThrow(/not authorized/);
  });
});

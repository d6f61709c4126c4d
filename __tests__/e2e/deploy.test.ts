import { join } from "node:path";
import { LocalAws } from "./support/local-aws";
import { copyOfProject, EXAMPLE, write } from "./support/project";
import { type Finished, ownProviderEnvironment, runIn, Terraform } from "./support/terraform";

const BUCKET = "example-terraform-state";

describe("cdktf deploy of the first deployment of the README", () => {
  let aws: LocalAws;
  let project: string;
  let deployed: Finished;
  let terraform: Terraform;

  const cdktf = (...args: string[]) =>
    runIn(
      project,
      {
        ...ownProviderEnvironment(aws),
        TF_CLI_ARGS_init: "-backend-config=use_path_style=true",
        FORCE_COLOR: "0",
        CI: "1",
      },
      join(project, "node_modules/.bin/cdktf"),
      ...args,
      "--skip-provider-lock",
    );

  beforeAll(async () => {
    aws = await LocalAws.start();
    await aws.createBucket(BUCKET);
    project = copyOfProject();
    deployed = cdktf("deploy", "deckhouse", "--auto-approve");
    terraform = new Terraform(join(project, "cdktf.out/stacks/deckhouse"), aws);
  });

  it("applies", () => {
    expect(deployed).toMatchObject({
      status: 0,
      output: expect.stringContaining("4 added, 0 changed, 0 destroyed"),
    });
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

  it("is destroyed completely when not protected", async () => {
    write(project, { "deployments/deckhouse.yaml": `${EXAMPLE}protect: false\n` });
    expect(cdktf("destroy", "deckhouse", "--auto-approve")).toMatchObject({ status: 0 });
    const { Users } = await aws.iam().listUsers();
    const { Policies } = await aws.iam().listPolicies({ Scope: "Local" });
    expect({ Users, Policies }).toEqual({ Users: [], Policies: [] });
  });
});

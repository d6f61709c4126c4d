import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { PAGE_HCL } from "./support/documented-commands";
import { LocalAws } from "./support/local-aws";
import { Deployments, folder } from "./support/project";
import { Terraform } from "./support/terraform";

const SETTINGS = "region: eu-central-1\nbackend: { local: {} }\n";

describe("migrating from the documented HCL", () => {
  let aws: LocalAws;
  let documentedHcl: Terraform;
  let migrated: Terraform;

  beforeEach(async () => {
    aws = await LocalAws.start();
    documentedHcl = new Terraform(folder({ "main.tf": PAGE_HCL }), aws);
    documentedHcl.init();
  });

  const migrate = (settings: string) => {
    const deployments = Deployments.of({ deckhouse: settings });
    copyFileSync(join(documentedHcl.folder, "terraform.tfstate"), join(deployments.path, "terraform.deckhouse.tfstate"));
    migrated = deployments.terraform("deckhouse", aws);
    migrated.init();
  };

  const keys = async () => (await aws.iam().listAccessKeys({ UserName: "deckhouse" })).AccessKeyMetadata ?? [];

  it.each([
    ["with additional permissions", SETTINGS],
    ["without them, because the documented list has a duplicate", `${SETTINGS}policy: { supplement: false }\n`],
  ])("changes nothing but the policy, in place, and keeps the access key: %s", async (_, settings) => {
    documentedHcl.apply();
    const before = await keys();
    migrate(settings);
    expect(migrated.plannedActions()).toEqual({ "aws_iam_policy.policy": "update" });
    expect(migrated.apply()).toContain("0 added, 1 changed, 0 destroyed");
    expect(migrated.isUpToDate()).toBe(true);
    expect(await keys()).toEqual(before);
    expect(migrated.output("access_key_id")).toBe(before[0]?.AccessKeyId);
  });

  it("makes at most two more AWS calls than the documented HCL, to apply and to plan", async () => {
    const counts = async (terraform: Terraform) => {
      await aws.calls();
      terraform.apply();
      const apply = (await aws.calls()).length;
      terraform.isUpToDate();
      const plan = (await aws.calls()).length;
      return { apply, plan };
    };
    const documented = await counts(documentedHcl);
    documentedHcl.run("destroy", "-auto-approve");
    const deployments = Deployments.of({ deckhouse: SETTINGS });
    migrated = deployments.terraform("deckhouse", aws);
    migrated.init();
    const own = await counts(migrated);
    process.stderr.write(
      `AWS calls of the documented HCL: ${JSON.stringify(documented)}, of this project: ${JSON.stringify(own)}\n`,
    );
    expect(own.apply).toBeLessThanOrEqual(documented.apply + 2);
    expect(own.plan).toBeLessThanOrEqual(documented.plan + 2);
  });
});

import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { PAGE_HCL, PageCommands } from "./support/documented-commands";
import { LocalAws } from "./support/local-aws";
import { Deployments, folder } from "./support/project";
import { Terraform } from "./support/terraform";

const SETTINGS = "region: eu-central-1\nbackend: { local: {} }\n";
const NOTHING_DESTROYED = /(\d+) imported, (\d+) added, (\d+) changed, 0 destroyed/;

describe("objects that were created with the documented commands or HCL", () => {
  let aws: LocalAws;
  let deployments: Deployments;
  let terraform: Terraform;
  let page: PageCommands;

  beforeEach(async () => {
    aws = await LocalAws.start();
    page = new PageCommands(aws);
    deployments = Deployments.of(SETTINGS);
    terraform = deployments.terraform(aws);
    terraform.init();
  });

  const apply = (more: string) => {
    deployments.change(`${SETTINGS}${more}\n`);
    return terraform.apply();
  };
  const keyIds = async () => (await aws.keysOf()).map(({ AccessKeyId }) => AccessKeyId);

  it("imports all of it, destroys nothing, and leaves the key alone", async () => {
    page.createPolicy();
    page.createUser();
    const unmanaged = page.createKey();
    page.attachPolicy();
    await aws.calls();
    const imported = apply(
      "accessKeys: { managedBy: rotate }\nimport: { user: true, policy: true, attachment: true }",
    );
    expect(NOTHING_DESTROYED.exec(imported)?.slice(1, 3)).toEqual(["3", "0"]);
    expect(await aws.changes()).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^(Create(?!PolicyVersion)|Delete|Detach)/)]),
    );
    expect(Object.keys(terraform.outputs())).not.toContain("access_key_id");
    expect(await aws.accepts(unmanaged)).toBe(true);

    deployments.change(`${SETTINGS}accessKeys: { managedBy: rotate }\n`);
    expect(terraform.isUpToDate()).toBe(true);

    expect(await keyIds()).toEqual([unmanaged.accessKeyId]);
  });

  it("completes a partial setup: a user and a key without a policy", async () => {
    page.createUser();
    const unmanaged = page.createKey();
    const imported = apply("accessKeys: { managedBy: rotate }\nimport: { user: true }");
    expect(NOTHING_DESTROYED.exec(imported)?.slice(1, 3)).toEqual(["1", "2"]);
    expect(await aws.accepts(unmanaged)).toBe(true);
  });

  it("imports only a policy, and creates the other objects", () => {
    page.createPolicy();
    expect(NOTHING_DESTROYED.exec(apply("import: { policy: true }"))?.slice(1, 3)).toEqual([
      "1",
      "3",
    ]);
    deployments.change(SETTINGS);
    expect(terraform.isUpToDate()).toBe(true);
  });

  it("fails before any change when the named object does not exist (recover.md#half-made-import)", async () => {
    deployments.change(`${SETTINGS}import: { user: true }\n`);
    await aws.calls();
    const { status, output } = terraform.attempt("apply", "-auto-approve");
    expect(status).toBe(1);
    expect(output).toContain("Cannot import non-existent remote object");
    expect(await aws.changes()).toEqual([]);
  });

  it("cannot destroy a user with an unmanaged key, reports why, and can without it (recover.md#interrupted-destroy)", async () => {
    apply("protect: false");
    const unmanaged = page.createKey();
    const { status, output } = terraform.attempt("destroy", "-auto-approve");
    expect(status).toBe(1);
    expect(output).toContain("DeleteConflict");
    expect(output).toContain("must delete access keys first");
    expect(await keyIds()).toContain(unmanaged.accessKeyId);
    await aws.deleteKey(unmanaged.accessKeyId);
    expect(terraform.run("destroy", "-auto-approve")).toContain("Destroy complete");
  });

  const documentedHcl = () => {
    const hcl = new Terraform(folder({ "main.tf": PAGE_HCL }), aws);
    hcl.init();
    return hcl;
  };

  it("changes nothing but the policy, in place, and keeps the access key, with the state of the HCL", async () => {
    const hcl = documentedHcl();
    hcl.apply();
    const before = await aws.keysOf();
    deployments.change(SETTINGS);
    copyFileSync(
      join(hcl.folder, "terraform.tfstate"),
      join(deployments.path, "terraform.deckhouse.tfstate"),
    );
    terraform.init();
    expect(terraform.plannedActions()).toEqual({ "aws_iam_policy.policy": "update" });
    expect(terraform.apply()).toContain("0 added, 1 changed, 0 destroyed");
    expect(terraform.isUpToDate()).toBe(true);
    expect(await aws.keysOf()).toEqual(before);
    expect(terraform.output("access_key_id")).toBe(before[0]?.AccessKeyId);
  });

  it("makes at most two more AWS calls than the documented HCL, to apply and to plan", async () => {
    const counts = async (counted: Terraform) => {
      await aws.calls();
      counted.apply();
      const apply = (await aws.calls()).length;
      counted.isUpToDate();
      const plan = (await aws.calls()).length;
      return { apply, plan };
    };
    const hcl = documentedHcl();
    const documented = await counts(hcl);
    hcl.run("destroy", "-auto-approve");
    const own = await counts(terraform);
    process.stderr.write(
      `AWS calls of the documented HCL: ${JSON.stringify(documented)}, of this project: ${JSON.stringify(own)}\n`,
    );
    expect(own.apply).toBeLessThanOrEqual(documented.apply + 2);
    expect(own.plan).toBeLessThanOrEqual(documented.plan + 2);
  });
});

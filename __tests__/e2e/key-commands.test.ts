import { rmSync } from "node:fs";
import { join } from "node:path";
import { PROJECT } from "../helpers/project-root";
import { allowing, LocalAws } from "./support/local-aws";
import { Deployments, folder } from "./support/project";
import type { KeysReport } from "./support/recovery";
import { jsonOf, runIn, type Terraform, terraformEnvironment } from "./support/terraform";

const SETTINGS = "region: eu-central-1\nbackend: { local: {} }\n";

describe("the commands about keys", () => {
  let aws: LocalAws;
  let deployments: Deployments;
  let terraform: Terraform;

  const environment = () => terraformEnvironment(aws);
  const script = join(PROJECT, "bin/dkp-access");
  const command = (name: string, ...args: string[]) =>
    runIn(deployments.path, environment(), process.execPath, script, name, ...args);
  const json = (name: string, ...args: string[]) =>
    jsonOf(deployments.path, environment(), process.execPath, script, name, ...args);

  beforeAll(async () => {
    aws = await LocalAws.start();
    deployments = Deployments.of({ deckhouse: SETTINGS });
    terraform = deployments.terraform("deckhouse", aws);
  });

  it("keys ends at its time limit where AWS does not answer, without arguments and after a leak", () => {
    terraform.init();
    terraform.apply();
    const config = join(folder({ config: "[profile hanging]\ncredential_process = sleep 1000\n" }), "config");
    const { AWS_ACCESS_KEY_ID: _id, AWS_SECRET_ACCESS_KEY: _secret, ...rest } = environment() as Record<string, string>;
    const hanging = { ...rest, AWS_CONFIG_FILE: config, AWS_PROFILE: "hanging" };
    const unread = "sts:GetCallerIdentity: no answer within 2 s";
    for (const [args, said] of [
      [[], [`the keys of the user deckhouse cannot be read: ${unread}`, "set a longer --timeout"]],
      [["--leaked"], [unread, "these steps are without what could not be read", "1. Deactivate the key"]],
    ] as const) {
      const { status, output } = runIn(deployments.path, hanging, process.execPath, script, "keys", ...args, "--timeout", "2");
      expect({ status, lacking: said.filter((text) => !output.includes(text)) }).toEqual({ status: 3, lacking: [] });
    }
  });

  it("keys reports the slots, the next step, and an unmanaged key before it blocks a rotation", async () => {
    const id = terraform.output("access_key_id");
    await aws.accepts(terraform.key());
    const plain = command("keys", "deckhouse");
    expect(plain).toMatchObject({ status: 0, output: expect.stringContaining(`primary: ${id} (Active, created `) });
    expect(plain.output).toContain("exposed by the outputs, its secret is in plaintext in the state");
    expect(plain.output).not.toContain(terraform.key().secretAccessKey);
    expect(plain.output).toContain("accessKeys.secondary.status: Active");
    const { AccessKey } = await aws.iam().createAccessKey({ UserName: "deckhouse" });
    deployments.change({ deckhouse: `${SETTINGS}accessKeys: { secondary: { status: Active } }\n` });
    expect(command("keys", "deckhouse")).toMatchObject({ status: 2 });
    const { findings } = json("keys", "deckhouse", "--format", "json") as KeysReport;
    expect(findings.map(({ rule }) => rule)).toEqual(["key-over-quota", "key-unmanaged"]);
    // The key is new, so DKP may use it.
    expect(findings[1]?.text).toContain(`${AccessKey?.AccessKeyId} (Active, created `);
    expect(findings[0]?.text).toBe("the next apply creates a key in secondary");
    await aws.iam().deleteAccessKey({ UserName: "deckhouse", AccessKeyId: AccessKey?.AccessKeyId ?? "" });
  });

  it("keys reports several stacks, and one that cannot be read does not keep it from the others", () => {
    const other = `${SETTINGS}user: { name: other }\npolicy: { name: other }\n`;
    deployments.change({ deckhouse: SETTINGS, other, third: other.replaceAll("other", "third") });
    const applied = deployments.terraform("other", aws);
    applied.init();
    applied.apply();
    const { status, output } = command("keys");
    expect(status).toBe(3);
    expect(output).toContain(`primary: ${terraform.output("access_key_id")} (Active, created `);
    expect(output).toContain(`primary: ${applied.output("access_key_id")} (Active, created `);
    expect(output).toMatch(
      /^third: .*terraform has not been initialized there; run terraform -chdir=cdktf.out\/stacks\/third init first$/m,
    );
    expect(json("keys", "deckhouse", "other", "--format", "json")).toMatchObject({
      exitCode: 0,
      deployments: [{ stack: "deckhouse" }, { stack: "other" }],
    });
    for (const name of ["other", "third"]) {
      rmSync(join(deployments.path, `deployments/${name}.yaml`));
    }
  });

  it("keys ends with 3 at a stop, which no finding is", async () => {
    const { AccessKey: { AccessKeyId = "" } = {} } = await aws.iam().createAccessKey({ UserName: "deckhouse" });
    await aws.iam().updateAccessKey({ UserName: "deckhouse", AccessKeyId, Status: "Inactive" });
    deployments.change({ deckhouse: `${SETTINGS}accessKeys: none\n` });
    const { status, output } = command("keys", "deckhouse");
    await aws.iam().deleteAccessKey({ UserName: "deckhouse", AccessKeyId });
    expect({ status, output }).toEqual({ status: 3, output: expect.stringContaining("next: stop: the user has two keys") });
    expect(output).not.toContain("unverifiable:");
  });

  it("keys says nothing about a user that IAM lacks, unless it can read who has the keys", async () => {
    const reader = await aws.createUser("reader", allowing(["iam:ListAccessKeys", "sts:GetCallerIdentity"]));
    const { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY } = reader;
    const given = { ...environment(), AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY };
    deployments.change({ deckhouse: SETTINGS });
    await aws.iam().updateUser({ UserName: "deckhouse", NewUserName: "deckhouse-old" });
    const { status, output } = runIn(deployments.path, given, process.execPath, script, "keys", "deckhouse");
    await aws.iam().updateUser({ UserName: "deckhouse-old", NewUserName: "deckhouse" });
    expect({ status, output }).toEqual({
      status: 3,
      output: expect.stringContaining("-> do not apply, and run this command again in ten minutes"),
    });
  });

  it("with accessKeys: none, hand-over explains how to create a key", () => {
    deployments.change({ deckhouse: `${SETTINGS}accessKeys: none\n` });
    expect(command("hand-over", "deckhouse", "--yes")).toEqual({
      status: 1,
      output:
        "accessKeys is none: Terraform has no key to hand over; create one with aws iam create-access-key --user-name=deckhouse\n",
    });
  });
});

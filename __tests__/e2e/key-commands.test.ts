import { rmSync } from "node:fs";
import { join } from "node:path";
import { allowing, LocalAws } from "./support/local-aws";
import { Deployments, folder } from "./support/project";
import {
  DKP_ACCESS,
  ended,
  jsonOf,
  runIn,
  type Terraform,
  terraformEnvironment,
} from "./support/terraform";

const SETTINGS = "region: eu-central-1\nbackend: { local: {} }\n";

describe("the commands about keys", () => {
  let aws: LocalAws;
  let deployments: Deployments;
  let terraform: Terraform;

  const environment = () => terraformEnvironment(aws);
  const command = (name: string, ...args: string[]) =>
    runIn(deployments.path, environment(), ...DKP_ACCESS, name, ...args);
  const json = (name: string, ...args: string[]) =>
    jsonOf(deployments.path, environment(), ...DKP_ACCESS, name, ...args);

  beforeAll(async () => {
    aws = await LocalAws.start();
    deployments = Deployments.of(SETTINGS);
    terraform = deployments.terraform(aws);
  });

  it("keys ends at its time limit where AWS does not answer", () => {
    terraform.init();
    terraform.apply();
    const config = join(
      folder({ config: "[profile hanging]\ncredential_process = sleep 1000\n" }),
      "config",
    );
    const {
      AWS_ACCESS_KEY_ID: _id,
      AWS_SECRET_ACCESS_KEY: _secret,
      ...rest
    } = environment() as Record<string, string>;
    const hanging = { ...rest, AWS_CONFIG_FILE: config, AWS_PROFILE: "hanging" };
    const args = [...DKP_ACCESS, "keys", "--timeout", "2"] as const;
    expect(runIn(deployments.path, hanging, ...args)).toEqual(
      ended(
        3,
        "the keys of the user deckhouse cannot be read: iam:ListAccessKeys: no answer within 2 s",
      ),
    );
  });

  it("keys is a table of the keys in the state and in IAM", async () => {
    const { accessKeyId: id, secretAccessKey } = terraform.key();
    await aws.accepts(terraform.key());
    const { accessKeyId: other } = await aws.createKey();
    const { status, output } = command("keys", "deckhouse");
    await aws.deleteKey(other);
    expect({ status, rows: output.match(/^ {2}AKIA\w+ +Active .*/gm) }).toEqual({
      status: 0,
      rows: expect.arrayContaining([
        expect.stringMatching(new RegExp(`^  ${id} .* Terraform$`)),
        expect.stringMatching(new RegExp(`^  ${other} .* never +not known$`)),
      ]),
    });
    expect(output).not.toContain(secretAccessKey);
  });

  it("keys names Terraform's key that was deleted in AWS (recover.md#deleted-key)", async () => {
    const id = terraform.output("access_key_id");
    await aws.deleteKey(id);
    expect(command("keys", "deckhouse")).toEqual(
      ended(2, `attention: ${id} is in the state and not in IAM: `),
    );
    terraform.apply();
    expect(command("keys", "deckhouse")).toMatchObject({ status: 0 });
  });

  it("keys reports several stacks, and one that cannot be read does not keep it from the others", () => {
    const other = `${SETTINGS}user: { name: other }\npolicy: { name: other }\n`;
    deployments.change({ deckhouse: SETTINGS, other, third: other.replaceAll("other", "third") });
    const applied = deployments.terraform(aws, "other");
    applied.init();
    applied.apply();
    const { status, output } = command("keys");
    expect(status).toBe(2);
    expect(output).toContain(`  ${terraform.output("access_key_id")}  Active`);
    expect(output).toContain(`  ${applied.output("access_key_id")}  Active`);
    expect(output).toMatch(
      /^attention: not read: .*terraform has not been initialized there; run terraform -chdir=cdktf.out\/stacks\/third init$/m,
    );
    expect(output).toContain("attention: IAM has no user third\n");
    expect(json("keys", "deckhouse", "other", "--format", "json")).toMatchObject({
      exitCode: 0,
      deployments: [{ stack: "deckhouse" }, { stack: "other" }],
    });
    for (const name of ["other", "third"]) {
      rmSync(join(deployments.path, `deployments/${name}.yaml`));
    }
  });

  it("keys names the user that was renamed (recover.md#renamed-user)", async () => {
    deployments.change(SETTINGS);
    await aws.iam().updateUser({ UserName: "deckhouse", NewUserName: "deckhouse-old" });
    const { status, output } = command("keys", "deckhouse");
    await aws.iam().updateUser({ UserName: "deckhouse-old", NewUserName: "deckhouse" });
    expect(status).toBe(2);
    expect(output).toMatch(/^ {2}AKIA\w+ +of deckhouse-old +Terraform$/m);
    expect(output).toContain("attention: IAM has no user deckhouse\n");
  });

  it("hand-over gives no key that the state has lost, and an apply creates another one (recover.md#old-state)", async () => {
    const lost = terraform.output("access_key_id");
    terraform.run("state", "rm", "aws_iam_access_key.user");
    expect(command("hand-over", "deckhouse", "--yes")).toEqual(
      ended(1, "which no resource of the state is: the state was partly lost or edited"),
    );
    await aws.deleteKey(lost);
    terraform.apply();
    expect(command("hand-over", "deckhouse", "--yes")).toEqual(
      ended(0, terraform.output("access_key_id")),
    );
  });

  it("drift names the policy with which AWS quarantines a user (recover.md#quarantine)", async () => {
    // moto has no policies of AWS: one of the account does the same.
    const iam = aws.iam();
    const PolicyName = "AWSCompromisedKeyQuarantineV3";
    const { Policy: { Arn: PolicyArn } = {} } = await iam.createPolicy({
      PolicyName,
      PolicyDocument: allowing("sts:GetCallerIdentity"),
    });
    await iam.attachUserPolicy({ UserName: "deckhouse", PolicyArn });
    expect(command("drift", "deckhouse")).toEqual(ended(2, PolicyName));
    await iam.detachUserPolicy({ UserName: "deckhouse", PolicyArn });
    expect(command("drift", "deckhouse")).toMatchObject({ status: 0 });
  });

  it("with managedBy: none, hand-over explains how to create a key", () => {
    deployments.change(`${SETTINGS}accessKeys: { managedBy: none }\n`);
    expect(command("hand-over", "deckhouse", "--yes")).toEqual({
      status: 1,
      output:
        "accessKeys: Terraform has no key to hand over; create one with aws iam create-access-key --user-name=deckhouse\n",
    });
  });
});

import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { agedState } from "./support/key-operator";
import { allowing, LocalAws } from "./support/local-aws";
import { Deployments, folder } from "./support/project";
import type { KeysReport } from "./support/recovery";
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

  it("keys ends at its time limit where AWS does not answer, without arguments and after a leak", () => {
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
    const unread = "sts:GetCallerIdentity: no answer within 2 s";
    for (const [args, said] of [
      [[], [`the keys of the user deckhouse cannot be read: ${unread}`, "set a longer --timeout"]],
      [
        ["--leaked", terraform.output("access_key_id")],
        [`not read: ${unread}`, "1. Deactivate the key"],
      ],
    ] as const) {
      const { status, output } = runIn(
        deployments.path,
        hanging,
        ...DKP_ACCESS,
        "keys",
        ...args,
        "--timeout",
        "2",
      );
      expect({ status, lacking: said.filter((text) => !output.includes(text)) }).toEqual({
        status: 3,
        lacking: [],
      });
    }
  });

  it("keys reports the slots, the next step, and an unmanaged key before it blocks a rotation", async () => {
    const id = terraform.output("access_key_id");
    await aws.accepts(terraform.key());
    const plain = command("keys", "deckhouse");
    expect(plain).toMatchObject(ended(0, `primary: ${id} (Active, created `));
    expect(plain.output).toContain("the current key, its secret is in plaintext in the state");
    expect(plain.output).not.toContain(terraform.key().secretAccessKey);
    expect(plain.output).toContain("accessKeys.secondary.status: Active");
    const { accessKeyId } = await aws.createKey();
    deployments.change(`${SETTINGS}accessKeys: { secondary: { status: Active } }\n`);
    expect(command("keys", "deckhouse")).toMatchObject({ status: 2 });
    const { findings } = json("keys", "deckhouse", "--format", "json") as KeysReport;
    expect(findings.map(({ rule }) => rule)).toEqual(["key-unmanaged"]);
    expect(findings[0]?.text).toContain(`${accessKeyId} (Active, created `);
    await aws.deleteKey(accessKeyId);
  });

  it("keys reports several stacks, and one that cannot be read does not keep it from the others", () => {
    const other = `${SETTINGS}user: { name: other }\npolicy: { name: other }\n`;
    deployments.change({ deckhouse: SETTINGS, other, third: other.replaceAll("other", "third") });
    const applied = deployments.terraform(aws, "other");
    applied.init();
    applied.apply();
    const { status, output } = command("keys");
    expect(status).toBe(3);
    expect(output).toContain(`primary: ${terraform.output("access_key_id")} (Active, created `);
    expect(output).toContain(`primary: ${applied.output("access_key_id")} (Active, created `);
    expect(output).toMatch(
      /^third: .*terraform has not been initialized there; run terraform -chdir=cdktf.out\/stacks\/third init$/m,
    );
    expect(json("keys", "deckhouse", "other", "--format", "json")).toMatchObject({
      exitCode: 0,
      deployments: [{ stack: "deckhouse" }, { stack: "other" }],
    });
    for (const name of ["other", "third"]) {
      rmSync(join(deployments.path, `deployments/${name}.yaml`));
    }
  });

  it("keys lists what is there with accessKeys: none, and names nothing to do", async () => {
    const { accessKeyId } = await aws.createKey();
    deployments.change(`${SETTINGS}accessKeys: none\n`);
    const { output } = command("keys", "deckhouse");
    await aws.deleteKey(accessKeyId);
    expect(output).toContain(`attention: ${accessKeyId} (Active, created `);
  });

  it("keys names the user that was renamed, or that IAM has none, if it may not ask who has the key", async () => {
    const reader = await aws.createUser(
      "reader",
      allowing(["iam:ListAccessKeys", "iam:ListAttachedUserPolicies"]),
    );
    const { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY } = reader;
    const given = { ...environment(), AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY };
    deployments.change(SETTINGS);
    await aws.passDay();
    const state = join(deployments.path, "terraform.deckhouse.tfstate");
    writeFileSync(state, agedState(readFileSync(state, "utf8")));
    await aws.iam().updateUser({ UserName: "deckhouse", NewUserName: "deckhouse-old" });
    const denied = runIn(deployments.path, given, ...DKP_ACCESS, "keys", "deckhouse");
    const allowed = command("keys", "deckhouse");
    await aws.iam().updateUser({ UserName: "deckhouse-old", NewUserName: "deckhouse" });
    expect(denied).toEqual(ended(3, "IAM has no user deckhouse, and the state has it\n"));
    expect(allowed).toEqual(ended(3, "its key is that of the user deckhouse-old"));
  });

  it("with accessKeys: none, hand-over explains how to create a key", () => {
    deployments.change(`${SETTINGS}accessKeys: none\n`);
    expect(command("hand-over", "deckhouse", "--yes")).toEqual({
      status: 1,
      output:
        "accessKeys: Terraform has no key to hand over; create one with aws iam create-access-key --user-name=deckhouse\n",
    });
  });
});

import { spawnSync } from "node:child_process";
import { blockWith } from "../helpers/blocks";
import { FaultProxy } from "./support/fault-proxy";
import { type Credentials, LocalAws } from "./support/local-aws";
import { programs } from "./support/programs";
import { Deployments } from "./support/project";
import {
  type AnyAws,
  DKP_ACCESS,
  ended,
  type Finished,
  runIn,
  Terraform,
  terraformEnvironment,
} from "./support/terraform";

const BUCKET = "core-state";
const SETTINGS = `region: eu-central-1\nbackend: { s3: { bucket: ${BUCKET}, region: eu-central-1, use_path_style: true } }\n`;

/** With this variable of docs/explanation/security.md, OpenTofu encrypts the state. */
function stateEncryption() {
  const commands = blockWith("TF_ENCRYPTION", "docs/explanation/security.md");
  const env = { PASSPHRASE: "correct horse battery staple" };
  return spawnSync("sh", ["-c", `${commands}printf %s "$TF_ENCRYPTION"`], { env, encoding: "utf8" })
    .stdout;
}

const PROGRAMS = programs().flatMap((program) =>
  program.name.startsWith("OpenTofu")
    ? [
        program,
        {
          ...program,
          name: `${program.name} and TF_ENCRYPTION`,
          variables: { TF_ENCRYPTION: stateEncryption() },
        },
      ]
    : [program],
);

/** This life cycle must work with every Terraform and OpenTofu. */
describe.each(PROGRAMS)("with $name a deployment", ({ path, variables }) => {
  let aws: LocalAws;
  let deployments: Deployments;
  let terraform: Terraform;
  let currentKey: Credentials;

  const withVariables = (called: AnyAws): AnyAws => ({
    environment: (credentials) => ({ ...called.environment(credentials), ...variables }),
  });
  const initialized = (of: Deployments) => {
    const one = of.terraform(withVariables(aws), "deckhouse", path);
    one.init();
    return one;
  };

  beforeAll(async () => {
    aws = await LocalAws.start();
    await aws.createBucket(BUCKET);
    deployments = Deployments.of(SETTINGS);
    terraform = initialized(deployments);
  });

  it("is created by one of two simultaneous applies, and the other one reports that the state is locked", async () => {
    const second = initialized(Deployments.of(SETTINGS));
    let loser: Finished | undefined;
    // The first one waits for its response until the second one has ended.
    const executed = async (call: string) => {
      loser = call === "CreateUser" ? await second.start("apply", "-auto-approve") : loser;
    };
    const proxy = await FaultProxy.before(aws, { executed });
    const winner = await new Terraform(terraform.folder, withVariables(proxy), path).start(
      "apply",
      "-auto-approve",
    );
    await proxy.stop();
    expect(winner).toMatchObject(ended(0, "4 added, 0 changed, 0 destroyed"));
    expect(loser).toMatchObject(ended(1, "Error acquiring the state lock"));
    expect(await aws.objects(BUCKET)).toEqual(["deckhouse/terraform.tfstate"]);
  });

  it("has outputs with a working key", async () => {
    currentKey = terraform.key();
    expect(await aws.accepts(currentKey)).toBe(true);
  });

  it("forgets its key where rotate manages keys, and creates another one on the way back", async () => {
    const before = currentKey;
    await aws.calls();
    deployments.change(`${SETTINGS}accessKeys: { managedBy: rotate }\n`);
    terraform.apply();
    expect([await aws.changes(), terraform.isUpToDate()]).toEqual([[], true]);
    deployments.change(SETTINGS);
    terraform.apply();
    expect(await aws.changes()).toEqual(["CreateAccessKey"]);
    currentKey = terraform.key();
    expect(currentKey.accessKeyId).not.toBe(before.accessKeyId);
    expect([await aws.accepts(before), await aws.accepts(currentKey)]).toEqual([true, true]);
    await aws.deleteKey(before.accessKeyId);
  });

  it("has no changes in the next plan", () => {
    expect(terraform.isUpToDate()).toBe(true);
  });

  it("has a state without the secret if OpenTofu encrypts it, and a plan that is summarized in any case", async () => {
    const env = { ...terraformEnvironment(withVariables(aws)), TERRAFORM_BINARY_NAME: path };
    expect(runIn(deployments.path, env, ...DKP_ACCESS, "plan", "deckhouse")).toEqual(
      ended(0, "Verdict: harmless (exit code 0)."),
    );
    const state = await (await aws.s3("GET", `/${BUCKET}/deckhouse/terraform.tfstate`)).text();
    expect(state.includes(currentKey.secretAccessKey)).toBe(variables === undefined);
  });

  it("is destroyed completely when not protected", async () => {
    deployments.change(`${SETTINGS}protect: false\n`);
    expect(terraform.run("destroy", "-auto-approve")).toContain("4 destroyed");
    const { Users } = await aws.iam().listUsers();
    const { Policies } = await aws.iam().listPolicies({ Scope: "Local" });
    expect({ Users, Policies }).toEqual({ Users: [], Policies: [] });
    expect(await aws.objects(BUCKET)).toEqual(["deckhouse/terraform.tfstate"]);
  });
});

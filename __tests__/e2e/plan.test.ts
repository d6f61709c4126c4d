import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ListUsersCommand } from "@aws-sdk/client-iam";
import { PROJECT } from "../helpers/project-root";
import { LocalAws } from "./support/local-aws";
import { folder, write } from "./support/project";
import { type Finished, runIn, terraformEnvironment } from "./support/terraform";

const SETTINGS = "region: eu-central-1\nbackend: { local: {} }\n";
const PLAN = "cdktf.out/stacks/deckhouse/plan";

describe("dkp-access plan", () => {
  let aws: LocalAws;
  let project: string;
  let environment: Record<string, string>;

  const plan = (...args: readonly string[]): Finished =>
    runIn(project, environment, process.execPath, join(PROJECT, "bin/dkp-access"), "plan", ...args);
  const settings = (stack: string, text: string) => write(project, { [`deployments/${stack}.yaml`]: text });
  const users = async () => (await aws.iam().send(new ListUsersCommand({}))).Users?.map(({ UserName }) => UserName);

  beforeAll(async () => {
    aws = await LocalAws.start();
    environment = terraformEnvironment(aws);
    project = folder({ "cdktf.json": "{}" });
    settings("deckhouse", SETTINGS);
  });

  it("synthesizes, initializes, plans and summarizes, although the settings of another deployment are invalid", async () => {
    settings("other", "region: 1\n");
    const { status, output } = plan("deckhouse");
    expect({ status, output }).toEqual({
      status: 2,
      output: expect.stringContaining("Plan: 4 to add, 0 to change, 0 to destroy."),
    });
    expect(output).toContain("warning: continuing with deckhouse, which is valid by itself");
    expect(output).toContain("terraform init -input=false -no-color\n");
    expect(output).not.toContain("no deployment has this name");
    expect(await users()).toEqual([]);
    settings("other", `${SETTINGS}user: { name: other }\npolicy: { name: other }\n`);
  });

  it("leaves the plan, and the printed commands apply just that", async () => {
    const { output } = plan("deckhouse");
    const [, commands = ""] = /\nTo apply this plan, and nothing else:\n((?: {2}.*\n)+)$/.exec(output) ?? [];
    expect(runIn(project, environment, "sh", "-e", "-c", commands)).toMatchObject({
      status: 0,
      output: expect.stringContaining("Apply complete! Resources: 4 added"),
    });
    expect(await users()).toEqual(["deckhouse"]);
    expect(existsSync(join(project, PLAN))).toBe(false);
  });

  it("says that nothing is to apply, and prints the summary alone on standard output as JSON", () => {
    const { status, output } = plan("deckhouse", "--no-lock", "--format", "json");
    expect({ status, output }).toEqual({ status: 0, output: expect.stringContaining("\nNothing to apply.\n") });
    expect(existsSync(join(project, PLAN))).toBe(false);
    expect(output).toContain("-lock=false");
  });

  it.each([
    ["relative to the stack's folder", () => ".data"],
    ["outside of it", () => folder()],
  ])("uses the data folder of TF_DATA_DIR, %s, and an empty TERRAFORM_BINARY_NAME names none", (_, dataFolder) => {
    const { TF_DATA_DIR, ...rest } = environment;
    expect(TF_DATA_DIR).toBeUndefined();
    environment = { ...rest, TF_DATA_DIR: dataFolder(), TERRAFORM_BINARY_NAME: "" };
    rmSync(join(project, "cdktf.out"), { recursive: true });
    const { status, output } = plan("deckhouse");
    environment = rest;
    expect({ status, output }).toEqual({ status: 0, output: expect.stringContaining("\nNothing to apply.\n") });
    expect(existsSync(join(project, "cdktf.out/stacks/deckhouse/.terraform"))).toBe(false);
  });

  it("ends with 3 for a breaking change", () => {
    settings("deckhouse", `${SETTINGS}protect: false\nuser: { name: renamed }\n`);
    expect(plan("deckhouse").status).toBe(3);
    settings("deckhouse", SETTINGS);
  });

  it("leaves no plan when Terraform fails", () => {
    settings("deckhouse", `${SETTINGS}user: { name: renamed }\n`); // protect
    const { status, output } = plan("deckhouse");
    expect({ status, output }).toEqual({
      status: 1,
      output: expect.stringMatching(/\ndeckhouse: terraform plan failed, so there is no plan; the reason is above\n$/),
    });
    expect(existsSync(join(project, PLAN))).toBe(false);
    expect(readFileSync(join(project, "terraform.deckhouse.tfstate"), "utf8")).not.toContain("renamed");
  });

  it("names the stacks when none is named", () => {
    expect(plan()).toEqual({ status: 1, output: "name a stack: deckhouse, other\n" });
  });
});

import { join } from "node:path";
import { PROJECT } from "../helpers/project-root";
import { LocalAws } from "./support/local-aws";
import { programs } from "./support/programs";
import { Deployments } from "./support/project";
import { type Finished, runIn, type Terraform, terraformEnvironment } from "./support/terraform";

const settings = (backend: string) => `region: eu-central-1\naccountId: "123456789012"\nprotect: false\nbackend: ${backend}\n`;
const STATED = settings("{ s3: { bucket: state, region: eu-central-1, use_path_style: true, max_retries: 3 } }");
const PARTIAL = settings("{ s3: { region: eu-central-1, use_path_style: true }, partial: true }");

let aws: LocalAws;
let deployments: Deployments;
let terraform: Terraform;
let environment: Record<string, string>;

/** Applies a deployment whose settings state the bucket. */
async function deploy(program?: string): Promise<void> {
  aws = await LocalAws.start();
  environment = { ...terraformEnvironment(aws), ...(program !== undefined && { TERRAFORM_BINARY_NAME: program }) };
  for (const bucket of ["state", "evil"]) {
    await aws.createBucket(bucket);
  }
  deployments = Deployments.of({ x: STATED });
  terraform = deployments.terraform("x", aws, program);
  terraform.init();
  terraform.apply();
}

/** Plans with arguments of the backend, and summarizes the plan. */
function diff(argumentsOfBackend: readonly string[], workspace = "default"): Finished {
  terraform.run("init", "-reconfigure", ...argumentsOfBackend.map((argument) => `-backend-config=${argument}`));
  if (workspace !== "default") {
    terraform.run("workspace", "new", workspace);
  }
  terraform.run("plan", "-out=plan");
  if (workspace !== "default") {
    terraform.run("workspace", "select", "default");
  }
  const program = join(PROJECT, "bin/dkp-access");
  return runIn(deployments.path, environment, process.execPath, program, "diff", "x", "--plan", "cdktf.out/stacks/x/plan");
}

describe.each(programs())("diff --plan of a plan of $name", ({ path }) => {
  beforeAll(() => deploy(path));

  it("ends with 0 where the destination is that of the settings, and shows it, and with 3 for another bucket", () => {
    const where = "which writes the state to s3 (bucket state, key x/terraform.tfstate)";
    expect(diff([])).toEqual({ status: 0, output: expect.stringContaining(where) });
    expect(diff(["bucket=evil"])).toEqual({ status: 3, output: expect.stringContaining("bucket state -> evil") });
  });
});

describe("diff --plan of a plan with another destination", () => {
  beforeAll(() => deploy());

  it.each<[string, readonly string[], string, string]>([
    ["another key", ["key=evil"], "default", "key x/terraform.tfstate -> evil"],
    ["another workspace", [], "evil", "workspace default -> evil"],
    ["a prefix of workspaces", ["workspace_key_prefix=evil"], "default", "workspace_key_prefix = evil"],
    ["other retries", ["max_retries=4"], "default", "max_retries 3 -> 4"],
    ["credentials, which are not shown", ["access_key=hidden", "secret_key=hidden"], "default", "access_key, secret_key\n"],
    ["no check of them", ["skip_credentials_validation=true"], "default", "skip_credentials_validation\n"],
  ])("ends with 3: %s", (_, given, workspace, difference) => {
    const { status, output } = diff(given, workspace);
    expect({ status, output }).toEqual({ status: 3, output: expect.stringContaining(difference) });
    expect(output).toContain("elsewhere than the settings");
    expect(output).not.toContain("hidden");
  });

  it("ends with 0 for arguments that the settings leave to -backend-config, and names them", () => {
    deployments.change({ x: PARTIAL });
    const { status, output } = diff(["bucket=state", "max_retries=3", "secret_key=test", "access_key=test"]);
    expect({ status, output }).toEqual({
      status: 0,
      output: expect.stringContaining(
        "that the settings leave to -backend-config: access_key, bucket = state, max_retries = 3, secret_key\n",
      ),
    });
    expect(diff(["bucket=state", "key=evil"]).status).toBe(3);
  });
});

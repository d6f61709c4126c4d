import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { PROJECT } from "../helpers/project-root";
import { LocalAws } from "./support/local-aws";
import { Deployments } from "./support/project";
import { PATH_STYLE, runIn, terraformEnvironment } from "./support/terraform";

const FOLDER = join(PROJECT, "examples/clusters");
const FILES = readdirSync(FOLDER);
/** Vault and `rotate` create their keys. */
const WITHOUT_KEY = ["production.yaml", "vault.yaml"];
const settings = (file: string) => readFileSync(join(FOLDER, file), "utf8");

describe("the settings files of examples/clusters", () => {
  let aws: LocalAws;
  let deployments: Deployments;

  beforeAll(async () => {
    aws = await LocalAws.start();
    await aws.createBucket("example-terraform-state");
    deployments = Deployments.of(
      Object.fromEntries(FILES.map((file) => [basename(file, ".yaml"), settings(file)])),
    );
  });

  it.each(FILES)("can be applied, and the next plan is empty: %s", async (file) => {
    const terraform = deployments.terraform(aws, basename(file, ".yaml"));
    terraform.init(PATH_STYLE);
    terraform.apply();
    expect(terraform.isUpToDate()).toBe(true);
    const UserName = terraform.output("user_name");
    const { AttachedPolicies } = await aws.iam().listAttachedUserPolicies({ UserName });
    expect(AttachedPolicies).not.toEqual([]);
    expect(await aws.keysOf(UserName)).toHaveLength(WITHOUT_KEY.includes(file) ? 0 : 1);
  });

  it("permit the nodes to pull images from ECR", async () => {
    const PolicyName = "dkp-ecr-nodes";
    const { PolicyDocument = "" } = await aws
      .iam()
      .getRolePolicy({ RoleName: PolicyName, PolicyName });
    expect(decodeURIComponent(PolicyDocument)).toContain('"ecr:GetAuthorizationToken"');
  });

  it("leave the key to Vault, which the documented command gives it", async () => {
    const page = readFileSync(join(PROJECT, "examples/README.md"), "utf8");
    const [command = ""] = /aws iam create-access-key [^|\n]*(?= \| vault)/.exec(page) ?? [];
    const environment = { ...terraformEnvironment(aws), AWS_DEFAULT_REGION: "eu-central-1" };
    const { status, output } = runIn(PROJECT, environment, "sh", "-c", command);
    expect({ status, key: JSON.parse(output) }).toMatchObject({
      status: 0,
      key: { UserName: "dkp-vault", Status: "Active" },
    });
    expect(await aws.keysOf("dkp-vault")).toHaveLength(1);
  });
});

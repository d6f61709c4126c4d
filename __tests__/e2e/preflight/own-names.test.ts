import { join } from "node:path";
import { CreatePolicyCommand, CreateRoleCommand, CreateUserCommand } from "@aws-sdk/client-iam";
import type { Step } from "../../../src/cli/account/keys/next-step";
import type { Result } from "../../../src/cli/account/preflight/check";
import { NODE_TRUST } from "../../../src/iam/node-role-permissions";
import { PROJECT } from "../../helpers/project-root";
import { LocalAws } from "../support/local-aws";
import { summary } from "../support/preflight";
import { Deployments, removeFolders } from "../support/project";
import { jsonOf, type Terraform, terraformEnvironment } from "../support/terraform";

const SETTINGS = `region: eu-central-1
backend: { local: {} }
nodeRole: { name: dkp-nodes }
`;

describe("the preflight of names that exist", () => {
  let aws: LocalAws;
  let deployments: Deployments;
  let terraform: Terraform;

  beforeAll(async () => {
    aws = await LocalAws.start();
    const iam = aws.iam();
    await iam.send(new CreateUserCommand({ UserName: "deckhouse" }));
    const PolicyDocument = JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }],
    });
    await iam.send(new CreatePolicyCommand({ PolicyName: "D8CloudProviderAWS", Path: "/team/", PolicyDocument }));
    const AssumeRolePolicyDocument = JSON.stringify(NODE_TRUST);
    await iam.send(new CreateRoleCommand({ RoleName: "dkp-nodes", Path: "/apps/", AssumeRolePolicyDocument }));
    deployments = Deployments.of({ deckhouse: SETTINGS });
    terraform = deployments.terraform("deckhouse", aws);
  });

  afterAll(async () => {
    await aws.stop();
    removeFolders();
  });

  const program = <T>(...args: readonly string[]) =>
    jsonOf(deployments.path, terraformEnvironment(aws), process.execPath, join(PROJECT, "bin/dkp-access"), ...args) as T;

  const ownNames = () => {
    const { results } = program<{ readonly results: readonly Result[] }>("preflight", "deckhouse", "--format", "json");
    return results.filter(({ check }) => check === "own names").map(summary);
  };

  it("shows how to import them; followed to the letter, nothing is replaced and the state manages them", () => {
    expect(ownNames().map(({ verdict }) => verdict)).toEqual(["unknown", "unknown", "unknown"]);
    terraform.init();
    const findings = ownNames();
    const remedy = (path: string, setting: string) =>
      `if it is to be this deployment's, ${path}import it with the steps of npx dkp-access keys deckhouse; otherwise choose another ${setting}.name`;
    expect(findings.map(({ verdict }) => verdict)).toEqual(["failed", "failed", "failed"]);
    expect(findings.map((finding) => finding.remedy)).toEqual([
      remedy("", "user"),
      remedy("set policy.path: /team/, and ", "policy"),
      remedy("set nodeRole.path: /apps/, and ", "nodeRole"),
    ]);
    const located = `${SETTINGS.replace("dkp-nodes", "dkp-nodes, path: /apps/")}policy: { path: /team/ }\n`;
    deployments.change({ deckhouse: located });
    const { next } = program<{ readonly next: Step }>("keys", "deckhouse", "--format", "json");
    const imports = Object.fromEntries(next.edits.map(({ setting, value }) => [setting.replace("import.", ""), value]));
    expect(imports).toEqual({ user: true, policy: true, nodeRole: true });
    deployments.change({ deckhouse: `${located}import: ${JSON.stringify(imports)}\n` });
    expect(terraform.apply()).toMatch(/3 imported, \d+ added, \d+ changed, 0 destroyed/);
    expect(ownNames().map(({ verdict, found }) => [verdict, found])).toEqual([
      ["ok", "user deckhouse exists, and the state manages it"],
      ["ok", "policy D8CloudProviderAWS exists, and the state manages it"],
      ["ok", "role dkp-nodes exists, and the state manages it"],
    ]);
  });
});

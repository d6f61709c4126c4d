import { join } from "node:path";
import { NODE_TRUST } from "../../../src/iam/node-role-permissions";
import { PROJECT } from "../../helpers/project-root";
import { allowing, LocalAws } from "../support/local-aws";
import { Deployments } from "../support/project";
import type { KeysReport } from "../support/recovery";
import { jsonOf, type Terraform, terraformEnvironment } from "../support/terraform";

const SETTINGS = `region: eu-central-1
backend: { local: {} }
nodeRole: { name: dkp-nodes }
`;

interface KeysJson {
  readonly deployments: readonly [Pick<KeysReport, "next">];
}

interface Finding {
  readonly rule: string;
  readonly values: { readonly path?: string };
}

describe("the preflight of names that exist", () => {
  let aws: LocalAws;
  let deployments: Deployments;
  let terraform: Terraform;

  beforeAll(async () => {
    aws = await LocalAws.start();
    const iam = aws.iam();
    await iam.createUser({ UserName: "deckhouse" });
    await iam.createPolicy({ PolicyName: "D8CloudProviderAWS", Path: "/team/", PolicyDocument: allowing("*") });
    const AssumeRolePolicyDocument = JSON.stringify(NODE_TRUST);
    await iam.createRole({ RoleName: "dkp-nodes", Path: "/apps/", AssumeRolePolicyDocument });
    deployments = Deployments.of({ deckhouse: SETTINGS });
    terraform = deployments.terraform("deckhouse", aws);
  });

  const program = <T>(...args: readonly string[]) =>
    jsonOf(deployments.path, terraformEnvironment(aws), process.execPath, join(PROJECT, "bin/dkp-access"), ...args) as T;

  const names = () => {
    const { findings } = program<{ readonly findings: readonly Finding[] }>("preflight", "deckhouse", "--format", "json");
    return findings.flatMap(({ rule, values }) => (/^(?:name|object)-/.test(rule) ? [[rule, values.path].join(" ").trim()] : []));
  };

  it("shows whose they are; imported as keys prints, nothing is replaced and the state manages them", () => {
    expect(names()).toEqual(Array(3).fill("name-state-unread"));
    terraform.init();
    expect(names()).toEqual(["object-owner-unknown", "object-owner-unknown /team/", "object-owner-unknown /apps/"]);
    const withPaths = `${SETTINGS.replace("dkp-nodes", "dkp-nodes, path: /apps/")}policy: { path: /team/ }\n`;
    deployments.change({ deckhouse: withPaths });
    const { deployments: keys } = program<KeysJson>("keys", "deckhouse", "--format", "json");
    const [{ next }] = keys;
    const imports = Object.fromEntries(next.edits.map(({ setting, value }) => [setting.replace("import.", ""), value]));
    expect(imports).toEqual({ user: true, policy: true, nodeRole: true });
    deployments.change({ deckhouse: `${withPaths}import: ${JSON.stringify(imports)}\n` });
    expect(terraform.apply()).toMatch(/3 imported, \d+ added, \d+ changed, 0 destroyed/);
    expect(names()).toEqual([]);
  });
});

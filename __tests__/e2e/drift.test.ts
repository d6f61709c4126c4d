import { readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import schema from "../../docs/reference/findings.schema.json";
import { NODE_TRUST, nodePolicy } from "../../src/iam/node-role-permissions";
import { deployment, SEVERAL_POLICIES } from "../helpers/deployment";
import { TAKES_AWAY } from "../helpers/drift";
import { schemaErrors } from "../helpers/json-schema";
import { PROJECT } from "../helpers/project-root";
import { allowing, LocalAws } from "./support/local-aws";
import { Deployments } from "./support/project";
import {
  DKP_ACCESS,
  ended,
  jsonOf,
  runIn,
  type Terraform,
  terraformEnvironment,
} from "./support/terraform";

const ACCOUNT = "123456789012";
const policyArn = (name: string) => `arn:aws:iam::${ACCOUNT}:policy/${name}`;
const [BOUNDARY, EXTRA] = [policyArn("Boundary"), policyArn("Extra")];

const SETTINGS = `region: eu-central-1
backend: { local: {} }
user: { path: /team/, permissionsBoundary: '${BOUNDARY}' }
nodeRole: { name: dkp-nodes, path: /apps/, additionalActions: ['s3:GetObject'], managedPolicyArns: ['${BOUNDARY}'], permissionsBoundary: '${BOUNDARY}' }
${SEVERAL_POLICIES}  additionalRolePolicies: ['s3:ListBucket']
`;
const [FIRST = "", SECOND = ""] = deployment(SETTINGS).policies.map(({ name }) => name);
const EXTERNAL_TRUST = {
  Version: "2012-10-17",
  Statement: [
    {
      Effect: "Allow",
      Action: "sts:AssumeRole",
      Principal: { AWS: "arn:aws:iam::999999999999:root" },
    },
  ],
};
const PRINTED = ["drift", "preflight"].flatMap((name) => {
  const messages = readFileSync(join(PROJECT, `__tests__/golden/messages/${name}.txt`), "utf8");
  const command =
    /(?<=npx dkp-access )[a-z-]+(?: deckhouse| STACK| --policy| --out FILE| --cluster| --leaked)*/g;
  return (messages.match(command) ?? []).filter((printed) => !/--cluster|--leaked/.test(printed));
});

interface Report {
  readonly exitCode: number;
  readonly findings: readonly {
    readonly rule: string;
    readonly level: string;
    readonly object?: string;
    readonly values: { readonly id?: string; readonly part?: string };
  }[];
}

describe("drift", () => {
  let aws: LocalAws;
  let deployments: Deployments;
  let terraform: Terraform;
  let auditor: Parameters<LocalAws["environment"]>[0];

  const environment = () => ({
    ...terraformEnvironment(aws, auditor),
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
  });
  const command = (...args: string[]) =>
    runIn(deployments.path, environment(), ...DKP_ACCESS, "drift", ...args);
  const json = (...args: string[]) =>
    jsonOf(deployments.path, environment(), ...DKP_ACCESS, "drift", "deckhouse", ...args);
  const report = () => json("--format", "json") as Report;
  /** Rule, object, and the part of the object. */
  const summary = ({ findings }: Report) =>
    findings
      .map(({ rule, object, values: { part, id } }) =>
        [rule, object, part, id].filter(Boolean).join(" "),
      )
      .sort();

  const allow = (policy: object) =>
    aws.iam().putUserPolicy({
      UserName: "auditor",
      PolicyName: "drift",
      PolicyDocument: JSON.stringify(policy),
    });
  const printedPolicy = () =>
    json("--policy") as {
      readonly Statement: readonly [
        account: object,
        principals: { readonly Resource: readonly string[] },
      ];
    };

  beforeAll(async () => {
    aws = await LocalAws.start();
    for (const PolicyName of ["Boundary", "Extra"]) {
      await aws.iam().createPolicy({ PolicyName, PolicyDocument: allowing("*") });
    }
    deployments = Deployments.of(SETTINGS.replace("'s3:GetObject'", ""));
    terraform = deployments.terraform(aws);
    terraform.init();
    terraform.apply();
    // Gives the first policy a former version, and replaces the second one.
    deployments.change(SETTINGS.replace("prefix: dev", "prefix: former"));
    terraform.apply();
    deployments.change(SETTINGS);
    terraform.apply();
    const iam = aws.iam();
    const role = { RoleName: "dev-node", AssumeRolePolicyDocument: JSON.stringify(NODE_TRUST) };
    await iam.createRole(role);
    const document = JSON.stringify(nodePolicy(["s3:ListBucket"]));
    await iam.putRolePolicy({
      RoleName: "dev-node",
      PolicyName: "dev-node",
      PolicyDocument: document,
    });
    await iam.createUser({ UserName: "auditor" });
    auditor = await aws.createKey("auditor");
  });

  it.each([...new Set(PRINTED)])("names a command that runs: dkp-access %s", (printed) => {
    const administrator = { ...terraformEnvironment(aws), AWS_REGION: "eu-central-1" };
    const { status, output } = runIn(
      deployments.path,
      administrator,
      ...DKP_ACCESS,
      ...printed.split(" "),
    );
    expect({ status, output }).toEqual({
      status: status === 2 ? 2 : 0,
      output: expect.not.stringMatching(/^error:/m),
    });
  });

  it("finds nothing in an account with an applied deployment and the role of DKP, with only the printed policy", async () => {
    await allow(printedPolicy());
    expect(report()).toEqual({
      exitCode: 0,
      deployments: [{ stack: "deckhouse", account: ACCOUNT }],
      findings: [],
    });
    // Progress is on standard error.
    expect(command("deckhouse")).toEqual(ended(0, "nothing found\n"));
  });

  it("reports what cannot be read as unknown", async () => {
    const policy = printedPolicy();
    const [account, principals] = policy.Statement;
    const Resource = principals.Resource.filter((arn) => !arn.includes(":user/"));
    await allow({ ...policy, Statement: [account, { ...principals, Resource }] });
    const { exitCode, findings } = report();
    expect(exitCode).toBe(3);
    expect(findings.map(({ rule, level, object }) => `${level} ${rule} ${object}`)).toEqual(
      Array(6).fill("unverifiable part-unread user deckhouse"),
    );
  });

  it("finds each object of a prepared account and nothing else, and says nothing that takes one away", async () => {
    const planted = await plant();
    await allow(printedPolicy());
    const found = report();
    expect(schemaErrors(found, schema)).toEqual([]);
    expect(summary(found)).toEqual(planted.toSorted());
    expect(new Set(found.findings.map(({ level }) => level))).toEqual(new Set(["attention"]));
    const { status, output } = command("deckhouse");
    expect(status).toBe(2);
    expect(output).not.toMatch(TAKES_AWAY);
    terraform.apply();
    const isWritten = (line: string) =>
      /^(?:boundary-differs|document-differs policy|(?:trust|document)-differs role dkp-nodes)/.test(
        line,
      );
    expect(summary(report())).toEqual(planted.filter((line) => !isWritten(line)).toSorted());
  });

  it("reports objects that exist and that the state does not have", () => {
    const state = join(deployments.path, "terraform.deckhouse.tfstate");
    renameSync(state, `${state}.moved`);
    const found = report();
    renameSync(`${state}.moved`, state);
    const owners = found.findings
      .filter(({ rule }) => rule.startsWith("object-"))
      .map(({ rule, object }) => `${rule} ${object}`);
    // Another user, role or group uses the policies. No state shows whose the others are.
    expect(owners.sort()).toEqual([
      `object-shared policy ${FIRST}`,
      `object-shared policy ${SECOND}`,
      "object-unmanaged role dkp-nodes",
      "object-unmanaged user deckhouse",
    ]);
  });

  it("rejects credentials of another account, and reports the other deployments", () => {
    const names = "user: { name: other }\npolicy: { name: Other }";
    deployments.change({
      other: `region: eu-central-1\nbackend: { local: {} }\naccountId: "111111111111"\n${names}\n`,
    });
    const { status, output } = command();
    expect(status).toBe(3);
    // They are read at the same time, and either ends first.
    expect([...output.matchAll(/^(\w+) \(\d of 2\)$/gm)].map(([, stack]) => stack).sort()).toEqual([
      "deckhouse",
      "other",
    ]);
    expect(output).toContain(
      `accountId: the settings have 111111111111, and the credentials are of ${ACCOUNT}\n`,
    );
  });

  /**
   * Creates one unmanaged object of each kind.
   * @returns what drift must find
   */
  const plant = async () => {
    const iam = aws.iam();
    const UserName = "deckhouse";
    const everything = allowing("*");
    const external = JSON.stringify(EXTERNAL_TRUST);
    await iam.attachUserPolicy({ UserName, PolicyArn: EXTRA });
    await iam.putUserPolicy({ UserName, PolicyName: "inline", PolicyDocument: everything });
    await iam.createGroup({ GroupName: "admins" });
    await iam.addUserToGroup({ UserName, GroupName: "admins" });
    const { accessKeyId } = await aws.createKey();
    await iam.createLoginProfile({ UserName, Password: "not-a-secret-1" });
    const credential = await iam.createServiceSpecificCredential({
      UserName,
      ServiceName: "codecommit.amazonaws.com",
    });
    await iam.putUserPermissionsBoundary({ UserName, PermissionsBoundary: EXTRA });

    const [first, second] = [policyArn(FIRST), policyArn(SECOND)];
    await iam.createPolicyVersion({
      PolicyArn: second,
      PolicyDocument: everything,
      SetAsDefault: true,
    });
    await iam.attachUserPolicy({ UserName: "auditor", PolicyArn: first });
    await iam.attachGroupPolicy({ GroupName: "admins", PolicyArn: first });
    await iam.createRole({ RoleName: "other", AssumeRolePolicyDocument: external });
    await iam.attachRolePolicy({ RoleName: "other", PolicyArn: second });

    for (const RoleName of ["dkp-nodes", "dev-node"]) {
      await iam.attachRolePolicy({ RoleName, PolicyArn: EXTRA });
      await iam.putRolePolicy({ RoleName, PolicyName: "further", PolicyDocument: everything });
      await iam.updateAssumeRolePolicy({ RoleName, PolicyDocument: external });
    }
    await iam.putRolePolicy({
      RoleName: "dkp-nodes",
      PolicyName: "dkp-nodes",
      PolicyDocument: everything,
    });
    await iam.deleteRolePermissionsBoundary({ RoleName: "dkp-nodes" });

    return [
      `permissions-unmanaged user deckhouse attached policy ${EXTRA}`,
      "permissions-unmanaged user deckhouse inline policy inline",
      "permissions-unmanaged user deckhouse membership of the group admins",
      `access-key-unmanaged user deckhouse ${accessKeyId}`,
      "credential-unmanaged user deckhouse login profile deckhouse",
      `credential-unmanaged user deckhouse service-specific credential ${credential.ServiceSpecificCredential?.ServiceSpecificCredentialId}`,
      "boundary-differs user deckhouse",
      `document-differs policy ${SECOND} default version`,
      `principal-unmanaged policy ${FIRST} principal user auditor`,
      `principal-unmanaged policy ${FIRST} principal group admins`,
      `principal-unmanaged policy ${SECOND} principal role other`,
      `role-permissions-unmanaged role dkp-nodes attached policy ${EXTRA}`,
      "role-permissions-unmanaged role dkp-nodes inline policy further",
      "document-differs role dkp-nodes inline policy dkp-nodes",
      "trust-differs role dkp-nodes",
      "boundary-differs role dkp-nodes",
      `role-permissions-unmanaged role dev-node attached policy ${EXTRA}`,
      "role-permissions-unmanaged role dev-node inline policy further",
      "trust-differs role dev-node",
    ];
  };
});

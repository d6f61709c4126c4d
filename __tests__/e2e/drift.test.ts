import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { renameSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import {
  AddUserToGroupCommand,
  AttachGroupPolicyCommand,
  AttachRolePolicyCommand,
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreateGroupCommand,
  CreateLoginProfileCommand,
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  CreateRoleCommand,
  CreateServiceSpecificCredentialCommand,
  CreateUserCommand,
  CreateVirtualMFADeviceCommand,
  DeleteAccessKeyCommand,
  DeleteRolePermissionsBoundaryCommand,
  EnableMFADeviceCommand,
  PutGroupPolicyCommand,
  PutRolePolicyCommand,
  PutUserPermissionsBoundaryCommand,
  PutUserPolicyCommand,
  UpdateAssumeRolePolicyCommand,
  UploadSigningCertificateCommand,
  UploadSSHPublicKeyCommand,
} from "@aws-sdk/client-iam";
import type { DriftReport } from "../../src/cli/account/drift/report";
import { NODE_TRUST, nodePolicy } from "../../src/iam/node-role-permissions";
import { deployment, SEVERAL_POLICIES } from "../helpers/deployment";
import { PROJECT } from "../helpers/project-root";
import { LocalAws } from "./support/local-aws";
import { Deployments, removeFolders } from "./support/project";
import { jsonOf, runIn, type Terraform, terraformEnvironment } from "./support/terraform";

const ACCOUNT = "123456789012";
const policyArn = (name: string) => `arn:aws:iam::${ACCOUNT}:policy/${name}`;
const [BOUNDARY, EXTRA] = [policyArn("Boundary"), policyArn("Extra")];

/** A deployment with every kind of object, and two policies. */
const SETTINGS = `region: eu-central-1
backend: { local: {} }
user: { path: /team/, permissionsBoundary: '${BOUNDARY}' }
attachment: user-and-group
group: { name: dkp, path: /platform/ }
nodeRole: { name: dkp-nodes, path: /apps/, additionalActions: ['s3:GetObject'], managedPolicyArns: ['${BOUNDARY}'], permissionsBoundary: '${BOUNDARY}' }
${SEVERAL_POLICIES}  additionalRolePolicies: ['s3:ListBucket']
`;
/** The second one is named after its content. */
const [FIRST = "", SECOND = ""] = deployment(SETTINGS).policies.map(({ name }) => name);
const EVERYTHING = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }] };
const EXTERNAL_TRUST = {
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action: "sts:AssumeRole", Principal: { AWS: "arn:aws:iam::999999999999:root" } }],
};
const SCRIPT = join(PROJECT, "bin/dkp-access");

describe("drift", () => {
  let aws: LocalAws;
  let deployments: Deployments;
  let terraform: Terraform;
  let auditor: Parameters<LocalAws["environment"]>[0];

  const environment = () => ({ ...terraformEnvironment(aws, auditor), AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" });
  const command = (...args: string[]) => runIn(deployments.path, environment(), process.execPath, SCRIPT, "drift", ...args);
  const report = (...args: string[]) =>
    jsonOf(
      deployments.path,
      environment(),
      process.execPath,
      SCRIPT,
      "drift",
      "deckhouse",
      "--format",
      "json",
      ...args,
    ) as DriftReport;
  const summary = ({ results }: DriftReport) => results.map(({ object, found }) => `${object}: ${found}`).sort();

  /** Runs with only these permissions, enforced. */
  const enforced = async <T>(policy: object, run: () => T): Promise<T> => {
    await allow(policy);
    await aws.enforceIam(true);
    try {
      return run();
    } finally {
      await aws.enforceIam(false);
    }
  };
  const allow = async (policy: object) => {
    await aws
      .iam()
      .send(new PutUserPolicyCommand({ UserName: "auditor", PolicyName: "drift", PolicyDocument: JSON.stringify(policy) }));
  };
  const printedPolicy = () =>
    jsonOf(deployments.path, environment(), process.execPath, SCRIPT, "drift", "deckhouse", "--policy") as {
      readonly Statement: readonly { readonly Action: readonly string[] }[];
    };

  beforeAll(async () => {
    aws = await LocalAws.start();
    for (const PolicyName of ["Boundary", "Extra"]) {
      await aws.iam().send(new CreatePolicyCommand({ PolicyName, PolicyDocument: JSON.stringify(EVERYTHING) }));
    }
    deployments = Deployments.of({ deckhouse: SETTINGS.replace("'s3:GetObject'", "") });
    terraform = deployments.terraform("deckhouse", aws);
    terraform.init();
    terraform.apply();
    // A change, so that the first policy has a former version, and the second one replaced another.
    deployments.change({ deckhouse: SETTINGS.replace("prefix: dev", "prefix: former") });
    terraform.apply();
    deployments.change({ deckhouse: SETTINGS });
    terraform.apply();
    const iam = aws.iam();
    const role = { RoleName: "dev-node", AssumeRolePolicyDocument: JSON.stringify(NODE_TRUST) };
    await iam.send(new CreateRoleCommand(role));
    const document = JSON.stringify(nodePolicy(["s3:ListBucket"]));
    await iam.send(new PutRolePolicyCommand({ RoleName: "dev-node", PolicyName: "dev-node", PolicyDocument: document }));
    await iam.send(new CreateUserCommand({ UserName: "auditor" }));
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: "auditor" }));
    auditor = { accessKeyId: AccessKey?.AccessKeyId ?? "", secretAccessKey: AccessKey?.SecretAccessKey ?? "" };
  });

  afterAll(async () => {
    await aws.stop();
    removeFolders();
  });

  it("finds nothing in an account with an applied deployment and the role of DKP, with only the printed policy", async () => {
    const [json, text] = await enforced(printedPolicy(), () => [report(), command("deckhouse")]);
    expect(json).toEqual({ stack: "deckhouse", account: ACCOUNT, managedBy: "state", results: [], notes: [] });
    const heading = `deckhouse: what exists in account ${ACCOUNT} beside what Terraform manages according to the state\n`;
    // Progress follows on standard error.
    expect(text).toEqual({ status: 0, output: expect.stringContaining(`${heading}nothing found\n`) });
  });

  it("requires every action of the printed policy, and reports what cannot be read as unknown", async () => {
    const policy = printedPolicy();
    const actions = policy.Statement.flatMap(({ Action }) => Action);
    await aws.calls();
    await enforced(policy, () => report());
    expect(new Set((await aws.calls()).map(({ action }) => `iam:${action}`))).toEqual(
      new Set([...actions, "iam:GetCallerIdentity", "iam:PutUserPolicy"]),
    );
    const denied = { ...policy, Statement: policy.Statement.slice(1) };
    const { status, output } = await enforced(denied, () => command("deckhouse"));
    expect(status).toBe(3);
    expect(output).toContain("unknown  user deckhouse: its login profile cannot be read: iam:GetLoginProfile: AccessDenied: ");
    expect(output).toContain("found: 0, unknown: 10\n");
  });

  it("finds each object of a prepared account and nothing else, and its remedies lead back to nothing", async () => {
    const planted = await plant();
    const found = await enforced(printedPolicy(), () => report());
    expect(summary(found)).toEqual(planted.toSorted());
    expect(found.results.filter(({ verdict }) => verdict === "unknown")).toEqual([]);
    expect(command("deckhouse").status).toBe(2);

    terraform.apply();
    runRemedies(found);
    // The key remains: whether DKP has it is a question that only keys answers.
    const rest = report();
    expect(rest.results).toEqual([
      expect.objectContaining({
        object: "user deckhouse",
        found: expect.stringMatching(/^it has the access key \w+ \(Active\), and the state does not have it$/),
        remedies: [expect.stringMatching(/^npx dkp-access keys deckhouse prints the next step; see [^ ]+#unmanaged-key$/)],
      }),
    ]);
    const AccessKeyId = /access key (\w+)/.exec(rest.results[0]?.found ?? "")?.[1];
    await aws.iam().send(new DeleteAccessKeyCommand({ UserName: "deckhouse", AccessKeyId }));
    expect(report().results).toEqual([]);
  });

  it("compares with the settings if no state is reachable, reports so, and removes nothing", async () => {
    const folder = join(deployments.path, "cdktf.out/stacks/deckhouse/.terraform");
    const [nothing, more] = await moved(folder, async () => {
      const before = { ...report(), status: command("deckhouse").status };
      const key = await aws.iam().send(new CreateAccessKeyCommand({ UserName: "deckhouse" }));
      const after = { ...report(), status: command("deckhouse").status };
      await aws.iam().send(new DeleteAccessKeyCommand({ UserName: "deckhouse", AccessKeyId: key.AccessKey?.AccessKeyId }));
      return [before, after];
    });
    expect(nothing).toMatchObject({
      results: [],
      managedBy: "settings",
      notes: [expect.stringMatching(/^no state is reachable, .*: terraform has not been initialized there/)],
      status: 3,
    });
    expect(more.results).toEqual([
      expect.objectContaining({
        object: "user deckhouse",
        found: expect.stringMatching(/^it has 2 access keys \(\w+, \w+\), and the settings have 1$/),
        remedies: ["remove nothing: make the state readable (terraform init), and run npx dkp-access drift deckhouse again"],
      }),
    ]);
    expect(more.status).toBe(3);
  });

  it("reports objects that exist and that the state does not have, with the settings that import them", async () => {
    const { results, managedBy } = await moved(join(deployments.path, "terraform.deckhouse.tfstate"), async () => report());
    // The state is readable and empty: no state at all has no such settings.
    expect(managedBy).toBe("state");
    const remedies = results.flatMap(({ remedies = [] }) => remedies).join("\n");
    // What is there is what DKP works with.
    expect(remedies).not.toContain("aws iam");
    const settings = remedies.matchAll(/import\.\w+: true/g);
    expect([...settings].map(([setting]) => setting).sort()).toEqual(
      ["additionalPolicies", "attachment", "group", "nodeRole", "policy", "user"].map((name) => `import.${name}: true`),
    );
  });

  it("rejects credentials of another account, and reports the other deployments", () => {
    const names = "user: { name: other }\npolicy: { name: Other }";
    deployments.change({ other: `region: eu-central-1\nbackend: { local: {} }\naccountId: "111111111111"\n${names}\n` });
    const { status, output } = command();
    expect(status).toBe(3);
    // They are read at the same time, and either ends first.
    expect([...output.matchAll(/^(\w+) \(\d of 2\)$/gm)].map(([, stack]) => stack).sort()).toEqual(["deckhouse", "other"]);
    expect(output).toContain("nothing found\n");
    expect(output).toContain(
      `other: the credentials belong to account ${ACCOUNT}, and accountId is 111111111111; use credentials of 111111111111\n`,
    );
  });

  it.each([
    // The SDK tries again for some seconds.
    ["cannot be reached", async () => "http://127.0.0.1:1", "15", /: unreachable: connect ECONNREFUSED/],
    ["does not answer", silentUrl, "2", /: no answer within 2 s$/m],
  ])("reports an unknown result within --timeout if AWS %s", async (_, urlOf, timeout, reason) => {
    const env = { ...environment(), AWS_ENDPOINT_URL: await urlOf() };
    const { status, output } = runIn(deployments.path, env, process.execPath, SCRIPT, "drift", "deckhouse", "--timeout", timeout);
    expect(status).toBe(3);
    expect(output).toContain("unknown  account: nothing was read: sts:GetCallerIdentity");
    expect(output).toMatch(reason);
  });

  /** Runs without a file or folder. */
  const moved = async <T>(path: string, run: () => Promise<T>): Promise<T> => {
    renameSync(path, `${path}.moved`);
    try {
      return await run();
    } finally {
      renameSync(`${path}.moved`, path);
    }
  };

  const runRemedies = ({ results }: DriftReport) => {
    const lines = results.flatMap(({ remedies = [] }) => remedies);
    const commands = lines.flatMap((line) => /aws iam .*$/.exec(line)?.[0] ?? []);
    const env = { ...terraformEnvironment(aws), AWS_DEFAULT_REGION: "us-east-1" };
    const { status, output } = runIn(deployments.path, env, "sh", "-ec", commands.join("\n"));
    expect({ status, output }).toEqual({ status: 0, output: "" });
  };

  /** Creates one of each object beside what Terraform manages. Returns what drift must find. */
  const plant = async (): Promise<readonly string[]> => {
    const iam = aws.iam();
    const UserName = "deckhouse";
    const everything = JSON.stringify(EVERYTHING);
    const external = JSON.stringify(EXTERNAL_TRUST);
    await iam.send(new AttachUserPolicyCommand({ UserName, PolicyArn: EXTRA }));
    await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: "inline", PolicyDocument: everything }));
    await iam.send(new CreateGroupCommand({ GroupName: "admins" }));
    await iam.send(new AddUserToGroupCommand({ UserName, GroupName: "admins" }));
    const key = await iam.send(new CreateAccessKeyCommand({ UserName }));
    await iam.send(new CreateLoginProfileCommand({ UserName, Password: "not-a-secret-1" }));
    const device = await iam.send(new CreateVirtualMFADeviceCommand({ VirtualMFADeviceName: "phone" }));
    const SerialNumber = device.VirtualMFADevice?.SerialNumber ?? "";
    await iam.send(
      new EnableMFADeviceCommand({ UserName, SerialNumber, AuthenticationCode1: "123456", AuthenticationCode2: "654321" }),
    );
    const ssh = await iam.send(new UploadSSHPublicKeyCommand({ UserName, SSHPublicKeyBody: "ssh-rsa AAAA test" }));
    const credential = await iam.send(
      new CreateServiceSpecificCredentialCommand({ UserName, ServiceName: "codecommit.amazonaws.com" }),
    );
    const certificate = await iam.send(new UploadSigningCertificateCommand({ UserName, CertificateBody: certificateOf() }));
    await iam.send(new PutUserPermissionsBoundaryCommand({ UserName, PermissionsBoundary: EXTRA }));

    await iam.send(new AddUserToGroupCommand({ UserName: "auditor", GroupName: "dkp" }));
    await iam.send(new AttachGroupPolicyCommand({ GroupName: "dkp", PolicyArn: EXTRA }));
    await iam.send(new PutGroupPolicyCommand({ GroupName: "dkp", PolicyName: "inline", PolicyDocument: everything }));

    const [first, second] = [policyArn(FIRST), policyArn(SECOND)];
    const version = await iam.send(
      new CreatePolicyVersionCommand({ PolicyArn: second, PolicyDocument: everything, SetAsDefault: true }),
    );
    await iam.send(new AttachUserPolicyCommand({ UserName: "auditor", PolicyArn: first }));
    await iam.send(new AttachGroupPolicyCommand({ GroupName: "admins", PolicyArn: first }));
    await iam.send(new CreateRoleCommand({ RoleName: "other", AssumeRolePolicyDocument: external }));
    await iam.send(new AttachRolePolicyCommand({ RoleName: "other", PolicyArn: second }));

    for (const RoleName of ["dkp-nodes", "dev-node"]) {
      await iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: EXTRA }));
      await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "further", PolicyDocument: everything }));
      await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: external }));
    }
    await iam.send(new PutRolePolicyCommand({ RoleName: "dkp-nodes", PolicyName: "dkp-nodes", PolicyDocument: everything }));
    await iam.send(new DeleteRolePermissionsBoundaryCommand({ RoleName: "dkp-nodes" }));

    const trust = `its trust policy is not the one for EC2: ${JSON.stringify(EXTERNAL_TRUST.Statement)}`;
    return [
      `user deckhouse: the policy ${EXTRA} is attached`,
      "user deckhouse: it has the inline policy inline",
      "user deckhouse: it is a member of the group admins",
      `user deckhouse: it has the access key ${key.AccessKey?.AccessKeyId} (Active), and the state does not have it`,
      "user deckhouse: it has a login profile",
      `user deckhouse: it has the MFA device ${SerialNumber}`,
      `user deckhouse: it has the SSH key ${ssh.SSHPublicKey?.SSHPublicKeyId}`,
      `user deckhouse: it has the service-specific credential ${credential.ServiceSpecificCredential?.ServiceSpecificCredentialId}`,
      `user deckhouse: it has the signing certificate ${certificate.Certificate?.CertificateId}`,
      `user deckhouse: its permissions boundary is ${EXTRA}, and Terraform manages ${BOUNDARY}`,
      "group dkp: the user auditor is a member",
      `group dkp: the policy ${EXTRA} is attached`,
      "group dkp: it has the inline policy inline",
      `policy ${SECOND}: its default version ${version.PolicyVersion?.VersionId} is not the generated document`,
      `policy ${FIRST}: the user auditor uses it`,
      `policy ${FIRST}: the group admins uses it`,
      `policy ${SECOND}: the role other uses it`,
      `node role dkp-nodes: the policy ${EXTRA} is attached`,
      "node role dkp-nodes: it has the inline policy further",
      "node role dkp-nodes: its inline policy dkp-nodes is not the managed document",
      `node role dkp-nodes: ${trust}`,
      `node role dkp-nodes: its permissions boundary is removed, and Terraform manages ${BOUNDARY}`,
      `role dev-node of DKP: the policy ${EXTRA} is attached, and DKP attaches none`,
      "role dev-node of DKP: it has the inline policy further",
      `role dev-node of DKP: ${trust}`,
    ];
  };
});

/** The address of a server that accepts connections and never answers. It ends with the test. */
async function silentUrl(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1").unref();
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function certificateOf(): string {
  const args = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "/dev/null", "-subj", "/CN=test"];
  return execFileSync("openssl", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
}

import { join } from "node:path";
import { DeleteAccessKeyCommand, ListAccessKeysCommand } from "@aws-sdk/client-iam";
import { PROJECT } from "../helpers/project-root";
import { type Credentials, LocalAws } from "./support/local-aws";
import { LostResponseProxy } from "./support/lost-response-proxy";
import { Operator } from "./support/operator";
import { Deployments, removeFolders } from "./support/project";
import { runIn, Terraform, terraformEnvironment } from "./support/terraform";

const BUCKET = "recovery-state";
const SETTINGS = `region: eu-central-1\nbackend: { s3: { bucket: ${BUCKET}, region: eu-central-1 } }\n`;

/** Releases the lock of a killed run as the README describes. */
function unlock(terraform: Terraform): void {
  const { status, output } = terraform.attempt("plan");
  expect({ status, output }).toMatchObject({ status: 1, output: expect.stringContaining("Error acquiring the state lock") });
  const [, id = ""] = /ID:\s+([0-9a-f-]{36})/.exec(output) ?? [];
  terraform.run("force-unlock", "-force", id);
}

// Follows the troubleshooting table of the README after an apply that was killed or lost a response.

afterAll(removeFolders);

describe("a group or node role left by a killed apply", () => {
  let aws: LocalAws;
  let operator: Operator;
  let deployments: Deployments;
  let terraform: Terraform;
  let key: Credentials;

  const settings = (text: string) => deployments.change({ deckhouse: `${SETTINGS}${text}\n` });

  /** Applies while the key is in use. No call of the key may be denied. */
  const apply = async () => {
    const applied = terraform.start("apply", "-auto-approve");
    expect(await operator.watch(key, applied)).toMatchObject({ refused: 0 });
    return applied;
  };

  beforeAll(async () => {
    aws = await LocalAws.start();
    await aws.createBucket(BUCKET);
    deployments = Deployments.of({ deckhouse: SETTINGS });
    operator = await Operator.in(aws);
    terraform = new Terraform(deployments.terraform("deckhouse", aws).folder, aws, "terraform", operator.key);
    terraform.init();
    terraform.apply();
    key = terraform.key();
  });

  afterAll(() => aws.stop());

  const GROUP = "attachment: user-and-group\n";
  const ROLE = `${GROUP}nodeRole: { name: dkp-nodes, path: /dkp/ }\n`;

  it.each([
    ["CreateGroup", GROUP, "Group with name deckhouse already exists", "import: { group: true }"],
    ["CreateRole", ROLE, "Role with name dkp-nodes already exists", "import: { nodeRole: true }"],
  ])("at %s is imported, and the key always works", async (action, wanted, message, imports) => {
    settings(wanted);
    await (await LostResponseProxy.losing(action, aws)).kill(terraform.folder, operator.key);
    unlock(terraform);
    const refused = await apply();
    expect(refused.status).toBe(1);
    expect(refused.output).toContain("EntityAlreadyExists");
    expect(refused.output).toContain(message);
    settings(`${wanted}${imports}`);
    const imported = await apply();
    expect(imported.status).toBe(0);
    expect(imported.output).toContain("1 imported");
    expect(imported.output).toContain("0 destroyed");
    settings(wanted);
    expect(terraform.isUpToDate()).toBe(true);
  });

  it("requires no import of attachments, membership and inline policy", async () => {
    settings(`${ROLE}import: { group: true, nodeRole: true }`);
    terraform.run(
      "state",
      "rm",
      "aws_iam_group.group",
      "aws_iam_user_group_membership.group-membership",
      "aws_iam_group_policy_attachment.policy-attachment",
      "aws_iam_role.node",
      "aws_iam_role_policy.node",
    );
    await aws.calls();
    const imported = await apply();
    expect(imported.output).toContain("2 imported, 3 added");
    expect((await aws.changes()).filter((action) => !/^Tag/.test(action)).sort()).toEqual([
      "AddUserToGroup",
      "AttachGroupPolicy",
      "PutRolePolicy",
    ]);
    settings(ROLE);
    expect(terraform.isUpToDate()).toBe(true);
  });
});

describe("a first deployment whose response to CreateAccessKey was lost", () => {
  let aws: LocalAws;
  let deployments: Deployments;

  const settings = (text: string) => deployments.change({ deckhouse: `${SETTINGS}${text}\n` });
  const keys = () =>
    runIn(deployments.path, terraformEnvironment(aws), process.execPath, join(PROJECT, "bin/dkp-access"), "keys", "deckhouse");
  const keyIds = async () => {
    const { AccessKeyMetadata = [] } = await aws.iam().send(new ListAccessKeysCommand({ UserName: "deckhouse" }));
    return AccessKeyMetadata.map(({ AccessKeyId = "" }) => AccessKeyId);
  };

  /** `dkp-access keys` names the key with the lost secret; after its deletion, the deployment has no unmanaged key. */
  const endsWithKeys = async (terraform: Terraform) => {
    const { accessKeyId } = terraform.key();
    const [unmanaged = "", ...more] = (await keyIds()).filter((id) => id !== accessKeyId);
    expect({ unmanaged, more }).toEqual({ unmanaged: expect.stringMatching(/^AKIA/), more: [] });
    expect(keys().output).toContain(unmanaged);
    await aws.iam().send(new DeleteAccessKeyCommand({ UserName: "deckhouse", AccessKeyId: unmanaged }));
    expect(keys()).toMatchObject({ status: 0, output: expect.not.stringContaining(unmanaged) });
    expect(await aws.accepts(terraform.key())).toBe(true);
  };

  beforeEach(async () => {
    aws = await LocalAws.start();
    await aws.createBucket(BUCKET);
    deployments = Deployments.of({ deckhouse: SETTINGS });
    deployments.terraform("deckhouse", aws).init();
  });

  afterEach(() => aws.stop());

  it("applies without an error and leaves a second key, which dkp-access keys names", async () => {
    const proxy = await LostResponseProxy.losing("CreateAccessKey", aws);
    const { status } = await deployments.terraform("deckhouse", proxy).start("apply", "-auto-approve");
    proxy.stop();
    expect(status).toBe(0);
    await endsWithKeys(deployments.terraform("deckhouse", aws));
  });

  it("is imported after the run was killed, and dkp-access keys names the key of that run", async () => {
    const terraform = deployments.terraform("deckhouse", aws);
    await (await LostResponseProxy.losing("CreateAccessKey", aws)).kill(terraform.folder);
    unlock(terraform);
    const refused = terraform.attempt("apply", "-auto-approve");
    expect(refused.status).toBe(1);
    expect(refused.output).toContain("User with name deckhouse already exists");
    expect(refused.output).toContain("A policy called D8CloudProviderAWS already exists");
    settings("import: { user: true, policy: true }");
    expect(terraform.apply()).toContain("0 destroyed");
    settings("");
    expect(terraform.isUpToDate()).toBe(true);
    await endsWithKeys(terraform);
  });
});

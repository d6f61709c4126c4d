import { CreateRoleCommand } from "@aws-sdk/client-iam";
import { type Credentials, LocalAws } from "./support/local-aws";
import { Operator } from "./support/operator";
import { Deployments, removeFolders } from "./support/project";
import { Terraform } from "./support/terraform";

const SETTINGS = "region: eu-central-1\nbackend: { local: {} }\n";
/** Permissions that fit into one policy. */
const ONE_POLICY = "policy: { mode: scoped }\nfeatures: [encrypted-volumes]\ncluster: { prefix: dev, kmsKeyArns: [] }\n";
const KEYS = Array.from(
  { length: 6 },
  (_, index) => `arn:aws:kms:eu-central-1:123456789012:key/01234567-89ab-cdef-0123-00000000000${index}`,
);
/** The same deployment with permissions that require two policies. */
const SEVERAL_POLICIES = ONE_POLICY.replace("[]", `["${KEYS.join('", "')}"]`);
const TRUST = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" }],
});

describe("a live deployment whose permissions exceed one policy", () => {
  let aws: LocalAws;
  let operator: Operator;
  let deployments: Deployments;
  let terraform: Terraform;
  let key: Credentials;

  /** Reads the role of the nodes: a statement that moves to the second policy. */
  const readsRole = () => operator.allowsRole(key, "dev-node");

  /**
   * Applies; after each write call, the key makes a call whose statement moves.
   * @returns the write calls in order, and those after which the key was denied
   */
  const apply = async (settings: string, ...args: string[]) => {
    deployments.change({ deckhouse: `${SETTINGS}${settings}\n` });
    await aws.changes();
    expect(await readsRole()).toBe(true);
    const applied = await operator.monitor(terraform.folder, readsRole, "apply", "-auto-approve", ...args);
    const { status, output, deniedAfter } = applied;
    expect({ status, output: status === 0 ? "" : output }).toEqual({ status: 0, output: "" });
    // IAM keeps five versions of a policy: Terraform deletes the oldest one first.
    const changes = (await aws.changes()).filter((call) => call !== "DeletePolicyVersion");
    return { changes, deniedAfter, works: await readsRole(), isUpToDate: terraform.isUpToDate() };
  };

  beforeAll(async () => {
    aws = await LocalAws.start();
    deployments = Deployments.of({ deckhouse: `${SETTINGS}${ONE_POLICY}` });
    await aws.iam().send(new CreateRoleCommand({ RoleName: "dev-node", AssumeRolePolicyDocument: TRUST }));
    operator = await Operator.in(aws);
    terraform = new Terraform(deployments.terraform("deckhouse", aws).folder, aws, "terraform", operator.key);
    terraform.init();
    terraform.apply();
    key = terraform.key();
  });

  afterAll(async () => {
    await aws.stop();
    removeFolders();
  });

  /** Some write call, after which the key made a call. */
  const CHANGED = expect.arrayContaining([expect.stringContaining("Policy")]);
  const UNINTERRUPTED = { changes: CHANGED, deniedAfter: [], works: true, isUpToDate: true };

  it.each([
    ["attached to the user", "", ["AttachUserPolicy"], ["DetachUserPolicy"]],
    ["not protected", "protect: false", ["AttachUserPolicy"], ["DetachUserPolicy"]],
  ])("gets and loses the second policy without a denied call: %s", async (_, more, attach, detach) => {
    expect(await apply(`${ONE_POLICY}${more}`)).toMatchObject({ works: true });
    expect(await apply(`${SEVERAL_POLICIES}${more}`)).toEqual({
      ...UNINTERRUPTED,
      changes: ["CreatePolicy", ...attach, "CreatePolicyVersion"],
    });
    expect(await apply(`${ONE_POLICY}${more}`)).toEqual({
      ...UNINTERRUPTED,
      changes: ["CreatePolicyVersion", ...detach, "DeletePolicy"],
    });
  });

  it("gets and loses the second policy without a denied call: attached to user and group", async () => {
    const more = "attachment: user-and-group";
    expect(await apply(`${ONE_POLICY}${more}`)).toMatchObject(UNINTERRUPTED);
    const grown = await apply(`${SEVERAL_POLICIES}${more}`);
    expect(grown).toMatchObject(UNINTERRUPTED);
    expect([...grown.changes].sort()).toEqual(["AttachGroupPolicy", "AttachUserPolicy", "CreatePolicy", "CreatePolicyVersion"]);
    expect([grown.changes[0], grown.changes.at(-1)]).toEqual(["CreatePolicy", "CreatePolicyVersion"]);
    const shrunk = await apply(`${ONE_POLICY}${more}`);
    expect(shrunk).toMatchObject(UNINTERRUPTED);
    expect([shrunk.changes[0], shrunk.changes.at(-1)]).toEqual(["CreatePolicyVersion", "DeletePolicy"]);
  });

  it("gets and loses the second policy without a denied call: attached to the group", async () => {
    const more = "attachment: group";
    expect(await apply(`${ONE_POLICY}${more}`)).toMatchObject(UNINTERRUPTED);
    expect(await apply(`${SEVERAL_POLICIES}${more}`)).toEqual({
      ...UNINTERRUPTED,
      changes: ["CreatePolicy", "AttachGroupPolicy", "CreatePolicyVersion"],
    });
    expect(await apply(`${ONE_POLICY}${more}`)).toEqual({
      ...UNINTERRUPTED,
      changes: ["CreatePolicyVersion", "DetachGroupPolicy", "DeletePolicy"],
    });
  });

  it("changes the attachment with two policies without a denied call", async () => {
    expect(await apply(`${SEVERAL_POLICIES}attachment: group`)).toMatchObject(UNINTERRUPTED);
    expect(await apply(`${SEVERAL_POLICIES}attachment: user-and-group`)).toMatchObject(UNINTERRUPTED);
    expect(await apply(SEVERAL_POLICIES)).toMatchObject(UNINTERRUPTED);
  });

  it("gets another further policy without a denied call when its content changes, and goes back", async () => {
    const other = SEVERAL_POLICIES.replace("prefix: dev", "prefix: dev, iamNodeRole: dkp-node");
    expect(await apply(other)).toEqual({
      ...UNINTERRUPTED,
      changes: ["CreatePolicy", "AttachUserPolicy", "DetachUserPolicy", "DeletePolicy"],
    });
    expect(await apply(SEVERAL_POLICIES)).toMatchObject(UNINTERRUPTED);
  });

  it("attaches a further policy again in the next apply after its attachment alone was replaced", async () => {
    const replaced = await apply(SEVERAL_POLICIES, "-replace=aws_iam_user_policy_attachment.policy-attachment-2");
    expect(replaced).toMatchObject({ works: false, isUpToDate: false });
    terraform.apply();
    expect(await readsRole()).toBe(true);
  });

  it("keeps the key at work when all policies get another name", async () => {
    const renamed = SEVERAL_POLICIES.replace("mode: scoped", "mode: scoped, name: Renamed");
    expect(await apply(`${renamed}protect: false`)).toMatchObject(UNINTERRUPTED);
    expect(terraform.outputNames()).toContain("additional_policy_arns");
    expect(JSON.parse(terraform.run("output", "-json", "additional_policy_arns"))).toEqual([
      expect.stringMatching(/^arn:aws:iam::123456789012:policy\/Renamed-2-[0-9a-f]{8}$/),
    ]);
  });

  it("is destroyed completely", async () => {
    const destroyed = await terraform.start("destroy", "-auto-approve");
    expect(destroyed.status).toBe(0);
    expect((await aws.changes()).filter((call) => call === "DeletePolicy")).toHaveLength(2);
  });
});

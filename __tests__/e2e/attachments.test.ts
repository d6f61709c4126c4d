import { monitor } from "./support/fault-proxy";
import { allowing, type Credentials, LocalAws } from "./support/local-aws";
import { Deployments } from "./support/project";
import type { Terraform } from "./support/terraform";

const SETTINGS = "region: eu-central-1\nbackend: { local: {} }\n";
const USER_ATTACHMENT = "aws_iam_user_policy_attachment.policy-attachment";

describe("the attachments of a live deployment", () => {
  let aws: LocalAws;
  let deployments: Deployments;
  let terraform: Terraform;
  let key: Credentials;

  const apply = async (settings: string, ...args: string[]) => {
    deployments.change(`${SETTINGS}${settings}\n`);
    await aws.calls();
    const applied = await monitor(
      aws,
      { folder: terraform.folder, key },
      "apply",
      "-auto-approve",
      ...args,
    );
    expect(applied).toMatchObject({ status: 0 });
    return {
      changes: await aws.changes(),
      deniedAfter: applied.deniedAfter,
      works: await aws.accepts(key),
    };
  };

  beforeAll(async () => {
    aws = await LocalAws.start();
    deployments = Deployments.of(SETTINGS);
    terraform = deployments.terraform(aws);
    terraform.init();
    terraform.apply();
    key = terraform.key();
  });

  const refused = async (settings: string, ...args: string[]) => {
    deployments.change(`${SETTINGS}${settings}\n`);
    await aws.calls();
    const { status, output } = terraform.attempt("apply", "-auto-approve", ...args);
    const isRefused = output.includes("Instance cannot be destroyed");
    return { status, isRefused, changes: await aws.changes(), works: await aws.accepts(key) };
  };
  const REFUSED = { status: 1, isRefused: true, changes: [], works: true };

  it("of the user is not replaced by -replace", async () => {
    expect(await refused("", `-replace=${USER_ATTACHMENT}`)).toEqual(REFUSED);
    expect(terraform.isUpToDate()).toBe(true);
  });

  it("stays where the state lost the policy, until the policy is imported", async () => {
    terraform.run("state", "rm", "aws_iam_policy.policy");
    expect(await refused("")).toEqual(REFUSED);
    expect(await apply("import: { policy: true }")).toEqual({
      changes: [],
      deniedAfter: [],
      works: true,
    });
    expect(terraform.isUpToDate()).toBe(true);
  });

  it("stay where an unprotected policy is tainted: an apply fails, and untaint recovers", async () => {
    deployments.change(`${SETTINGS}protect: false\n`);
    terraform.run("taint", "aws_iam_policy.policy");
    expect(
      await monitor(aws, { folder: terraform.folder, key }, "apply", "-auto-approve"),
    ).toMatchObject({
      status: 1,
      output: expect.stringContaining("EntityAlreadyExists"),
      deniedAfter: [],
    });
    terraform.run("untaint", "aws_iam_policy.policy");
    expect(terraform.isUpToDate()).toBe(true);
    expect(await aws.accepts(key)).toBe(true);
  });

  it("of the user follows a renamed, unprotected policy without a denied call", async () => {
    expect(await apply("protect: false\npolicy: { name: Renamed }")).toEqual({
      changes: ["CreatePolicy", "AttachUserPolicy", "DetachUserPolicy", "DeletePolicy"],
      deniedAfter: [],
      works: true,
    });
  });

  it("of the user without protect is missing after only its replacement, as documented, and the next apply attaches it again", async () => {
    const settings = "protect: false\npolicy: { name: Renamed }";
    expect(await apply(settings, `-replace=${USER_ATTACHMENT}`)).toEqual({
      changes: ["AttachUserPolicy", "DetachUserPolicy"],
      deniedAfter: ["DetachUserPolicy"],
      works: false,
    });
    expect(await apply(settings)).toEqual({
      changes: ["AttachUserPolicy"],
      deniedAfter: [],
      works: true,
    });
  });

  it("of the nodes stay when an earlier one is removed, and only that one is detached", async () => {
    const policies = ["Logs", "Metrics"];
    for (const PolicyName of policies) {
      await aws
        .iam()
        .createPolicy({ PolicyName, PolicyDocument: allowing("cloudwatch:PutMetricData") });
    }
    const settings = (names: readonly string[]) => {
      const arns = names.map((name) => `'arn:aws:iam::123456789012:policy/${name}'`);
      return `protect: false\npolicy: { name: Renamed }\nnodeRole: { name: dkp-nodes, path: /dkp/, managedPolicyArns: [${arns.join(", ")}] }`;
    };
    expect(await apply(settings(policies))).toMatchObject({ works: true });
    expect(await apply(settings(policies.slice(1)))).toEqual({
      changes: ["DetachRolePolicy"],
      deniedAfter: [],
      works: true,
    });
    const { AttachedPolicies = [] } = await aws
      .iam()
      .listAttachedRolePolicies({ RoleName: "dkp-nodes" });
    expect(AttachedPolicies.map(({ PolicyName }) => PolicyName)).toEqual(["Metrics"]);
  });
});

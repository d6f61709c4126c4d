import {
  CreatePolicyCommand,
  GetGroupCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  ListAttachedGroupPoliciesCommand,
  ListAttachedRolePoliciesCommand,
  ListAttachedUserPoliciesCommand,
} from "@aws-sdk/client-iam";
import { LocalAws } from "./support/local-aws";
import { Deployments, removeFolders } from "./support/project";
import type { Terraform } from "./support/terraform";

const SETTINGS = "region: eu-central-1\nbackend: { local: {} }\n";

describe("a live deployment", () => {
  let aws: LocalAws;
  let deployments: Deployments;
  let terraform: Terraform;

  const apply = async (more: string) => {
    deployments.change({ deckhouse: `${SETTINGS}${more}\n` });
    await aws.calls();
    terraform.apply();
    return aws.changes();
  };

  beforeAll(async () => {
    aws = await LocalAws.start();
    deployments = Deployments.of({ deckhouse: SETTINGS });
    terraform = deployments.terraform("deckhouse", aws);
    terraform.init();
    terraform.apply();
  });

  afterAll(async () => {
    await aws.stop();
    removeFolders();
  });

  it("moves its policy to a group and back, first adding and then removing, and its key works at every step", async () => {
    const key = terraform.key();
    const changes: (readonly string[])[] = [];
    const works: boolean[] = [];
    for (const attachment of ["user-and-group", "group", "user-and-group", "user"]) {
      const group = attachment === "user" ? "" : "\ngroup: { name: dkp, path: /platform/ }";
      // The provider may repeat a call.
      changes.push([...new Set(await apply(`attachment: ${attachment}${group}`))].sort());
      works.push(await aws.accepts(key));
      if (attachment === "group") {
        expect(await attached()).toEqual({ user: [], group: ["D8CloudProviderAWS"] });
        const { Group, Users = [] } = await aws.iam().send(new GetGroupCommand({ GroupName: terraform.output("group_name") }));
        expect([Group?.Path, Users.map(({ UserName }) => UserName)]).toEqual(["/platform/", ["deckhouse"]]);
        expect(terraform.isUpToDate()).toBe(true);
      }
    }
    expect(works).toEqual([true, true, true, true]);
    expect(changes).toEqual([
      ["AddUserToGroup", "AttachGroupPolicy", "CreateGroup"],
      ["DetachUserPolicy"],
      ["AttachUserPolicy"],
      ["DeleteGroup", "DetachGroupPolicy", "RemoveUserFromGroup"],
    ]);
    expect(terraform.outputNames()).not.toContain("group_name");
  });

  const attached = async () => {
    const user = await aws.iam().send(new ListAttachedUserPoliciesCommand({ UserName: "deckhouse" }));
    const group = await aws.iam().send(new ListAttachedGroupPoliciesCommand({ GroupName: "dkp" }));
    const names = ({ AttachedPolicies = [] }: typeof user) => AttachedPolicies.map(({ PolicyName }) => PolicyName);
    return { user: names(user), group: names(group) };
  };

  it("creates a node role with tags and all configured permissions", async () => {
    const policies = ["arn:aws:iam::123456789012:policy/Logs", "arn:aws:iam::123456789012:policy/Metrics"];
    for (const PolicyName of ["Logs", "Metrics"]) {
      const Statement = [{ Effect: "Allow", Action: "cloudwatch:PutMetricData", Resource: "*" }];
      await aws
        .iam()
        .send(new CreatePolicyCommand({ PolicyName, PolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement }) }));
    }
    await apply(
      `tags: { team: platform }\nnodeRole: { name: dkp-nodes, path: /dkp/, additionalActions: ['s3:GetObject'], managedPolicyArns: [${policies.map((arn) => `'${arn}'`).join(", ")}] }`,
    );
    const { Role } = await aws.iam().send(new GetRoleCommand({ RoleName: terraform.output("node_role_name") }));
    expect(Role).toMatchObject({
      Arn: "arn:aws:iam::123456789012:role/dkp/dkp-nodes",
      Tags: [{ Key: "team", Value: "platform" }],
    });
    expect(terraform.output("node_role_arn")).toBe(Role?.Arn);
    expect(JSON.parse(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? "")).Statement[0].Principal).toEqual({
      Service: "ec2.amazonaws.com",
    });
    const { PolicyDocument } = await aws.iam().send(new GetRolePolicyCommand({ RoleName: "dkp-nodes", PolicyName: "dkp-nodes" }));
    expect(JSON.parse(decodeURIComponent(PolicyDocument ?? "")).Statement).toEqual([
      { Effect: "Allow", Action: ["ec2:DescribeTags", "ec2:DescribeInstances", "s3:GetObject"], Resource: "*" },
    ]);
    const { AttachedPolicies = [] } = await aws.iam().send(new ListAttachedRolePoliciesCommand({ RoleName: "dkp-nodes" }));
    expect(AttachedPolicies.map(({ PolicyArn }) => PolicyArn).sort()).toEqual(policies);
    expect(terraform.isUpToDate()).toBe(true);
  });

  it("renames attachments whose addresses are positions, and calls nothing", async () => {
    for (const [index, name] of ["Logs", "Metrics"].entries()) {
      const type = "aws_iam_role_policy_attachment";
      terraform.run("state", "mv", `${type}.node-policy-${name}`, `${type}.node-${index + 1}`);
    }
    await aws.calls();
    terraform.apply();
    expect(await aws.changes()).toEqual([]);
    expect(terraform.run("state", "list")).toMatch(/node-policy-Logs\n.*node-policy-Metrics\n/);
    expect(terraform.isUpToDate()).toBe(true);
  });

  it("keeps the remaining policies of its node role when an earlier one is removed, and only detaches that one", async () => {
    const changes = await apply(
      "nodeRole: { name: dkp-nodes, path: /dkp/, managedPolicyArns: ['arn:aws:iam::123456789012:policy/Metrics'] }",
    );
    const { AttachedPolicies = [] } = await aws.iam().send(new ListAttachedRolePoliciesCommand({ RoleName: "dkp-nodes" }));
    expect(AttachedPolicies.map(({ PolicyName }) => PolicyName)).toEqual(["Metrics"]);
    expect(changes.filter((call) => /Attach|Detach/.test(call))).toEqual(["DetachRolePolicy"]);
    await apply("");
    expect(terraform.outputNames().filter((name) => name.startsWith("node_role"))).toEqual([]);
  });
});

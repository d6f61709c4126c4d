import { deploymentWith, errorsWith, MINIMAL, messageOf } from "../../helpers/settings-files";

describe("the node role", () => {
  it("needs a name and has defaults for the rest", () => {
    expect(deploymentWith("nodeRole: { name: dkp-nodes }").nodeRole).toEqual({
      name: "dkp-nodes",
      path: "/",
      additionalActions: [],
      managedPolicyArns: [],
    });
    expect(errorsWith("nodeRole: {}")).toEqual([
      'line 3, nodeRole.name: missing; write the name of the role, for example "deckhouse-nodes"',
    ]);
  });

  it.each([
    [
      "{ name: apps/dkp-nodes }",
      'line 3, nodeRole.name: "apps/dkp-nodes" has the character "/", an IAM role name takes only A-Z a-z 0-9 and _ + = , . @ -; folders belong into nodeRole.path',
    ],
    [
      "{ name: n, permissionsBoundary: 'arn:aws:iam::aws:role/A' }",
      'line 3, nodeRole.permissionsBoundary: "arn:aws:iam::aws:role/A" is not the ARN of an IAM policy, which reads arn:aws:iam::123456789012:policy/NAME',
    ],
    [
      "{ name: n, managedPolicyArns: ['arn:aws:iam::aws:policy/A', 'arn:aws-cn:iam::aws:policy/B'] }",
      'line 3, nodeRole.managedPolicyArns.1: "arn:aws-cn:iam::aws:policy/B" is of another partition than region eu-central-1; write an ARN that begins with arn:aws:',
    ],
    [
      "{ name: n, managedPolicyArns: ['arn:aws:iam::aws:policy/A.b', 'arn:aws:iam::123456789012:policy/x/A-b'] }",
      'line 3, nodeRole.managedPolicyArns.1: "arn:aws:iam::123456789012:policy/x/A-b" has the same Terraform address as "arn:aws:iam::aws:policy/A.b", which is made of the name of the policy; rename one',
    ],
    [
      "{ name: n, managedPolicyArns: ['arn:aws:iam::aws:policy/A', 'arn:aws:iam::aws:policy/A'] }",
      'line 3, nodeRole.managedPolicyArns.1: "arn:aws:iam::aws:policy/A" stands in the list twice; remove one',
    ],
    [
      "{ name: n, additionalActions: [s3] }",
      'line 3, nodeRole.additionalActions.0: "s3" is not an IAM action; write for example "s3:GetObject"',
    ],
    [
      "{ name: n, additionalActions: 's3:Get*' }",
      'line 3, nodeRole.additionalActions: "s3:Get*" is not a list; write one item per line, each after a dash',
    ],
  ])("rejects %s", (nodeRole, error) => {
    expect(errorsWith(`nodeRole: ${nodeRole}`)).toEqual([error]);
  });

  it.each(["dev-node", "Dev-Node"])("is not %s, which DKP makes itself for the prefix dev", (name) => {
    expect(errorsWith(`cluster: { prefix: dev }\nnodeRole: { name: ${name} }`)).toEqual([
      `line 4, nodeRole.name: "${name}" is the role that DKP creates for prefix "dev"; choose another name, for example "${name}-custom"`,
    ]);
  });

  it("rejects a policy of another account", () => {
    expect(
      errorsWith("accountId: '123456789012'\nnodeRole: { name: n, managedPolicyArns: ['arn:aws:iam::210987654321:policy/A'] }"),
    ).toEqual([
      'line 4, nodeRole.managedPolicyArns.0: "arn:aws:iam::210987654321:policy/A" is of account 210987654321, accountId is 123456789012; make them agree',
    ]);
  });

  it("belongs to one deployment of an account, whatever its case", () => {
    const other = `${MINIMAL.replace("states", "other")}user: { name: b }\npolicy: { name: B }\n`;
    expect(messageOf({ "a.yaml": `${MINIMAL}nodeRole: { name: n }\n`, "b.yaml": `${other}nodeRole: { name: N }\n` })).toContain(
      'line 5, nodeRole.name: "N" is also the node role of deployments/a.yaml',
    );
  });
});

describe("the group", () => {
  it.each(["user-and-group", "group"])("belongs to one deployment of an account, with attachment %s", (attachment) => {
    const other = `${MINIMAL.replace("states", "other")}user: { name: b }\npolicy: { name: B }\n`;
    const group = `attachment: ${attachment}\n`;
    expect(messageOf({ "a.yaml": `${MINIMAL}${group}`, "b.yaml": `${other}${group}` })).toContain(
      'group.name: "deckhouse" is also the group of deployments/a.yaml, in the same account (IAM ignores case); set another in one of the two files, for example "deckhouse-b" here',
    );
  });

  it.each([
    ["attachment: role", 'line 3, attachment: "role" is unknown; use "user", "user-and-group", "group"'],
    [
      "group: { name: a/b }",
      'line 3, group.name: "a/b" has the character "/", an IAM group name takes only A-Z a-z 0-9 and _ + = , . @ -; folders belong into group.path',
    ],
  ])("rejects %s", (settings, error) => {
    expect(errorsWith(settings)).toEqual([error]);
  });
});

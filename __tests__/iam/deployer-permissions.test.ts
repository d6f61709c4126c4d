import { type DeployerOptions, deployerGrants, statementsOf } from "../../src/cli/iam/deployer-permissions";

const PLAIN: DeployerOptions = {
  partition: "aws",
  account: "123456789012",
  user: { name: "deckhouse", path: "/", forceDestroy: false },
  policies: [{ name: "D8CloudProviderAWS", path: "/" }],
  attachment: "user",
  group: { name: "deckhouse", path: "/" },
  keys: true,
  tags: false,
  importsKey: false,
};
const BOUNDARY = "arn:aws:iam::123456789012:policy/Boundary";
const USER = "arn:aws:iam::123456789012:user/deckhouse";
const ROLE = { name: "nodes", path: "/dkp/", managedPolicyArns: [] };

const statements = (options: Partial<DeployerOptions> = {}) => statementsOf(deployerGrants({ ...PLAIN, ...options }));
const statement = (sid: string, options: Partial<DeployerOptions> = {}) =>
  statements(options).find((candidate) => candidate.sid === sid);
const actions = (options: Partial<DeployerOptions> = {}) => statements(options).flatMap((each) => each.actions);
/** The actions that a setting adds to the plain deployment. */
const added = (options: Partial<DeployerOptions>) => actions(options).filter((action) => !actions().includes(action));

describe("the deployer policy in IAM", () => {
  it("covers the user, the policy and the attachment of a plain deployment", () => {
    expect(statements()).toEqual([
      { sid: "CreateUser", actions: ["iam:CreateUser"], resources: [USER], conditions: [] },
      {
        sid: "User",
        actions: [
          "iam:CreateAccessKey",
          "iam:DeleteAccessKey",
          "iam:DeleteUser",
          "iam:DeleteUserPermissionsBoundary",
          "iam:GetUser",
          "iam:ListAccessKeys",
          "iam:ListAttachedUserPolicies",
          "iam:ListGroupsForUser",
          "iam:UpdateAccessKey",
        ],
        resources: [USER],
        conditions: [],
      },
      {
        sid: "UserPolicy",
        actions: ["iam:AttachUserPolicy", "iam:DetachUserPolicy"],
        resources: [USER],
        conditions: [
          {
            test: "ArnEquals",
            variable: "iam:PolicyARN",
            values: ["arn:aws:iam::123456789012:policy/D8CloudProviderAWS"],
          },
        ],
      },
      {
        sid: "Policy",
        actions: [
          "iam:CreatePolicy",
          "iam:CreatePolicyVersion",
          "iam:DeletePolicy",
          "iam:DeletePolicyVersion",
          "iam:GetPolicy",
          "iam:GetPolicyVersion",
          "iam:ListPolicyVersions",
        ],
        resources: ["arn:aws:iam::123456789012:policy/D8CloudProviderAWS"],
        conditions: [],
      },
    ]);
  });

  it("has a wildcard for an account that is not stated", () => {
    expect(statement("User", { account: undefined })?.resources).toEqual(["arn:aws:iam::*:user/deckhouse"]);
  });

  it("has the partition and paths of the deployment", () => {
    const options = {
      partition: "aws-cn",
      user: { ...PLAIN.user, path: "/dkp/" },
      policies: [{ name: "P", path: "/access/dkp/" }],
    };
    expect(statement("User", options)?.resources).toEqual(["arn:aws-cn:iam::123456789012:user/dkp/deckhouse"]);
    expect(statement("Policy", options)?.resources).toEqual(["arn:aws-cn:iam::123456789012:policy/access/dkp/P"]);
  });

  it("escapes wildcards in a path", () => {
    expect(statement("User", { user: { ...PLAIN.user, path: "/a*b?/" } })?.resources).toEqual([
      `arn:aws:iam::123456789012:user/a\${*}b\${?}/deckhouse`,
    ]);
  });

  it("creates the user only with its boundary and never removes the boundary", () => {
    const user = { ...PLAIN.user, permissionsBoundary: BOUNDARY };
    expect(statement("CreateUser", { user })).toEqual({
      sid: "CreateUser",
      actions: ["iam:CreateUser", "iam:PutUserPermissionsBoundary"],
      resources: [USER],
      conditions: [{ test: "StringEquals", variable: "iam:PermissionsBoundary", values: [BOUNDARY] }],
    });
    expect(actions({ user })).not.toContain("iam:DeleteUserPermissionsBoundary");
  });

  it("has no key actions if Terraform manages no keys", () => {
    expect(actions({ keys: false }).filter((action) => action.includes("AccessKey"))).toEqual([]);
  });

  it("has tag actions if there are tags", () => {
    expect(added({ tags: true })).toEqual(["iam:TagUser", "iam:UntagUser", "iam:TagPolicy", "iam:UntagPolicy"]);
    expect(added({ tags: true, nodeRole: ROLE })).toEqual(expect.arrayContaining(["iam:TagRole", "iam:UntagRole"]));
  });

  it("reads the user of an imported key", () => {
    expect(added({ importsKey: true })).toEqual(["iam:GetAccessKeyLastUsed"]);
  });

  it("attaches the policy only to the group if attachment is group", () => {
    const alone = { attachment: "group", group: { name: "dkp", path: "/g/" } } as const;
    expect(statement("GroupPolicy", alone)).toEqual({
      sid: "GroupPolicy",
      actions: ["iam:AttachGroupPolicy", "iam:DetachGroupPolicy"],
      resources: ["arn:aws:iam::123456789012:group/g/dkp"],
      conditions: statement("UserPolicy")?.conditions,
    });
    expect(statement("UserPolicy", alone)).toBeUndefined();
    expect(actions({ ...alone, attachment: "user-and-group" })).toEqual(
      expect.arrayContaining(["iam:AttachUserPolicy", "iam:AttachGroupPolicy"]),
    );
  });

  it("attaches only the listed policies to the node role, and writes its inline policy only with the boundary", () => {
    const arns = ["arn:aws:iam::aws:policy/B", "arn:aws:iam::aws:policy/A"];
    const nodeRole = { ...ROLE, managedPolicyArns: arns, permissionsBoundary: BOUNDARY };
    expect(statement("NodeRolePolicies", { nodeRole })).toEqual({
      sid: "NodeRolePolicies",
      actions: ["iam:AttachRolePolicy", "iam:DetachRolePolicy"],
      resources: ["arn:aws:iam::123456789012:role/dkp/nodes"],
      conditions: [{ test: "ArnEquals", variable: "iam:PolicyARN", values: [...arns].sort() }],
    });
    expect(statement("CreateNodeRole", { nodeRole })).toEqual({
      sid: "CreateNodeRole",
      actions: ["iam:CreateRole", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"],
      resources: ["arn:aws:iam::123456789012:role/dkp/nodes"],
      conditions: [{ test: "StringEquals", variable: "iam:PermissionsBoundary", values: [BOUNDARY] }],
    });
    expect(statement("NodeRolePolicies", { nodeRole: ROLE })).toBeUndefined();
  });

  it.each([
    [true, true, true],
    [true, false, true],
    [false, true, true],
    [false, false, false],
  ])("lists and deletes keys with forceDestroy %s and keys %s: %s", (forceDestroy, keys, granted) => {
    const all = actions({ user: { ...PLAIN.user, forceDestroy }, keys });
    expect([all.includes("iam:DeleteAccessKey"), all.includes("iam:ListAccessKeys")]).toEqual([granted, granted]);
    expect(all.includes("iam:CreateAccessKey")).toBe(keys);
  });

  it("removes a boundary only where the settings state none, of the user and of the node role", () => {
    const delRole = "iam:DeleteRolePermissionsBoundary";
    const removed = (more: Partial<DeployerOptions>) =>
      actions(more).filter((action) => /:Delete\w+PermissionsBoundary$/.test(action));
    expect(removed({})).toEqual(["iam:DeleteUserPermissionsBoundary"]);
    expect(removed({ nodeRole: ROLE, user: { ...PLAIN.user, permissionsBoundary: BOUNDARY } })).toEqual([delRole]);
    expect(removed({ nodeRole: { ...ROLE, permissionsBoundary: BOUNDARY } })).toEqual(["iam:DeleteUserPermissionsBoundary"]);
  });

  it("detaches any policy of a user with forceDestroy, in one statement", () => {
    const user = { ...PLAIN.user, forceDestroy: true };
    expect(statement("User", { user })?.actions).toContain("iam:DetachUserPolicy");
    expect(statement("UserPolicy", { user })?.actions).toEqual(["iam:AttachUserPolicy"]);
  });

  it("passes no role, has no wildcard in an action, and has a reason for every action", () => {
    const all = deployerGrants({
      ...PLAIN,
      user: { ...PLAIN.user, forceDestroy: true, permissionsBoundary: BOUNDARY },
      attachment: "user-and-group",
      nodeRole: { ...ROLE, managedPolicyArns: [BOUNDARY], permissionsBoundary: BOUNDARY },
      tags: true,
      importsKey: true,
    });
    expect(all.filter(({ action }) => action === "iam:PassRole" || !/^iam:[A-Za-z]+$/.test(action))).toEqual([]);
    expect(all.filter(({ why }) => why === "")).toEqual([]);
    expect(new Set(all.map(({ action }) => action)).size).toBe(all.length);
  });
});

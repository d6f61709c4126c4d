import { type DeployerOptions, deployerGrants } from "../../src/cli/iam/deployer-permissions";

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
const ROLE = { name: "nodes", path: "/dkp/", managedPolicyArns: [] };

const actions = (options: Partial<DeployerOptions>) => deployerGrants({ ...PLAIN, ...options }).map(({ action }) => action);

describe("the deployer policy in IAM", () => {
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

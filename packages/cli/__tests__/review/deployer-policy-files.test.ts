import { deployment } from "../../../../__tests__/helpers/deployment";
import { isAllowed, type Request } from "../../../../__tests__/helpers/simulator";
import { policyDocument } from "../../../../src/iam/policy-document";
import { deployerPolicies } from "../../src/review/deployer-policy-files";

const EVERYTHING = `
backend: { s3: { bucket: state, region: eu-central-1, dynamodb_table: locks, kms_key_id: "arn:aws:kms:eu-central-1:123456789012:key/1" } }
nodeRole: { name: nodes, managedPolicyArns: ["arn:aws:iam::123456789012:policy/Logs"] }
tags: { team: platform }`;

it("planner-policy.json writes nothing, not even the lock, with everything that a deployment can have", () => {
  const { planner } = deployerPolicies(deployment(EVERYTHING));
  const all = planner.Statement.flatMap(({ Sid, Action }) =>
    [Action].flat().map((action) => `${Sid} ${action}`),
  );
  expect(all).toContain("StateLockTable dynamodb:GetItem");
  expect(all).toContain("StateKey kms:Decrypt");
  expect(all).toContain("NodeRole iam:GetRolePolicy");
  expect(
    all.filter(
      (name) =>
        !/ (iam:(Get|List)|s3:(Get|List)|ec2:Describe|dynamodb:GetItem$|kms:Decrypt$)/.test(name),
    ),
  ).toEqual([]);
});

const IAM = "arn:aws:iam::123456789012";
const OWN_USER = `${IAM}:user/deckhouse`;
const OWN_POLICY = `${IAM}:policy/D8CloudProviderAWS`;
const BOUNDARY = `${IAM}:policy/Boundary`;
const ADMINISTRATOR = { "iam:PolicyARN": "arn:aws:iam::aws:policy/AdministratorAccess" };

const allowed = (settings: string, request: Request) => {
  const [policy] = deployerPolicies(deployment(settings)).policies;
  return isAllowed(policy?.document ?? policyDocument([]), request);
};

describe("deployer-policy.json under IAM's own rules", () => {
  it.each<[string, string, string, Request["context"]?]>([
    ["allows creating its user", "iam:CreateUser", OWN_USER],
    [
      "allows attaching the policy to its user",
      "iam:AttachUserPolicy",
      OWN_USER,
      { "iam:PolicyARN": OWN_POLICY },
    ],
    ["allows changing its policy", "iam:CreatePolicyVersion", OWN_POLICY],
    ["allows reading its state", "s3:GetObject", "arn:aws:s3:::state/deckhouse/terraform.tfstate"],
    ["denies creating another user", "iam:CreateUser", `${IAM}:user/other`],
    [
      "denies creating a user of that name with another path",
      "iam:CreateUser",
      `${IAM}:user/x/deckhouse`,
    ],
    [
      "denies attaching another policy to its user",
      "iam:AttachUserPolicy",
      OWN_USER,
      ADMINISTRATOR,
    ],
    [
      "denies attaching its policy to another user",
      "iam:AttachUserPolicy",
      `${IAM}:user/other`,
      { "iam:PolicyARN": OWN_POLICY },
    ],
    ["denies writing an inline policy", "iam:PutUserPolicy", OWN_USER],
    ["denies renaming a user", "iam:UpdateUser", OWN_USER],
    ["denies creating a role", "iam:CreateRole", `${IAM}:role/nodes`],
    ["denies passing a role", "iam:PassRole", `${IAM}:role/nodes`],
    ["denies reading another state", "s3:GetObject", "arn:aws:s3:::state/other/terraform.tfstate"],
    [
      "denies removing the lock of another state",
      "s3:DeleteObject",
      "arn:aws:s3:::state/other/terraform.tfstate.tflock",
    ],
    [
      "denies deleting a state",
      "s3:DeleteObject",
      "arn:aws:s3:::state/deckhouse/terraform.tfstate",
    ],
    [
      "denies listing other states",
      "s3:ListBucket",
      "arn:aws:s3:::state",
      { "s3:prefix": "other/" },
    ],
    ["denies listing the whole bucket", "s3:ListBucket", "arn:aws:s3:::state"],
  ])("%s", async (title, action, resource, context = {}) => {
    expect(await allowed("", { action, resource, context })).toBe(title.startsWith("allows"));
  });

  it.each([
    [
      "allows creating the user with it",
      "iam:CreateUser",
      { "iam:PermissionsBoundary": BOUNDARY },
      true,
    ],
    ["denies creating the user without it", "iam:CreateUser", {}, false],
    [
      "denies creating the user with another one",
      "iam:CreateUser",
      { "iam:PermissionsBoundary": OWN_POLICY },
      false,
    ],
    [
      "denies replacing it",
      "iam:PutUserPermissionsBoundary",
      { "iam:PermissionsBoundary": OWN_POLICY },
      false,
    ],
    [
      "denies removing it",
      "iam:DeleteUserPermissionsBoundary",
      { "iam:PermissionsBoundary": BOUNDARY },
      false,
    ],
  ])("%s, with a permissions boundary", async (_, action, context = {}, expected) => {
    const settings = `user: { permissionsBoundary: "${BOUNDARY}" }`;
    expect(await allowed(settings, { action, resource: OWN_USER, context })).toBe(expected);
  });

  it("allows locking only its own state in a shared lock table", async () => {
    const settings =
      "backend: { s3: { bucket: state, key: own, region: eu-central-1, use_lockfile: false, dynamodb_table: locks } }";
    const put = (key: string) =>
      allowed(settings, {
        action: "dynamodb:PutItem",
        resource: "arn:aws:dynamodb:eu-central-1:123456789012:table/locks",
        context: { "dynamodb:LeadingKeys": key },
      });
    expect([await put("state/own"), await put("state/own-md5"), await put("state/other")]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it("belongs to the role that Terraform assumes by a web identity, as far as it is about the state", () => {
    const role = `assume_role_with_web_identity: { role_arn: "${IAM}:role/state" }`;
    const { policies } = deployerPolicies(
      deployment(`backend: { s3: { bucket: state, region: eu-central-1, ${role} } }`),
    );
    expect(policies.map((policy) => policy.role)).toEqual([undefined, `${IAM}:role/state`]);
  });

  it("treats a wildcard in a path as a character", async () => {
    const create = (path: string) =>
      allowed('user: { path: "/a*b/" }', {
        action: "iam:CreateUser",
        resource: `${IAM}:user/${path}/deckhouse`,
      });
    expect([await create("a*b"), await create("aXb")]).toEqual([true, false]);
  });
});

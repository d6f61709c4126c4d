import type { PolicyDocument } from "../../src/iam/policy-document";
import { deployerPolicies } from "../../src/review-pack/deployer-policy-files";
import { deployment } from "../helpers/deployment";
import { isAllowed, type Request } from "../helpers/simulator";

const IAM = "arn:aws:iam::123456789012";
const OWN_USER = `${IAM}:user/deckhouse`;
const OWN_POLICY = `${IAM}:policy/D8CloudProviderAWS`;
const BOUNDARY = `${IAM}:policy/Boundary`;
const ADMINISTRATOR = { "iam:PolicyARN": "arn:aws:iam::aws:policy/AdministratorAccess" };

const allowed = (settings: string, request: Request) =>
  isAllowed(JSON.parse(deployerPolicies(deployment(settings)).policies[0]?.text ?? "") as PolicyDocument, request);

describe("deployer-policy.json under IAM policy evaluation", () => {
  it.each<[string, string, string, Request["context"]?]>([
    ["creates its user", "iam:CreateUser", OWN_USER],
    ["attaches the policy to its user", "iam:AttachUserPolicy", OWN_USER, { "iam:PolicyARN": OWN_POLICY }],
    ["changes the policy", "iam:CreatePolicyVersion", OWN_POLICY],
    ["reads the state", "s3:GetObject", "arn:aws:s3:::state/deckhouse/terraform.tfstate"],
  ])("%s", async (_, action, resource, context = {}) => {
    expect(await allowed("", { action, resource, context })).toBe(true);
  });

  it.each<[string, string, string, Request["context"]?]>([
    ["creates no other user", "iam:CreateUser", `${IAM}:user/other`],
    ["creates no user of that name on another path", "iam:CreateUser", `${IAM}:user/x/deckhouse`],
    ["creates no key of another user", "iam:CreateAccessKey", `${IAM}:user/other`],
    ["attaches no other policy to its user", "iam:AttachUserPolicy", OWN_USER, ADMINISTRATOR],
    ["attaches the policy to no other user", "iam:AttachUserPolicy", `${IAM}:user/other`, { "iam:PolicyARN": OWN_POLICY }],
    ["writes no inline policy", "iam:PutUserPolicy", OWN_USER],
    ["renames no user", "iam:UpdateUser", OWN_USER],
    ["changes no other policy", "iam:CreatePolicyVersion", `${IAM}:policy/Other`],
    ["creates no role", "iam:CreateRole", `${IAM}:role/nodes`],
    ["passes no role", "iam:PassRole", `${IAM}:role/nodes`],
    ["reads no other state", "s3:GetObject", "arn:aws:s3:::state/other/terraform.tfstate"],
    ["writes no other state", "s3:PutObject", "arn:aws:s3:::state/other/terraform.tfstate"],
    ["removes no lock of another state", "s3:DeleteObject", "arn:aws:s3:::state/other/terraform.tfstate.tflock"],
    ["deletes no state", "s3:DeleteObject", "arn:aws:s3:::state/deckhouse/terraform.tfstate"],
    ["reads no other bucket", "s3:GetObject", "arn:aws:s3:::other/deckhouse/terraform.tfstate"],
    ["lists no other states", "s3:ListBucket", "arn:aws:s3:::state", { "s3:prefix": "other/" }],
    ["does not list the whole bucket", "s3:ListBucket", "arn:aws:s3:::state"],
  ])("%s", async (_, action, resource, context = {}) => {
    expect(await allowed("", { action, resource, context })).toBe(false);
  });

  it.each<[string, string, Request["context"], boolean]>([
    ["creates the user with the boundary", "iam:CreateUser", { "iam:PermissionsBoundary": BOUNDARY }, true],
    ["creates no user without the boundary", "iam:CreateUser", {}, false],
    ["creates no user with another boundary", "iam:CreateUser", { "iam:PermissionsBoundary": OWN_POLICY }, false],
    ["sets no other boundary", "iam:PutUserPermissionsBoundary", { "iam:PermissionsBoundary": OWN_POLICY }, false],
    ["does not remove the boundary", "iam:DeleteUserPermissionsBoundary", { "iam:PermissionsBoundary": BOUNDARY }, false],
  ])("with a permissions boundary: %s", async (_, action, context = {}, expected) => {
    const settings = `user: { permissionsBoundary: "${BOUNDARY}" }`;
    expect(await allowed(settings, { action, resource: OWN_USER, context })).toBe(expected);
  });

  it("locks only its own state in a table that other states use too", async () => {
    const settings =
      "backend: { s3: { bucket: state, key: own, region: eu-central-1, use_lockfile: false, dynamodb_table: locks } }";
    const put = (key: string) =>
      allowed(settings, {
        action: "dynamodb:PutItem",
        resource: "arn:aws:dynamodb:eu-central-1:123456789012:table/locks",
        context: { "dynamodb:LeadingKeys": key },
      });
    expect([await put("state/own"), await put("state/own-md5"), await put("state/other")]).toEqual([true, true, false]);
  });

  it("matches a wildcard character in a path literally", async () => {
    const create = (path: string) =>
      allowed('user: { path: "/a*b/" }', { action: "iam:CreateUser", resource: `${IAM}:user/${path}/deckhouse` });
    expect([await create("a*b"), await create("aXb")]).toEqual([true, false]);
  });
});

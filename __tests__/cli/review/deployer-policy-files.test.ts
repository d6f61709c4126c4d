import { deployerPolicies, plannerPolicy } from "../../../src/cli/review/deployer-policy-files";
import { literal } from "../../../src/iam/arns";
import { MAX_POLICY_CHARACTERS } from "../../../src/iam/limits";
import type { PolicyDocument } from "../../../src/iam/policy-document";
import { deployment } from "../../helpers/deployment";
import { isAllowed, type Request } from "../../helpers/simulator";

const DEPLOYER = "arn:aws:iam::123456789012:role/deployer";
const STATE = "arn:aws:iam::123456789012:role/state";

const sids = (settings: string) =>
  deployerPolicies(deployment(settings)).policies.map(({ file, principal, grants }) => [
    file,
    principal,
    [...new Set(grants.map(({ sid }) => sid))].join(" "),
  ]);

const BOUNDARY_IS_INEFFECTIVE =
  "with this `attachment`, `user.permissionsBoundary` does not limit the principal: with `iam:CreatePolicyVersion` it can write any permission into the policy, and with `iam:AddUserToGroup` it can give that policy to a user without a boundary, for example its own; only `attachment: user` keeps the boundary effective";
const TAGS =
  "`iam:TagUser`, `iam:TagPolicy` and, with `nodeRole`, `iam:TagRole` set any tag: if other policies of the account grant access by tags, the principal can obtain that access";

describe("deployer-policy.json", () => {
  it("is formatted JSON, the same for every call", () => {
    const { policies } = deployerPolicies(deployment());
    const { text } = policies[0] ?? { text: "" };
    expect(text.split("\n").slice(0, 14)).toEqual([
      "{",
      '  "Version": "2012-10-17",',
      '  "Statement": [',
      "    {",
      '      "Sid": "CreateUser",',
      '      "Effect": "Allow",',
      '      "Action": [',
      '        "iam:CreateUser"',
      "      ],",
      '      "Resource": [',
      '        "arn:aws:iam::*:user/deckhouse"',
      "      ]",
      "    },",
      "    {",
    ]);
    expect(text.endsWith("}\n")).toBe(true);
    expect(deployerPolicies(deployment()).policies[0]?.text).toBe(text);
  });

  it("escapes wildcards in the names of the state and of roles", () => {
    const described = deployment();
    const assume_role = { role_arn: "arn:aws:iam::123456789012:role/*" };
    const given = { ...described.state.arguments, bucket: "s*", dynamodb_table: "lock?*", assume_role };
    const { policies } = deployerPolicies({ ...described, state: { type: "s3", arguments: given } });
    const resources = policies.flatMap(({ text }) =>
      JSON.parse(text).Statement.flatMap(({ Resource }: { Resource: string[] }) => Resource),
    );
    const wild = resources.filter(
      (resource: string) => /s3:|dynamodb|role/.test(resource) && !resource.startsWith("arn:aws:iam::*"),
    );
    const bucket = `arn:aws:s3:::${literal("s*")}`;
    expect([...new Set(wild)]).toEqual([
      `arn:aws:iam::123456789012:role/${literal("*")}`,
      bucket,
      `${bucket}/deckhouse/terraform.tfstate`,
      `${bucket}/deckhouse/terraform.tfstate.tflock`,
      `arn:aws:dynamodb:eu-central-1:*:table/${literal("lock?*")}`,
    ]);
  });

  it("contains the conditions of a statement", () => {
    const { policies } = deployerPolicies(deployment('accountId: "123456789012"'));
    expect(JSON.parse(policies[0]?.text ?? "").Statement[2].Condition).toEqual({
      ArnEquals: {
        "iam:PolicyARN": [
          "arn:aws:iam::123456789012:policy/D8CloudProviderAWS",
          "arn:aws:iam::123456789012:policy/D8CloudProviderAWS-?-????????",
        ],
      },
    });
  });

  it("is one policy for the credentials that Terraform runs with", () => {
    expect(sids("")).toEqual([
      [
        "deployer-policy.json",
        "the credentials that Terraform runs with",
        "CreateUser User UserPolicy Policy ListState State StateLock",
      ],
    ]);
  });

  it("moves the IAM permissions to the role that the provider assumes", () => {
    expect(sids(`provider: { assumeRoleArn: "${DEPLOYER}" }`)).toEqual([
      ["deployer-policy.json", "the credentials that Terraform runs with", "TakeRole ListState State StateLock"],
      ["deployer-role-policy.json", `the role ${DEPLOYER}`, "CreateUser User UserPolicy Policy"],
    ]);
  });

  it("moves the state permissions to the role that the backend assumes", () => {
    expect(sids(`backend: { s3: { bucket: b, region: eu-central-1, assume_role: { role_arn: "${STATE}" } } }`)).toEqual([
      ["deployer-policy.json", "the credentials that Terraform runs with", "TakeStateRole CreateUser User UserPolicy Policy"],
      ["deployer-state-role-policy.json", `the role ${STATE}`, "ListState State StateLock"],
    ]);
  });

  it("allows only assuming a role if one role has all permissions", () => {
    const settings = `provider: { assumeRoleArn: "${DEPLOYER}" }\nbackend: { s3: { bucket: b, region: eu-central-1, assume_role: { role_arn: "${DEPLOYER}", tags: { a: b } } } }`;
    expect(sids(settings)).toEqual([
      ["deployer-policy.json", "the credentials that Terraform runs with", "TakeRole"],
      ["deployer-role-policy.json", `the role ${DEPLOYER}`, "CreateUser User UserPolicy Policy ListState State StateLock"],
    ]);
    expect(deployerPolicies(deployment(settings)).policies[0]?.grants.map(({ action }) => action)).toEqual([
      "sts:AssumeRole",
      "sts:TagSession",
    ]);
  });

  it("notes what it does not limit", () => {
    expect(deployerPolicies(deployment("backend: { gcs: { bucket: b } }")).notes).toEqual([
      "the state is in the backend gcs: IAM does not control access to it, and these policies do not include it",
    ]);
    expect(deployerPolicies(deployment()).notes).toEqual([]);
  });

  /** All optional settings that extend the policy, with names and a state key of a given length. */
  const everything = (longest: number) => {
    const name = (limit: number) => "n".repeat(Math.min(limit, longest));
    const boundary = `"arn:aws:iam::123456789012:policy/${name(128)}"`;
    const key = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-96ef-1234567890ab";
    return `accountId: "123456789012"
tags: { a: b }
backend: { s3: { bucket: ${name(63)}, key: ${name(200)}, region: eu-central-1, dynamodb_table: ${name(200)}, kms_key_id: "${key}" } }
user: { name: ${name(64)}, permissionsBoundary: ${boundary}, forceDestroy: true }
policy: { name: ${name(128)} }
attachment: user-and-group
group: { name: ${name(128)} }
nodeRole: { name: ${name(64)}, managedPolicyArns: [${boundary}], permissionsBoundary: ${boundary} }
`;
  };

  it("fits a managed policy with all optional settings", () => {
    const { policies, notes } = deployerPolicies(deployment(everything(40)));
    expect(policies[0]?.text.replaceAll(/\s/g, "").length).toBeLessThan(MAX_POLICY_CHARACTERS);
    expect(notes).toEqual([expect.stringContaining("any user of the account to the group"), BOUNDARY_IS_INEFFECTIVE, TAGS]);
  });

  it("notes that it exceeds a managed policy with all optional settings and the longest names", () => {
    expect(deployerPolicies(deployment(everything(200))).notes.slice(1)).toEqual([
      BOUNDARY_IS_INEFFECTIVE,
      TAGS,
      "deployer-policy.json has 7204 characters, but a managed policy has at most 6144: add it to a role as an inline policy, which has at most 10,240",
    ]);
  });

  it.each(["group", "user-and-group"])("notes that the boundary does not limit the deployer with attachment %s", (attachment) => {
    const boundary = 'user: { permissionsBoundary: "arn:aws:iam::123456789012:policy/B" }';
    expect(deployerPolicies(deployment(`attachment: ${attachment}\n${boundary}`)).notes[1]).toBe(BOUNDARY_IS_INEFFECTIVE);
    expect(deployerPolicies(deployment(`attachment: ${attachment}`)).notes).not.toContain(BOUNDARY_IS_INEFFECTIVE);
    expect(deployerPolicies(deployment(boundary)).notes).toEqual([]);
  });
});

interface Statement {
  readonly Sid: string;
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
}

const planner = (settings = "") =>
  (JSON.parse(plannerPolicy(deployment(settings))) as { Statement: readonly Statement[] }).Statement;
const actions = (settings: string) => planner(settings).flatMap(({ Sid, Action }) => Action.map((action) => `${Sid} ${action}`));

const EVERYTHING = `
backend: { s3: { bucket: state, region: eu-central-1, dynamodb_table: locks, kms_key_id: "arn:aws:kms:eu-central-1:123456789012:key/1" } }
attachment: user-and-group
group: { name: dkp }
nodeRole: { name: nodes, managedPolicyArns: ["arn:aws:iam::123456789012:policy/Logs"] }
user: { forceDestroy: true }
tags: { team: platform }`;

describe("planner-policy.json", () => {
  it("allows what a plan reads, on the objects of the deployment", () => {
    expect(planner().map(({ Sid, Action, Resource }) => [Sid, Action.join(" "), Resource.join(" ")])).toEqual([
      ["User", "iam:GetUser iam:ListAccessKeys iam:ListAttachedUserPolicies", "arn:aws:iam::*:user/deckhouse"],
      [
        "Policy",
        "iam:GetPolicy iam:GetPolicyVersion",
        "arn:aws:iam::*:policy/D8CloudProviderAWS arn:aws:iam::*:policy/D8CloudProviderAWS-?-????????",
      ],
      ["ListState", "s3:ListBucket", "arn:aws:s3:::state"],
      ["State", "s3:GetObject", "arn:aws:s3:::state/deckhouse/terraform.tfstate"],
    ]);
  });

  it("writes nothing, not even the lock, with everything that a deployment can have", () => {
    const all = actions(EVERYTHING);
    expect(all).toContain("StateLockTable dynamodb:GetItem");
    expect(all).toContain("StateKey kms:Decrypt");
    expect(all).toContain("Group iam:GetGroup");
    expect(all).toContain("NodeRole iam:GetRolePolicy");
    expect(
      all.filter((name) => !/ (iam:(Get|List)|s3:(Get|List)|ec2:Describe|dynamodb:GetItem$|kms:Decrypt$)/.test(name)),
    ).toEqual([]);
  });

  it("assumes the role that the provider assumes, and the notes say what that means", () => {
    const settings = `provider: { assumeRoleArn: "${DEPLOYER}" }`;
    expect(actions(settings)).toEqual(["TakeRole sts:AssumeRole", "ListState s3:ListBucket", "State s3:GetObject"]);
    const note =
      "the principal that plans assumes the same role as the one that applies: `planner-policy.json` does not limit it to reading";
    expect(deployerPolicies(deployment(settings)).notes).toContain(note);
    expect(deployerPolicies(deployment()).notes).not.toContain(note);
  });
});

const IAM = "arn:aws:iam::123456789012";
const OWN_USER = `${IAM}:user/deckhouse`;
const OWN_POLICY = `${IAM}:policy/D8CloudProviderAWS`;
const BOUNDARY = `${IAM}:policy/Boundary`;
const ADMINISTRATOR = { "iam:PolicyARN": "arn:aws:iam::aws:policy/AdministratorAccess" };

const allowed = (settings: string, request: Request) =>
  isAllowed(JSON.parse(deployerPolicies(deployment(settings)).policies[0]?.text ?? "") as PolicyDocument, request);

describe("deployer-policy.json under IAM's own rules", () => {
  it.each<[string, string, string, Request["context"]?]>([
    ["allows creating its user", "iam:CreateUser", OWN_USER],
    ["allows attaching the policy to its user", "iam:AttachUserPolicy", OWN_USER, { "iam:PolicyARN": OWN_POLICY }],
    ["allows changing its policy", "iam:CreatePolicyVersion", OWN_POLICY],
    ["allows reading its state", "s3:GetObject", "arn:aws:s3:::state/deckhouse/terraform.tfstate"],
  ])("%s", async (_, action, resource, context = {}) => {
    expect(await allowed("", { action, resource, context })).toBe(true);
  });

  it.each<[string, string, string, Request["context"]?]>([
    ["denies creating another user", "iam:CreateUser", `${IAM}:user/other`],
    ["denies creating a user of that name with another path", "iam:CreateUser", `${IAM}:user/x/deckhouse`],
    ["denies creating a key of another user", "iam:CreateAccessKey", `${IAM}:user/other`],
    ["denies attaching another policy to its user", "iam:AttachUserPolicy", OWN_USER, ADMINISTRATOR],
    ["denies attaching its policy to another user", "iam:AttachUserPolicy", `${IAM}:user/other`, { "iam:PolicyARN": OWN_POLICY }],
    ["denies writing an inline policy", "iam:PutUserPolicy", OWN_USER],
    ["denies renaming a user", "iam:UpdateUser", OWN_USER],
    ["denies changing another policy", "iam:CreatePolicyVersion", `${IAM}:policy/Other`],
    ["denies creating a role", "iam:CreateRole", `${IAM}:role/nodes`],
    ["denies passing a role", "iam:PassRole", `${IAM}:role/nodes`],
    ["denies reading another state", "s3:GetObject", "arn:aws:s3:::state/other/terraform.tfstate"],
    ["denies writing another state", "s3:PutObject", "arn:aws:s3:::state/other/terraform.tfstate"],
    ["denies removing the lock of another state", "s3:DeleteObject", "arn:aws:s3:::state/other/terraform.tfstate.tflock"],
    ["denies deleting a state", "s3:DeleteObject", "arn:aws:s3:::state/deckhouse/terraform.tfstate"],
    ["denies reading another bucket", "s3:GetObject", "arn:aws:s3:::other/deckhouse/terraform.tfstate"],
    ["denies listing other states", "s3:ListBucket", "arn:aws:s3:::state", { "s3:prefix": "other/" }],
    ["denies listing the whole bucket", "s3:ListBucket", "arn:aws:s3:::state"],
  ])("%s", async (_, action, resource, context = {}) => {
    expect(await allowed("", { action, resource, context })).toBe(false);
  });

  it.each<[string, string, Request["context"], boolean]>([
    ["allows creating the user with it", "iam:CreateUser", { "iam:PermissionsBoundary": BOUNDARY }, true],
    ["denies creating the user without it", "iam:CreateUser", {}, false],
    ["denies creating the user with another one", "iam:CreateUser", { "iam:PermissionsBoundary": OWN_POLICY }, false],
    ["denies replacing it", "iam:PutUserPermissionsBoundary", { "iam:PermissionsBoundary": OWN_POLICY }, false],
    ["denies removing it", "iam:DeleteUserPermissionsBoundary", { "iam:PermissionsBoundary": BOUNDARY }, false],
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
    expect([await put("state/own"), await put("state/own-md5"), await put("state/other")]).toEqual([true, true, false]);
  });

  it("treats a wildcard in a path as a character", async () => {
    const create = (path: string) =>
      allowed('user: { path: "/a*b/" }', { action: "iam:CreateUser", resource: `${IAM}:user/${path}/deckhouse` });
    expect([await create("a*b"), await create("aXb")]).toEqual([true, false]);
  });
});

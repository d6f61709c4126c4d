import { setMaxListeners } from "node:events";
import { IamReader } from "../../src/cli/account/aws/iam-reader";
import { AwsError } from "../../src/cli/account/aws/operations";
import { describedResources, type ExpectedObject, managedOf } from "../../src/cli/account/drift/managed";
import { type DriftReport, type DriftState, driftReport } from "../../src/cli/account/drift/report";
import type { DriftRules } from "../../src/cli/account/drift/rules";
import type { StateResource } from "../../src/cli/terraform/state-file";
import { NODE_TRUST, nodePolicy } from "../../src/iam/node-role-permissions";
import type { Deployment } from "../../src/settings/deployment";
import { deployment, SEVERAL_POLICIES } from "./deployment";

export const ACCOUNT = "123456789012";
export const arn = (name: string, account = ACCOUNT) => `arn:aws:iam::${account}:policy/${name}`;

/** A deployment with every kind of object. */
export const EVERY_OBJECT = `attachment: user-and-group
group: { name: dkp }
user: { permissionsBoundary: 'arn:aws:iam::aws:policy/Boundary' }
nodeRole: { name: nodes, managedPolicyArns: ['arn:aws:iam::aws:policy/Read'] }
cluster: { prefix: dev, additionalRolePolicies: ['s3:GetObject'] }
`;

/** The verbs of what takes something away. No output of drift has one: it cannot know who needs an object. */
export const TAKES_AWAY =
  /\b(?:remove|removing|removal|detach|deactivate|deactivating|delete|deleting|destroy|revoke|revoking|disable|disabling)|aws iam/i;

/** What IAM answers, by action or, for one object, by action and name: `iam:GetRole nodes`. */
export type Answers = Readonly<Record<string, object>>;

/** A reader of an account that has only what these answers contain. */
export function accountWith(answers: Answers): IamReader {
  const call = async (action: string, input: object) => {
    const found = answers[`${action} ${Object.values(input)[0]}`] ?? answers[action];
    if (found === undefined) {
      throw new AwsError(action, "NoSuchEntity", "none");
    }
    if (found instanceof Error) {
      throw found;
    }
    return [found];
  };
  const aws = { call };
  const { signal } = new AbortController();
  setMaxListeners(0, signal);
  const reading = { signal, limit: 5 };
  return new IamReader(aws as unknown as ConstructorParameters<typeof IamReader>[0], "us-east-1", reading);
}

const attached = (...arns: readonly string[]) => ({ AttachedPolicies: arns.map((PolicyArn) => ({ PolicyArn })) });
const inline = (...PolicyNames: readonly string[]) => ({ PolicyNames });
const groups = (...names: readonly string[]) => ({ Groups: names.map((GroupName) => ({ GroupName })) });
/** A document as IAM sends it. */
const encoded = (document: object) => encodeURIComponent(JSON.stringify(document));
const bounded = (boundary: string | undefined) =>
  boundary === undefined ? {} : { PermissionsBoundary: { PermissionsBoundaryArn: boundary } };
const userWith = (boundary: string | undefined) => ({ User: { CreateDate: DAY, ...bounded(boundary) } });
const roleWith = (trust: object, boundary?: string) => ({
  Role: { AssumeRolePolicyDocument: encoded(trust), ...bounded(boundary) },
});
const groupWith = (...names: readonly string[]) => ({
  Group: { CreateDate: DAY },
  Users: names.map((UserName) => ({ UserName })),
});
const version = (document: object) => ({
  PolicyVersion: { Document: encoded(document), CreateDate: DAY },
});
const DAY = new Date("2026-01-02T03:04:05Z");

/** An account that has exactly what Terraform and DKP manage, of a deployment that was applied. */
function appliedAccount(settings: Deployment): Answers {
  const { objects } = managedOf(settings, ACCOUNT);
  return Object.assign({}, { "sts:GetCallerIdentity": { Account: ACCOUNT } }, ...objects.map(answersOf));
}

/** What IAM answers about an object that is as it is managed. */
function answersOf({ kind, name, ...managed }: ExpectedObject): Answers {
  const { arn: id, attached: policies, boundary, groups: memberships, documents: [document = {}] = [] } = managed;
  switch (kind) {
    case "user":
      return {
        "iam:GetUser": userWith(boundary?.managed[0] || undefined),
        "iam:ListAttachedUserPolicies": attached(...(policies?.managed ?? [])),
        "iam:ListGroupsForUser": groups(...(memberships?.managed ?? [])),
        "iam:ListAccessKeys": { AccessKeyMetadata: [{ AccessKeyId: "AKIAPRIMARY", Status: "Active" }] },
      };
    case "group":
      return { "iam:GetGroup": groupWith("deckhouse"), "iam:ListAttachedGroupPolicies": attached(...(policies?.managed ?? [])) };
    case "policy":
      return {
        [`iam:GetPolicy ${id}`]: { Policy: { DefaultVersionId: "v3", CreateDate: DAY } },
        [`iam:GetPolicyVersion ${id}`]: version(document),
        [`iam:ListEntitiesForPolicy ${id}`]: { PolicyUsers: [{ UserName: "deckhouse" }] },
      };
    case "role":
      return {
        [`iam:GetRole ${name}`]: roleWith(NODE_TRUST, boundary?.managed[0] || undefined),
        [`iam:ListAttachedRolePolicies ${name}`]: attached(...(policies?.managed ?? [])),
        [`iam:ListRolePolicies ${name}`]: inline(name),
        [`iam:GetRolePolicy ${name}`]: { PolicyDocument: encoded(document) },
        [`iam:ListInstanceProfilesForRole ${name}`]: { InstanceProfiles: [] },
      };
  }
}

/** The state of a deployment that was applied. */
function appliedState(settings: Deployment): readonly StateResource[] {
  const key = { address: "aws_iam_access_key.user", tainted: false, attributes: { id: "AKIAPRIMARY" } };
  return [...describedResources(settings, ACCOUNT), ...(settings.accessKeys === "none" ? [] : [key])];
}

/** A deployment that was applied, and what changed since. */
export interface World {
  /** @default `EVERY_OBJECT` */
  readonly settings?: string;
  /** The settings that were applied. @default the same */
  readonly applied?: string;
  /** What IAM answers instead. */
  readonly iam?: Answers;
  /** Addresses that the state lacks, `"all"`, or why it cannot be read. */
  readonly lost?: readonly string[] | "all" | { readonly unread: string };
}

/** What drift reports in a world. */
export async function driftIn({ settings = EVERY_OBJECT, applied = settings, iam = {}, lost = [] }: World): Promise<DriftReport> {
  const before = deployment(applied);
  const kept = appliedState(before).filter(({ address }) => lost !== "all" && "includes" in lost && !lost.includes(address));
  const state: DriftState = typeof lost === "object" && "unread" in lost ? lost : { value: kept };
  return driftReport(deployment(settings), state, accountWith({ ...appliedAccount(before), ...iam }));
}

const EXTRA = arn("Extra");
const POLICY = arn("D8CloudProviderAWS");
const denied = (action: string) => new AwsError(action, "AccessDenied", "no");
const allow = (Action: string | readonly string[]) => ({ Statement: [{ Effect: "Allow", Action, Resource: "*" }] });
const TRUST = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "sts:AssumeRole", Principal: "*" }] };
const GROUP = "{ attachment: group, group: { name: dkp } }";
const second = deployment(SEVERAL_POLICIES).policies[1]?.name ?? "";
const OLDER = SEVERAL_POLICIES.replace("role-of-the-nodes-0", "role-of-the-nodes-16");
const KEYS = (...ids: readonly string[]) => ({
  "iam:ListAccessKeys": { AccessKeyMetadata: ids.map((AccessKeyId) => ({ AccessKeyId, Status: "Active", CreateDate: DAY })) },
});

interface Expected {
  readonly rule: keyof DriftRules;
  readonly object?: string;
  readonly id?: string;
}

const WORLDS_BY_TITLE: readonly (readonly [title: string, world: World, ...expected: readonly Expected[]])[] = [
  ["nothing where everything is managed", {}],
  ["nothing where several policies are managed", { settings: SEVERAL_POLICIES }],
  [
    "a policy of the user",
    { iam: { "iam:ListAttachedUserPolicies": attached(POLICY, EXTRA) } },
    { rule: "policy-unmanaged", object: "user deckhouse", id: EXTRA },
  ],
  [
    "an inline policy of the user",
    { iam: { "iam:ListUserPolicies": inline("line\nbreak") } },
    { rule: "inline-policy-unmanaged", object: "user deckhouse", id: "line\nbreak" },
  ],
  [
    "another group of the user",
    { iam: { "iam:ListGroupsForUser": groups("dkp", "admins") } },
    { rule: "membership-unmanaged", object: "user deckhouse", id: "admins" },
  ],
  [
    "each credential of the user",
    {
      iam: {
        "iam:GetLoginProfile": { LoginProfile: { CreateDate: DAY } },
        "iam:ListMFADevices": { MFADevices: [{ SerialNumber: "DEVICE1", EnableDate: DAY }] },
        "iam:ListSSHPublicKeys": { SSHPublicKeys: [{ SSHPublicKeyId: "KEY1", UploadDate: DAY }] },
        "iam:ListServiceSpecificCredentials": { ServiceSpecificCredentials: [{ ServiceSpecificCredentialId: "ACCA1" }] },
        "iam:ListSigningCertificates": { Certificates: [{ CertificateId: "C1" }] },
      },
    },
    ...["deckhouse", "DEVICE1", "KEY1", "ACCA1", "C1"].map((id) => ({ rule: "credential-unmanaged" as const, id })),
  ],
  [
    "a permissions boundary that was taken from the user",
    { iam: { "iam:GetUser": userWith(undefined) } },
    { rule: "boundary-differs", object: "user deckhouse" },
  ],
  [
    "a permissions boundary of somebody else where none is managed",
    { settings: "", iam: { "iam:GetUser": userWith(EXTRA) } },
    { rule: "boundary-differs", object: "user deckhouse" },
    { rule: "node-role-not-compared" },
  ],
  ["a part that cannot be read", { iam: { "iam:ListUserPolicies": denied("iam:ListUserPolicies") } }, { rule: "part-unread" }],
  ["an object that cannot be read", { iam: { "iam:GetUser": denied("iam:GetUser") } }, { rule: "part-unread" }],
  [
    "an access key that the state does not have",
    { iam: KEYS("AKIAPRIMARY", "AKIANEW") },
    { rule: "access-key-unmanaged", id: "AKIANEW" },
  ],
  [
    "an Inactive access key that the state does not have",
    {
      iam: {
        "iam:ListAccessKeys": {
          AccessKeyMetadata: [
            { AccessKeyId: "AKIAPRIMARY", Status: "Active" },
            { AccessKeyId: "AKIANEW", Status: "Inactive" },
          ],
        },
      },
    },
    { rule: "access-key-unmanaged", id: "AKIANEW" },
  ],
  [
    "no key that settings import",
    {
      settings: "import: { accessKeyId: AKIAIOSFODNN7EXAMPLE }",
      iam: KEYS("AKIAIOSFODNN7EXAMPLE"),
      lost: ["aws_iam_access_key.user"],
    },
    { rule: "node-role-not-compared" },
  ],
  [
    "a key that settings import into a slot that has one",
    { settings: "import: { accessKeyId: AKIAIOSFODNN7EXAMPLE }", iam: KEYS("AKIAPRIMARY", "AKIAIOSFODNN7EXAMPLE") },
    { rule: "access-key-unmanaged", id: "AKIAIOSFODNN7EXAMPLE" },
    { rule: "node-role-not-compared" },
  ],
  [
    "no key of a user without managed keys",
    { settings: "accessKeys: none", iam: KEYS("AKIAOTHER") },
    { rule: "keys-not-compared" },
    { rule: "node-role-not-compared" },
  ],
  [
    "a user of the group",
    { iam: { "iam:GetGroup": groupWith("deckhouse", "eve") } },
    { rule: "member-unmanaged", object: "group dkp", id: "user eve" },
  ],
  [
    "a policy of the group",
    { iam: { "iam:ListAttachedGroupPolicies": attached(POLICY, EXTRA) } },
    { rule: "policy-unmanaged", object: "group dkp", id: EXTRA },
  ],
  [
    "an inline policy of the group",
    { iam: { "iam:ListGroupPolicies": inline("in") } },
    { rule: "inline-policy-unmanaged", object: "group dkp", id: "in" },
  ],
  [
    "a policy document with more actions, and its version",
    { iam: { [`iam:GetPolicyVersion ${POLICY}`]: version(allow(["iam:CreateUser", "ec2:RunInstances"])) } },
    { rule: "policy-document-differs", object: "policy D8CloudProviderAWS" },
  ],
  [
    "a policy document with fewer actions",
    { iam: { [`iam:GetPolicyVersion ${POLICY}`]: version(allow("ec2:RunInstances")) } },
    { rule: "policy-document-differs" },
  ],
  [
    "each principal that uses a policy and is not the deployment's",
    {
      iam: {
        [`iam:ListEntitiesForPolicy ${POLICY}`]: {
          PolicyUsers: [{ UserName: "deckhouse" }, { UserName: "eve" }],
          PolicyGroups: [{ GroupName: "dkp" }, { GroupName: "admins" }],
          PolicyRoles: [{ RoleName: "nodes" }, { RoleName: "dev-node" }, { RoleName: "ci" }],
        },
      },
    },
    ...["user eve", "group admins", "role ci"].map((id) => ({ rule: "principal-unmanaged" as const, id })),
  ],
  [
    "another trust policy of the node role",
    { iam: { "iam:GetRole nodes": roleWith(TRUST) } },
    { rule: "trust-differs", object: "role nodes" },
  ],
  [
    "a policy of the node role, which the settings can describe",
    { iam: { "iam:ListAttachedRolePolicies nodes": attached("arn:aws:iam::aws:policy/Read", EXTRA) } },
    { rule: "role-policy-unmanaged", object: "role nodes", id: EXTRA },
  ],
  [
    "an inline policy of the node role",
    { iam: { "iam:ListRolePolicies nodes": inline("nodes", "in") } },
    { rule: "role-inline-policy-unmanaged", object: "role nodes", id: "in" },
  ],
  [
    "another document of the node role",
    { iam: { "iam:GetRolePolicy nodes": { PolicyDocument: encoded(allow("s3:*")) } } },
    { rule: "role-document-differs", object: "role nodes", id: "nodes" },
  ],
  [
    "a boundary of the node role where none is managed",
    { iam: { "iam:GetRole nodes": roleWith(NODE_TRUST, EXTRA) } },
    { rule: "boundary-differs", object: "role nodes" },
  ],
  [
    "another trust policy of DKP's role",
    { iam: { "iam:GetRole dev-node": roleWith(TRUST) } },
    { rule: "dkp-role-trust-differs", object: "role dev-node" },
  ],
  [
    "a policy of DKP's role",
    { iam: { "iam:ListAttachedRolePolicies dev-node": attached(EXTRA) } },
    { rule: "role-policy-unmanaged", object: "role dev-node", id: EXTRA },
  ],
  [
    "an inline policy of DKP's role",
    { iam: { "iam:ListRolePolicies dev-node": inline("dev-node", "in") } },
    { rule: "role-inline-policy-unmanaged", object: "role dev-node", id: "in" },
  ],
  [
    "more actions in the document of DKP's role",
    { iam: { "iam:GetRolePolicy dev-node": { PolicyDocument: encoded(nodePolicy(["s3:GetObject", "iam:*"])) } } },
    { rule: "dkp-role-document-differs", object: "role dev-node", id: "dev-node" },
  ],
  [
    "nothing in fewer actions of DKP's role",
    { iam: { "iam:GetRolePolicy dev-node": { PolicyDocument: encoded(nodePolicy([])) } } },
  ],
  [
    "no role of DKP before the cluster exists",
    { iam: { "iam:GetRole dev-node": new AwsError("iam:GetRole", "NoSuchEntity", "none") } },
    { rule: "object-absent", object: "role dev-node" },
  ],
  // What the state has and IAM does not.
  [
    "a policy that is no longer attached to the user",
    { iam: { "iam:ListAttachedUserPolicies": attached() } },
    { rule: "attachment-missing", object: "user deckhouse", id: POLICY },
  ],
  [
    "a policy that is no longer attached to the group",
    { settings: GROUP, iam: { "iam:ListAttachedGroupPolicies": attached() } },
    { rule: "attachment-missing", object: "group dkp", id: POLICY },
    { rule: "node-role-not-compared" },
  ],
  [
    "a user that is no longer in the group",
    { settings: GROUP, iam: { "iam:ListGroupsForUser": groups() } },
    { rule: "membership-missing", object: "user deckhouse", id: "dkp" },
    { rule: "node-role-not-compared" },
  ],
  [
    "a policy that no longer exists",
    { iam: { [`iam:GetPolicy ${POLICY}`]: new AwsError("iam:GetPolicy", "NoSuchEntity", "none") } },
    { rule: "object-missing", object: "policy D8CloudProviderAWS" },
  ],
  // An older or partial state.
  [
    "nothing to change where the state lacks the attachment of the group",
    { settings: GROUP, lost: ["aws_iam_group_policy_attachment.policy-attachment"] },
    { rule: "node-role-not-compared" },
  ],
  [
    "nothing to change where the state lacks attachment and membership",
    { lost: ["aws_iam_user_policy_attachment.policy-attachment", "aws_iam_user_group_membership.group-membership"] },
  ],
  [
    "the policy of the settings where an older state has another one",
    {
      settings: SEVERAL_POLICIES,
      lost: ["aws_iam_policy.policy-2", "aws_iam_user_policy_attachment.policy-attachment-2"],
    },
    { rule: "object-unmanaged", object: `policy ${second}` },
  ],
  [
    "a policy with a name of the deployment's that neither settings nor state have",
    {
      settings: OLDER,
      applied: SEVERAL_POLICIES,
      lost: ["aws_iam_policy.policy-2", "aws_iam_user_policy_attachment.policy-attachment-2"],
    },
    { rule: "additional-policy-unknown", object: "user deckhouse", id: arn(second) },
    { rule: "object-absent", object: `policy ${deployment(OLDER).policies[1]?.name}` },
  ],
  [
    "a policy under its former name, where the state was lost",
    { settings: "policy: { name: New }", applied: "", lost: "all" },
    { rule: "object-owner-unknown", object: "user deckhouse" },
    { rule: "policy-unmanaged", object: "user deckhouse", id: POLICY },
    { rule: "access-key-unmanaged", id: "AKIAPRIMARY" },
    { rule: "object-absent", object: "policy New" },
    { rule: "node-role-not-compared" },
  ],
  [
    "an own policy that the state does not have",
    { lost: ["aws_iam_policy.policy"] },
    { rule: "object-unmanaged", object: "policy D8CloudProviderAWS" },
  ],
  [
    "a policy and a group of another deployment, and nothing about their parts",
    {
      settings: "{ user: { name: second }, attachment: user-and-group, group: { name: dkp } }",
      applied: GROUP,
      lost: "all",
      iam: {
        "iam:GetUser": new AwsError("iam:GetUser", "NoSuchEntity", "none"),
        [`iam:GetPolicyVersion ${POLICY}`]: version(allow("*")),
      },
    },
    { rule: "object-absent", object: "user second" },
    { rule: "object-of-another", object: "group dkp" },
    { rule: "object-of-another", object: "policy D8CloudProviderAWS" },
    { rule: "node-role-not-compared" },
  ],
  // What was not compared.
  [
    "that no state is readable, and nothing as unmanaged that the settings describe",
    { lost: { unread: "the stack is not synthesized" }, iam: KEYS("AKIAPRIMARY", "AKIANEW") },
    { rule: "state-unread" },
    { rule: "access-keys-too-many" },
  ],
  [
    "that the account may be another one, if neither a state nor the user exists",
    { settings: "", lost: { unread: "no state" }, iam: { "iam:GetUser": new AwsError("iam:GetUser", "NoSuchEntity", "none") } },
    { rule: "state-unread" },
    { rule: "user-not-found" },
    { rule: "object-absent" },
    { rule: "node-role-not-compared" },
  ],
  ["that AWS returns no account", { iam: { "sts:GetCallerIdentity": {} } }, { rule: "account-unread" }],
  [
    "that the credentials are rejected",
    { iam: { "sts:GetCallerIdentity": new AwsError("sts:GetCallerIdentity", "ExpiredToken", "expired") } },
    { rule: "account-unread" },
  ],
  ["credentials of another account than the settings'", { settings: 'accountId: "111111111111"' }, { rule: "account-differs" }],
  [
    "credentials of another account than the state's",
    { iam: { "sts:GetCallerIdentity": { Account: "222222222222" } } },
    { rule: "account-differs" },
  ],
];

/** What drift finds, by world. */
export const WORLDS = WORLDS_BY_TITLE.map(([title, world, ...expected]) => ({ title, world, expected }));

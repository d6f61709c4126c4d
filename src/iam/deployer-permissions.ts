import { type IamResource, iamArn } from "./arns";
import type { PolicyCondition, PolicyStatement } from "./policy-statements";

/** One action of the pipeline's policy: on what, under which conditions, and why. */
export interface Grant {
  /** Name of the statement that it belongs to; grants of one statement have the same resources and conditions. */
  readonly sid: string;
  readonly action: string;
  readonly resources: readonly string[];
  readonly conditions: readonly PolicyCondition[];
  readonly why: string;
}

/** What of a deployment decides which IAM calls its Terraform makes. Names and paths as in the settings. */
export interface DeployerOptions {
  readonly partition: string;
  /** 12 digits. @default any: an identity policy reaches no other account's IAM */
  readonly account?: string | undefined;
  readonly user: IamResource & { readonly permissionsBoundary?: string | undefined; readonly forceDestroy: boolean };
  readonly policy: IamResource;
  readonly attachment: "user" | "user-and-group" | "group";
  readonly group: IamResource;
  readonly nodeRole?:
    | (IamResource & { readonly managedPolicyArns: readonly string[]; readonly permissionsBoundary?: string | undefined })
    | undefined;
  /** Whether Terraform makes keys of the user. */
  readonly keys: boolean;
  readonly tags: boolean;
  /** Whether a key that was made by hand is taken over. */
  readonly adoptsKey: boolean;
  /** Whether Terraform looks at the region, and at an image. */
  readonly checks: { readonly region: boolean; readonly image: boolean };
}

/** When Terraform makes a call. */
const CIRCUMSTANCES = {
  always: () => true,
  keys: ({ keys }) => keys,
  tags: ({ tags }) => tags,
  boundary: ({ user }) => user.permissionsBoundary !== undefined,
  "force-destroy": ({ user }) => user.forceDestroy,
  "adopted-key": ({ adoptsKey }) => adoptsKey,
  "user-attachment": ({ attachment }) => attachment !== "group",
  // With forceDestroy any policy may be detached from the user, so this one too.
  "own-policy-alone": ({ attachment, user }) => attachment !== "group" && !user.forceDestroy,
  group: ({ attachment }) => attachment !== "user",
  "node-role": ({ nodeRole }) => nodeRole !== undefined,
  "node-role-tags": ({ nodeRole, tags }) => nodeRole !== undefined && tags,
  "node-role-boundary": ({ nodeRole }) => nodeRole?.permissionsBoundary !== undefined,
  "node-role-policies": ({ nodeRole }) => (nodeRole?.managedPolicyArns.length ?? 0) > 0,
  "region-check": ({ checks }) => checks.region,
  "image-check": ({ checks }) => checks.image,
} satisfies Readonly<Record<string, (options: DeployerOptions) => boolean>>;

type Circumstance = keyof typeof CIRCUMSTANCES;

/** A statement's resources and conditions; all that is in it is allowed on all of them. */
type Scope = Pick<PolicyStatement, "resources" | "conditions">;

/** The statements, in their order in the policy. */
const SCOPES = {
  MakeUser: (options) => ({ resources: [userArn(options)], conditions: boundTo(options.user.permissionsBoundary) }),
  User: (options) => ({ resources: [userArn(options)], conditions: [] }),
  UserPolicy: (options) => ({ resources: [userArn(options)], conditions: ofPolicies([ownPolicyArn(options)]) }),
  Policy: (options) => ({ resources: [ownPolicyArn(options)], conditions: [] }),
  Group: (options) => ({ resources: [iamArn(options, "group", options.group)], conditions: [] }),
  GroupPolicy: (options) => ({
    resources: [iamArn(options, "group", options.group)],
    conditions: ofPolicies([ownPolicyArn(options)]),
  }),
  MakeNodeRole: (options) => ({ resources: roleArns(options), conditions: boundTo(options.nodeRole?.permissionsBoundary) }),
  NodeRole: (options) => ({ resources: roleArns(options), conditions: [] }),
  NodeRolePolicies: (options) => ({
    resources: roleArns(options),
    conditions: ofPolicies(options.nodeRole?.managedPolicyArns ?? []),
  }),
  MfaDevices: (options) => ({ resources: [iamArn(options, "mfa", { path: "/", name: "*" })], conditions: [] }),
  AllMfaDevices: () => ({ resources: ["*"], conditions: [] }),
  Preflight: () => ({ resources: ["*"], conditions: [] }),
} satisfies Readonly<Record<string, (options: DeployerOptions) => Scope>>;

type Sid = keyof typeof SCOPES;

interface Row {
  readonly sid: Sid;
  readonly action: string;
  /** Any of them. */
  readonly needed: readonly Circumstance[];
  readonly why: string;
}

/**
 * Every call but those about the state that Terraform's AWS provider makes for a deployment, with what it is for. Left out is what these settings alone
 * can't scope: the old name or path of what is renamed or moved, and what takes a permissions boundary off.
 * Source: the calls of provider 5.100 on a local AWS; each row is shown to be needed by `__tests__/e2e/deployer.test.ts`.
 */
const ROWS: readonly Row[] = [
  { sid: "MakeUser", action: "iam:CreateUser", needed: ["always"], why: "makes the user" },
  {
    sid: "MakeUser",
    action: "iam:PutUserPermissionsBoundary",
    needed: ["boundary"],
    why: "puts the permissions boundary on a user that exists",
  },

  { sid: "User", action: "iam:GetUser", needed: ["always"], why: "reads the user, at every plan" },
  { sid: "User", action: "iam:DeleteUser", needed: ["always"], why: "deletes the user" },
  {
    sid: "User",
    action: "iam:ListGroupsForUser",
    needed: ["always"],
    why: "looks for groups to take the user out of before it is deleted; reads its membership",
  },
  { sid: "User", action: "iam:ListAccessKeys", needed: ["keys", "force-destroy"], why: "reads the keys, at every plan" },
  { sid: "User", action: "iam:CreateAccessKey", needed: ["keys"], why: "makes a key" },
  { sid: "User", action: "iam:UpdateAccessKey", needed: ["keys"], why: "makes a key Inactive or Active, as rotation does" },
  { sid: "User", action: "iam:DeleteAccessKey", needed: ["keys", "force-destroy"], why: "deletes a key" },
  {
    sid: "User",
    action: "iam:GetAccessKeyLastUsed",
    needed: ["adopted-key"],
    why: "finds the user of the key that is taken over",
  },
  {
    sid: "User",
    action: "iam:ListAttachedUserPolicies",
    needed: ["user-attachment", "force-destroy"],
    why: "reads which policies the user has, at every plan",
  },
  { sid: "User", action: "iam:TagUser", needed: ["tags"], why: "tags the user, also while making it" },
  { sid: "User", action: "iam:UntagUser", needed: ["tags"], why: "takes a tag off the user" },
  ...forceDestroy("ListUserPolicies", "looks for inline policies"),
  ...forceDestroy("DeleteUserPolicy", "deletes an inline policy"),
  ...forceDestroy("DetachUserPolicy", "detaches whatever policy the user has"),
  ...forceDestroy("ListSSHPublicKeys", "looks for SSH keys"),
  ...forceDestroy("DeleteSSHPublicKey", "deletes an SSH key"),
  ...forceDestroy("ListMFADevices", "looks for MFA devices"),
  ...forceDestroy("DeactivateMFADevice", "takes an MFA device from the user"),
  ...forceDestroy("DeleteLoginProfile", "deletes the password; asked whether there is one or not"),
  ...forceDestroy("ListSigningCertificates", "looks for signing certificates"),
  ...forceDestroy("DeleteSigningCertificate", "deletes a signing certificate"),
  ...forceDestroy("ListServiceSpecificCredentials", "looks for credentials of single services"),
  ...forceDestroy("DeleteServiceSpecificCredential", "deletes credentials of a single service"),

  { sid: "UserPolicy", action: "iam:AttachUserPolicy", needed: ["user-attachment"], why: "gives the user the policy" },
  { sid: "UserPolicy", action: "iam:DetachUserPolicy", needed: ["own-policy-alone"], why: "takes the policy from the user" },

  { sid: "Policy", action: "iam:CreatePolicy", needed: ["always"], why: "makes the policy" },
  { sid: "Policy", action: "iam:GetPolicy", needed: ["always"], why: "reads the policy, at every plan" },
  { sid: "Policy", action: "iam:GetPolicyVersion", needed: ["always"], why: "reads what the policy allows, at every plan" },
  {
    sid: "Policy",
    action: "iam:ListPolicyVersions",
    needed: ["always"],
    why: "counts the versions before another one, and before the policy is deleted",
  },
  { sid: "Policy", action: "iam:CreatePolicyVersion", needed: ["always"], why: "changes what the policy allows" },
  {
    sid: "Policy",
    action: "iam:DeletePolicyVersion",
    needed: ["always"],
    why: "deletes the oldest version, as AWS keeps five, and old ones before the policy is deleted",
  },
  { sid: "Policy", action: "iam:DeletePolicy", needed: ["always"], why: "deletes the policy" },
  { sid: "Policy", action: "iam:TagPolicy", needed: ["tags"], why: "tags the policy, also while making it" },
  { sid: "Policy", action: "iam:UntagPolicy", needed: ["tags"], why: "takes a tag off the policy" },

  { sid: "Group", action: "iam:CreateGroup", needed: ["group"], why: "makes the group" },
  { sid: "Group", action: "iam:GetGroup", needed: ["group"], why: "reads the group, at every plan" },
  { sid: "Group", action: "iam:DeleteGroup", needed: ["group"], why: "deletes the group" },
  { sid: "Group", action: "iam:AddUserToGroup", needed: ["group"], why: "puts the user into the group" },
  { sid: "Group", action: "iam:RemoveUserFromGroup", needed: ["group"], why: "takes the user out of the group" },
  {
    sid: "Group",
    action: "iam:ListAttachedGroupPolicies",
    needed: ["group"],
    why: "reads which policies the group has, at every plan",
  },
  { sid: "GroupPolicy", action: "iam:AttachGroupPolicy", needed: ["group"], why: "gives the group the policy" },
  { sid: "GroupPolicy", action: "iam:DetachGroupPolicy", needed: ["group"], why: "takes the policy from the group" },

  { sid: "MakeNodeRole", action: "iam:CreateRole", needed: ["node-role"], why: "makes the role for nodes" },
  {
    sid: "MakeNodeRole",
    action: "iam:PutRolePermissionsBoundary",
    needed: ["node-role-boundary"],
    why: "puts the permissions boundary on a role that exists",
  },
  { sid: "MakeNodeRole", action: "iam:PutRolePolicy", needed: ["node-role"], why: "writes what nodes may do" },
  { sid: "NodeRole", action: "iam:GetRole", needed: ["node-role"], why: "reads the role, at every plan" },
  { sid: "NodeRole", action: "iam:GetRolePolicy", needed: ["node-role"], why: "reads what nodes may do, at every plan" },
  {
    sid: "NodeRole",
    action: "iam:ListRolePolicies",
    needed: ["node-role"],
    why: "reads the role's inline policies, at every plan",
  },
  {
    sid: "NodeRole",
    action: "iam:ListAttachedRolePolicies",
    needed: ["node-role"],
    why: "reads which policies the role has, at every plan",
  },
  {
    sid: "NodeRole",
    action: "iam:ListInstanceProfilesForRole",
    needed: ["node-role"],
    why: "looks for instance profiles with the role before it is deleted",
  },
  { sid: "NodeRole", action: "iam:DeleteRolePolicy", needed: ["node-role"], why: "deletes the role's inline policy" },
  { sid: "NodeRole", action: "iam:DeleteRole", needed: ["node-role"], why: "deletes the role" },
  { sid: "NodeRole", action: "iam:TagRole", needed: ["node-role-tags"], why: "tags the role, also while making it" },
  { sid: "NodeRole", action: "iam:UntagRole", needed: ["node-role-tags"], why: "takes a tag off the role" },
  {
    sid: "NodeRolePolicies",
    action: "iam:AttachRolePolicy",
    needed: ["node-role-policies"],
    why: "gives the role a policy of nodeRole.managedPolicyArns",
  },
  {
    sid: "NodeRolePolicies",
    action: "iam:DetachRolePolicy",
    needed: ["node-role-policies"],
    why: "takes a policy of nodeRole.managedPolicyArns from the role",
  },

  {
    sid: "MfaDevices",
    action: "iam:DeleteVirtualMFADevice",
    needed: ["force-destroy"],
    why: "user.forceDestroy: deletes the virtual MFA device that the user had; AWS refuses one that somebody has",
  },
  {
    sid: "AllMfaDevices",
    action: "iam:ListVirtualMFADevices",
    needed: ["force-destroy"],
    why: "user.forceDestroy: looks for virtual MFA devices; AWS knows no resource for it",
  },

  {
    sid: "Preflight",
    action: "ec2:DescribeRegions",
    needed: ["region-check"],
    why: "preflight: looks whether the region is enabled; without it the check warns",
  },
  {
    sid: "Preflight",
    action: "ec2:DescribeImages",
    needed: ["image-check"],
    why: "preflight: looks at the image; without it the check warns",
  },
];

function forceDestroy(name: string, why: string): readonly Row[] {
  return [{ sid: "User", action: `iam:${name}`, needed: ["force-destroy"], why: `user.forceDestroy: ${why}` }];
}

/** What a pipeline must be allowed to plan, apply, update and destroy a deployment, its state left out; sorted by statement and action. */
export function deployerGrants(options: DeployerOptions): readonly Grant[] {
  const needed = ROWS.filter((row) => row.needed.some((circumstance) => CIRCUMSTANCES[circumstance](options)));
  return (Object.keys(SCOPES) as Sid[]).flatMap((sid) => grants(sid, SCOPES[sid](options), reasonsIn(needed, sid)));
}

function reasonsIn(rows: readonly Row[], sid: Sid): Readonly<Record<string, string>> {
  return Object.fromEntries(rows.filter((row) => row.sid === sid).map(({ action, why }) => [action, why]));
}

/** The grants of one statement, from its actions with their reasons. */
export function grants(sid: string, scope: Scope, reasons: Readonly<Record<string, string>>): readonly Grant[] {
  return Object.keys(reasons)
    .sort()
    .map((action) => ({ sid, action, ...scope, why: reasons[action] ?? "" }));
}

/** The statements that grants make up, in the order of the grants. */
export function statementsOf(all: readonly Grant[]): readonly PolicyStatement[] {
  return [...new Set(all.map(({ sid }) => sid))].map((sid) => {
    const own = all.filter((grant) => grant.sid === sid);
    const { resources = [], conditions = [] } = own[0] ?? {};
    return { sid, actions: own.map(({ action }) => action), resources, conditions };
  });
}

function userArn(options: DeployerOptions): string {
  return iamArn(options, "user", options.user);
}

function ownPolicyArn(options: DeployerOptions): string {
  return iamArn(options, "policy", options.policy);
}

function roleArns(options: DeployerOptions): readonly string[] {
  return options.nodeRole === undefined ? [] : [iamArn(options, "role", options.nodeRole)];
}

function boundTo(boundary: string | undefined): readonly PolicyCondition[] {
  return boundary === undefined ? [] : [{ test: "StringEquals", variable: "iam:PermissionsBoundary", values: [boundary] }];
}

function ofPolicies(arns: readonly string[]): readonly PolicyCondition[] {
  return [{ test: "ArnEquals", variable: "iam:PolicyARN", values: [...arns].sort() }];
}

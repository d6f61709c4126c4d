import { type IamResource, iamArn } from "./arns";
import type { PolicyCondition, PolicyStatement } from "./policy-statements";

/** One action of the deployer policy: its resources, its conditions and the reason. */
export interface Grant {
  /** The statement of the action; all grants of a statement have the same resources and conditions. */
  readonly sid: string;
  readonly action: string;
  readonly resources: readonly string[];
  readonly conditions: readonly PolicyCondition[];
  readonly why: string;
  /** Whether `terraform plan -lock=false` makes the call. */
  readonly plan?: boolean;
}

/** The settings of a deployment that decide which IAM calls Terraform makes. Names and paths as in the settings. */
export interface DeployerOptions {
  readonly partition: string;
  /** 12 digits. @default any account: an identity policy only applies to its own account in IAM */
  readonly account?: string | undefined;
  readonly user: IamResource & { readonly permissionsBoundary?: string | undefined; readonly forceDestroy: boolean };
  readonly policies: readonly IamResource[];
  readonly attachment: "user" | "user-and-group" | "group";
  readonly group: IamResource;
  readonly nodeRole?:
    | (IamResource & { readonly managedPolicyArns: readonly string[]; readonly permissionsBoundary?: string | undefined })
    | undefined;
  /** Whether Terraform manages access keys of the user. */
  readonly keys: boolean;
  readonly tags: boolean;
  /** Whether a key that was created manually is imported. */
  readonly importsKey: boolean;
}

/** The conditions under which Terraform makes a call. */
const CONDITIONS = {
  always: () => true,
  keys: ({ keys }) => keys,
  tags: ({ tags }) => tags,
  boundary: ({ user }) => user.permissionsBoundary !== undefined,
  "force-destroy": ({ user }) => user.forceDestroy,
  "imported-key": ({ importsKey }) => importsKey,
  "user-attachment": ({ attachment }) => attachment !== "group",
  // With forceDestroy any policy may be detached from the user, so this one too.
  "own-policy-alone": ({ attachment, user }) => attachment !== "group" && !user.forceDestroy,
  group: ({ attachment }) => attachment !== "user",
  "node-role": ({ nodeRole }) => nodeRole !== undefined,
  "node-role-tags": ({ nodeRole, tags }) => nodeRole !== undefined && tags,
  "node-role-boundary": ({ nodeRole }) => nodeRole?.permissionsBoundary !== undefined,
  "node-role-policies": ({ nodeRole }) => (nodeRole?.managedPolicyArns.length ?? 0) > 0,
} satisfies Readonly<Record<string, (options: DeployerOptions) => boolean>>;

type Condition = keyof typeof CONDITIONS;

/** The resources and conditions of a statement, which apply to all its actions. */
type Scope = Pick<PolicyStatement, "resources" | "conditions">;

/** The statements, in the order of the policy. */
const SCOPES = {
  CreateUser: (options) => ({ resources: [userArn(options)], conditions: boundTo(options.user.permissionsBoundary) }),
  User: (options) => ({ resources: [userArn(options)], conditions: [] }),
  UserPolicy: (options) => ({ resources: [userArn(options)], conditions: ofPolicies(ownPolicyArns(options)) }),
  Policy: (options) => ({ resources: ownPolicyArns(options), conditions: [] }),
  Group: (options) => ({ resources: [iamArn(options, "group", options.group)], conditions: [] }),
  GroupPolicy: (options) => ({
    resources: [iamArn(options, "group", options.group)],
    conditions: ofPolicies(ownPolicyArns(options)),
  }),
  CreateNodeRole: (options) => ({ resources: roleArns(options), conditions: boundTo(options.nodeRole?.permissionsBoundary) }),
  NodeRole: (options) => ({ resources: roleArns(options), conditions: [] }),
  NodeRolePolicies: (options) => ({
    resources: roleArns(options),
    conditions: ofPolicies(options.nodeRole?.managedPolicyArns ?? []),
  }),
  MfaDevices: (options) => ({ resources: [iamArn(options, "mfa", { path: "/", name: "*" })], conditions: [] }),
  AllMfaDevices: () => ({ resources: ["*"], conditions: [] }),
} satisfies Readonly<Record<string, (options: DeployerOptions) => Scope>>;

type Sid = keyof typeof SCOPES;

interface Row {
  readonly sid: Sid;
  readonly action: string;
  /** Any of these conditions requires the action. */
  readonly requiredWhen: readonly Condition[];
  /** Any of these conditions makes `terraform plan` call it. @default an apply alone calls it */
  readonly plannedWhen?: readonly Condition[];
  readonly why: string;
}

/**
 * The calls of Terraform's AWS provider for a deployment, without the calls for its state. Not included, because these
 * settings cannot limit it: the old name or path of a renamed entity, and the removal of a permissions boundary.
 * Source: the calls of provider 5.100 on a local AWS; `__tests__/e2e/deployer.test.ts` shows that each row is required.
 */
const ROWS: readonly Row[] = [
  { sid: "CreateUser", action: "iam:CreateUser", requiredWhen: ["always"], why: "creates the user" },
  {
    sid: "CreateUser",
    action: "iam:PutUserPermissionsBoundary",
    requiredWhen: ["boundary"],
    why: "sets the permissions boundary of an existing user",
  },

  { sid: "User", action: "iam:GetUser", requiredWhen: ["always"], plannedWhen: ["always"], why: "reads the user, at every plan" },
  { sid: "User", action: "iam:DeleteUser", requiredWhen: ["always"], why: "deletes the user" },
  {
    sid: "User",
    action: "iam:ListGroupsForUser",
    requiredWhen: ["always"],
    plannedWhen: ["group"],
    why: "reads the groups of the user, before its deletion and for its membership",
  },
  {
    sid: "User",
    action: "iam:ListAccessKeys",
    requiredWhen: ["keys", "force-destroy"],
    plannedWhen: ["keys"],
    why: "reads the keys, at every plan",
  },
  { sid: "User", action: "iam:CreateAccessKey", requiredWhen: ["keys"], why: "creates a key" },
  {
    sid: "User",
    action: "iam:UpdateAccessKey",
    requiredWhen: ["keys"],
    why: "sets the status of a key to Inactive or Active, for a rotation",
  },
  { sid: "User", action: "iam:DeleteAccessKey", requiredWhen: ["keys", "force-destroy"], why: "deletes a key" },
  {
    sid: "User",
    action: "iam:GetAccessKeyLastUsed",
    requiredWhen: ["imported-key"],
    plannedWhen: ["imported-key"],
    why: "reads the user of an imported key",
  },
  {
    sid: "User",
    action: "iam:ListAttachedUserPolicies",
    requiredWhen: ["user-attachment", "force-destroy"],
    plannedWhen: ["user-attachment"],
    why: "reads the policies of the user, at every plan",
  },
  { sid: "User", action: "iam:TagUser", requiredWhen: ["tags"], why: "tags the user, also at creation" },
  { sid: "User", action: "iam:UntagUser", requiredWhen: ["tags"], why: "removes a tag from the user" },
  ...forceDestroy("ListUserPolicies", "lists inline policies"),
  ...forceDestroy("DeleteUserPolicy", "deletes an inline policy"),
  ...forceDestroy("DetachUserPolicy", "detaches any policy of the user"),
  ...forceDestroy("ListSSHPublicKeys", "lists SSH keys"),
  ...forceDestroy("DeleteSSHPublicKey", "deletes an SSH key"),
  ...forceDestroy("ListMFADevices", "lists MFA devices"),
  ...forceDestroy("DeactivateMFADevice", "deactivates an MFA device of the user"),
  ...forceDestroy("DeleteLoginProfile", "deletes the password; called even if there is none"),
  ...forceDestroy("ListSigningCertificates", "lists signing certificates"),
  ...forceDestroy("DeleteSigningCertificate", "deletes a signing certificate"),
  ...forceDestroy("ListServiceSpecificCredentials", "lists credentials of single services"),
  ...forceDestroy("DeleteServiceSpecificCredential", "deletes credentials of a single service"),

  {
    sid: "UserPolicy",
    action: "iam:AttachUserPolicy",
    requiredWhen: ["user-attachment"],
    why: "attaches the policy to the user",
  },
  {
    sid: "UserPolicy",
    action: "iam:DetachUserPolicy",
    requiredWhen: ["own-policy-alone"],
    why: "detaches the policy from the user",
  },

  { sid: "Policy", action: "iam:CreatePolicy", requiredWhen: ["always"], why: "creates the policy" },
  {
    sid: "Policy",
    action: "iam:GetPolicy",
    requiredWhen: ["always"],
    plannedWhen: ["always"],
    why: "reads the policy, at every plan",
  },
  {
    sid: "Policy",
    action: "iam:GetPolicyVersion",
    requiredWhen: ["always"],
    plannedWhen: ["always"],
    why: "reads the policy document, at every plan",
  },
  {
    sid: "Policy",
    action: "iam:ListPolicyVersions",
    requiredWhen: ["always"],
    why: "lists the versions before a new version is created and before the policy is deleted",
  },
  { sid: "Policy", action: "iam:CreatePolicyVersion", requiredWhen: ["always"], why: "changes the policy document" },
  {
    sid: "Policy",
    action: "iam:DeletePolicyVersion",
    requiredWhen: ["always"],
    why: "deletes the oldest of the five versions that AWS keeps, and all old versions before the policy is deleted",
  },
  { sid: "Policy", action: "iam:DeletePolicy", requiredWhen: ["always"], why: "deletes the policy" },
  { sid: "Policy", action: "iam:TagPolicy", requiredWhen: ["tags"], why: "tags the policy, also at creation" },
  { sid: "Policy", action: "iam:UntagPolicy", requiredWhen: ["tags"], why: "removes a tag from the policy" },

  { sid: "Group", action: "iam:CreateGroup", requiredWhen: ["group"], why: "creates the group" },
  {
    sid: "Group",
    action: "iam:GetGroup",
    requiredWhen: ["group"],
    plannedWhen: ["group"],
    why: "reads the group, at every plan",
  },
  { sid: "Group", action: "iam:DeleteGroup", requiredWhen: ["group"], why: "deletes the group" },
  { sid: "Group", action: "iam:AddUserToGroup", requiredWhen: ["group"], why: "adds the user to the group" },
  { sid: "Group", action: "iam:RemoveUserFromGroup", requiredWhen: ["group"], why: "removes the user from the group" },
  {
    sid: "Group",
    action: "iam:ListAttachedGroupPolicies",
    requiredWhen: ["group"],
    plannedWhen: ["group"],
    why: "reads the policies of the group, at every plan",
  },
  { sid: "GroupPolicy", action: "iam:AttachGroupPolicy", requiredWhen: ["group"], why: "attaches the policy to the group" },
  { sid: "GroupPolicy", action: "iam:DetachGroupPolicy", requiredWhen: ["group"], why: "detaches the policy from the group" },

  { sid: "CreateNodeRole", action: "iam:CreateRole", requiredWhen: ["node-role"], why: "creates the node role" },
  {
    sid: "CreateNodeRole",
    action: "iam:PutRolePermissionsBoundary",
    requiredWhen: ["node-role-boundary"],
    why: "sets the permissions boundary of an existing role",
  },
  {
    sid: "CreateNodeRole",
    action: "iam:PutRolePolicy",
    requiredWhen: ["node-role"],
    why: "writes the inline policy of the role",
  },
  {
    sid: "NodeRole",
    action: "iam:GetRole",
    requiredWhen: ["node-role"],
    plannedWhen: ["node-role"],
    why: "reads the role, at every plan",
  },
  {
    sid: "NodeRole",
    action: "iam:GetRolePolicy",
    requiredWhen: ["node-role"],
    plannedWhen: ["node-role"],
    why: "reads the inline policy of the role, at every plan",
  },
  {
    sid: "NodeRole",
    action: "iam:ListRolePolicies",
    requiredWhen: ["node-role"],
    plannedWhen: ["node-role"],
    why: "reads the role's inline policies, at every plan",
  },
  {
    sid: "NodeRole",
    action: "iam:ListAttachedRolePolicies",
    requiredWhen: ["node-role"],
    plannedWhen: ["node-role"],
    why: "reads the managed policies of the role, at every plan",
  },
  {
    sid: "NodeRole",
    action: "iam:ListInstanceProfilesForRole",
    requiredWhen: ["node-role"],
    why: "lists the instance profiles of the role before its deletion",
  },
  { sid: "NodeRole", action: "iam:DeleteRolePolicy", requiredWhen: ["node-role"], why: "deletes the role's inline policy" },
  { sid: "NodeRole", action: "iam:DeleteRole", requiredWhen: ["node-role"], why: "deletes the role" },
  { sid: "NodeRole", action: "iam:TagRole", requiredWhen: ["node-role-tags"], why: "tags the role, also at creation" },
  { sid: "NodeRole", action: "iam:UntagRole", requiredWhen: ["node-role-tags"], why: "removes a tag from the role" },
  {
    sid: "NodeRolePolicies",
    action: "iam:AttachRolePolicy",
    requiredWhen: ["node-role-policies"],
    why: "attaches a policy of nodeRole.managedPolicyArns to the role",
  },
  {
    sid: "NodeRolePolicies",
    action: "iam:DetachRolePolicy",
    requiredWhen: ["node-role-policies"],
    why: "detaches a policy of nodeRole.managedPolicyArns from the role",
  },

  {
    sid: "MfaDevices",
    action: "iam:DeleteVirtualMFADevice",
    requiredWhen: ["force-destroy"],
    why: "user.forceDestroy: deletes the virtual MFA device of the user; AWS rejects the deletion of a device in use",
  },
  {
    sid: "AllMfaDevices",
    action: "iam:ListVirtualMFADevices",
    requiredWhen: ["force-destroy"],
    why: "user.forceDestroy: lists virtual MFA devices; the action has no resource types",
  },
];

function forceDestroy(name: string, why: string): readonly Row[] {
  return [{ sid: "User", action: `iam:${name}`, requiredWhen: ["force-destroy"], why: `user.forceDestroy: ${why}` }];
}

/** The permissions to plan, apply, change and destroy a deployment, without its state; sorted by statement and action. */
export function deployerGrants(options: DeployerOptions): readonly Grant[] {
  const holds = (conditions: readonly Condition[]) => conditions.some((condition) => CONDITIONS[condition](options));
  const required = ROWS.filter(({ requiredWhen }) => holds(requiredWhen));
  const planned = required.filter(({ plannedWhen = [] }) => holds(plannedWhen));
  return (Object.keys(SCOPES) as Sid[]).flatMap((sid) =>
    grants(sid, SCOPES[sid](options), reasonsIn(required, sid), Object.keys(reasonsIn(planned, sid))),
  );
}

function reasonsIn(rows: readonly Row[], sid: Sid): Readonly<Record<string, string>> {
  return Object.fromEntries(rows.filter((row) => row.sid === sid).map(({ action, why }) => [action, why]));
}

/**
 * The grants of one statement.
 * @param reasons the reason of each action
 * @param planned the actions that a plan calls
 */
export function grants(
  sid: string,
  scope: Scope,
  reasons: Readonly<Record<string, string>>,
  planned: readonly string[] = [],
): readonly Grant[] {
  return Object.keys(reasons)
    .sort()
    .map((action) => ({
      sid,
      action,
      ...scope,
      why: reasons[action] ?? "",
      ...(planned.includes(action) ? { plan: true } : {}),
    }));
}

/** The statements of grants, in the order of the grants. */
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

function ownPolicyArns(options: DeployerOptions): readonly string[] {
  return options.policies.map((policy) => iamArn(options, "policy", policy));
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

import {
  GetGroupCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  GetUserCommand,
  type IAMClient,
  ListAccessKeysCommand,
  ListAttachedGroupPoliciesCommand,
  ListAttachedRolePoliciesCommand,
  ListAttachedUserPoliciesCommand,
  ListGroupsCommand,
  ListGroupsForUserCommand,
  ListPoliciesCommand,
  ListPolicyTagsCommand,
  ListRolePoliciesCommand,
  ListRolesCommand,
  ListUsersCommand,
} from "@aws-sdk/client-iam";

/** The IAM objects of an account, without IDs and dates: equal for accounts with the same objects. */
export async function iamAccount(iam: IAMClient): Promise<object> {
  const { Users = [] } = await iam.send(new ListUsersCommand());
  const { Groups = [] } = await iam.send(new ListGroupsCommand());
  const { Roles = [] } = await iam.send(new ListRolesCommand());
  const { Policies = [] } = await iam.send(new ListPoliciesCommand({ Scope: "Local" }));
  return {
    users: await byName(namesOf(Users, "UserName"), (name) => user(iam, name)),
    groups: await byName(namesOf(Groups, "GroupName"), (name) => group(iam, name)),
    roles: await byName(namesOf(Roles, "RoleName"), (name) => role(iam, name)),
    policies: await byName(namesOf(Policies, "Arn"), (arn) => policy(iam, arn)),
  };
}

const namesOf = <Name extends string>(objects: readonly { readonly [name in Name]?: string | undefined }[], name: Name) =>
  objects.map((object) => object[name] ?? "");

async function byName(names: readonly string[], look: (name: string) => Promise<object>) {
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await look(name)] as const)));
}

async function user(iam: IAMClient, UserName: string): Promise<object> {
  const { User } = await iam.send(new GetUserCommand({ UserName }));
  const { AttachedPolicies } = await iam.send(new ListAttachedUserPoliciesCommand({ UserName }));
  const { Groups = [] } = await iam.send(new ListGroupsForUserCommand({ UserName }));
  const { AccessKeyMetadata = [] } = await iam.send(new ListAccessKeysCommand({ UserName }));
  return {
    arn: User?.Arn,
    tags: tags(User),
    boundary: User?.PermissionsBoundary,
    policies: AttachedPolicies,
    groups: Groups.map(({ GroupName }) => GroupName),
    keys: AccessKeyMetadata.map(({ Status }) => Status),
  };
}

async function group(iam: IAMClient, GroupName: string): Promise<object> {
  const { Group, Users = [] } = await iam.send(new GetGroupCommand({ GroupName }));
  const { AttachedPolicies } = await iam.send(new ListAttachedGroupPoliciesCommand({ GroupName }));
  return { arn: Group?.Arn, users: Users.map(({ UserName }) => UserName), policies: AttachedPolicies };
}

async function role(iam: IAMClient, RoleName: string): Promise<object> {
  const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
  const { AttachedPolicies } = await iam.send(new ListAttachedRolePoliciesCommand({ RoleName }));
  const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
  const inline = async (PolicyName: string) =>
    json((await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }))).PolicyDocument);
  return {
    arn: Role?.Arn,
    trust: json(Role?.AssumeRolePolicyDocument),
    tags: tags(Role),
    boundary: Role?.PermissionsBoundary,
    maxSession: Role?.MaxSessionDuration,
    policies: AttachedPolicies,
    inline: await Promise.all(PolicyNames.map(async (name) => [name, await inline(name)])),
  };
}

async function policy(iam: IAMClient, PolicyArn: string): Promise<object> {
  const { Policy } = await iam.send(new GetPolicyCommand({ PolicyArn }));
  const { PolicyVersion } = await iam.send(new GetPolicyVersionCommand({ PolicyArn, VersionId: Policy?.DefaultVersionId }));
  return {
    description: Policy?.Description,
    tags: tags(await iam.send(new ListPolicyTagsCommand({ PolicyArn }))),
    // As a string, to compare the order too; Terraform's "\\u0026" equals "&".
    document: JSON.stringify(json(PolicyVersion?.Document)),
  };
}

function tags({ Tags = [] }: { readonly Tags?: readonly { readonly Key?: string; readonly Value?: string }[] } = {}) {
  return Object.fromEntries(Tags.map(({ Key = "", Value }) => [Key, Value]));
}

function json(document = ""): unknown {
  return JSON.parse(decodeURIComponent(document));
}

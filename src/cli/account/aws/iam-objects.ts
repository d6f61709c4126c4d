import { type IamReader, mapped, type Reading } from "./iam-reader";

/** A policy document as IAM stores it, parsed. */
export type StoredDocument = Readonly<Record<string, unknown>>;

/** A user as IAM reports it. Lists are empty if the user does not exist. */
export interface UserObjects {
  /** Undefined: the user does not exist. */
  readonly user: Reading<{ readonly boundary: string | undefined } | undefined>;
  /** ARNs of attached policies. */
  readonly attached: Reading<readonly string[]>;
  /** Names of inline policies. */
  readonly inline: Reading<readonly string[]>;
  readonly groups: Reading<readonly string[]>;
  readonly keys: Reading<readonly { readonly id: string; readonly status: string }[]>;
  readonly hasLoginProfile: Reading<boolean>;
  /** Serial numbers, for virtual devices their ARNs. */
  readonly mfaDevices: Reading<readonly string[]>;
  readonly sshKeys: Reading<readonly string[]>;
  readonly serviceCredentials: Reading<readonly string[]>;
  readonly certificates: Reading<readonly string[]>;
}

export async function readUser(iam: IamReader, UserName: string): Promise<UserObjects> {
  const of = { UserName };
  const [user, attached, inline, groups, keys, login, mfaDevices, sshKeys, serviceCredentials, certificates] = await Promise.all([
    iam.get("iam:GetUser", of),
    iam.list("iam:ListAttachedUserPolicies", of, ({ AttachedPolicies }) => AttachedPolicies),
    iam.list("iam:ListUserPolicies", of, ({ PolicyNames }) => PolicyNames),
    iam.list("iam:ListGroupsForUser", of, ({ Groups }) => Groups),
    iam.list("iam:ListAccessKeys", of, ({ AccessKeyMetadata }) => AccessKeyMetadata),
    iam.get("iam:GetLoginProfile", of),
    iam.list("iam:ListMFADevices", of, ({ MFADevices }) => MFADevices),
    iam.list("iam:ListSSHPublicKeys", of, ({ SSHPublicKeys }) => SSHPublicKeys),
    iam.get("iam:ListServiceSpecificCredentials", of),
    iam.list("iam:ListSigningCertificates", of, ({ Certificates }) => Certificates),
  ]);
  return {
    user: mapped(user, (found) => found && { boundary: found.User?.PermissionsBoundary?.PermissionsBoundaryArn }),
    attached: mapped(attached, arns),
    inline,
    groups: mapped(groups, (list) => list.map(({ GroupName = "" }) => GroupName)),
    keys: mapped(keys, (list) => list.map(({ AccessKeyId: id = "", Status: status = "" }) => ({ id, status }))),
    hasLoginProfile: mapped(login, (found) => found !== undefined),
    mfaDevices: mapped(mfaDevices, (list) => list.map(({ SerialNumber = "" }) => SerialNumber)),
    sshKeys: mapped(sshKeys, (list) => list.map(({ SSHPublicKeyId = "" }) => SSHPublicKeyId)),
    serviceCredentials: mapped(serviceCredentials, (found) =>
      (found?.ServiceSpecificCredentials ?? []).map(({ ServiceSpecificCredentialId = "" }) => ServiceSpecificCredentialId),
    ),
    certificates: mapped(certificates, (list) => list.map(({ CertificateId = "" }) => CertificateId)),
  };
}

/** A group as IAM reports it. Lists are empty if the group does not exist. */
export interface GroupObjects {
  readonly exists: Reading<boolean>;
  readonly members: Reading<readonly string[]>;
  readonly attached: Reading<readonly string[]>;
  readonly inline: Reading<readonly string[]>;
}

export async function readGroup(iam: IamReader, GroupName: string): Promise<GroupObjects> {
  const of = { GroupName };
  const [pages, attached, inline] = await Promise.all([
    iam.list("iam:GetGroup", of, (page) => [page]),
    iam.list("iam:ListAttachedGroupPolicies", of, ({ AttachedPolicies }) => AttachedPolicies),
    iam.list("iam:ListGroupPolicies", of, ({ PolicyNames }) => PolicyNames),
  ]);
  return {
    exists: mapped(pages, (all) => all.length > 0),
    members: mapped(pages, (all) => all.flatMap(({ Users = [] }) => Users.map(({ UserName = "" }) => UserName))),
    attached: mapped(attached, arns),
    inline,
  };
}

/** A principal that a managed policy is attached to, or whose boundary it is. */
export interface PolicyPrincipal {
  readonly kind: "user" | "group" | "role";
  readonly name: string;
}

/** A managed policy as IAM reports it. */
export interface PolicyObjects {
  /** The default version; undefined if the policy does not exist. */
  readonly version: Reading<{ readonly id: string; readonly document: StoredDocument } | undefined>;
  readonly principals: Reading<readonly PolicyPrincipal[]>;
}

export async function readPolicy(iam: IamReader, PolicyArn: string): Promise<PolicyObjects> {
  const [version, principals] = await Promise.all([
    defaultVersion(iam, PolicyArn),
    iam.list("iam:ListEntitiesForPolicy", { PolicyArn }, ({ PolicyUsers = [], PolicyGroups = [], PolicyRoles = [] }) => [
      ...PolicyUsers.map(({ UserName: name = "" }) => ({ kind: "user", name }) as const),
      ...PolicyGroups.map(({ GroupName: name = "" }) => ({ kind: "group", name }) as const),
      ...PolicyRoles.map(({ RoleName: name = "" }) => ({ kind: "role", name }) as const),
    ]),
  ]);
  return { version, principals };
}

async function defaultVersion(iam: IamReader, PolicyArn: string): Promise<PolicyObjects["version"]> {
  const policy = await iam.get("iam:GetPolicy", { PolicyArn });
  if ("unread" in policy || policy.value === undefined) {
    return mapped(policy, () => undefined);
  }
  const id = policy.value.Policy?.DefaultVersionId ?? "";
  const version = await iam.get("iam:GetPolicyVersion", { PolicyArn, VersionId: id });
  return mapped(version, (found) => found && { id, document: stored(found.PolicyVersion?.Document) });
}

/** A role as IAM reports it. Lists are empty if the role does not exist. */
export interface RoleObjects {
  /** Undefined: the role does not exist. */
  readonly role: Reading<{ readonly trust: StoredDocument; readonly boundary: string | undefined } | undefined>;
  readonly attached: Reading<readonly string[]>;
  /** Names of inline policies. */
  readonly inline: Reading<readonly string[]>;
  /** The inline policy that has the given name; undefined if there is none. */
  readonly document: Reading<StoredDocument | undefined>;
}

/** @param PolicyName the inline policy whose document is read */
export async function readRole(iam: IamReader, RoleName: string, PolicyName: string): Promise<RoleObjects> {
  const of = { RoleName };
  const [role, attached, inline, document] = await Promise.all([
    iam.get("iam:GetRole", of),
    iam.list("iam:ListAttachedRolePolicies", of, ({ AttachedPolicies }) => AttachedPolicies),
    iam.list("iam:ListRolePolicies", of, ({ PolicyNames }) => PolicyNames),
    iam.get("iam:GetRolePolicy", { RoleName, PolicyName }),
  ]);
  return {
    role: mapped(
      role,
      (found) =>
        found && {
          trust: stored(found.Role?.AssumeRolePolicyDocument),
          boundary: found.Role?.PermissionsBoundary?.PermissionsBoundaryArn,
        },
    ),
    attached: mapped(attached, arns),
    inline,
    document: mapped(document, (found) => found && stored(found.PolicyDocument)),
  };
}

const arns = (list: readonly { readonly PolicyArn?: string | undefined }[]) => list.map(({ PolicyArn = "" }) => PolicyArn);

/** A document as IAM sends it, percent-encoded JSON. */
function stored(document = "{}"): StoredDocument {
  return JSON.parse(decodeURIComponent(document)) as StoredDocument;
}

import { nodeRoleName } from "../../../iam/cluster";
import { NODE_ACTIONS, NODE_TRUST } from "../../../iam/node-role-permissions";
import type { Deployment } from "../../../settings/deployment";
import type { Found } from "../../findings/finding";
import type { StateResource } from "../../terraform/state-file";
import { attachedArns, type ExistingObject, type IamReader, inlineNames, mapped, type Reading } from "../aws/iam-reader";
import { type AccountObject, isAdditionalPolicy, ownershipOf } from "../ownership";
import { actionsBeyond, actionsOf, sameDocument } from "./document";
import type { Links, ManagedAccess, ManagedGroup, ManagedPolicy, ManagedRole } from "./managed";
import type { DriftRules } from "./rules";

export type DriftFound = Found<DriftRules>;

/** What was found about an object. */
export interface ObjectDrift {
  readonly object: string;
  /** Whether IAM does not have it. */
  readonly isMissing: boolean;
  readonly findings: readonly DriftFound[];
}

/** What drift compares. */
export interface Compared {
  readonly settings: Deployment;
  readonly access: ManagedAccess;
  /** The resources of the state; undefined if it cannot be read. */
  readonly state: readonly StateResource[] | undefined;
  readonly iam: IamReader;
}

type Findings = Promise<readonly DriftFound[]>;

/** What the objects of a deployment have besides what is managed, and what they lack of it; the user first. */
export async function objectsDrift(compared: Compared): Promise<readonly ObjectDrift[]> {
  const { group, policies, nodeRole } = compared.access;
  const { prefix } = compared.settings.cluster;
  const user = await userDrift(compared);
  const userExists = !user.isMissing;
  const others = await Promise.all([
    group && groupDrift(compared, group, userExists),
    ...policies.map((policy) => policyDrift(compared, policy, userExists)),
    nodeRole && nodeRoleDrift(compared, nodeRole, userExists),
    prefix === undefined ? undefined : dkpRoleDrift(compared, nodeRoleName(prefix)),
  ]);
  return [user, ...others.filter((drift) => drift !== undefined)];
}

/** An object that the deployment manages, or would. */
interface Expected extends AccountObject {
  /** The ARN of a policy, else the name. */
  readonly id: string;
  readonly inState: boolean;
  /** Whether IAM has the deployment's user; undefined for that user itself. */
  readonly userExists: boolean | undefined;
}

const titleOf = ({ kind, name }: AccountObject) => `${kind} ${name}`;
const day = (date: Date | undefined) => date?.toISOString().slice(0, 10);

/**
 * What was found about an object: whose it is, and the findings about its parts. An object that IAM does not have has no parts, and
 * those of another deployment's are not ours to report.
 */
async function objectDrift(
  compared: Compared,
  expected: Expected,
  parts: readonly Findings[],
  compare: (existing: ExistingObject) => readonly DriftFound[] = () => [],
): Promise<ObjectDrift> {
  const { iam, settings } = compared;
  const { kind, id, inState } = expected;
  const object = titleOf(expected);
  const [existing, uses, ...found] = await Promise.all([iam.object(kind, id), iam.uses(kind, id), ...parts]);
  if ("unread" in existing) {
    return { object, isMissing: false, findings: [unread(object, "it", existing.unread), ...found.flat()] };
  }
  if (existing.value === undefined) {
    const values = { object, stack: settings.stack };
    return { object, isMissing: true, findings: [{ rule: inState ? "object-missing" : "object-absent", object, values }] };
  }
  const owner = ownerFindings(compared, expected, existing.value, uses);
  const isOfAnother = owner.some(({ rule }) => rule === "object-of-another");
  return { object, isMissing: false, findings: isOfAnother ? owner : [...owner, ...compare(existing.value), ...found.flat()] };
}

const unread = (object: string, what: string, reason: string): DriftFound => ({
  rule: "part-unread",
  object,
  values: { object, part: what, reason },
});

/** A part of an object: its findings, or that it cannot be read. */
async function part<T>(
  object: string,
  what: string,
  reading: Promise<Reading<T>>,
  compare: (value: T) => readonly DriftFound[],
): Findings {
  const read = await reading;
  return "value" in read ? compare(read.value) : [unread(object, what, read.unread)];
}

/** Whose an object is that the settings name and the state does not have. */
function ownerFindings(
  { settings, state }: Compared,
  expected: Expected,
  { CreateDate }: ExistingObject,
  uses: Reading<readonly string[]>,
): readonly DriftFound[] {
  // Without a state nothing shows what is managed: that is a finding of its own.
  if (expected.inState || state === undefined) {
    return [];
  }
  const { kind, userExists = true } = expected;
  const object = titleOf(expected);
  const { owner, by } = ownershipOf(expected, uses, { settings, state, userExists });
  const setting = kind === "role" ? "nodeRole" : kind;
  const values = { object, stack: settings.stack, since: day(CreateDate) };
  switch (owner) {
    case "ours":
      return [];
    case "another":
      return [{ rule: "object-of-another", object, field: `${setting}.name`, values: { ...values, by, setting } }];
    case "ours-unmanaged":
      return [{ rule: "object-unmanaged", object, field: "import", values }];
    case "unknown":
      return [{ rule: "object-owner-unknown", object, field: `${setting}.name`, values: { ...values, setting } }];
  }
}

/** One finding for each item that is not managed, and one for each that the state has and IAM does not. */
function compareLinks(
  items: readonly string[],
  { managed, inState }: Links,
  unmanaged: (id: string) => DriftFound,
  missing: (id: string) => DriftFound,
): readonly DriftFound[] {
  return [
    ...items.filter((item) => !managed.includes(item)).map(unmanaged),
    ...inState.filter((item) => !items.includes(item)).map(missing),
  ];
}

/** The policies of a user, group or role. */
interface ExpectedPolicies {
  readonly attached: Links;
  /** Name of the managed inline policy, if there is one. */
  readonly inline?: string;
  /** The setting that can describe another attached policy, if there is one. */
  readonly setting?: string;
}

/** How the policies of each kind of principal are listed, and the rules and CloudTrail events of unmanaged ones. */
const POLICIES = {
  user: {
    attached: (iam: IamReader, UserName: string) => iam.attached("user", UserName),
    inline: (iam: IamReader, UserName: string) => iam.list("iam:ListUserPolicies", { UserName }, inlineNames),
    rules: ["policy-unmanaged", "inline-policy-unmanaged"],
    events: ["AttachUserPolicy", "PutUserPolicy"],
  },
  group: {
    attached: (iam: IamReader, GroupName: string) => iam.attached("group", GroupName),
    inline: (iam: IamReader, GroupName: string) => iam.list("iam:ListGroupPolicies", { GroupName }, inlineNames),
    rules: ["policy-unmanaged", "inline-policy-unmanaged"],
    events: ["AttachGroupPolicy", "PutGroupPolicy"],
  },
  role: {
    attached: (iam: IamReader, RoleName: string) => iam.list("iam:ListAttachedRolePolicies", { RoleName }, attachedArns),
    inline: (iam: IamReader, RoleName: string) => iam.list("iam:ListRolePolicies", { RoleName }, inlineNames),
    rules: ["role-policy-unmanaged", "role-inline-policy-unmanaged"],
    events: ["AttachRolePolicy", "PutRolePolicy"],
  },
} as const;

function policies(
  { settings, iam }: Compared,
  kind: keyof typeof POLICIES,
  name: string,
  expected: ExpectedPolicies,
): readonly Findings[] {
  const { attached, inline, rules, events } = POLICIES[kind];
  const { setting } = expected;
  const object = `${kind} ${name}`;
  const unmanaged = (id: string): DriftFound =>
    isAdditionalPolicy({ kind: "policy", name: id.split("/").at(-1) ?? "" }, settings)
      ? { rule: "additional-policy-unknown", object, values: { object, id, stack: settings.stack } }
      : { rule: rules[0], object, field: setting, values: { object, id, event: events[0], setting } };
  const missing = (id: string): DriftFound => ({ rule: "attachment-missing", object, values: { object, id } });
  return [
    part(object, "its attached policies", attached(iam, name), (arns) =>
      compareLinks(arns, expected.attached, unmanaged, missing),
    ),
    part(object, "its inline policies", inline(iam, name), (names) =>
      names
        .filter((id) => id !== expected.inline)
        .map((id): DriftFound => ({ rule: rules[1], object, values: { object, id, event: events[1] } })),
    ),
  ];
}

interface Item {
  readonly id: string;
  readonly since?: Date | undefined;
}

/** Credentials besides access keys, of which Terraform manages none: what the owner does with one, and its event in CloudTrail. */
const CREDENTIALS: readonly {
  readonly kind: string;
  readonly use: string;
  readonly event: string;
  readonly list: (iam: IamReader, UserName: string) => Promise<Reading<readonly Item[]>>;
}[] = [
  {
    kind: "login profile",
    use: "whoever has the password acts in the AWS console with the permissions of DKP, also when no access key works",
    event: "CreateLoginProfile",
    list: async (iam, UserName) =>
      mapped(await iam.get("iam:GetLoginProfile", { UserName }), (found) =>
        found === undefined ? [] : [{ id: UserName, since: found.LoginProfile?.CreateDate }],
      ),
  },
  {
    kind: "MFA device",
    use: "DKP never uses MFA: somebody signs in as the user, and the device meets conditions that require MFA",
    event: "EnableMFADevice",
    list: (iam, UserName) =>
      iam.list("iam:ListMFADevices", { UserName }, ({ MFADevices }) =>
        MFADevices?.map(({ SerialNumber: id = "", EnableDate: since }) => ({ id, since })),
      ),
  },
  {
    kind: "SSH key",
    use: "its owner accesses AWS CodeCommit as the user",
    event: "UploadSSHPublicKey",
    list: (iam, UserName) =>
      iam.list("iam:ListSSHPublicKeys", { UserName }, ({ SSHPublicKeys }) =>
        SSHPublicKeys?.map(({ SSHPublicKeyId: id = "", UploadDate: since }) => ({ id, since })),
      ),
  },
  {
    kind: "service-specific credential",
    use: "its owner accesses the service of the credential as the user, without an access key",
    event: "CreateServiceSpecificCredential",
    list: async (iam, UserName) =>
      mapped(await iam.get("iam:ListServiceSpecificCredentials", { UserName }), (found) =>
        (found?.ServiceSpecificCredentials ?? []).map(({ ServiceSpecificCredentialId: id = "", CreateDate: since }) => ({
          id,
          since,
        })),
      ),
  },
  {
    kind: "signing certificate",
    use: "its owner signs SOAP requests as the user, without an access key",
    event: "UploadSigningCertificate",
    list: (iam, UserName) =>
      iam.list("iam:ListSigningCertificates", { UserName }, ({ Certificates }) =>
        Certificates?.map(({ CertificateId: id = "", UploadDate: since }) => ({ id, since })),
      ),
  },
];

function userDrift(compared: Compared): Promise<ObjectDrift> {
  const { iam, access } = compared;
  const { user } = access;
  const { name } = user;
  const object = `user ${name}`;
  return objectDrift(
    compared,
    { kind: "user", name, id: name, inState: user.inState, userExists: undefined },
    [
      ...policies(compared, "user", name, { attached: user.attached }),
      part(object, "its groups", iam.groups(name), (groups) =>
        compareLinks(
          groups,
          user.groups,
          (id) => ({ rule: "membership-unmanaged", object, values: { object, id, event: "AddUserToGroup" } }),
          (id) => ({ rule: "membership-missing", object, values: { object, id } }),
        ),
      ),
      part(object, "its access keys", iam.keys(name), (keys = []) => keyFindings(compared, object, keys)),
      ...CREDENTIALS.map(({ kind, use, event, list }) =>
        part(object, `its ${kind}s`, list(iam, name), (items) =>
          items.map(({ id, since }) => ({
            rule: "credential-unmanaged",
            object,
            values: { object, kind, id, use, event, since: day(since) },
          })),
        ),
      ),
    ],
    (existing) => boundaryFindings(object, user.boundaries, existing, "user.permissionsBoundary"),
  );
}

function keyFindings(
  { access, settings }: Compared,
  object: string,
  keys: readonly { readonly id: string; readonly status: string; readonly created?: Date | undefined }[],
): readonly DriftFound[] {
  const { stack } = settings;
  const managed = access.user.keys;
  if (typeof managed === "number") {
    const ids = keys.map(({ id }) => id);
    return ids.length > managed
      ? [{ rule: "access-keys-too-many", object, values: { object, ids, count: ids.length, expected: managed, stack } }]
      : [];
  }
  return keys
    .filter(({ id }) => managed?.includes(id) === false)
    .map(({ id, status, created }) => ({
      rule: "access-key-unmanaged",
      object,
      field: "accessKeys",
      values: { object, id, status, since: day(created), stack },
    }));
}

/** @param setting that can describe the boundary */
function boundaryFindings(
  object: string,
  managed: readonly (string | undefined)[],
  { PermissionsBoundary }: ExistingObject,
  setting: string,
): readonly DriftFound[] {
  const boundary = PermissionsBoundary?.PermissionsBoundaryArn;
  const values = { object, boundary: boundary ?? "none", managed: managed[0] ?? "none", setting };
  return managed.includes(boundary) ? [] : [{ rule: "boundary-differs", object, field: setting, values }];
}

function groupDrift(compared: Compared, { name, inState, attached }: ManagedGroup, userExists: boolean): Promise<ObjectDrift> {
  const { iam, access } = compared;
  const object = `group ${name}`;
  return objectDrift(compared, { kind: "group", name, id: name, inState, userExists }, [
    part(object, "its members", iam.uses("group", name), (members) =>
      members
        .filter((id) => id !== `user ${access.user.name}`)
        .map((id) => ({ rule: "member-unmanaged", object, values: { object, id, event: "AddUserToGroup" } })),
    ),
    ...policies(compared, "group", name, { attached }),
  ]);
}

/** What a managed policy has besides what is managed. Former versions are Terraform's own and grant nothing. */
function policyDrift(compared: Compared, policy: ManagedPolicy, userExists: boolean): Promise<ObjectDrift> {
  const { iam, access, settings } = compared;
  const { name, arn, documents, inState } = policy;
  const object = `policy ${name}`;
  const { user, group, nodeRole } = access;
  const { prefix } = settings.cluster;
  // An attachment to one of these is a finding of that principal.
  const own = [`user ${user.name}`, `group ${group?.name}`, `role ${nodeRole?.name}`, `role ${prefix && nodeRoleName(prefix)}`];
  return objectDrift(compared, { kind: "policy", name, id: arn, inState, userExists }, [
    part(object, "its default version", iam.managedPolicy(arn), (version) => {
      if (version === undefined || documents.some((document) => sameDocument(version.document, document))) {
        return [];
      }
      const actions = actionsBeyond(version.document, documents.flatMap(actionsOf));
      const values = { object, version: version.id, since: day(version.created), actions };
      return [{ rule: "policy-document-differs", object, values }];
    }),
    part(object, "its principals", iam.uses("policy", arn), (principals) =>
      principals
        .filter((id) => !own.includes(id))
        .map((id) => ({
          rule: "principal-unmanaged",
          object,
          field: "policy.name",
          values: { object, id, event: "AttachUserPolicy" },
        })),
    ),
  ]);
}

function trustFindings(iam: IamReader, name: string, rule: "trust-differs" | "dkp-role-trust-differs"): Findings {
  const object = `role ${name}`;
  return part(object, "its trust policy", iam.role(name), (found) =>
    found === undefined || sameDocument(found.trust, NODE_TRUST)
      ? []
      : [{ rule, object, values: { object, trust: JSON.stringify(found.trust.Statement) } }],
  );
}

function nodeRoleDrift(compared: Compared, role: ManagedRole, userExists: boolean): Promise<ObjectDrift> {
  const { iam } = compared;
  const { name, inline, inState, attached, documents } = role;
  const object = `role ${name}`;
  const setting = "nodeRole.managedPolicyArns";
  return objectDrift(
    compared,
    { kind: "role", name, id: name, inState, userExists },
    [
      trustFindings(iam, name, "trust-differs"),
      ...policies(compared, "role", name, { attached, inline, setting }),
      part(object, `its inline policy ${inline}`, iam.rolePolicy(name, inline), (document) => {
        if (document === undefined || documents.some((own) => sameDocument(document, own))) {
          return [];
        }
        const actions = actionsBeyond(document, documents.flatMap(actionsOf));
        const values = { object, id: inline, actions, setting: "nodeRole.additionalActions" };
        return [{ rule: "role-document-differs", object, field: values.setting, values }];
      }),
    ],
    (existing) => boundaryFindings(object, role.boundaries, existing, "nodeRole.permissionsBoundary"),
  );
}

/**
 * What DKP's own role `<prefix>-node` has besides what DKP creates: the known way from the access key to any permission, because the
 * key can write inline policies of the role and launch instances with it.
 */
function dkpRoleDrift(compared: Compared, name: string): Promise<ObjectDrift> {
  const { iam, settings } = compared;
  const object = `role ${name}`;
  const setting = "cluster.additionalRolePolicies";
  // No deployment's Terraform manages the role: whose it is, is no question.
  return objectDrift({ ...compared, state: undefined }, { kind: "role", name, id: name, inState: false, userExists: true }, [
    trustFindings(iam, name, "dkp-role-trust-differs"),
    ...policies(compared, "role", name, { attached: { managed: [], inState: [] }, inline: name }),
    part(object, `its inline policy ${name}`, iam.rolePolicy(name, name), (document) => {
      const actions =
        document === undefined ? [] : actionsBeyond(document, [...NODE_ACTIONS, ...settings.additionalRolePolicies]);
      return actions.length === 0
        ? []
        : [{ rule: "dkp-role-document-differs", object, field: setting, values: { object, id: name, actions, setting } }];
    }),
  ]);
}

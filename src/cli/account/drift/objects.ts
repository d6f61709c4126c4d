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

/** The same, once it is known whether IAM has the deployment's user. */
interface Context extends Compared {
  readonly userExists: boolean;
}

type Findings = Promise<readonly DriftFound[]>;

/** What the objects of a deployment have besides what is managed, and what they lack of it; the user first. */
export async function objectsDrift(compared: Compared): Promise<readonly ObjectDrift[]> {
  const { group, policies, nodeRole } = compared.access;
  const { prefix } = compared.settings.cluster;
  const user = await userDrift({ ...compared, userExists: true });
  const context = { ...compared, userExists: !user.isMissing };
  const others = await Promise.all([
    group && groupDrift(context, group),
    ...policies.map((policy) => policyDrift(context, policy)),
    nodeRole && nodeRoleDrift(context, nodeRole),
    prefix === undefined ? undefined : dkpRoleDrift(context, nodeRoleName(prefix)),
  ]);
  return [user, ...others.filter((drift) => drift !== undefined)];
}

/** An object that the deployment manages, or would. */
interface Expected extends AccountObject {
  /** Of a policy. */
  readonly arn?: string;
  readonly inState: boolean;
}

const day = (date: Date | undefined) => date?.toISOString().slice(0, 10);

/**
 * What was found about an object: whose it is, and the findings about its parts. An object that IAM does not have has no parts, and
 * those of another deployment's are not ours to report.
 */
async function objectDrift(
  context: Context,
  expected: Expected,
  parts: readonly Findings[],
  compare: (existing: ExistingObject) => readonly DriftFound[] = () => [],
): Promise<ObjectDrift> {
  const { iam, settings } = context;
  const { kind, name, arn: id = name, inState } = expected;
  const object = `${kind} ${name}`;
  const drift = (findings: readonly DriftFound[], isMissing = false) => ({
    object,
    isMissing,
    findings: findings.map((found) => ({ object, ...found })),
  });
  const [existing, uses, ...found] = await Promise.all([iam.object(kind, id), iam.uses(kind, id), ...parts]);
  if ("unread" in existing) {
    return drift([unread("it", existing.unread), ...found.flat()]);
  }
  if (existing.value === undefined) {
    return drift([{ rule: inState ? "object-missing" : "object-absent", values: { stack: settings.stack } }], true);
  }
  const owner = ownerFindings(context, expected, existing.value, uses);
  const isOfAnother = owner.some(({ rule }) => rule === "object-of-another");
  return drift(isOfAnother ? owner : [...owner, ...compare(existing.value), ...found.flat()]);
}

const unread = (what: string, reason: string): DriftFound => ({ rule: "part-unread", values: { part: what, reason } });

/** A part of an object: its findings, or that it cannot be read. */
async function part<T>(what: string, reading: Promise<Reading<T>>, compare: (value: T) => readonly DriftFound[]): Findings {
  const read = await reading;
  return "value" in read ? compare(read.value) : [unread(what, read.unread)];
}

/** A part that is a list: a finding for each item that is not managed, and for each that the state has and IAM does not. */
function listPart(
  what: string,
  reading: Promise<Reading<readonly string[]>>,
  { managed, inState = [] }: Partial<Links>,
  unmanaged: (id: string) => DriftFound,
  missing: (id: string) => readonly DriftFound[] = () => [],
): Findings {
  return part(what, reading, (items) => [
    ...items.filter((item) => managed?.includes(item) !== true).map(unmanaged),
    ...inState.filter((item) => !items.includes(item)).flatMap(missing),
  ]);
}

/** Whose an object is that the settings name and the state does not have. */
function ownerFindings(
  { settings, state, userExists }: Context,
  expected: Expected,
  { CreateDate }: ExistingObject,
  uses: Reading<readonly string[]>,
): readonly DriftFound[] {
  // Without a state nothing shows what is managed: that is a finding of its own.
  if (expected.inState || state === undefined) {
    return [];
  }
  const { owner, by } = ownershipOf(expected, uses, { settings, state, userExists });
  const setting = expected.kind === "role" ? "nodeRole" : expected.kind;
  const values = { stack: settings.stack, since: day(CreateDate) };
  switch (owner) {
    case "ours":
      return [];
    case "another":
      return [{ rule: "object-of-another", field: `${setting}.name`, values: { ...values, by, setting } }];
    case "ours-unmanaged":
      return [{ rule: "object-unmanaged", field: "import", values }];
    case "unknown":
      return [{ rule: "object-owner-unknown", field: `${setting}.name`, values: { ...values, setting } }];
  }
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
  { settings, iam }: Context,
  kind: keyof typeof POLICIES,
  name: string,
  expected: ExpectedPolicies,
): readonly Findings[] {
  const { attached, inline, rules, events } = POLICIES[kind];
  const { setting } = expected;
  const unmanaged = (id: string): DriftFound =>
    isAdditionalPolicy({ kind: "policy", name: id.split("/").at(-1) ?? "" }, settings)
      ? { rule: "additional-policy-unknown", values: { id, stack: settings.stack } }
      : { rule: rules[0], field: setting, values: { id, event: events[0], setting } };
  const missing = (id: string): readonly DriftFound[] => [{ rule: "attachment-missing", values: { id } }];
  const ofInline = (id: string): DriftFound => ({ rule: rules[1], values: { id, event: events[1] } });
  return [
    listPart("its attached policies", attached(iam, name), expected.attached, unmanaged, missing),
    listPart("its inline policies", inline(iam, name), { managed: [expected.inline ?? ""] }, ofInline),
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

function userDrift(context: Context): Promise<ObjectDrift> {
  const { iam, access } = context;
  const { name, inState, attached, groups, boundaries } = access.user;
  return objectDrift(
    context,
    { kind: "user", name, inState },
    [
      ...policies(context, "user", name, { attached }),
      listPart(
        "its groups",
        iam.groups(name),
        groups,
        (id) => ({ rule: "membership-unmanaged", values: { id, event: "AddUserToGroup" } }),
        (id) => [{ rule: "membership-missing", values: { id } }],
      ),
      part("its access keys", iam.keys(name), (keys = []) => keyFindings(context, keys)),
      ...CREDENTIALS.map(({ kind, use, event, list }) =>
        part(`its ${kind}s`, list(iam, name), (items) =>
          items.map(({ id, since }) => ({ rule: "credential-unmanaged", values: { kind, id, use, event, since: day(since) } })),
        ),
      ),
    ],
    (existing) => boundaryFindings(boundaries, existing, "user.permissionsBoundary"),
  );
}

function keyFindings(
  { access, settings }: Context,
  keys: readonly { readonly id: string; readonly status: string; readonly created?: Date | undefined }[],
): readonly DriftFound[] {
  const { stack } = settings;
  const managed = access.user.keys;
  if (typeof managed === "number") {
    const ids = keys.map(({ id }) => id);
    return ids.length > managed
      ? [{ rule: "access-keys-too-many", values: { ids, count: ids.length, expected: managed, stack } }]
      : [];
  }
  return keys
    .filter(({ id }) => managed?.includes(id) === false)
    .map(({ id, status, created }) => ({
      rule: "access-key-unmanaged",
      field: "accessKeys",
      values: { id, status, since: day(created), stack },
    }));
}

/** @param setting that can describe the boundary */
function boundaryFindings(
  managed: readonly (string | undefined)[],
  { PermissionsBoundary }: ExistingObject,
  setting: string,
): readonly DriftFound[] {
  const boundary = PermissionsBoundary?.PermissionsBoundaryArn;
  const values = { boundary: boundary ?? "none", managed: managed[0] ?? "none", setting };
  return managed.includes(boundary) ? [] : [{ rule: "boundary-differs", field: setting, values }];
}

function groupDrift(context: Context, { name, inState, attached }: ManagedGroup): Promise<ObjectDrift> {
  const { iam, access } = context;
  return objectDrift(context, { kind: "group", name, inState }, [
    listPart("its members", iam.uses("group", name), { managed: [`user ${access.user.name}`] }, (id) => ({
      rule: "member-unmanaged",
      values: { id, event: "AddUserToGroup" },
    })),
    ...policies(context, "group", name, { attached }),
  ]);
}

/** What a managed policy has besides what is managed. Former versions are Terraform's own and grant nothing. */
function policyDrift(context: Context, { name, arn, documents, inState }: ManagedPolicy): Promise<ObjectDrift> {
  const { iam, access, settings } = context;
  const { user, group, nodeRole } = access;
  const { prefix } = settings.cluster;
  // An attachment to one of these is a finding of that principal.
  const own = [`user ${user.name}`, `group ${group?.name}`, `role ${nodeRole?.name}`, `role ${prefix && nodeRoleName(prefix)}`];
  return objectDrift(context, { kind: "policy", name, arn, inState }, [
    part("its default version", iam.managedPolicy(arn), (version) => {
      if (version === undefined || documents.some((document) => sameDocument(version.document, document))) {
        return [];
      }
      const actions = actionsBeyond(version.document, documents.flatMap(actionsOf));
      return [{ rule: "policy-document-differs", values: { version: version.id, since: day(version.created), actions } }];
    }),
    listPart("its principals", iam.uses("policy", arn), { managed: own }, (id) => ({
      rule: "principal-unmanaged",
      field: "policy.name",
      values: { id, event: "AttachUserPolicy" },
    })),
  ]);
}

function trustFindings(iam: IamReader, name: string, rule: "trust-differs" | "dkp-role-trust-differs"): Findings {
  return part("its trust policy", iam.role(name), (found) =>
    found === undefined || sameDocument(found.trust, NODE_TRUST)
      ? []
      : [{ rule, values: { trust: JSON.stringify(found.trust.Statement) } }],
  );
}

function nodeRoleDrift(context: Context, role: ManagedRole): Promise<ObjectDrift> {
  const { iam } = context;
  const { name, inline, inState, attached, documents } = role;
  return objectDrift(
    context,
    { kind: "role", name, inState },
    [
      trustFindings(iam, name, "trust-differs"),
      ...policies(context, "role", name, { attached, inline, setting: "nodeRole.managedPolicyArns" }),
      part(`its inline policy ${inline}`, iam.rolePolicy(name, inline), (document) => {
        if (document === undefined || documents.some((own) => sameDocument(document, own))) {
          return [];
        }
        const setting = "nodeRole.additionalActions";
        const actions = actionsBeyond(document, documents.flatMap(actionsOf));
        return [{ rule: "role-document-differs", field: setting, values: { id: inline, actions, setting } }];
      }),
    ],
    (existing) => boundaryFindings(role.boundaries, existing, "nodeRole.permissionsBoundary"),
  );
}

/**
 * What DKP's own role `<prefix>-node` has besides what DKP creates: the known way from the access key to any permission, because the
 * key can write inline policies of the role and launch instances with it.
 */
function dkpRoleDrift(context: Context, name: string): Promise<ObjectDrift> {
  const { iam, settings } = context;
  const setting = "cluster.additionalRolePolicies";
  // No deployment's Terraform manages the role: whose it is, is no question.
  return objectDrift({ ...context, state: undefined }, { kind: "role", name, inState: false }, [
    trustFindings(iam, name, "dkp-role-trust-differs"),
    ...policies(context, "role", name, { attached: { managed: [], inState: [] }, inline: name }),
    part(`its inline policy ${name}`, iam.rolePolicy(name, name), (document = {}) => {
      const actions = actionsBeyond(document, [...NODE_ACTIONS, ...settings.additionalRolePolicies]);
      return actions.length === 0
        ? []
        : [{ rule: "dkp-role-document-differs", field: setting, values: { id: name, actions, setting } }];
    }),
  ]);
}

import { NODE_TRUST } from "../../../iam/node-role-permissions";
import type { Deployment } from "../../../settings/deployment";
import type { Found } from "../../findings/finding";
import type { StateResource } from "../../terraform/state-file";
import {
  type ExistingObject,
  type IamKey,
  type IamReader,
  type Reading,
  type StoredDocument,
  storedDocument,
} from "../aws/iam-reader";
import { isAdditionalPolicy, ownershipOf } from "../ownership";
import { actionsBeyond, actionsOf, sameDocument } from "./document";
import type { ExpectedObject, Links, Managed } from "./managed";
import type { DriftRules } from "./rules";

export type DriftFound = Found<DriftRules>;
type Findings = readonly DriftFound[];

/** What was found about an object. */
export interface ObjectDrift {
  readonly object: string;
  /** Whether IAM does not have it. */
  readonly isMissing: boolean;
  readonly findings: Findings;
}

/** What drift compares. */
interface Compared {
  readonly settings: Deployment;
  readonly managed: Managed;
  /** The resources of the state; undefined if it cannot be read. */
  readonly state: readonly StateResource[] | undefined;
  readonly iam: IamReader;
  /** Whether IAM has the deployment's user. */
  readonly userExists: boolean;
}

/** What the objects of a deployment have besides what is managed, and what they lack of it; the user first. */
export async function objectsDrift(compared: Omit<Compared, "userExists">): Promise<readonly [ObjectDrift, ...ObjectDrift[]]> {
  const [first, ...others] = compared.managed.objects;
  const user = await objectDrift({ ...compared, userExists: true }, first);
  const context = { ...compared, userExists: !user.isMissing };
  return [user, ...(await Promise.all(others.map((object) => objectDrift(context, object))))];
}

const day = (date: Date | undefined) => date?.toISOString().slice(0, 10);

/**
 * What was found about an object: whose it is, and the findings about its parts. An object that IAM does not have has no parts, and
 * those of another deployment's are not ours to report.
 */
async function objectDrift(context: Compared, expected: ExpectedObject): Promise<ObjectDrift> {
  const { iam, settings } = context;
  const { kind, name, arn: id = name, inState } = expected;
  const object = `${kind} ${name}`;
  const drift = (findings: Findings, isMissing = false) => ({
    object,
    isMissing,
    findings: findings.map((found) => ({ object, ...found })),
  });
  const reading = iam.uses(kind, id);
  const [existing, uses, ...found] = await Promise.all([iam.object(kind, id), reading, ...parts(context, expected, reading)]);
  if ("unread" in existing) {
    return drift([unread("it", existing.unread), ...found.flat()]);
  }
  if (existing.value === undefined) {
    return drift([{ rule: inState ? "object-missing" : "object-absent", values: { stack: settings.stack } }], true);
  }
  const owner = ownerFindings(context, expected, existing.value, uses);
  const isOfAnother = owner.some(({ rule }) => rule === "object-of-another");
  return drift(isOfAnother ? owner : [...owner, ...ownFindings(existing.value, expected), ...found.flat()]);
}

/** Whose an object is that the settings name and the state does not have. */
function ownerFindings(
  { settings, state, userExists }: Compared,
  { kind, name, inState, isDkpRole }: ExpectedObject,
  { CreateDate }: ExistingObject,
  uses: Reading<readonly string[]>,
): Findings {
  // Without a state nothing shows what is managed: that is a finding of its own. Whose the role of DKP is, is no question.
  if (inState || state === undefined || isDkpRole === true) {
    return [];
  }
  const { owner, by } = ownershipOf({ kind, name }, uses, { settings, state, userExists });
  const setting = kind === "role" ? "nodeRole" : kind;
  const values = { stack: settings.stack, since: day(CreateDate), setting };
  switch (owner) {
    case "ours":
      return [];
    case "another":
      return [{ rule: "object-of-another", field: `${setting}.name`, values: { ...values, by } }];
    case "ours-unmanaged":
      return [{ rule: "object-unmanaged", field: "import", values }];
    case "unknown":
      return [{ rule: "object-owner-unknown", field: `${setting}.name`, values }];
  }
}

const unread = (what: string, reason: string): DriftFound => ({ rule: "part-unread", values: { part: what, reason } });

/** A part of an object: its findings, or that it cannot be read. */
async function part<T>(what: string, reading: Promise<Reading<T>>, compare: (value: T) => Findings): Promise<Findings> {
  const read = await reading;
  return "value" in read ? compare(read.value) : [unread(what, read.unread)];
}

/** A list of an object, and the rules of its items. */
interface List {
  readonly what: string;
  /** Of an item that neither the settings nor the state have. */
  readonly rule:
    | `${"" | "role-"}${"" | "inline-"}policy-unmanaged`
    | "membership-unmanaged"
    | "member-unmanaged"
    | "principal-unmanaged";
  /** The event in CloudTrail that created it. */
  readonly event: string;
  /** The setting that can describe it, if there is one. */
  readonly setting?: string;
  /** Of an item that the state has and IAM does not. */
  readonly missing?: "attachment-missing" | "membership-missing";
}

const ATTACHED = {
  user: { what: "its attached policies", rule: "policy-unmanaged", event: "AttachUserPolicy", missing: "attachment-missing" },
  group: { what: "its attached policies", rule: "policy-unmanaged", event: "AttachGroupPolicy", missing: "attachment-missing" },
  role: {
    what: "its attached policies",
    rule: "role-policy-unmanaged",
    event: "AttachRolePolicy",
    missing: "attachment-missing",
  },
} satisfies Readonly<Record<string, List>>;

const INLINE: Readonly<Record<keyof typeof ATTACHED, List>> = {
  user: { what: "its inline policies", rule: "inline-policy-unmanaged", event: "PutUserPolicy" },
  group: { what: "its inline policies", rule: "inline-policy-unmanaged", event: "PutGroupPolicy" },
  role: { what: "its inline policies", rule: "role-inline-policy-unmanaged", event: "PutRolePolicy" },
};

const GROUPS: List = { what: "its groups", rule: "membership-unmanaged", event: "AddUserToGroup", missing: "membership-missing" };
const MEMBERS: List = { what: "its members", rule: "member-unmanaged", event: "AddUserToGroup" };
const PRINCIPALS: List = {
  what: "its principals",
  rule: "principal-unmanaged",
  event: "AttachUserPolicy",
  setting: "policy.name",
};

function listPart(
  { settings }: Compared,
  { what, rule, event, setting, missing }: List,
  reading: Promise<Reading<readonly string[]>>,
  { managed, inState }: Links,
): Promise<Findings> {
  const isAdditional = (id: string) =>
    missing === "attachment-missing" && isAdditionalPolicy({ kind: "policy", name: id.split("/").at(-1) ?? "" }, settings);
  const unmanaged = (id: string): DriftFound => {
    const values = { id, event, setting, stack: settings.stack };
    return isAdditional(id) ? { rule: "additional-policy-unknown", values } : { rule, field: setting, values };
  };
  return part(what, reading, (items) => [
    ...items.filter((id) => !managed.includes(id)).map(unmanaged),
    ...inState.flatMap((id) => (missing === undefined || items.includes(id) ? [] : [{ rule: missing, values: { id } }])),
  ]);
}

/** What is managed and can be missing only with its object. */
const only = (...managed: readonly string[]): Links => ({ managed, inState: [] });

/** Credentials besides access keys, of which Terraform manages none: the event in CloudTrail, and what the owner does with one. */
const CREDENTIALS = {
  "login profile": { event: "CreateLoginProfile", use: "whoever has the password acts in the AWS console as DKP" },
  "MFA device": { event: "EnableMFADevice", use: "DKP never uses MFA: somebody signs in as the user" },
  "SSH key": { event: "UploadSSHPublicKey", use: "its owner accesses AWS CodeCommit as the user" },
  "service-specific credential": { event: "CreateServiceSpecificCredential", use: "its owner accesses the service as the user" },
  "signing certificate": { event: "UploadSigningCertificate", use: "its owner signs SOAP requests as the user" },
} as const;

type Items = Promise<Reading<readonly { readonly id?: string | undefined; readonly since?: Date | undefined }[]>>;

function credentialsOf(iam: IamReader, UserName: string): Readonly<Record<keyof typeof CREDENTIALS, Items>> {
  const user = { UserName };
  return {
    "login profile": iam.list("iam:GetLoginProfile", user, ({ LoginProfile }) => [
      { id: UserName, since: LoginProfile?.CreateDate },
    ]),
    "MFA device": iam.list("iam:ListMFADevices", user, ({ MFADevices }) =>
      MFADevices?.map(({ SerialNumber: id, EnableDate: since }) => ({ id, since })),
    ),
    "SSH key": iam.list("iam:ListSSHPublicKeys", user, ({ SSHPublicKeys }) =>
      SSHPublicKeys?.map(({ SSHPublicKeyId: id, UploadDate: since }) => ({ id, since })),
    ),
    "service-specific credential": iam.list("iam:ListServiceSpecificCredentials", user, ({ ServiceSpecificCredentials }) =>
      ServiceSpecificCredentials?.map(({ ServiceSpecificCredentialId: id, CreateDate: since }) => ({ id, since })),
    ),
    "signing certificate": iam.list("iam:ListSigningCertificates", user, ({ Certificates }) =>
      Certificates?.map(({ CertificateId: id, UploadDate: since }) => ({ id, since })),
    ),
  };
}

function credentialParts(iam: IamReader, name: string): readonly Promise<Findings>[] {
  return Object.entries(credentialsOf(iam, name)).map(([kind, reading]) => {
    const texts = CREDENTIALS[kind as keyof typeof CREDENTIALS];
    return part(`its ${kind}s`, reading, (items) =>
      items.map(({ id = "", since }) => ({ rule: "credential-unmanaged", values: { kind, id, since: day(since), ...texts } })),
    );
  });
}

/** The parts of an object that IAM lists or returns with calls of their own. */
function parts(
  context: Compared,
  expected: ExpectedObject,
  uses: Promise<Reading<readonly string[]>>,
): readonly Promise<Findings>[] {
  const { iam } = context;
  const { kind, name, users } = expected;
  const found = [documentPart(context, expected)];
  if (kind !== "policy") {
    const { attached = only(), inline = "", isDkpRole } = expected;
    const setting = kind === "role" && isDkpRole !== true ? "nodeRole.managedPolicyArns" : undefined;
    found.push(listPart(context, { ...ATTACHED[kind], setting }, iam.attached(kind, name), attached));
    found.push(listPart(context, INLINE[kind], iam.inline(kind, name), only(inline)));
  }
  if (users !== undefined) {
    found.push(listPart(context, kind === "group" ? MEMBERS : PRINCIPALS, uses, only(...users)));
  }
  if (kind === "user") {
    found.push(listPart(context, GROUPS, iam.groups(name), expected.groups ?? only()));
    found.push(part("its access keys", iam.keys(name), (keys = []) => keyFindings(context, keys)));
    found.push(...credentialParts(iam, name));
  }
  return found;
}

function keyFindings({ settings: { stack }, managed: { keys: managed } }: Compared, keys: readonly IamKey[]): Findings {
  if (typeof managed === "number") {
    const values = { ids: keys.map(({ id }) => id), count: keys.length, expected: managed, stack };
    return keys.length > managed ? [{ rule: "access-keys-too-many", values }] : [];
  }
  return keys
    .filter(({ id }) => managed?.includes(id) === false)
    .map(({ id, status, created }) => ({
      rule: "access-key-unmanaged",
      field: "accessKeys",
      values: { id, status, since: day(created), stack },
    }));
}

/** The document of a policy, or of the inline policy of a role. Former versions of a policy are Terraform's own and grant nothing. */
async function documentPart({ iam }: Compared, expected: ExpectedObject): Promise<Findings> {
  const { name, arn, inline: id = "", documents = [], isDkpRole } = expected;
  const compare = (document: StoredDocument | undefined, found: (actions: readonly string[]) => DriftFound): Findings => {
    const actions = actionsBeyond(document ?? {}, documents.flatMap(actionsOf));
    // DKP of another version writes fewer actions.
    const isSame = documents.some((own) => sameDocument(document ?? {}, own)) || (isDkpRole === true && actions.length === 0);
    return document === undefined || isSame ? [] : [found(actions)];
  };
  if (arn !== undefined) {
    return part("its default version", iam.managedPolicy(arn), (version) =>
      compare(version?.document, (actions) => ({
        rule: "policy-document-differs",
        values: { version: version?.id ?? "", since: day(version?.created), actions },
      })),
    );
  }
  const [rule, setting] = isDkpRole
    ? (["dkp-role-document-differs", "cluster.additionalRolePolicies"] as const)
    : (["role-document-differs", "nodeRole.additionalActions"] as const);
  const compared = (document: StoredDocument | undefined) =>
    compare(document, (actions) => ({ rule, field: setting, values: { id, actions, setting } }));
  return id === "" ? [] : part(`its inline policy ${id}`, iam.rolePolicy(name, id), compared);
}

/** The boundary of a user or role, and the trust policy of a role. */
function ownFindings(existing: ExistingObject, { kind, boundary: boundaries, isDkpRole }: ExpectedObject): Findings {
  const findings: DriftFound[] = [];
  const boundary = existing.PermissionsBoundary?.PermissionsBoundaryArn ?? "";
  if (boundaries?.managed.includes(boundary) === false) {
    const setting = `${kind === "role" ? "nodeRole" : kind}.permissionsBoundary`;
    const values = { boundary: boundary || "none", managed: boundaries.managed[0] || "none", setting };
    findings.push({ rule: "boundary-differs", field: setting, values });
  }
  const trust = storedDocument(existing.AssumeRolePolicyDocument);
  if (kind === "role" && !sameDocument(trust, NODE_TRUST)) {
    const rule = isDkpRole === true ? "dkp-role-trust-differs" : "trust-differs";
    findings.push({ rule, values: { trust: JSON.stringify(trust.Statement) } });
  }
  return findings;
}

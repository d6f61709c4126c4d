import { NODE_TRUST } from "../../../iam/node-role-permissions";
import type { Deployment } from "../../../settings/deployment";
import type { Found } from "../../findings/finding";
import { DENY_POLICY } from "../../iam/leaked-key";
import {
  type ExistingObject,
  type IamKey,
  type IamReader,
  mapReading,
  type Reading,
  type StoredDocument,
  storedDocument,
} from "../aws/iam-reader";
import { type DeploymentFacts, day, ownerFindings, ownershipOf } from "../ownership";
import { actionsBeyond, actionsOf, isOwnDenial, sameDocument } from "./document";
import type { DriftRules } from "./drift-rules";
import type { ExpectedObject, Links, Managed } from "./managed-attributes";

export type DriftFound = Found<DriftRules>;
type Findings = readonly DriftFound[];

/** What drift compares. */
interface Compared {
  readonly settings: Deployment;
  readonly managed: Managed;
  readonly state: DeploymentFacts["state"];
  readonly iam: IamReader;
}

/** What the objects of a deployment have besides what is managed, and what they lack of it; the user first. */
export async function objectsDrift(compared: Compared): Promise<Findings> {
  return (await Promise.all(compared.managed.objects.map((object) => objectDrift(compared, object)))).flat();
}

/** The findings about an object and its parts. */
async function objectDrift(context: Compared, expected: ExpectedObject): Promise<Findings> {
  const { kind, name, arn: id = name } = expected;
  const uses = context.iam.uses(kind, id);
  const read = [context.iam.object(kind, id), uses, ...parts(context, expected, uses)] as const;
  const [existing, readUses, ...found] = await Promise.all(read);
  const findings = "unread" in existing ? [unread(existing.unread)] : wholeFindings(context, expected, existing.value, readUses);
  // An object that IAM does not have has no parts, and those of another deployment's are not ours to report.
  const isAlone = findings.some(({ rule }) => ["object-missing", "object-absent", "object-of-another"].includes(rule));
  return [...findings, ...(isAlone ? [] : found.flat())].map((each) => ({ object: `${kind} ${name}`, ...each }));
}

/** Whether an object is there, whose it is, and what it has of its own. */
function wholeFindings(
  { settings, state }: Compared,
  expected: ExpectedObject,
  existing: ExistingObject | undefined,
  uses: Reading<readonly string[]>,
): Findings {
  const { kind, name, inState, isDkpRole } = expected;
  const { stack } = settings;
  if (existing === undefined) {
    return [{ rule: inState ? "object-missing" : "object-absent", values: { stack } }];
  }
  // Without a state nothing shows what is managed: that is a finding of its own. Whose the role of DKP is, is no question.
  if (inState || state === undefined || isDkpRole === true) {
    return ownFindings(existing, expected);
  }
  const values = {
    stack,
    since: day(existing.CreateDate),
    setting: kind === "role" ? "nodeRole" : kind,
    path: undefined,
  } as const;
  const owner = ownerFindings(ownershipOf({ kind, name }, uses, { settings, state }), values);
  return owner.some(({ rule }) => rule === "object-of-another") ? owner : [...owner, ...ownFindings(existing, expected)];
}

const unread = (reason: string): DriftFound => ({ rule: "part-unread", values: { reason } });

/** A part of an object: its findings, or that it cannot be read. */
async function part<T>(reading: Promise<Reading<T>>, compare: (value: T) => Findings): Promise<Findings> {
  const read = await reading;
  return "value" in read ? compare(read.value) : [unread(read.unread)];
}

/** A list of an object, and the rules of its items. */
interface List {
  /** Of an item that neither the settings nor the state have. */
  readonly rule:
    | `${"" | "role-"}${"" | "inline-"}policy-unmanaged`
    | "membership-unmanaged"
    | "member-unmanaged"
    | "principal-unmanaged";
  /** The event in CloudTrail that created an item. */
  readonly event: (id: string) => string;
  /** The setting that can describe it, if there is one. */
  readonly setting?: string | undefined;
  /** Of an item that the state has and IAM does not. */
  readonly missing?: "attachment-missing" | "membership-missing";
}

function listPart(
  { rule, event, setting, missing }: List,
  reading: Promise<Reading<readonly string[]>>,
  { managed, inState }: Links,
): Promise<Findings> {
  const unmanaged = (id: string): DriftFound => {
    const values = { id, event: event(id), setting };
    return { rule, field: setting, values };
  };
  return part(reading, (items) => [
    ...items.filter((id) => !managed.includes(id)).map(unmanaged),
    ...managed.flatMap((id): Findings => {
      const rule = inState.includes(id) ? missing : missing && "link-absent";
      return rule === undefined || items.includes(id) ? [] : [{ rule, values: { id } }];
    }),
  ]);
}

/** What is managed and can be missing only with its object. */
const only = (...managed: readonly string[]): Links => ({ managed, inState: [] });

/** Credentials besides access keys, of which Terraform manages none, by kind and event in CloudTrail. */
function credentialParts(iam: IamReader, UserName: string): readonly Promise<Findings>[] {
  type Items = Promise<Reading<readonly (readonly [id?: string, since?: Date])[]>>;
  const credentials = (kind: string, event: string, reading: Items) =>
    part(reading, (items) =>
      items.map(([id = "", since]) => ({ rule: "credential-unmanaged", values: { kind, event, id, since: day(since) } })),
    );
  const user = { UserName };
  const password = iam.list("iam:GetLoginProfile", user, ({ LoginProfile }) => [[UserName, LoginProfile?.CreateDate] as const]);
  const devices = iam.list("iam:ListMFADevices", user, ({ MFADevices }) =>
    MFADevices?.map(({ SerialNumber, EnableDate }) => [SerialNumber, EnableDate] as const),
  );
  const sshKeys = iam.list("iam:ListSSHPublicKeys", user, ({ SSHPublicKeys }) =>
    SSHPublicKeys?.map(({ SSHPublicKeyId, UploadDate }) => [SSHPublicKeyId, UploadDate] as const),
  );
  const specific = iam.list("iam:ListServiceSpecificCredentials", user, ({ ServiceSpecificCredentials }) =>
    ServiceSpecificCredentials?.map(
      ({ ServiceSpecificCredentialId, CreateDate }) => [ServiceSpecificCredentialId, CreateDate] as const,
    ),
  );
  const certificates = iam.list("iam:ListSigningCertificates", user, ({ Certificates }) =>
    Certificates?.map(({ CertificateId, UploadDate }) => [CertificateId, UploadDate] as const),
  );
  return [
    credentials("login profile", "CreateLoginProfile", password),
    credentials("MFA device", "EnableMFADevice", devices),
    credentials("SSH key", "UploadSSHPublicKey", sshKeys),
    credentials("service-specific credential", "CreateServiceSpecificCredential", specific),
    credentials("signing certificate", "UploadSigningCertificate", certificates),
  ];
}

const capital = (word: string) => `${word[0]?.toUpperCase()}${word.slice(1)}`;

/** The inline policy with which the steps after a leak deny sessions, if the user has it and it does nothing else. */
async function ownDenials(iam: IamReader, user: string): Promise<readonly string[]> {
  const document = await iam.inlinePolicy("user", user, DENY_POLICY);
  return "value" in document && document.value !== undefined && isOwnDenial(document.value) ? [DENY_POLICY] : [];
}

/** The parts of an object that IAM lists or returns with calls of their own. */
function parts(
  context: Compared,
  expected: ExpectedObject,
  uses: Promise<Reading<readonly string[]>>,
): readonly Promise<Findings>[] {
  const { iam } = context;
  const { kind, name, users, attached = only(), inline = "", isDkpRole } = expected;
  const found = [documentPart(context, expected)];
  const add = (list: List, reading: Promise<Reading<readonly string[]>>, links: Links) =>
    found.push(listPart(list, reading, links));
  if (kind !== "policy") {
    const ofRole = kind === "role" ? "role-" : "";
    const setting = kind === "role" && isDkpRole !== true ? "nodeRole.managedPolicyArns" : undefined;
    const policies = { rule: `${ofRole}policy-unmanaged`, event: () => `Attach${capital(kind)}Policy`, setting } as const;
    add({ ...policies, missing: "attachment-missing" }, iam.attached(kind, name), attached);
    const event = () => `Put${capital(kind)}Policy`;
    const denials = kind === "user" ? ownDenials(iam, name) : Promise.resolve([]);
    found.push(denials.then((own) => own.map((id) => ({ rule: "own-denial", values: { id } }))));
    const others = Promise.all([iam.inline(kind, name), denials]).then(([names, own]) =>
      mapReading(names, (all) => all.filter((id) => !own.includes(id))),
    );
    add({ rule: `${ofRole}inline-policy-unmanaged`, event }, others, only(inline));
  }
  if (users !== undefined) {
    const members: List = { rule: "member-unmanaged", event: () => "AddUserToGroup" };
    const attached = (id: string) => `Attach${capital(id.split(" ")[0] ?? "")}Policy`;
    const principals: List = { rule: "principal-unmanaged", event: attached, setting: "policy.name" };
    const [list, reading] = kind === "group" ? ([members, iam.members(name)] as const) : ([principals, uses] as const);
    add(list, reading, only(...users));
  }
  if (kind === "user") {
    const groups: List = { rule: "membership-unmanaged", event: () => "AddUserToGroup", missing: "membership-missing" };
    add(groups, iam.groups(name), expected.groups ?? only());
    found.push(part(iam.keys(name), (keys = []) => keyFindings(context, keys)));
    found.push(...credentialParts(iam, name));
  }
  return found;
}

function keyFindings({ settings: { stack }, managed }: Compared, keys: readonly IamKey[]): Findings {
  return keys
    .filter(({ id }) => managed.keys?.includes(id) === false)
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
    return part(iam.managedPolicy(arn), (version) =>
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
  return id === "" ? [] : part(iam.inlinePolicy("role", name, id), compared);
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

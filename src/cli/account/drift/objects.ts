import { NODE_TRUST } from "../../../iam/node-role-permissions";
import type { Deployment } from "../../../settings/deployment";
import type { Found } from "../../findings/finding";
import { DENY_POLICY } from "../../iam/leaked-key";
import { PROGRAM } from "../../text/advice";
import { CALL_REMEDIES, type CallError, callErrorOf } from "../aws/call-errors";
import { type ExistingObject, type IamReader, mapReading, type Reading, storedDocument, TYPES } from "../aws/iam-reader";
import type { AwsError } from "../aws/operations";
import { managedObjects } from "../managed-objects";
import { type DeploymentFacts, day, ownerFindings } from "../ownership";
import { actionsBeyond, actionsOf, isOwnDenial, sameDocument } from "./document";
import type { DriftRules } from "./drift-rules";
import type { ExpectedObject } from "./managed-attributes";

export type DriftFound = Found<DriftRules>;
type Findings = readonly DriftFound[];

/** What drift compares. */
interface Compared {
  readonly settings: Deployment;
  readonly objects: readonly ExpectedObject[];
  readonly state: DeploymentFacts["state"];
  readonly iam: IamReader;
}

/** What the objects of a deployment have besides what is managed; the user first. */
export async function objectsDrift(compared: Compared): Promise<Findings> {
  return (await Promise.all(compared.objects.map((object) => objectDrift(compared, object)))).flat();
}

/** The findings about an object and its parts. */
async function objectDrift(compared: Compared, expected: ExpectedObject): Promise<Findings> {
  const { iam } = compared;
  const { kind, name, arn: id = name } = expected;
  const [existing, uses] = await Promise.all([iam.object(kind, id), iam.uses(kind, id)]);
  const whole = findingsOf(existing, (object) => wholeFindings(compared, expected, object, uses));
  // An object that IAM does not have has no parts, and those of another deployment's are not ours to report.
  const isAlone = whole.some(({ rule }) => ["object-absent", "object-of-another"].includes(rule));
  if (isAlone) {
    return whole.map((each) => ({ object: `${kind} ${name}`, ...each }));
  }
  const parts = await Promise.all([
    documentFindings(iam, expected),
    ...PARTS[kind].map(async (part) => findingsOf(await part.read(iam, id), (items) => partFindings(part, items, expected))),
    ...(kind === "user" ? [keyFindings(compared, expected)] : []),
  ]);
  const found = [...whole, ...parts.flat()];
  return found.map((each) => ({ object: `${kind} ${name}`, ...each }));
}

/** The findings about what was read, or that it cannot be read. */
function findingsOf<T>(read: Reading<T>, compare: (value: T) => Findings): Findings {
  return "value" in read
    ? compare(read.value)
    : [{ rule: "part-unread", values: { reason: read.unread, remedy: remedyOf(read) } }];
}

const REMEDIES: Readonly<Record<CallError, string>> = {
  ...CALL_REMEDIES,
  "call-denied": `allow what ${PROGRAM} drift --policy prints`,
};

/** What a person does about what cannot be read. */
function remedyOf({ error }: { readonly error?: AwsError | undefined }): string {
  return REMEDIES[error === undefined ? "call-failed" : callErrorOf(error)];
}

/** Whether an object is there, whose it is, and what it has of its own. */
function wholeFindings(
  { settings, state }: Compared,
  expected: ExpectedObject,
  existing: ExistingObject | undefined,
  uses: Reading<readonly string[]>,
): Findings {
  if (existing === undefined) {
    return [{ rule: "object-absent", values: {} }];
  }
  // Without a state nothing shows what is managed: that is a finding of its own. Whose the role of DKP is, is no question.
  if (expected.inState || state === undefined || expected.isDkpRole === true) {
    return ownFindings(existing, expected);
  }
  const described = managedObjects(settings).filter(({ kind }) => kind === expected.kind);
  // A state that lost its user can show another name of it.
  const object =
    described.find(({ name }) => name === expected.name) ?? described.map((own) => ({ ...own, name: expected.name }))[0];
  const owner = object === undefined ? [] : ownerFindings(object, existing, uses, { settings, state });
  return owner.some(({ rule }) => rule === "object-of-another") ? owner : [...owner, ...ownFindings(existing, expected)];
}

/** What an object can have any number of. */
interface Part {
  /** Of an item that neither the settings nor the state have. */
  readonly rule: `${"" | "role-"}permissions-unmanaged` | "principal-unmanaged" | "credential-unmanaged" | "own-denial";
  /** What an item is. */
  readonly part: string;
  /** The event in CloudTrail that added an item. */
  readonly event: string;
  /** The setting that can describe it, if there is one. */
  readonly setting?: string;
  /** @param id the ARN of a policy, else the name of the object */
  readonly read: (iam: IamReader, id: string) => Promise<Reading<readonly string[]>>;
}

/** The policies of an object. */
const policiesOf = (kind: "user" | "role", rule: Part["rule"]): readonly [attached: Part, inline: Part] => [
  { rule, part: "attached policy", event: `Attach${TYPES[kind]}Policy`, read: (iam, name) => iam.attached(kind, name) },
  { rule, part: "inline policy", event: `Put${TYPES[kind]}Policy`, read: (iam, name) => iam.inline(kind, name) },
];
const [ofUser, inlineOfUser] = policiesOf("user", "permissions-unmanaged");
const [ofRole, inlineOfRole] = policiesOf("role", "role-permissions-unmanaged");

/** What uses an object, by the setting that names the object. */
const principal = (setting: string, event: string, read: Part["read"]): Part => ({
  rule: "principal-unmanaged",
  part: "principal",
  event,
  setting,
  read,
});

/** The parts of each kind of object. Of credentials besides access keys, Terraform manages none. */
const PARTS: Readonly<Record<ExpectedObject["kind"], readonly Part[]>> = {
  user: [
    ofUser,
    { ...inlineOfUser, read: inlineBesidesDenials },
    { rule: "own-denial", part: "inline policy", event: "PutUserPolicy", read: ownDenials },
    {
      rule: "permissions-unmanaged",
      part: "membership of the group",
      event: "AddUserToGroup",
      read: (iam, name) => iam.groups(name),
    },
    {
      rule: "credential-unmanaged",
      part: "login profile",
      event: "CreateLoginProfile",
      read: (iam, UserName) => iam.list("iam:GetLoginProfile", { UserName }, () => [UserName]),
    },
    {
      rule: "credential-unmanaged",
      part: "service-specific credential",
      event: "CreateServiceSpecificCredential",
      read: (iam, UserName) =>
        iam.list("iam:ListServiceSpecificCredentials", { UserName }, ({ ServiceSpecificCredentials }) =>
          ServiceSpecificCredentials?.map(({ ServiceSpecificCredentialId = "" }) => ServiceSpecificCredentialId),
        ),
    },
  ],
  policy: [
    principal("policy.name", "AttachUserPolicy, AttachGroupPolicy or AttachRolePolicy", (iam, arn) => iam.uses("policy", arn)),
  ],
  role: [{ ...ofRole, setting: "nodeRole.managedPolicyArns" }, inlineOfRole],
};

/** The items of a part that are not managed. */
function partFindings({ rule, part, event, ...row }: Part, items: readonly string[], expected: ExpectedObject): Findings {
  const setting = expected.isDkpRole === true ? undefined : row.setting;
  const unmanaged = items.filter((id) => expected.parts[part]?.includes(id) !== true);
  return unmanaged.map((id): DriftFound => {
    const values = { part, id, event, setting };
    return { rule, field: setting, values };
  });
}

/** The inline policy with which the steps after a leak deny sessions, if the user has it and it does nothing else. */
async function ownDenials(iam: IamReader, user: string): Promise<Reading<readonly string[]>> {
  const denial = await iam.inlinePolicy("user", user, DENY_POLICY);
  return mapReading(denial, (document) => (document !== undefined && isOwnDenial(document) ? [DENY_POLICY] : []));
}

async function inlineBesidesDenials(iam: IamReader, user: string): Promise<Reading<readonly string[]>> {
  const [names, denials] = await Promise.all([iam.inline("user", user), ownDenials(iam, user)]);
  const own = "value" in denials ? denials.value : [];
  return mapReading(names, (all) => all.filter((name) => !own.includes(name)));
}

async function keyFindings({ settings: { stack }, iam }: Compared, { name, keys: managed }: ExpectedObject): Promise<Findings> {
  return findingsOf(await iam.keys(name), (keys = []) =>
    keys
      .filter(({ id }) => managed?.includes(id) === false)
      .map(({ id, status, created }) => ({
        rule: "access-key-unmanaged",
        field: "accessKeys",
        values: { id, status, since: day(created), stack },
      })),
  );
}

/** The document of a policy, or of the inline policy of a role. Former versions of a policy are Terraform's own and grant nothing. */
async function documentFindings(iam: IamReader, expected: ExpectedObject): Promise<Findings> {
  const { name, arn, parts, documents = [], isDkpRole } = expected;
  if (documents.length === 0) {
    return [];
  }
  const [inline = ""] = parts["inline policy"] ?? [];
  const setting = isDkpRole === true ? "cluster.additionalRolePolicies" : "nodeRole.additionalActions";
  const [values, read] =
    arn === undefined
      ? [{ part: `inline policy ${inline}`, event: "PutRolePolicy", setting }, await iam.inlinePolicy("role", name, inline)]
      : [
          { part: "default version", event: "CreatePolicyVersion or SetDefaultPolicyVersion" },
          mapReading(await iam.managedPolicy(arn), (version) => version?.document),
        ];
  return findingsOf(read, (document) => {
    const actions = actionsBeyond(document ?? {}, documents.flatMap(actionsOf));
    // DKP of another version writes fewer actions.
    const isSame = documents.some((own) => sameDocument(document ?? {}, own)) || (isDkpRole === true && actions.length === 0);
    return document === undefined || isSame
      ? []
      : [{ rule: "document-differs", field: values.setting, values: { ...values, actions } }];
  });
}

/** The boundary of a user or role, and the trust policy of a role. */
function ownFindings(existing: ExistingObject, { kind, boundary: boundaries }: ExpectedObject): Findings {
  const findings: DriftFound[] = [];
  const boundary = existing.PermissionsBoundary?.PermissionsBoundaryArn ?? "";
  if (boundaries?.includes(boundary) === false) {
    const setting = `${kind === "role" ? "nodeRole" : kind}.permissionsBoundary`;
    const values = { boundary: boundary || "none", managed: boundaries[0] || "none", setting };
    findings.push({ rule: "boundary-differs", field: setting, values });
  }
  const trust = storedDocument(existing.AssumeRolePolicyDocument);
  if (kind === "role" && !sameDocument(trust, NODE_TRUST)) {
    findings.push({ rule: "trust-differs", values: { trust: JSON.stringify(trust.Statement) } });
  }
  return findings;
}

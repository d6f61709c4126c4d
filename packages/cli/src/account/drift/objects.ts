import { nodeRoleName } from "../../../../../src/iam/cluster";
import { NODE_TRUST, nodePolicy } from "../../../../../src/iam/node-role-permissions";
import type { Deployment } from "../../../../../src/settings/deployment";
import { ADDRESSES, policyOfAddress } from "../../../../../src/terraform/addresses";
import { grouped } from "../../../../../src/text/grouped";
import { DENY_POLICY } from "../../iam/leaked-key";
import { allIn, type StateContents } from "../../terraform/state-file";
import { counted } from "../../text/markdown";
import { callErrorOf } from "../aws/call-errors";
import {
  type ExistingObject,
  type IamReader,
  type Reading,
  type StoredDocument,
  storedDocument,
  type Unread,
} from "../aws/iam-reader";
import {
  type DescribedThing,
  type Inventory,
  inventoryOfSettings,
  inventoryOfState,
  type Link,
  type Thing,
  title,
} from "../inventory";
import { PREFLIGHT_RULES } from "../preflight/preflight-rules";
import { isQuarantine } from "../quarantine";
import { day, othersAmong, unmanagedFindings } from "../unmanaged-objects";
import { actionsBeyond, actionsOf, deniedActions, isOwnDenial, sameDocument } from "./document";
import {
  type DriftFound,
  type Findings,
  GROUP_POLICIES,
  PARTS,
  type Part,
  type PolicyPart,
  USER_POLICIES,
} from "./kinds";

interface Compared {
  readonly settings: Deployment;
  readonly described: Inventory<DescribedThing>;
  readonly state: Inventory | undefined;
  /**
   * IDs of the managed access keys; undefined if nothing shows them, or if they are managed outside
   * Terraform.
   */
  readonly keys: readonly string[] | undefined;
  /** Whether what `rotate` says of the keys is reported. */
  readonly areKeysJudged: boolean;
  readonly iam: IamReader;
}

interface Expected extends Pick<Thing, "kind" | "name"> {
  /** The ARN of a policy, else the name. */
  readonly id: string;
  /** In state and settings; none for the role of DKP. */
  readonly things: readonly Thing[];
  readonly links: readonly Link[];
  /** Set for the role `<prefix>-node`, which no deployment's Terraform manages. */
  readonly dkpRole?: "role of DKP";
}

/**
 * Compares the objects of a deployment with the account; the user first.
 * @param account 12 digits
 */
export async function objectsDrift(
  settings: Deployment,
  account: string,
  contents: Pick<StateContents, "resources"> | undefined,
  iam: IamReader,
  areKeysJudged: boolean,
): Promise<Findings> {
  const described = inventoryOfSettings(settings, account);
  const state = contents && inventoryOfState(allIn(contents.resources));
  const isManaged = settings.accessKeys.managedBy === "terraform" || state?.keys.length !== 0;
  const keys = isManaged ? state?.keys : undefined;
  const compared = { settings, described, state, keys, areKeysJudged, iam };
  return (
    await Promise.all(expectedObjects(compared).map((expected) => objectDrift(compared, expected)))
  ).flat();
}

/**
 * Stands for the address of the inline policy of DKP's role, which no Terraform of a deployment
 * manages.
 */
const DKP_POLICY = "";

function expectedObjects({ settings, described, state }: Compared): readonly Expected[] {
  const things = [...(state?.things ?? []), ...described.things].filter(isOfDeployment);
  const links = [...(state?.links ?? []), ...described.links];
  const expected: Expected[] = [];
  const add = (object: Omit<Expected, "links">, more: readonly Link[] = []) =>
    expected.push({
      ...object,
      links: [...links.filter(({ of }) => of === title(object)), ...more],
    });
  const user = state?.user ?? settings.user.name;
  add({
    kind: "user",
    name: user,
    id: user,
    things: things.filter(({ kind }) => kind === "user"),
  });
  const others = things.filter(({ kind }) => kind !== "user");
  for (const [id, same] of grouped(others, ({ kind, arn, name }) =>
    kind === "policy" ? arn : name,
  )) {
    for (const { kind, name } of same.slice(0, 1)) {
      add({ kind, name, id, things: same });
    }
  }
  const { prefix } = settings.cluster;
  if (prefix !== undefined) {
    const name = nodeRoleName(prefix);
    const document = { ...nodePolicy(settings.additionalRolePolicies) };
    add({ kind: "role", name, id: name, things: [], dkpRole: "role of DKP" }, [
      { address: DKP_POLICY, of: `role ${name}`, to: name, document },
    ]);
  }
  return expected;
}

/** A program can add resources at other addresses, which are managed and not compared. */
const isOfDeployment = ({ address }: Thing): boolean =>
  address === ADDRESSES.user ||
  address === ADDRESSES.nodeRole ||
  policyOfAddress(address)?.what === "policy";

async function objectDrift(compared: Compared, expected: Expected): Promise<Findings> {
  const { iam } = compared;
  const { kind, id } = expected;
  const [existing, uses] = await Promise.all([iam.object(kind, id), iam.uses(kind, id)]);
  const found = [
    ...(await findingsOf(existing, (object) => wholeFindings(compared, expected, object, uses))),
  ];
  // An object that IAM does not have has no parts. The parts of a shared object may belong to its
  // other users.
  if (found.every(({ rule }) => rule !== "object-absent" && rule !== "object-shared")) {
    const isUser = kind === "user";
    const parts = [
      ...(isUser
        ? [
            userPolicies(compared, expected),
            detachedPolicies(compared, expected),
            groups(compared, expected),
          ]
        : [documentFindings(iam, expected)]),
      ...PARTS[kind].map((part) => partDrift(compared, expected, part)),
      ...(isUser ? [keyFindings(compared, expected)] : []),
    ];
    found.push(...(await Promise.all(parts)).flat());
  }
  return found.map((each) => ({ object: title(expected), ...each }));
}

async function findingsOf<T>(
  read: Reading<T>,
  compare: (value: T) => Findings | Promise<Findings>,
): Promise<Findings> {
  return "value" in read ? await compare(read.value) : [unread(read)];
}

function unread({ unread: reason, error }: Unread): DriftFound {
  const { templates } = PREFLIGHT_RULES[error === undefined ? "call-failed" : callErrorOf(error)];
  const { remedy = "" } = templates;
  return { rule: "part-unread", values: { reason, remedy } };
}

function wholeFindings(
  { settings, described, state }: Compared,
  expected: Expected,
  existing: ExistingObject | undefined,
  uses: Reading<readonly string[]>,
): Findings {
  if (existing === undefined) {
    return [{ rule: "object-absent", values: {} }];
  }
  const { kind, name, dkpRole } = expected;
  const own = ownFindings(existing, expected);
  if (state === undefined || dkpRole !== undefined) {
    return own;
  }
  const same = described.things.filter((thing) => thing.kind === kind);
  // A state that lost its user can show another name of it.
  const object = same.find((thing) => thing.name === name) ?? same[0];
  const facts = { settings, described, state };
  return object === undefined
    ? own
    : [...unmanagedFindings({ ...object, name }, existing, uses, facts), ...own];
}

async function partDrift(compared: Compared, expected: Expected, part: Part): Promise<Findings> {
  return findingsOf(await part.list(compared.iam, expected.id), (items) =>
    unmanagedAmong(items, compared, expected).map((id) => partFinding(part, id, expected)),
  );
}

function unmanagedAmong(
  items: readonly string[],
  { settings, described, state }: Compared,
  expected: Expected,
) {
  const inventories = state === undefined ? [described] : [described, state];
  return expected.kind === "policy"
    ? othersAmong(items, settings, inventories)
    : items.filter((item) => expected.links.every(({ to }) => to !== item));
}

function partFinding(
  { rule, part, event, setting }: Part,
  id: string,
  { dkpRole }: Expected,
): DriftFound {
  const field = dkpRole === undefined ? setting : undefined;
  const values = { part, id, event, setting: field };
  return { rule, field, values };
}

/** What the unmanaged policies of the user give to a key, and what they deny to it. */
function userPolicies(compared: Compared, expected: Expected): Promise<Findings> {
  const unmanaged = (items: readonly string[]) => unmanagedAmong(items, compared, expected);
  return eachPolicy(compared.iam, USER_POLICIES, expected.name, unmanaged, (part, id, document) => {
    if (isQuarantine(id)) {
      return [{ rule: "quarantined", values: { id } }];
    }
    if (id === DENY_POLICY && isOwnDenial(document)) {
      return [{ rule: "own-denial", values: { id } }];
    }
    const denials = denialFindings(compared, part, id, document);
    const isDenial = denials.length > 0 && actionsBeyond(document, []).length === 0;
    return isDenial ? denials : [partFinding(part, id, expected), ...denials];
  });
}

/** Policies of the state that somebody detached from the user: its keys lack their permissions. */
async function detachedPolicies({ state, iam }: Compared, expected: Expected): Promise<Findings> {
  const links = state?.links.filter(
    ({ address, of }) =>
      policyOfAddress(address)?.what === "userAttachment" && of === title(expected),
  );
  const read = await iam.attached("user", expected.name);
  const attached = "value" in read ? read.value : links?.map(({ to }) => to);
  return (links ?? [])
    .filter(({ to }) => attached?.includes(to) === false)
    .map(({ to: id }) => ({ rule: "permissions-absent", values: { id } }));
}

async function groups(compared: Compared, expected: Expected): Promise<Findings> {
  const { iam } = compared;
  return findingsOf(await iam.groups(expected.name), async (names) => {
    const found = names.map(async (group) => {
      const denials = await eachPolicy(
        iam,
        GROUP_POLICIES,
        group,
        (items) => items,
        (part, id, document) => denialFindings(compared, part, id, document, group),
      );
      const values = { part: "membership of the group", id: group, event: "AddUserToGroup" };
      return [{ rule: "permissions-unmanaged", values } as const, ...denials];
    });
    return (await Promise.all(found)).flat();
  });
}

async function eachPolicy(
  iam: IamReader,
  parts: readonly PolicyPart[],
  of: string,
  select: (items: readonly string[]) => readonly string[],
  compare: (part: PolicyPart, id: string, document: StoredDocument) => Findings,
): Promise<Findings> {
  const found = parts.map(async (part): Promise<Findings> => {
    const items = await part.list(iam, of);
    if ("unread" in items) {
      return [unread(items)];
    }
    const ofItems = select(items.value).map(async (id): Promise<Findings> => {
      const document = await part.document(iam, of, id);
      return "value" in document
        ? compare(part, id, document.value ?? {})
        : [...compare(part, id, {}), unread(document)];
    });
    return (await Promise.all(ofItems)).flat();
  });
  return (await Promise.all(found)).flat();
}

const NAMED = 3;

/** What a policy of the user or of one of its groups denies of the actions that DKP requires. */
function denialFindings(
  { settings }: Compared,
  { part, event }: PolicyPart,
  id: string,
  document: StoredDocument,
  group?: string,
): Findings {
  const allowed = settings.policies.flatMap(({ statements }) =>
    statements.filter(({ effect }) => effect === undefined),
  );
  const { actions, isLimited } = deniedActions(
    document,
    allowed.flatMap((statement) => statement.actions),
  );
  if (actions.length === 0) {
    return [];
  }
  const denied = [...actions.slice(0, NAMED), ...(actions.length > NAMED ? ["..."] : [])];
  const limits = isLimited ? "for some resources or requests" : undefined;
  const values = {
    group,
    part,
    id,
    event,
    count: counted(actions.length, "action"),
    denied,
    limits,
  };
  return [{ rule: "permissions-denied", values }];
}

async function keyFindings(
  { settings: { stack }, keys: managed, areKeysJudged, iam }: Compared,
  { name }: Expected,
): Promise<Findings> {
  return findingsOf(await iam.keys(name), (keys = []) =>
    keys
      .filter(({ id }) => !areKeysJudged && managed?.includes(id) === false)
      .map(({ id, status, created }) => ({
        rule: "access-key-unmanaged",
        field: "accessKeys",
        values: { id, status, since: day(created), stack },
      })),
  );
}

/**
 * The document of a policy, or of the inline policy of a role. Former versions of a policy are
 * Terraform's own and grant nothing.
 */
async function documentFindings(
  iam: IamReader,
  { kind, id, name, things, links, dkpRole }: Expected,
): Promise<Findings> {
  const inline = links.filter(
    ({ address }) => address === ADDRESSES.nodePolicy || address === DKP_POLICY,
  );
  const [{ to: inlineName = "" } = {}] = inline;
  const documents = [...things, ...inline].flatMap(({ document }) =>
    document === undefined ? [] : [document],
  );
  if (documents.length === 0) {
    return [];
  }
  const setting =
    dkpRole === undefined ? "nodeRole.additionalActions" : "cluster.additionalRolePolicies";
  const [values, read] =
    kind === "role"
      ? [
          { part: `inline policy ${inlineName}`, event: "PutRolePolicy", setting },
          await iam.inlinePolicy("role", name, inlineName),
        ]
      : [
          { part: "default version", event: "CreatePolicyVersion or SetDefaultPolicyVersion" },
          await iam.managedPolicy(id),
        ];
  const who = kind === "role" ? "each node" : "DKP";
  return findingsOf(read, (document) => {
    const actions = actionsBeyond(document ?? {}, documents.flatMap(actionsOf));
    // DKP of another version writes fewer actions.
    const isSame =
      documents.some((own) => sameDocument(document ?? {}, own)) ||
      (dkpRole !== undefined && actions.length === 0);
    return document === undefined || isSame
      ? []
      : [
          {
            rule: "document-differs",
            field: values.setting,
            values: { ...values, actions, who, dkpRole },
          },
        ];
  });
}

function ownFindings(existing: ExistingObject, { kind, things, dkpRole }: Expected): Findings {
  const findings: DriftFound[] = [];
  const boundaries = kind === "policy" ? [] : things.map((thing) => thing.boundary);
  const boundary = existing.PermissionsBoundary?.PermissionsBoundaryArn ?? "";
  if (boundaries.length > 0 && !boundaries.includes(boundary)) {
    const setting = `${kind === "role" ? "nodeRole" : kind}.permissionsBoundary`;
    const managed = boundaries[0] || "none";
    const limit = managed === "none" ? { limited: kind, limit: boundary } : { other: boundary };
    const values = boundary === "" ? { boundary: "none", unlimited: kind } : { boundary, ...limit };
    findings.push({
      rule: "boundary-differs",
      field: setting,
      values: { ...values, managed, setting },
    });
  }
  const trust = storedDocument(existing.AssumeRolePolicyDocument);
  if (kind === "role" && !sameDocument(trust, NODE_TRUST)) {
    findings.push({
      rule: "trust-differs",
      values: { trust: JSON.stringify(trust.Statement), dkpRole },
    });
  }
  return findings;
}

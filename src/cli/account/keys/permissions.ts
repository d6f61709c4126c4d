import { matchesAction } from "../../../iam/action-patterns";
import { requiredStatements } from "../../../iam/policy-statements";
import { type Deployment, policyOptionsOf } from "../../../settings/deployment";
import { ADDRESSES, policyOfAddress } from "../../../terraform/addresses";
import { type JsonObject, listOf, objectOf, parseJson } from "../../../text/json";
import { allIn, presentAt, presentIn, type StateContents, type StateResource } from "../../terraform/state-file";
import { type IamReader, mapReading, type Reading, Readings, type StoredDocument } from "../aws/iam-reader";
import { isOwnDenial, sameDocument } from "../drift/document";
import { type Attachment, attachmentOf, describedResources } from "../drift/managed-attributes";

/** A policy on the user that Terraform does not manage, or no longer. */
interface UnmanagedPolicy {
  /** Its ARN, or the name of an inline policy. */
  readonly policy: string;
  /** The user or one of its groups, `group dkp`. */
  readonly on: string;
}

/**
 * Whether AWS attached a policy after it found a key in public: `AWSCompromisedKeyQuarantineV3`, or a former version.
 * Source: AWS Managed Policy Reference, "AWSCompromisedKeyQuarantineV3".
 */
export const isQuarantine = ({ policy }: UnmanagedPolicy) =>
  /^arn:[a-z-]+:iam::aws:policy\/AWSCompromisedKeyQuarantine/.test(policy);

export interface Permissions {
  /** Addresses of attachments that the state lacks: an apply creates them, also where IAM has them. */
  readonly lacking: readonly string[];
  /** Whether the settings import the attachment to the user, and IAM does not have it. */
  readonly isImportMissing: boolean;
  /** What IAM lacks, such as "the policy arn:... is not attached to the user deckhouse". */
  readonly lost: readonly { readonly address: string; readonly lost: string }[];
  /** What denies something. */
  readonly denials: readonly UnmanagedPolicy[];
  /** Policies of the state that the settings do not attach, and that the state has no attachment of: IAM rejects their deletion. */
  readonly unlinked: readonly UnmanagedPolicy[];
  /** What could not be read. */
  readonly unread: readonly string[];
}

/** Whether an address is that of an attachment. */
const isLink = (address: string) => policyOfAddress(address)?.what === "userAttachment";

/** What the key lacks of its permissions, and what denies some to it. */
export async function permissionsOf(
  settings: Deployment,
  { resources }: StateContents,
  account: string,
  iam: IamReader,
): Promise<Permissions> {
  const readings = new Readings();
  const described = describedResources(settings, account);
  const present = presentIn(resources);
  const user = present.find(({ address }) => address === ADDRESSES.user);
  const links = described.filter(({ address }) => isLink(address) && presentAt(resources, address) === undefined);
  const lacking = user === undefined ? [] : links;
  const [imported] =
    settings.import?.attachment === true ? links.filter(({ address }) => address === ADDRESSES.userAttachment) : [];
  const managed = [...allIn(resources), ...described].flatMap(attachmentOf);
  const required = requiredStatements(policyOptionsOf(settings)).filter(({ effect }) => effect === undefined);
  const actions = required.flatMap((statement) => statement.actions);
  const [missing, lost, unmanaged, boundary] = await Promise.all([
    imported && readings.value(lostOf(imported, iam)),
    Promise.all(
      [...present, ...lacking].map(async (resource) => {
        const wanted = described.find(({ address }) => address === resource.address);
        return { ...resource, lost: await readings.value(lostOf(resource, iam, wanted)) };
      }),
    ),
    unmanagedPolicies(settings.user.name, { managed, actions }, iam, readings),
    user && boundaryOf(user, settings, iam, readings),
  ]);
  const found = lost.flatMap(({ address, lost: reason }) => (reason === undefined ? [] : [{ address, lost: reason }]));
  const own = present.map(({ attributes }) => attributes.arn);
  const withoutDocument = ({ policy, on }: UnmanagedPolicy) => ({ policy, on });
  return {
    lacking: lacking.map(({ address }) => address),
    isImportMissing: missing !== undefined,
    lost: [...found, ...(boundary?.lost ?? [])],
    denials: [...(boundary?.denials ?? []), ...unmanaged.filter(({ denies }) => denies).map(withoutDocument)],
    unlinked: unmanaged.filter(({ policy }) => own.includes(policy)).map(withoutDocument),
    unread: readings.unread,
  };
}

/** The policies of the user and of its groups that are not managed, and whether they deny actions of DKP. */
async function unmanagedPolicies(
  user: string,
  { managed, actions }: { readonly managed: readonly Attachment[]; readonly actions: readonly string[] },
  iam: IamReader,
  readings: Readings,
) {
  const policiesOn = async ([kind, name]: readonly ["user" | "group", string]) => {
    const on = `${kind} ${name}`;
    const [attached = [], inline = []] = await Promise.all([
      readings.value(iam.attached(kind, name)),
      readings.value(iam.inline(kind, name)),
    ]);
    const documents = [
      ...attached
        .filter((arn) => !managed.some((own) => own.principal === on && own.arn === arn))
        .map(async (policy) => ({ policy, document: (await readings.value(iam.managedPolicy(policy)))?.document })),
      ...inline.map(async (policy) => ({ policy, document: await readings.value(iam.inlinePolicy(kind, name, policy)) })),
    ];
    const found = await Promise.all(documents);
    return found.map(({ policy, document = {} }) => ({ policy, on, denies: denies(document, actions) }));
  };
  const groups = (await readings.value(iam.groups(user))) ?? [];
  const principals = [["user", user] as const, ...groups.map((name) => ["group", name] as const)];
  return (await Promise.all(principals.map(policiesOn))).flat();
}

/** Whether the user lost its permissions boundary, or somebody else limits it with one that neither state nor settings have. */
async function boundaryOf(
  { address, attributes: { permissions_boundary: inState } }: StateResource,
  { user: { name, permissionsBoundary } }: Deployment,
  iam: IamReader,
  readings: Readings,
): Promise<Pick<Permissions, "lost" | "denials">> {
  const found = await readings.value(iam.object("user", name));
  const inIam = found?.PermissionsBoundary?.PermissionsBoundaryArn;
  const isGone = found !== undefined && inIam === undefined && Boolean(inState);
  const isKnown = [undefined, inState, permissionsBoundary].includes(inIam);
  return {
    lost: isGone ? [{ address, lost: `its permissions boundary ${inState} was removed` }] : [],
    denials: isKnown ? [] : [{ policy: `the permissions boundary ${inIam}`, on: `user ${name}` }],
  };
}

/** Whether a document denies some of the actions, whatever its resources and conditions. */
function denies(document: StoredDocument, actions: readonly string[]): boolean {
  const isDenying = ({ Effect, Action, NotAction }: JsonObject) => {
    const patterns = listOf(Action ?? NotAction).map((pattern) => String(pattern).toLowerCase());
    const isListed = (action: string) => patterns.some((pattern) => matchesAction(pattern, action.toLowerCase()));
    return Effect === "Deny" && actions.some((action) => isListed(action) === (NotAction === undefined));
  };
  return listOf(document.Statement).map(objectOf).some(isDenying) && !isOwnDenial(document);
}

/**
 * What IAM does not have of a resource of the state; undefined if it has it.
 * @param wanted the resource as the settings describe it: IAM can have that before the state has it
 */
async function lostOf(
  { address, attributes }: StateResource,
  iam: IamReader,
  wanted?: StateResource,
): Promise<Reading<string | undefined>> {
  const text = (name: string) => String([attributes[name] ?? ""].flat()[0] ?? "");
  const [user, arn] = ["user", "policy_arn"].map(text) as [string, string];
  const unlessListed = async (list: Promise<Reading<readonly string[]>>, item: string, lost: string) =>
    mapReading(await list, (items) => (items.includes(item) ? undefined : lost));
  switch (policyOfAddress(address)?.what ?? address) {
    case "policy":
      return mapReading(await iam.managedPolicy(text("arn")), (found) => {
        if (found === undefined) {
          return "the policy does not exist";
        }
        const documents = [text("policy"), String(wanted?.attributes.policy ?? "")];
        const isIntact = documents.some((document) =>
          sameDocument(found.document, (parseJson(document) ?? {}) as StoredDocument),
        );
        return isIntact ? undefined : `its default version ${found.id} is not the document that Terraform wrote`;
      });
    case "userAttachment":
      return unlessListed(iam.attached("user", user), arn, `the policy ${arn} is not attached to the user ${user}`);
    default:
      return { value: undefined };
  }
}

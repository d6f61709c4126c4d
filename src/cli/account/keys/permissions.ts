import type { Deployment } from "../../../settings/deployment";
import { ADDRESSES } from "../../../terraform/addresses";
import { parseJson } from "../../../text/json";
import { policyOfAddress } from "../../terraform/known-addresses";
import { allIn, presentIn, type StateContents, type StateResource } from "../../terraform/state-file";
import { listOf, objectOf } from "../../text/json";
import { type IamReader, mapReading, type Reading, type StoredDocument } from "../aws/iam-reader";
import { sameDocument } from "../drift/document";
import { describedResources } from "../drift/managed";
import { isOwnDenial } from "./leaked-key";

/** What the state has of DKP's permissions and IAM does not. */
export interface LostPermission {
  readonly address: string;
  /** Such as "the policy arn:... is not attached to the user deckhouse". */
  readonly lost: string;
}

/** A policy that denies something to the user, and that Terraform does not manage. */
export interface Denial {
  /** Its ARN, or the name of an inline policy. */
  readonly policy: string;
  /** The user or one of its groups, `group dkp`. */
  readonly on: string;
}

/**
 * Whether AWS attached a policy after it found a key in public: `AWSCompromisedKeyQuarantineV3`, or a former version.
 * Source: AWS Managed Policy Reference, "AWSCompromisedKeyQuarantineV3".
 */
export const isQuarantine = ({ policy }: Denial) => /^arn:[a-z-]+:iam::aws:policy\/AWSCompromisedKeyQuarantine/.test(policy);

export interface Permissions {
  readonly lost: readonly LostPermission[];
  readonly denials: readonly Denial[];
  /** What could not be read. */
  readonly unread: readonly string[];
}

/** Whether an address is that of an attachment or of the membership. */
const isLink = (address: string) => address === ADDRESSES.membership || policyOfAddress(address)?.what.endsWith("Attachment");

/** What the key lacks of its permissions, and what denies some to it. */
export async function permissionsOf(
  settings: Deployment,
  { resources, user }: StateContents,
  account: string,
  iam: IamReader,
): Promise<Permissions> {
  const described = describedResources(settings, account);
  const expected = [...presentIn(resources), ...(user === undefined ? [] : unmanagedLinks(described, resources))];
  const managed = [...allIn(resources), ...described].map(({ attributes }) => String(attributes.policy_arn));
  const lost = expected.map(async ({ address, ...resource }) =>
    mapReading(await lostOf({ address, ...resource }, iam), (reason) =>
      reason === undefined ? [] : [{ address, lost: reason }],
    ),
  );
  const [losses, denials] = await Promise.all([Promise.all(lost), denialsOf(settings.user.name, managed, iam)]);
  const unread = [...losses, ...denials].flatMap((reading) => ("unread" in reading ? reading.unread : []));
  return {
    lost: losses.flatMap((reading) => ("value" in reading ? reading.value : [])),
    denials: denials.flatMap((reading) => ("value" in reading ? reading.value : [])),
    unread: [...new Set(unread)],
  };
}

/** The attachments and the membership that the settings describe, and the state lost: an apply restores them. */
function unmanagedLinks(described: readonly StateResource[], resources: StateContents["resources"]): readonly StateResource[] {
  const inState = presentIn(resources).map(({ address }) => address);
  return described.filter(({ address }) => isLink(address) && !inState.includes(address));
}

type Readings<T> = readonly Reading<readonly T[]>[];

/** The policies of the user and of its groups that are not managed and deny something. */
async function denialsOf(user: string, managed: readonly string[], iam: IamReader): Promise<Readings<Denial>> {
  const groups = await iam.groups(user);
  const named = "value" in groups ? groups.value.map((name) => ["group", name] as const) : [];
  const found = await Promise.all([["user", user] as const, ...named].map((of) => denialsOn(of, managed, iam)));
  return "unread" in groups ? [groups, ...found.flat()] : found.flat();
}

async function denialsOn([kind, name]: readonly ["user" | "group", string], managed: readonly string[], iam: IamReader) {
  const [attached, inline] = await Promise.all([iam.attached(kind, name), iam.inline(kind, name)]);
  const documents = [
    ...valuesOf(attached)
      .filter((arn) => !managed.includes(arn))
      .map(async (arn) => [arn, mapReading(await iam.managedPolicy(arn), (found) => found?.document)] as const),
    ...valuesOf(inline).map(async (id) => [id, await iam.inlinePolicy(kind, name, id)] as const),
  ];
  const denials = (await Promise.all(documents)).map(([policy, document]) =>
    mapReading(document, (found) => (found !== undefined && denies(found) ? [{ policy, on: `${kind} ${name}` }] : [])),
  );
  return [mapReading(attached, () => []), mapReading(inline, () => []), ...denials];
}

const valuesOf = (reading: Reading<readonly string[]>) => ("value" in reading ? reading.value : []);

const denies = (document: StoredDocument) =>
  listOf(document.Statement).some((statement) => objectOf(statement).Effect === "Deny") && !isOwnDenial(document);

async function lostOf({ address, attributes }: StateResource, iam: IamReader): Promise<Reading<string | undefined>> {
  const text = (name: string) => String([attributes[name] ?? ""].flat()[0] ?? "");
  const [user, group, groups, arn] = ["user", "group", "groups", "policy_arn"].map(text) as [string, string, string, string];
  const unlessListed = async (list: Promise<Reading<readonly string[]>>, item: string, lost: string) =>
    mapReading(await list, (items) => (items.includes(item) ? undefined : lost));
  switch (policyOfAddress(address)?.what ?? address) {
    case "policy":
      return mapReading(await iam.managedPolicy(text("arn")), (found) => {
        if (found === undefined) {
          return "the policy does not exist";
        }
        const isIntact = sameDocument(found.document, (parseJson(text("policy")) ?? {}) as StoredDocument);
        return isIntact ? undefined : `its default version ${found.id} is not the document that Terraform wrote`;
      });
    case "userAttachment":
      return unlessListed(iam.attached("user", user), arn, `the policy ${arn} is not attached to the user ${user}`);
    case "groupAttachment":
      return unlessListed(iam.attached("group", group), arn, `the policy ${arn} is not attached to the group ${group}`);
    case ADDRESSES.membership:
      return unlessListed(iam.groups(user), groups, `the user ${user} is not in the group ${groups}`);
    case ADDRESSES.user:
      return mapReading(await iam.object("user", text("name")), (found) => {
        const boundary = found?.PermissionsBoundary?.PermissionsBoundaryArn ?? "";
        const isIntact = found === undefined || boundary === text("permissions_boundary");
        return isIntact ? undefined : `its permissions boundary is ${boundary}`;
      });
    default:
      return { value: undefined };
  }
}

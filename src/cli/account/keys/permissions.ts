import type { Deployment } from "../../../settings/deployment";
import { ADDRESSES } from "../../../terraform/addresses";
import { parseJson } from "../../../text/json";
import { policyOfAddress } from "../../terraform/known-addresses";
import type { StateContents, StateResource } from "../../terraform/state-file";
import { type IamReader, mapReading, type Reading, type StoredDocument } from "../aws/iam-reader";
import { sameDocument } from "../drift/document";
import { describedResources } from "../drift/managed";

/** What the state has of DKP's permissions and IAM does not. */
export interface LostPermission {
  readonly address: string;
  /** Such as "the policy arn:... is not attached to the user deckhouse". */
  readonly lost: string;
}

export interface Permissions {
  readonly lost: readonly LostPermission[];
  /** What could not be read. */
  readonly unread: readonly string[];
}

/** Whether an address is that of an attachment or of the membership. */
const isLink = (address: string) => address === ADDRESSES.membership || policyOfAddress(address)?.what.endsWith("Attachment");

/**
 * What the key lacks although the state has it, or the settings of an applied deployment describe it: an attachment, a membership or a
 * policy version, and a permissions boundary that is another one. An apply restores each of them.
 */
export async function lostPermissions(
  settings: Deployment,
  state: StateContents,
  account: string,
  iam: IamReader,
): Promise<Permissions> {
  const inState = new Set(state.resources.map(({ address }) => address));
  const links = describedResources(settings, account).filter(({ address }) => isLink(address) && !inState.has(address));
  const described = state.user === undefined ? [] : links;
  const lost: LostPermission[] = [];
  const unread: string[] = [];
  const read = async (resource: StateResource) => ({ resource, reading: await lostOf(resource, iam) });
  for (const { resource, reading } of await Promise.all([...state.resources, ...described].map(read))) {
    if ("unread" in reading) {
      unread.push(reading.unread);
    } else if (reading.value !== undefined) {
      lost.push({ address: resource.address, lost: reading.value });
    }
  }
  return { lost, unread };
}

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

import type { Deployment } from "../../../settings/deployment";
import { ADDRESSES } from "../../../terraform/addresses";
import { parseJson } from "../../../text/json";
import { policyOfAddress } from "../../terraform/known-addresses";
import type { StateContents, StateResource } from "../../terraform/state-file";
import { type IamReader, mapped, type Reading, type StoredDocument } from "../aws/iam-reader";
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
  const text = (name: string) => String(attributes[name] ?? "");
  const unless = (isIntact: boolean, lost: string) => (isIntact ? undefined : lost);
  const what = policyOfAddress(address)?.what;
  if (what === "policy") {
    return mapped(await iam.managedPolicy(text("arn")), (found) => {
      const inState = (parseJson(text("policy")) ?? {}) as StoredDocument;
      return found === undefined
        ? "the policy does not exist"
        : unless(
            sameDocument(found.document, inState),
            `its default version ${found.id} is not the document that Terraform wrote`,
          );
    });
  }
  if (what !== undefined) {
    const kind = what === "userAttachment" ? "user" : "group";
    const arn = text("policy_arn");
    return mapped(await iam.attached(kind, text(kind)), (arns) =>
      unless(arns.includes(arn), `the policy ${arn} is not attached to the ${kind} ${text(kind)}`),
    );
  }
  if (address === ADDRESSES.membership) {
    const [group = ""] = [attributes.groups].flat().map(String);
    return mapped(await iam.groups(text("user")), (groups) =>
      unless(groups.includes(group), `the user ${text("user")} is not in the group ${group}`),
    );
  }
  if (address === ADDRESSES.user) {
    return mapped(await iam.object("user", text("name")), (user) => {
      const boundary = user?.PermissionsBoundary?.PermissionsBoundaryArn ?? "";
      return unless(user === undefined || boundary === text("permissions_boundary"), `its permissions boundary is ${boundary}`);
    });
  }
  return { value: undefined };
}

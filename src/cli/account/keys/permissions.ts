import { policyArn } from "../../../iam/arns";
import { partitionOf } from "../../../iam/partitions";
import type { Deployment } from "../../../settings/deployment";
import { ADDRESSES, policyAddress } from "../../../terraform/addresses";
import { parseJson } from "../../../text/json";
import { policyOfAddress } from "../../terraform/known-addresses";
import type { StateContents, StateResource } from "../../terraform/state-file";
import type { IamReader, Reading, StoredDocument } from "../aws/iam-reader";
import { sameDocument } from "../drift/document";

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

/** The attachments and the membership that settings describe, as Terraform has them in a state. */
export function describedLinks(
  { attachment, user, group, policy, policies, region }: Deployment,
  account: string,
): readonly StateResource[] {
  const link = (address: string, attributes: StateResource["attributes"]) => ({ address, tainted: false, attributes });
  const links = policies.flatMap(({ number, name }) => {
    const policy_arn = policyArn({ partition: partitionOf(region), account, path: policy.path, name });
    return [
      when(attachment !== "group", link(policyAddress("userAttachment", number), { user: user.name, policy_arn })),
      when(attachment !== "user", link(policyAddress("groupAttachment", number), { group: group.name, policy_arn })),
    ].flat();
  });
  return [...links, ...when(attachment !== "user", link(ADDRESSES.membership, { user: user.name, groups: [group.name] }))];
}

const when = <T>(condition: boolean, value: T): readonly T[] => (condition ? [value] : []);

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
  const described = state.user === undefined ? [] : describedLinks(settings, account);
  const resources = [
    ...state.resources,
    ...described.filter(({ address }) => state.resources.every((resource) => resource.address !== address)),
  ];
  const lost: LostPermission[] = [];
  const unread: string[] = [];
  const readings = await Promise.all(resources.map((resource) => lostOf(resource, iam)));
  for (const [index, reading] of readings.entries()) {
    if ("unread" in reading) {
      unread.push(reading.unread);
    } else if (reading.value !== undefined) {
      lost.push({ address: resources[index]?.address ?? "", lost: reading.value });
    }
  }
  return { lost, unread };
}

const INTACT = { value: undefined };

async function lostOf({ address, attributes }: StateResource, iam: IamReader): Promise<Reading<string | undefined>> {
  const text = (name: string) => String(attributes[name] ?? "");
  const what = policyOfAddress(address)?.what;
  if (what === "userAttachment" || what === "groupAttachment") {
    const kind = what === "userAttachment" ? "user" : "group";
    const name = text(kind);
    return lacking(
      await iam.attached(kind, name),
      text("policy_arn"),
      `the policy ${text("policy_arn")} is not attached to the ${kind} ${name}`,
    );
  }
  if (what === "policy") {
    return changedVersion(await iam.managedPolicy(text("arn")), text("policy"));
  }
  if (address === ADDRESSES.membership) {
    const [group = ""] = [attributes.groups].flat().map(String);
    return lacking(await iam.groups(text("user")), group, `the user ${text("user")} is not in the group ${group}`);
  }
  return address === ADDRESSES.user
    ? changedBoundary(await iam.object("user", text("name")), text("permissions_boundary"))
    : INTACT;
}

function lacking(reading: Reading<readonly string[]>, item: string, lost: string): Reading<string | undefined> {
  if ("unread" in reading) {
    return reading;
  }
  return { value: reading.value.includes(item) ? undefined : lost };
}

function changedVersion(
  reading: Reading<{ readonly id: string; readonly document: StoredDocument } | undefined>,
  inState: string,
): Reading<string | undefined> {
  if ("unread" in reading) {
    return reading;
  }
  if (reading.value === undefined) {
    return { value: "the policy does not exist" };
  }
  const { id, document } = reading.value;
  const isSame = sameDocument(document, (parseJson(inState) ?? {}) as StoredDocument);
  return { value: isSame ? undefined : `its default version ${id} is not the document that Terraform wrote` };
}

function changedBoundary(reading: Awaited<ReturnType<IamReader["object"]>>, inState: string): Reading<string | undefined> {
  if ("unread" in reading) {
    return reading;
  }
  const boundary = reading.value?.PermissionsBoundary?.PermissionsBoundaryArn ?? "";
  return {
    value: boundary === inState || reading.value === undefined ? undefined : `its permissions boundary is ${boundary}`,
  };
}

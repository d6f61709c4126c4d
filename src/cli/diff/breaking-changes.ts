import { SLOTS } from "../../iam/key-slots";
import { ADDRESSES, KEY_ADDRESSES, policyAddress, policyOfAddress } from "../../terraform/addresses";
import type { ResourceChange } from "./change-summary";
import { type JsonObject, listOf, objectOf } from "./json-values";
import { routes } from "./permission-changes";
import { attribute, keyIn, type Snapshot, slotsOf } from "./snapshot";

/** Changes that remove the access of the cluster or leave access keys unmanaged, as phrases that follow "would". */
export function breakingChangesOf(before: Snapshot, after: Snapshot, resources: readonly ResourceChange[]): readonly string[] {
  return [
    ...renameOfUser(before, after),
    ...resources.flatMap((resource) => effectOf(resource, resources)?.(resource.description) ?? []),
    ...keyChanges(before, after, resources),
    ...attachmentMoves(before, after),
  ];
}

type Effect = (what: string) => string;

/** By address and action, the effect on a running cluster. */
const BREAKING: Readonly<Record<string, Partial<Record<ResourceChange["action"], Effect>>>> = {
  [ADDRESSES.user]: {
    replaced: (what) => `replace the ${what}, which deletes its access keys`,
    deleted: (what) => `delete the ${what}: the cluster loses access to AWS`,
    forgotten: (what) => `stop managing the ${what}: it stays in AWS, and Terraform no longer limits or deletes it`,
  },
  [ADDRESSES.policy]: {
    replaced: (what) => `replace the ${what} and its attachments`,
    deleted: (what) => `delete the ${what}: the cluster loses its permissions`,
  },
  [ADDRESSES.userAttachment]: { replaced: (what) => `replace the ${what}` },
  [ADDRESSES.groupAttachment]: { replaced: (what) => `replace the ${what}` },
  [ADDRESSES.membership]: { replaced: (what) => `replace the ${what}: the user is not in the group between the two API calls` },
  [KEY_ADDRESSES.primary]: { forgotten: forgetsKey },
  [KEY_ADDRESSES.secondary]: { forgotten: forgetsKey },
  [ADDRESSES.nodeRole]: {
    deleted: (what) => `delete the ${what}: nodes that use it lose their permissions; set iamNodeRole to another role first`,
    replaced: (what) => `replace the ${what}: nodes that use it lose their permissions; set iamNodeRole to another role first`,
  },
};

function forgetsKey(what: string): string {
  return `stop managing the ${what}: the key stays in AWS, and Terraform no longer deactivates, rotates or deletes it`;
}

/**
 * A further policy is replaced together with its attachments when its content changes, and deleted when the others have space for all
 * permissions: neither takes a permission away before the others have it.
 */
function effectOf({ address, action }: ResourceChange, resources: readonly ResourceChange[]): Effect | undefined {
  const { what, number = 1 } = policyOfAddress(address) ?? {};
  const policy = resources.find((other) => other.address === policyAddress("policy", number));
  if (number > 1 && (policy?.action === "replaced" || policy?.action === "deleted")) {
    return undefined;
  }
  return BREAKING[what === undefined ? address : ADDRESSES[what]]?.[action];
}

function renameOfUser(before: Snapshot, after: Snapshot): readonly string[] {
  const [had, has] = [before, after].map((snapshot) => attribute(snapshot, ADDRESSES.user, "name"));
  if (had === undefined || has === undefined || had === has) {
    return [];
  }
  return [
    `rename the user ${JSON.stringify(had)} to ${JSON.stringify(has)}: Terraform replaces the access keys and attachments that refer to the old name`,
  ];
}

function keyChanges(before: Snapshot, after: Snapshot, resources: readonly ResourceChange[]): readonly string[] {
  const current = before.outputs.get("access_key_slot")?.value;
  const had = slotsOf(before);
  const has = slotsOf(after);
  const replaced = SLOTS.filter((slot) =>
    resources.some(({ address, action }) => address === KEY_ADDRESSES[slot] && action === "replaced"),
  );
  const deleted = had.filter((slot) => !has.includes(slot));
  const created = has.filter((slot) => !had.includes(slot));
  const isActive = (snapshot: Snapshot, slot: (typeof SLOTS)[number]) => keyIn(snapshot, slot)?.status === "Active";
  return [
    ...replaced.map((slot) => `replace the access key in the slot ${slot}: the old key is deleted before the new key exists`),
    ...deleted
      .filter((slot) => isActive(before, slot))
      .map((slot) => `delete the access key in the slot ${slot} while it is Active; set it to Inactive in an earlier apply`),
    ...(deleted.length > 0 && created.length > 0
      ? [
          `create the access key in the slot ${created[0]} and delete the one in the slot ${deleted[0]} in one apply; a rotation changes one setting per apply`,
        ]
      : []),
    ...had
      .filter((slot) => slot === current && isActive(before, slot) && has.includes(slot) && !isActive(after, slot))
      .map(
        (slot) =>
          `deactivate the access key in the slot ${slot}, which is the current key that the outputs expose; set accessKeys.current to the other slot in an earlier apply`,
      ),
  ];
}

/**
 * Changes of keys that only a plan shows: a key that was deactivated outside Terraform and that the plan activates again, and one that
 * is left over from a replacement and still works. The key that the outputs expose is never Inactive by the settings, so there a
 * deactivation outside shows even if an earlier refresh stored it; for the other slot it shows in `resource_drift` alone.
 */
export function breakingChangesOfPlan(plan: JsonObject, before: Snapshot, after: Snapshot): readonly string[] {
  const exposed = before.outputs.get("access_key_slot")?.value;
  const drifted = new Set(
    listOf(plan.resource_drift)
      .map(objectOf)
      .filter(({ change }) => statusIn(change, "before") !== "Inactive" && statusIn(change, "after") === "Inactive")
      .map(({ address }) => address),
  );
  const reactivated = slotsOf(after)
    .filter((slot) => keyIn(before, slot)?.status === "Inactive" && keyIn(after, slot)?.status === "Active")
    .filter((slot) => slot === exposed || drifted.has(KEY_ADDRESSES[slot]))
    .map(
      (slot) =>
        `activate the access key in the slot ${slot}, which was deactivated outside Terraform; if it has leaked, keep it Inactive and expose another key: set accessKeys.${slot}.status to Inactive`,
    );
  const deposed = listOf(plan.resource_changes)
    .map(objectOf)
    .filter(({ address, deposed: key }) => key !== undefined && Object.values(KEY_ADDRESSES).includes(String(address)))
    .filter(({ change }) => listOf(objectOf(change).actions).includes("delete") && statusIn(change, "before") !== "Inactive")
    .map(
      ({ address }) =>
        `delete an access key that is left over from an earlier replacement of ${address}, while it is Active; make sure that DKP does not use it, and deactivate it first`,
    );
  return [...reactivated, ...deposed];
}

function statusIn(change: unknown, side: "before" | "after"): unknown {
  return objectOf(objectOf(change)[side]).status;
}

/** Terraform may delete the old attachment before it creates the new one. */
function attachmentMoves(before: Snapshot, after: Snapshot): readonly string[] {
  const kept = [...before.userPolicies.keys()].filter((number) => after.userPolicies.has(number));
  return [...new Set(kept.flatMap((number) => attachmentMove(routes(before, number), routes(after, number))))];
}

function attachmentMove(had: ReturnType<typeof routes>, has: ReturnType<typeof routes>): readonly string[] {
  if (!had.user && !had.group) {
    return [];
  }
  if (!has.user && !has.group) {
    return ["detach the policy from the user, which then has no permissions"];
  }
  return (had.user && has.user) || (had.group && has.group)
    ? []
    : [
        `move the policy from the ${had.user ? "user to the group" : "group to the user"} in one apply: the user temporarily has no permissions; apply attachment: user-and-group first`,
      ];
}
